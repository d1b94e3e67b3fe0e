"""Rows by hand in each benchmark's own format -> a question file that its reader takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.errors import UsageError
from svqa.exchange import BENCHMARKS, questions_of_benchmark
from svqa.questions import open_question_file, read_questions

CHARADES = "3MSZA 24.3 30.4##person turn a light on.\n\n3MSZA 5.0 5.0##person stands.\n"
ACTIVITYNET = {
    "v_bXdq2zI1Ms0": {
        "duration": 73.1,
        "timestamps": [[6.94, 30.0], [37.28, 80.0], [4.0, 4.0]],
        "sentences": ["Three men are standing on a mat.", " The man on the left kicks.", "A cut."],
    }
}
EGOSCHEMA = [
    {"q_uid": uid, "google_drive_id": "x", "question": "What does c do?"}
    | {f"option {k}": f"C does {k}." for k in range(5)}
    for uid in ("0074f737", "00b9a0de")
]
VIDEO_MME = [
    {
        "video_id": "001",
        "duration": "short",
        "domain": "Knowledge",
        "sub_category": "Humanity & History",
        "url": "https://example.org/watch?v=fFjv93ACGo8",
        "videoID": "fFjv93ACGo8",
        "question_id": "001-1",
        "task_type": "Counting Problem",
        "question": "Which decoration has the largest number?",
        "options": ["A. Apples.", "B. Candles.", "C. Berries.", "D. All alike."],
        "answer": "C",
    }
]
MVBENCH = {
    "action_sequence": [
        {
            "video": "ZS9XR.mp4",
            "question": "What happened after the person took the food?",
            "candidates": ["Ate the medicine.", "Tidied up the blanket."],
            "answer": "Ate the medicine.",
            "start": 11.1,
            "end": 19.6,
        }
    ],
    "moving_count": [
        {
            "video": "video_10009.mp4",
            "question": "How many metal objects are moving?",
            "candidates": ["3", "2", "1", "0"],
            "answer": "2",
        }
    ],
    "episodic_reasoning": [{"video": "friends_s01", "question": "Why?"}],
}
LONG_VIDEO = [
    {
        "video_id": "86CxyhFV9MI",
        "question": "What happens next?",
        "question_wo_referring_query": "What happens next?",
        "candidates": ["A man waves", "A car stops", "Rain falls", "Nothing", "A dog barks"],
        "correct_choice": 1,
        "position": [854, 1405],
        "topic_category": "NP-News-Programs",
        "question_category": "TOS",
        "level": "L2-Relation",
        "id": "86CxyhFV9MI_0",
        "video_path": "86CxyhFV9MI.mp4",
        "subtitle_path": "86CxyhFV9MI_en.json",
        "duration_group": 600,
        "starting_timestamp_for_subtitles": 0,
        "duration": 190.16,
        "view_count": 259852,
    }
]


@pytest.fixture
def official(tmp_path) -> dict[str, Path]:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    (tmp_path / "json").mkdir()
    for task, rows in MVBENCH.items():
        (tmp_path / "json" / f"{task}.json").write_text(json.dumps(rows))
    (tmp_path / "charades_sta_test.txt").write_text(CHARADES)
    (tmp_path / "val_1.json").write_text(json.dumps(ACTIVITYNET))
    (tmp_path / "questions.json").write_text(json.dumps(EGOSCHEMA))
    (tmp_path / "subset_answers.json").write_text(json.dumps({"00b9a0de": 3}))
    (tmp_path / "lvb_val.json").write_text(json.dumps(LONG_VIDEO))
    parquet.write_table(pyarrow.Table.from_pylist(VIDEO_MME), tmp_path / "test.parquet")
    names = ("charades_sta_test.txt", "val_1.json", "questions.json", "test.parquet", "json")
    return dict(zip(BENCHMARKS, (tmp_path / n for n in (*names, "lvb_val.json")), strict=True))


EXPECTED = {
    "charades-sta": [("3MSZA.mp4", "person turn a light on.", [[24.3, 30.4]], "moment", "1")],
    "activitynet-captions": [
        *(
            ("v_bXdq2zI1Ms0.mp4", text, [span], "moment", f"v_bXdq2zI1Ms0_{number}")
            for number, text, span in (
                (0, "Three men are standing on a mat.", [6.94, 30.0]),
                (1, "The man on the left kicks.", [37.28, 73.1]),
            )
        )
    ],
    "egoschema": [("00b9a0de.mp4", "C does 3.", None, "", "00b9a0de")],
    "video-mme": [("fFjv93ACGo8.mp4", "Berries.", None, "short", "001-1")],
    "mvbench": [
        (
            "star/Charades_v1_480/ZS9XR.mp4",
            "Ate the medicine.",
            None,
            "action sequence",
            "action_sequence_0",
        ),
        (
            "clevrer/video_validation/video_10009.mp4",
            "2",
            None,
            "moving count",
            "moving_count_0",
        ),
    ],
    "longvideobench": [
        ("videos/86CxyhFV9MI.mp4", "A car stops", None, "3 to 10 min", "86CxyhFV9MI_0")
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_official_rows_become_rows_of_a_question_file(official, name):
    rows = questions_of_benchmark(name, official[name])
    found = [(r["video"], r["answer"], r.get("spans"), r["type"], r["id"]) for r in rows]
    assert found == EXPECTED[name]
    for row in rows:
        assert ("spans" in row) != ("options" in row), "moments are found, choices are chosen"
        assert row["answer"] in row.get("options", [row["answer"]])


def test_a_part_of_a_video_is_asked_about_by_its_seconds(official):
    part, whole = questions_of_benchmark("mvbench", official["mvbench"])
    assert part["span"] == [11.1, 19.6] and "span" not in whole
    alone = questions_of_benchmark("mvbench", official["mvbench"] / "moving_count.json")
    assert alone == [whole]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_command_writes_a_file_that_the_reader_takes(official, tmp_path, name):
    out = tmp_path / "made.jsonl"
    given = ["import", "benchmark", name, str(official[name]), "-o", str(out), "--videos", "films"]
    called = CliRunner().invoke(app, given)
    assert called.exit_code == 0, called.output
    assert not open_question_file(out).mistakes
    asked = read_questions(out)
    assert [q.id for q in asked] == [row[4] for row in EXPECTED[name]]
    assert [q.video for q in asked] == [f"films/{row[0]}" for row in EXPECTED[name]]


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("charades-sta", "3MSZA 24.3 person turns", "line 1: expected 'VIDEO START END##SENTENCE'"),
        ("activitynet-captions", '{"v_a": {"sentences": []}}', "no `timestamps`"),
        (
            "activitynet-captions",
            '{"v_a": {"duration": 9, "timestamps": [[0, 1]], "sentences": []}}',
            "1 spans, 0 sentences",
        ),
        ("egoschema", '[{"question": "a"}]', "no `q_uid`"),
        ("longvideobench", '[{"duration_group": 15}]', "no `correct_choice`"),
        ("video-mme", "no parquet", "no Parquet file"),
    ],
)
def test_other_files_are_refused_with_what_they_lack(official, name, text, message):
    official[name].write_text(text)
    with pytest.raises(UsageError, match=message):
        questions_of_benchmark(name, official[name])


def test_an_answer_that_is_no_option_and_a_name_that_is_no_benchmark(official, tmp_path):
    wrong = [{**MVBENCH["moving_count"][0], "answer": "7"}]
    (tmp_path / "json" / "moving_count.json").write_text(json.dumps(wrong))
    with pytest.raises(UsageError, match="no right answer among its 4 options"):
        questions_of_benchmark("mvbench", official["mvbench"])
    with pytest.raises(UsageError, match="mvbench"):
        questions_of_benchmark("mv-bench", official["mvbench"])
    (tmp_path / "subset_answers.json").unlink()
    with pytest.raises(UsageError, match=r"subset_answers\.json is missing"):
        questions_of_benchmark("egoschema", official["egoschema"])
