"""A clip is read back: which frames it holds, when, whether its sound goes with them."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import NotAVideo, UsageError
from svqa.media import Sampling, cut_clip, probe, read_audio, read_frames
from svqa.media.container import PacketTable
from svqa.media.cut_plan import decoding_times, plan_stretch
from tests.helpers.clips import ffmpeg, folder, numbered, read_number

RATE = 25
# a picture that stands alone each second; beyond the second 20 a reader seeks
LONG = {"frames": 40 * RATE, "gop": RATE, "sound": True}


def numbers(path) -> list[int]:
    frames = read_frames(path, Sampling.native(), size_px=None)
    assert frames.t_s == pytest.approx(np.arange(len(frames.t_s)) / RATE, abs=0.003)
    return [read_number(picture) for picture in frames.pixels]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_what_begins_with_a_picture_that_stands_alone_is_copied_bit_for_bit(tmp_path, ending):
    film, out = numbered(**LONG), tmp_path / f"clip{ending}"
    clip = cut_clip(film, out, [(31.0, 33.0)])
    assert clip.copied and clip.spans_s == ((31.0, 33.0),) and clip.duration_s == 2.0
    assert numbers(out) == list(range(31 * RATE, 33 * RATE))
    of_film = read_frames(film, Sampling.native(), size_px=None, start_s=31.0, end_s=33.0)
    of_clip = read_frames(out, Sampling.native(), size_px=None)
    assert (of_film.pixels == of_clip.pixels).all()


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_elsewhere_the_frames_asked_for_are_coded_anew_and_no_others(tmp_path, ending):
    out = tmp_path / f"clip{ending}"
    clip = cut_clip(numbered(**LONG), out, [(2.5, 4.06)])
    assert not clip.copied and clip.spans_s == (pytest.approx((2.52, 4.08)),)
    assert numbers(out) == list(range(63, 102))
    assert probe(out).duration_s == pytest.approx(clip.duration_s, abs=0.05)


def test_a_copy_that_is_asked_for_begins_earlier_and_says_so(tmp_path):
    out = tmp_path / "clip.mp4"
    clip = cut_clip(numbered(**LONG), out, [(22.5, 24.02)], how="copy")
    ((start_s, end_s),) = clip.spans_s
    assert clip.copied and start_s == 22.0 and 24.02 <= end_s <= 24.2
    assert numbers(out) == list(range(22 * RATE, round(end_s * RATE)))


@pytest.mark.parametrize("how", ["copy", "encode"])
def test_several_spans_follow_each_other(tmp_path, how):
    out = tmp_path / "clip.mp4"
    clip = cut_clip(numbered(**LONG), out, [(1.0, 2.0), (25.0, 26.0)], how=how)
    assert clip.spans_s == ((1.0, 2.0), (25.0, 26.0)) and clip.copied == (how == "copy")
    assert numbers(out) == [*range(25, 50), *range(25 * RATE, 26 * RATE)]


@pytest.mark.parametrize("film", [{"suffix": ".ts"}, {"suffix": ".avi", "codec": "mpeg4"}])
@pytest.mark.parametrize("how", ["auto", "encode"])
def test_other_containers(tmp_path, film, how):
    out = tmp_path / "clip.mp4"
    cut_clip(numbered(**{**LONG, **film}), out, [(4.0, 5.0)], how=how)
    assert numbers(out) == list(range(100, 125))


def test_a_codec_that_the_container_does_not_take_is_coded_anew_or_refused(tmp_path):
    film, out = numbered(".webm", frames=75, gop=25, codec="libvpx"), tmp_path / "clip.mp4"
    assert not cut_clip(film, out, [(1.0, 2.0)]).copied
    assert numbers(out) == list(range(25, 50))
    assert cut_clip(film, tmp_path / "clip.webm", [(1.0, 2.0)]).copied
    assert numbers(tmp_path / "clip.webm") == list(range(25, 50))
    with pytest.raises(UsageError, match="Leave --copy out"):
        cut_clip(film, out, [(1.0, 2.0)], how="copy", overwrite=True)
    assert numbers(out) == list(range(25, 50)), "what was there stays"


@pytest.mark.parametrize("how", ["copy", "encode"])
def test_a_film_held_upright_stays_upright(tmp_path, how):
    flat = numbered(frames=50, gop=25)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned)
    cut_clip(turned, tmp_path / "clip.mp4", [(1.0, 2.0)], how=how)
    before, after = probe(turned), probe(tmp_path / "clip.mp4")
    assert (after.width_px, after.height_px) == (before.width_px, before.height_px) == (96, 160)
    seen = read_frames(tmp_path / "clip.mp4", Sampling.native(), size_px=None).pixels[0]
    of_film = read_frames(turned, Sampling.at([1.0]), size_px=None).pixels[0]
    assert np.abs(seen.astype(int) - of_film).mean() < (0.01 if how == "copy" else 6)


@pytest.mark.parametrize(
    ("how", "ending"), [("copy", ".mp4"), ("encode", ".mp4"), ("encode", ".webm")]
)
def test_the_sound_goes_with_the_pictures(tmp_path, how, ending):
    """A tone begins at 3.5 s of the film: in a clip from 3 s it begins at half a second."""
    film, out = folder() / "tone.mp4", tmp_path / f"clip{ending}"
    tone = "aevalsrc='if(gte(t,3.5),sin(2764*t),0)':s=44100:d=6"
    ffmpeg("-i", numbered(frames=150, gop=25), "-f", "lavfi", "-i", tone, "-c:v", "copy", film)
    cut_clip(film, out, [(3.0, 5.0)], how=how)
    heard = read_audio(out)
    level = np.abs(np.asarray(heard.samples).ravel())
    assert np.argmax(level > 0.2) / 16_000 == pytest.approx(0.5, abs=0.03)
    assert len(level) / 16_000 == pytest.approx(2.0, abs=0.06)


def test_the_instant_of_one_frame_gives_that_frame(tmp_path):
    cut_clip(numbered(**LONG), tmp_path / "clip.mp4", [(1.205, 1.21)])
    assert numbers(tmp_path / "clip.mp4") == [30]


def test_nothing_is_overwritten_unasked_and_a_failure_leaves_nothing(tmp_path):
    film, out = numbered(**LONG), tmp_path / "clip.mp4"
    out.write_text("mine")
    with pytest.raises(UsageError, match="--overwrite"):
        cut_clip(film, out, [(1.0, 2.0)])
    assert out.read_text() == "mine"
    cut_clip(film, out, [(1.0, 2.0)], overwrite=True)
    assert numbers(out) == list(range(25, 50))
    with pytest.raises(UsageError, match="film itself"):
        cut_clip(out, out, [(0.0, 0.5)], overwrite=True)
    (tmp_path / "no.mp4").write_text("no film")
    with pytest.raises(NotAVideo):
        cut_clip(tmp_path / "no.mp4", tmp_path / "new.mp4", [(0.0, 1.0)])
    for spans, name, why in (
        ([], "new.mp4", "seconds"),
        ([(2.0, 1.0)], "new.mp4", "seconds"),
        ([(float("nan"), 1.0)], "new.mp4", "seconds"),
        ([(0.0, 1.0)], "new.gif", ".mkv"),
        ([(0.0, 1.0)], "no/new.mp4", "folder"),
    ):
        with pytest.raises(UsageError, match=why):
            cut_clip(film, tmp_path / name, spans)
    with pytest.raises(UsageError, match="auto, copy, encode"):
        cut_clip(film, tmp_path / "new.mp4", [(0.0, 1.0)], how="quick")
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "no.mp4"}


# a second of motion, a picture that stands from 1 to 9 s, a second of motion
STILL = {
    "frames": 51,
    "gop": 100,
    "filters": "setpts='if(lt(N,26),N/25,9+(N-26)/25)/TB'",
    "extra": ("-fps_mode", "vfr"),
}


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [((0.52, 6.0), 13, 25), ((3.0, 6.0), 25, 25), ((3.0, 9.4), 25, 35), ((9.0, 9.6), 26, 40)],
)
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_picture_that_stands_is_cut_at_the_second_and_stands_as_long(
    tmp_path, ending, span, first, last
):
    out = tmp_path / f"clip{ending}"
    clip = cut_clip(numbered(**STILL), out, [span], how="encode")
    assert clip.spans_s == (pytest.approx(span, abs=0.05),)
    assert probe(out).duration_s == pytest.approx(span[1] - span[0], abs=0.1)
    frames = read_frames(out, Sampling.native(), size_px=None)
    told = [read_number(picture) for picture in frames.pixels]
    assert told == sorted(told) and set(told) == set(range(first, last + 1))
    standing = [t for t, n in zip(frames.t_s, told, strict=True) if n == 26]
    if 26 in told and span[0] < 9:
        assert standing[0] == pytest.approx(9.0 - span[0], abs=0.05)


def test_copied_spans_that_need_the_same_pictures_are_one(tmp_path):
    out = tmp_path / "clip.mp4"
    clip = cut_clip(numbered(**LONG), out, [(0.5, 0.8), (1.2, 1.5), (1.7, 1.8)], how="copy")
    (first, second) = clip.spans_s
    assert first[0] == 0.0 and first[1] <= 1.0 and second == pytest.approx((1.0, 1.8), abs=0.13)
    found = numbers(out)
    assert len(found) == len(set(found)) == pytest.approx(clip.duration_s * RATE)


def table(pts: list[int], keys: set[int]) -> PacketTable:
    made = PacketTable()
    for one in pts:
        made.pts.append(one)
        made.is_key.append(one in keys)
        made.is_shown.append(True)
        made.is_repeat.append(False)
    made.last_duration = 1
    return made


def test_a_copy_leaves_no_hole_where_frames_refer_forward():
    """I0 P3 B1 B2 P6 B4 B5: who wants 4 gets 6 with it, and then 5 as well."""
    found = plan_stretch(table([0, 3, 1, 2, 6, 4, 5], {0}), 0, float, 0.0, 4.5)
    assert found.packets == (0, 3, 1, 2, 6, 4, 5) and found.end_s == 7.0
    found = plan_stretch(table([0, 3, 1, 2, 6, 4, 5], {0}), 0, float, 0.0, 4.0)
    assert found.packets == (0, 3, 1, 2) and found.end_s == 4.0
    # pictures shown before the one that stands alone refer to what is not copied
    opened = table([0, 1, 4, 2, 3, 5], {0, 4})
    assert plan_stretch(opened, 0, float, 4.0, 6.0).packets == (4, 5)
    assert plan_stretch(opened, 0, float, 3.0, 6.0).packets is None
    early = plan_stretch(opened, 0, float, 3.0, 6.0, early=True)
    assert early.start_s == 0.0 and early.packets == (0, 1, 4, 2, 3, 5)
    assert decoding_times((4, 5)) == [4, 5]
    assert all(d <= p for d, p in zip(decoding_times(early.packets), early.packets, strict=True))
