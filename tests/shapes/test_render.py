from __future__ import annotations

import av
import numpy as np
import pytest

from experiments.tiny_models.views import view_pixels
from svqa.shapes import (
    COLOURS,
    DURATION_S,
    SHAPES,
    Actor,
    Look,
    Scene,
    boxes,
    frame_caption,
    frame_times,
    mono,
    render,
    render_pixels,
    sample_still,
    scene_of,
    stereo,
    tracks,
    write_mp4,
)
from svqa.shapes.scene import TONE_S, VOICES_HZ

PLAIN = Look("plain", (90, 90, 90), (90, 90, 90), 0.0, 1)


def still(*things, look: Look = PLAIN) -> Scene:
    """A scene of (colour, shape, size, x, y) that nothing happens in."""
    return Scene(
        tuple(
            Actor(shape, size, "low", ((0.0, colour),), ((0.0, x, y), (DURATION_S, x, y)))
            for colour, shape, size, x, y in things
        ),
        (),
        look,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size_px", [(64, 64), (97, 61), (320, 240)])
def test_the_box_is_where_the_pixels_are(shape, size_px):
    """To about a pixel: the anti-aliased brush paints that much beyond the outline."""
    width, height = size_px
    scene = still(("red", shape, "large", 0.4, 0.55))
    # more red than grey
    drawn = render_pixels(scene, 0.0, width_px=width, height_px=height)[..., 0] > (90 + 220) / 2
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    found = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    np.testing.assert_allclose(
        found, boxes(scene, 0.0, width_px=width, height_px=height)[0].xyxy_px, atol=1.2
    )


def test_the_middle_of_a_shape_has_its_colour():
    for colour, rgb in COLOURS.items():
        frame = render_pixels(
            still((colour, "square", "small", 0.5, 0.5)), 0.0, width_px=64, height_px=64
        )
        assert tuple(frame[32, 32]) == rgb


def test_edges_are_smooth():
    frame = render_pixels(
        still(("red", "circle", "large", 0.5, 0.5)), 0.0, width_px=64, height_px=64
    )
    assert len(np.unique(frame[..., 0])) > 10


def test_a_frame_does_not_depend_on_the_others():
    scene = scene_of(0, 0)
    together = render(scene, [0.5, 1.0, 6.0], width_px=96)
    np.testing.assert_array_equal(together.pixels[1], render(scene, [1.0], width_px=96).pixels[0])
    assert not np.array_equal(together.pixels[0], together.pixels[2])


def test_noise_has_the_strength_the_scene_says():
    scene = still(look=Look("plain", (90, 90, 90), (90, 90, 90), 5.0, 3))
    one, two = render(scene, [0.0, 0.1], width_px=128).pixels.astype(float)
    assert 4.5 < one.std() < 5.5
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("kind", ["plain", "fade", "cloud", "checks"])
def test_every_background_stays_between_its_two_colours(kind):
    frame = render_pixels(
        still(look=Look(kind, (60, 70, 80), (120, 130, 140), 0.0, 5)),
        0.0,
        width_px=50,
        height_px=40,
    )
    assert frame.shape == (40, 50, 3)
    assert (frame >= (60, 70, 80)).all() and (frame <= (120, 130, 140)).all()


def test_tracks_follow_the_shapes():
    scene = scene_of(0, 0)
    times = frame_times(10)
    lives = tracks(scene, times, width_px=100)
    for actor, life in zip(scene.actors, lives, strict=True):
        start_s, end_s = actor.span
        assert [box.t_s for box in life] == [t for t in times if start_s <= t < end_s]
        x, y = actor.position(life[-1].t_s)
        x0, y0, x1, y1 = life[-1].xyxy_px
        assert x0 < 100 * x < x1 and y0 < 100 * y < y1


def test_the_caption_names_what_is_there_in_one_order():
    things = [
        ("blue", "square", "small", 0.2, 0.2),
        ("orange", "star", "small", 0.8, 0.2),
        ("red", "circle", "large", 0.5, 0.8),
    ]
    assert frame_caption(still(*things), 0.0) == "a red circle, an orange star and a blue square"
    assert frame_caption(still(*things[::-1]), 0.0) == frame_caption(still(*things), 0.0)
    assert frame_caption(still(), 0.0) == "nothing"


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate_hz / len(samples))


def test_each_event_sounds_in_the_voice_of_who_does_it():
    for scene in (scene_of(0, i) for i in range(10)):
        sound = mono(scene)
        assert sound.duration_s == DURATION_S
        for event in scene.events:
            first = round(event.t_s * sound.rate_hz)
            heard = sound.samples[first : first + round(TONE_S * sound.rate_hz)]
            voices = {
                VOICES_HZ[scene.actors[i].voice]
                for i in (event.actor, event.other)
                if i is not None
            }
            assert pitch_hz(heard, sound.rate_hz) in voices
        silent = np.ones(len(sound.samples), bool)
        for event in scene.events:
            silent[round(event.t_s * 16000) : round((event.t_s + TONE_S) * 16000)] = False
        assert not sound.samples[silent].any()


def test_a_tone_comes_from_the_side_where_it_happens():
    scene = next(
        s for s in (scene_of(1, i) for i in range(50)) if s.events and s.events[0].other is None
    )
    event = scene.events[0]
    first = round(event.t_s * 16000)
    left, right = np.abs(stereo(scene)[first : first + 6400]).sum(axis=0)
    assert (right > left) == (scene.actors[event.actor].position(event.t_s)[0] > 0.5)


def test_the_written_video_shows_and_sounds_the_scene(tmp_path):
    scene = scene_of(0, 0)
    write_mp4(scene, tmp_path / "a.mp4", width_px=96)
    with av.open(str(tmp_path / "a.mp4")) as file:
        shown = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    np.testing.assert_allclose(len(shown), 80)
    drawn = render(scene, frame_times(10), width_px=96).pixels
    assert np.abs(shown.astype(float) - drawn).mean() < 6
    with av.open(str(tmp_path / "a.mp4")) as file:
        heard = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    event = scene.events[0]
    first = round((event.t_s + 0.1) * 16000)
    assert (
        abs(
            pitch_hz(heard.mean(0)[first : first + 4000], 16000)
            - VOICES_HZ[scene.actors[event.actor].voice]
        )
        < 8
    )


def test_worn_frames_keep_their_colours():
    rng = np.random.default_rng(0)
    scene = still(("red", "square", "large", 0.5, 0.5), ("blue", "square", "large", 0.2, 0.2))
    frames = view_pixels([(scene, 0.0)] * 8, rng, width_px=64)  # scaled and recoded in several ways
    assert np.abs(frames[:, 32, 32].astype(int) - COLOURS["red"]).max() < 30
    assert len(np.unique(frames, axis=0)) > 2
    assert sample_still(rng, objects=2).events == ()
