"""An answerer that looks is shown the right frames, of the right seconds.

What boxes tell is not guessed from one frame.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from svqa.pipeline import Library, ask as asking, frames_to_show, open_library
from svqa.pipeline.frame_selection import LOOKS
from svqa.records import Answer, Evidence
from svqa.shapes import scene_of, write_mp4
from svqa.shapes.truth import event_name

SEED, VIDEOS = 90_641, 14


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looking")
    for i in range(VIDEOS):
        write_mp4(scene_of(SEED, i), folder / f"{i}.mp4")
    with open_library(f"sqlite:///{folder / 'svqa.db'}", models="shapes") as library:
        assert {r.status for r in library.ingest(folder)} == {"ready"}
        yield library


def scenes(library: Library):
    """(id, scene) of every video."""
    return [(v.id, scene_of(SEED, int(Path(v.path).stem))) for v in library.videos()]


def stretch(
    video: str, start_s: float, end_s: float, *, text: str = "", score: float = 1.0
) -> Evidence:
    return Evidence(video, "", start_s, end_s, score, "visual", text)


@pytest.mark.slow
def test_a_thing_that_is_there_for_a_while_is_seen_then(library: Library):
    """Where a random frame would show it 62 % of the time."""
    right, chance = [], []
    for video, scene in scenes(library):
        for actor in scene.actors:
            start_s, end_s = actor.span
            if end_s - start_s < 7 and len(actor.colours) == 1:
                shown = frames_to_show(
                    library.store,
                    library.models,
                    f"is there a {actor.name_at(0)}?",
                    [stretch(video, 0.0, 8.0)],
                    cache=library.cache,
                )
                best = max(shown, key=lambda t_s: shown[t_s].score)
                right.append(start_s - 0.1 <= best < end_s)
                chance.append((end_s - start_s) / 8)
    assert len(right) >= 8 and sum(right) >= 0.85 * len(right) > sum(chance), (
        f"{sum(right)} of {len(right)}"
    )


@pytest.mark.slow
def test_every_stretch_shows_one_frame_before_any_shows_two(library: Library):
    video, _ = scenes(library)[0]
    stretches = [stretch(video, 0.0, 4.0), stretch(video, 4.0, 8.0, score=0.5)]
    shown = frames_to_show(
        library.store, library.models, "a red circle", stretches, cache=library.cache
    )
    assert list(shown) == sorted(shown) and len(shown) == LOOKS
    halves = [[e.score for t_s, e in shown.items() if low <= t_s < low + 4] for low in (0.0, 4.0)]
    assert [max(half) for half in halves] == [1.0, 0.5]
    assert (
        sum(score > 0.5 for score in halves[0]) == 1
        and sum(score > 0.25 for score in halves[1]) == 1
    )
    assert (
        frames_to_show(library.store, library.models, "a red circle", [], cache=library.cache) == {}
    )


@pytest.mark.slow
def test_a_caption_that_names_all_that_is_asked_vouches_for_its_frame(library: Library):
    video, _ = scenes(library)[0]
    for question in ("what colour is the star?", "what shape is the red object?"):
        named = stretch(video, 1.0, 4.0, text="a red star and a blue square")
        shown = frames_to_show(
            library.store, library.models, question, [named], cache=library.cache
        )
        assert max(shown, key=lambda t_s: shown[t_s].score) == 2.5


@pytest.mark.slow
def test_a_question_about_the_end_is_shown_the_end(library: Library):
    for video, _ in scenes(library)[:4]:
        answer = library.ask("how many objects are there at the end?", video=video)
        assert answer.evidence and min(e.start_s for e in answer.evidence) >= 3.0


@pytest.mark.slow
def test_when_and_in_what_order_is_told_by_boxes(library: Library):
    right = asked = 0
    for video, scene in scenes(library):
        for event in scene.events:
            if event.kind in ("stops", "changes colour", "turns") or (
                event.kind == "appears" and event.t_s > 1
            ):
                verb = {"appears": "appear", "stops": "stop", "turns": "turn"}.get(
                    event.kind, "change colour"
                )
                answer = library.ask(
                    f"when does the {event_name(scene, event)} {verb}?", video=video
                )
                told = answer.model_id.startswith("events")
                right += told and any(
                    e.start_s - 0.01 <= event.t_s <= e.end_s + 0.01 for e in answer.evidence
                )
                asked += 1
    assert asked >= 10 and right / asked >= 0.7, f"{right} of {asked}"
    kept = library.store.queries(1)[0]
    assert kept.answer == answer.text and [e.start_s for e in kept.evidence] == [
        e.start_s for e in answer.evidence
    ]


@pytest.mark.slow
def test_a_large_library_is_read_where_its_scenes_and_segments_fit(library: Library, monkeypatch):
    """Beyond `WHOLE` passages, those of the best scenes are read.

    Fewer than all, and the right video's among them.
    """

    class Reader:
        model_id, needs_frames, reads_all = "reader", False, False

        def answer(self, question, passages, frames=None):
            self.read = passages
            return Answer("", 0.0, self.model_id, abstained=True, reason="it only reads")

    reader, ids = Reader(), [video for video, _ in scenes(library)]
    monkeypatch.setattr(library.models, "answerer", reader)
    library.ask("where is the red circle?")
    everything = {(p.video, p.start_s, p.end_s) for p in reader.read}
    assert {video for video, *_ in everything} == set(ids)
    monkeypatch.setattr("svqa.pipeline.question_evidence.WHOLE", 0)
    library.ask("where is the red circle?")
    read = {(p.video, p.start_s, p.end_s) for p in reader.read}
    best = library.search("where is the red circle?", level="scene", k=asking.HITS)
    assert read < everything and {hit.video for hit in best} <= {video for video, *_ in read}
