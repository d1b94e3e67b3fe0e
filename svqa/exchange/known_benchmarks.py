"""Official annotation files of known benchmarks -> rows of a question file.

| name | file of its authors | official metric | `svqa eval questions` |
|---|---|---|---|
| `charades-sta` | `charades_sta_test.txt` | R@1 at IoU 0.3, 0.5, 0.7; mIoU | `iou_at_03` ... |
| `activitynet-captions` | `val_1.json` | the same | the same |
| `egoschema` | `questions.json` with `subset_answers.json` beside it | accuracy | `accuracy` |
| `video-mme` | `test-00000-of-00001.parquet` | accuracy by length of video | by type |
| `mvbench` | a task's file, or the folder of all | mean accuracy of the tasks | by type |
| `longvideobench` | `lvb_val.json` | accuracy by length of video | by type |

Videos are named as the benchmark's own files are, relative to the question file: put it into the
folder that holds them, or pass their folder. No annotation is shipped here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from svqa.errors import UsageError, unknown_name
from svqa.exchange.benchmark_tables import (
    Row,
    as_span,
    field_of,
    json_objects,
    mvbench_files,
    parquet_rows,
)
from svqa.json_lines import decode

_CHARADES = re.compile(r"(?P<video>\S+) (?P<start>[\d.]+) (?P<end>[\d.]+)##(?P<text>.+)")
# seconds, as the authors bin the lengths of their videos
_LONG_VIDEO = {15: "8 to 15 s", 60: "15 to 60 s", 600: "3 to 10 min", 3600: "15 to 60 min"}


def charades_sta(path: Path) -> Iterable[Row]:
    """Lines `VIDEO START END##a sentence.` (Gao et al. 2017, arXiv:1705.02101)."""
    for number, line in enumerate(decode(path.read_bytes(), path).splitlines(), 1):
        if not line.strip():
            continue
        found = _CHARADES.fullmatch(line.strip())
        if not found:
            raise UsageError(f"{path}, line {number}: expected 'VIDEO START END##SENTENCE'.")
        span = as_span(found["start"], found["end"])
        if span is None:  # six lines of the training file end where they begin
            continue
        yield _moment(f"{found['video']}.mp4", found["text"], [span], str(number))


def activitynet_captions(path: Path) -> Iterable[Row]:
    """`{video: {duration, timestamps, sentences}}` (Krishna et al. 2017, arXiv:1705.00754)."""
    for video, of_video in json_objects(path, by_name=True):
        spans, texts = (field_of(of_video, name, path) for name in ("timestamps", "sentences"))
        if len(spans) != len(texts):
            raise UsageError(f"{path}: '{video}' has {len(spans)} spans, {len(texts)} sentences.")
        for number, ((start, end), text) in enumerate(zip(spans, texts, strict=True)):
            span = as_span(start, min(end, field_of(of_video, "duration", path)))
            if span is not None:
                yield _moment(f"{video}.mp4", text, [span], f"{video}_{number}")


def egoschema(path: Path) -> Iterable[Row]:
    """Rows `{q_uid, question, "option 0" ...}`; answers are public for 500 of them.

    Mangalam et al. 2023, arXiv:2308.09126. Questions without a public answer are left out.
    """
    answers = path.with_name("subset_answers.json")
    if not answers.is_file():
        raise UsageError(f"EgoSchema's public answers belong beside {path}: {answers} is missing.")
    right = dict(json_objects(answers, by_name=True))
    for _, row in json_objects(path):
        name = field_of(row, "q_uid", path)
        if name in right:
            options = [field_of(row, f"option {k}", path) for k in range(5)]
            yield _choice(f"{name}.mp4", row, options, right[name], "", name, path)


def video_mme(path: Path) -> Iterable[Row]:
    """Rows `{videoID, question_id, duration, options: ["A. ...", ...], answer: "A"}`.

    Fu et al. 2024, arXiv:2405.21075; the official table is by `duration`: short, medium, long.
    """
    rows = parquet_rows(path) if path.suffix == ".parquet" else (r for _, r in json_objects(path))
    for row in rows:
        options = [re.sub(r"^[A-D]\.\s*", "", o) for o in field_of(row, "options", path)]
        right = "ABCD".find(str(field_of(row, "answer", path)).strip())
        video, name = f"{field_of(row, 'videoID', path)}.mp4", field_of(row, "question_id", path)
        yield _choice(video, row, options, right, field_of(row, "duration", path), name, path)


def mvbench(path: Path) -> Iterable[Row]:
    """A task's rows `{video, question, candidates, answer}`, some with `start` and `end`.

    Li et al. 2024, arXiv:2311.17005; `path` is one of the files of `json/`, or that folder. Where a
    clip is part of a longer video its `span` is kept, but questions are asked about whole videos.
    `episodic_reasoning` is left out: its videos are folders of frames.
    """
    for file, folder in mvbench_files(path):
        for number, (_, row) in enumerate(json_objects(file)):
            options = list(field_of(row, "candidates", file))
            answer = field_of(row, "answer", file)
            right = options.index(answer) if answer in options else -1
            video = f"{folder}{field_of(row, 'video', file)}"
            kind = file.stem.replace("_", " ")
            made = _choice(video, row, options, right, kind, f"{file.stem}_{number}", file)
            span = as_span(row["start"], row["end"]) if row.get("end") is not None else None
            yield made | ({"span": span} if span else {})


def longvideobench(path: Path) -> Iterable[Row]:
    """Rows `{video_path, question, candidates, correct_choice, duration_group, id}`.

    Wu et al. 2024, arXiv:2407.15754; the official table is by `duration_group`.
    """
    for _, row in json_objects(path):
        group = _LONG_VIDEO.get(field_of(row, "duration_group", path), "other")
        right, name = field_of(row, "correct_choice", path), field_of(row, "id", path)
        options = list(field_of(row, "candidates", path))
        video = f"videos/{field_of(row, 'video_path', path)}"
        yield _choice(video, row, options, right, group, name, path)


BENCHMARKS: Mapping[str, Callable[[Path], Iterable[Row]]] = {
    "charades-sta": charades_sta,
    "activitynet-captions": activitynet_captions,
    "egoschema": egoschema,
    "video-mme": video_mme,
    "mvbench": mvbench,
    "longvideobench": longvideobench,
}


def questions_of_benchmark(
    name: str, path: str | Path, *, videos: str | Path | None = None
) -> list[dict[str, Any]]:
    """-> rows of a question file from a benchmark's own annotation file.

    `videos`: the folder that its videos lie in, put before each name. Raises UsageError for an
    unknown name, and where the file is not of that benchmark.
    """
    if name not in BENCHMARKS:
        raise UsageError(unknown_name("benchmark", name, tuple(BENCHMARKS)))
    if not Path(path).exists():
        raise UsageError(f"No such annotation file: {path}")
    rows = list(BENCHMARKS[name](Path(path)))
    if not rows:
        raise UsageError(f"{path} holds no question of {name} whose answer is known.")
    for row in rows if videos is not None else ():
        row["video"] = str(Path(videos or "") / row["video"])
    return rows


def _moment(video: str, text: str, spans: list[list[float]], name: str) -> Row:
    """A sentence to be found in a video: judged by its seconds, its answer is itself."""
    row = {"video": video, "question": f"when does this happen: {text.strip()}"}
    return row | {"answer": text.strip(), "spans": spans, "type": "moment", "id": name}


def _choice(
    video: str,
    row: Mapping[str, Any],
    options: list[str],
    right: object,
    kind: str,
    name: str,
    path: Path,
) -> Row:
    if not isinstance(right, int) or not 0 <= right < len(options):
        raise UsageError(
            f"{path}: question {name!r} has no right answer among its {len(options)} options."
        )
    asked = {"video": video, "question": field_of(row, "question", path), "options": options}
    return asked | {"answer": options[right], "type": kind, "id": str(name)}
