"""The vocabulary does not depend on the process."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_vocabulary_of_clip_is_the_same_in_every_process():
    code = (
        "from experiments.tiny_models.tiny_clip import make_processor; "
        "print(sorted(make_processor(['a red circle stops', 'a blue star at the "
        "top']).tokenizer.get_vocab().items()))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(seen) == 1 and "circle</w>" in seen.pop()
