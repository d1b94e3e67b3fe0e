"""Files of benchmarks and of results: read right, or refused with what is wrong and where."""

from __future__ import annotations

import json

import pytest

from svqa.errors import UsageError
from svqa.evaluation import (
    QuestionSet,
    read_annotations,
    read_captions,
    read_predictions,
    read_run,
)
from svqa.evaluation.nextgqa_data import read_grounding_questions

HEAD = "video,question,answer,qid,type,a0,a1,a2,a3,a4\n"
GOOD = "park,what is it,1,0,DO,a,b,c,d,e\n"


def written(folder, name: str, content) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / name).write_bytes(data)
    return str(folder / name)


@pytest.mark.parametrize(
    "row, says",
    [
        ("park,what is it,five,1,DO,a,b,c,d,e\n", "line 3: `answer` must be 0 to 4, got 'five'"),
        ("park,what is it,7,1,DO,a,b,c,d,e\n", "line 3: `answer` must be 0 to 4, got '7'"),
        ("park,what is it,-1,1,DO,a,b,c,d,e\n", "line 3: `answer` must be 0 to 4, got '-1'"),
        ("park,what is it,1,1,DO,a,b\n", "line 3: has no value for a2, a3, a4"),
        ("park,,1,1,DO,a,b,c,d,e\n", "line 3: has no value for question"),
        ("park,what, is it,1,1,DO,a,b,c,d,e\n", "line 3: has more values"),
        ("park,what is it,2,0,DO,a,b,c,d,e\n", "line 3: asks question 0 of park, as line 2"),
    ],
)
def test_a_wrong_row_of_a_benchmark_is_refused_with_its_line(tmp_path, row, says):
    path = written(tmp_path, "q.csv", (HEAD + GOOD + row).encode())
    with pytest.raises(UsageError, match=says):
        read_annotations(path)
    assert len(read_annotations(written(tmp_path, "q.csv", (HEAD + GOOD).encode()))) == 1


@pytest.mark.parametrize(
    "content, says",
    [
        ({"park": "a cup"}, "captions of 'park' must be a list of texts"),
        ({"park": [1, 2]}, "captions of 'park' must be a list of texts"),
        ({"park": None}, "captions of 'park' must be a list of texts"),
        (["a cup"], "must hold {video"),
        (b"{", "is not JSON"),
        (b'{"a": [], "a": []}', "given twice"),
        ("{}".encode("utf-16"), "looks like UTF-16"),
        (b'{"v": ["caf\xe9"]}', "is not UTF-8"),
        (b'{"v":' * 100_000, "is not JSON"),
    ],
)
def test_captions_are_lists_of_texts(tmp_path, content, says):
    with pytest.raises(UsageError, match=says):
        read_captions(written(tmp_path, "c.json", content))


def test_packed_captions_that_are_cut_short_are_refused(tmp_path):
    for name, data in (("cut.json.gz", b"\x1f\x8b\x08"), ("plain.json.gz", b"{}")):
        with pytest.raises(UsageError, match=f"{name} cannot be unpacked"):
            read_captions(written(tmp_path, name, data))
    with pytest.raises(UsageError, match=r"gone\.json cannot be read"):
        read_captions(tmp_path / "gone.json")


@pytest.mark.parametrize("row", [None, 3, {}, {"answer": 1}, {"answer": 2, "prediction": 1}])
def test_predictions_that_are_none_are_refused(tmp_path, row):
    choices = read_annotations(written(tmp_path, "q.csv", (HEAD + GOOD).encode()))
    with pytest.raises(UsageError, match="no prediction for 'park_0'"):
        read_predictions(written(tmp_path, "p.json", {"park_0": row}), choices)
    asked = QuestionSet(tuple(c.question for c in choices), {})
    if row is None or "prediction" not in (row if isinstance(row, dict) else {}):
        return
    with pytest.raises(UsageError, match="no prediction for 'park_0'"):
        read_run(written(tmp_path, "p.json", {"park_0": row}), asked)


@pytest.mark.parametrize(
    "rows, says",
    [
        ([{"id": "a", "video": "v", "accuracy": "1"}], "must be 0 to 1, got '1'"),
        ([{"id": "a", "video": "v", "accuracy": None}], "must be 0 to 1, got None"),
        ([{"id": "a", "video": "v", "accuracy": float("nan")}], "must be 0 to 1, got nan"),
        ([{"id": "a", "video": "v", "accuracy": 5}], "must be 0 to 1, got 5"),
        ([{"id": "a", "accuracy": 1}], "must name its `video`"),
        ([{"id": "a", "video": "v", "accuracy": 1}] * 2, "two rows .* have the id 'a'"),
        ("abc", "must name its `video`"),
        ([1], "must name its `video`"),
    ],
)
def test_a_wrong_row_of_a_result_is_refused(tmp_path, rows, says):
    with pytest.raises(UsageError, match=says):
        read_run(written(tmp_path, "r.json", {"per_question": rows}))


def test_marked_spans_of_another_form_are_refused(tmp_path):
    head = HEAD.replace("video", "video_id")
    asked = written(tmp_path, "q.csv", (head + GOOD).encode())
    for found in ("ab", [[1]], [1, 2], None, [["x", "y"]]):
        marked = {"park": {"duration": 9, "location": {"0": found}}}
        with pytest.raises(UsageError, match="no span for question 0 of video park"):
            read_grounding_questions(asked, written(tmp_path, "s.json", marked))
    marked = {"park": {"duration": "9", "location": {"0": [[1, 2]]}}}
    with pytest.raises(UsageError, match="`duration` of 'park' must be seconds"):
        read_grounding_questions(asked, written(tmp_path, "s.json", marked))
