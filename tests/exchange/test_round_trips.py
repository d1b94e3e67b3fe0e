"""What is written is read back by the libraries whose formats these are."""

from __future__ import annotations

import json

import pytest

from svqa.database import open_store
from svqa.errors import UsageError
from svqa.exchange import questions_of_csv, questions_of_dataset, questions_of_label_studio, table
from svqa.questions import read_questions
from tests.helpers.films import NAME, SCRIPT, SPANS


@pytest.mark.parametrize("kind", ["vtt", "srt"])
@pytest.mark.parametrize("lane", ["speech", "text", "captions", "chapters"])
def test_subtitles(run, tmp_path, kind, lane):
    pysubs2 = pytest.importorskip("pysubs2", reason="pip install -e '.[exchange]'")
    out = tmp_path / f"talk.{kind}"
    run("export", kind, NAME, "-o", str(out), "--lane", lane)
    read = pysubs2.load(str(out))
    spans = [(event.start / 1000, event.end / 1000) for event in read]
    assert (
        spans
        == {
            "speech": [(1.0, 2.5), (6.5, 8.0)],
            "text": [(3.0, 6.0)],
            "captions": [(0.0, 5.0), (5.0, 10.0)],
            "chapters": [(0.0, 4.0), (4.0, 10.0)],
        }[lane]
    )
    assert "<script" not in out.read_text(encoding="utf-8")


def test_what_was_not_found_or_is_no_lane_is_refused(folder):
    url = f"sqlite:///{folder}/svqa.db"
    with open_store(url) as store, pytest.raises(UsageError, match="speech"):
        table(store, "spech")


@pytest.mark.parametrize(
    "name", ["captions", "speech", "text", "boxes", "shots", "videos", "questions"]
)
def test_tables(run, tmp_path, name):
    import pandas as pd

    run("export", "csv", name, "-o", str(tmp_path / "t.csv"))
    read = pd.read_csv(tmp_path / "t.csv")
    assert (
        len(read)
        == {
            **{"captions": 2, "speech": 2, "text": 1, "boxes": 52, "shots": 2},
            **{"videos": 1, "questions": 1},
        }[name]
    )
    pytest.importorskip("pyarrow", reason="pip install -e '.[exchange]'")
    run("export", "parquet", name, "-o", str(tmp_path / "t.parquet"))
    columns = pd.read_parquet(tmp_path / "t.parquet").columns
    assert list(columns) == list(read.columns)
    if name == "boxes":
        assert read.loc[0, "right_px"] == 400 and SCRIPT in set(read["label"])
    if name == "questions":
        assert read.loc[0, "should_be"] == "a tram"


def test_boxes_in_cocos_format(run, tmp_path):
    coco = pytest.importorskip("pycocotools.coco", reason="pip install -e '.[dev]'")
    run("export", "coco", "-o", str(tmp_path / "boxes.json"))
    read = coco.COCO(str(tmp_path / "boxes.json"))
    bicycles = read.getCatIds(catNms=["bicycle"])
    assert len(read.getImgIds()) == 20 and len(read.getAnnIds(catIds=bicycles)) == 20
    (first, *_) = read.loadAnns(read.getAnnIds())
    assert first["bbox"] == [100.0, 60.0, 300.0, 240.0] and first["area"] == 72_000


def test_the_evidence_as_an_edit_list(run, tmp_path):
    otio = pytest.importorskip("opentimelineio", reason="pip install -e '.[exchange]'")
    out = tmp_path / "evidence.otio"
    run("export", "otio", "-o", str(out))
    clips = list(otio.adapters.read_from_file(str(out)).find_clips())
    spans = [
        (c.source_range.start_time.to_seconds(), c.source_range.end_time_exclusive().to_seconds())
        for c in clips
    ]
    assert spans == [pytest.approx(span, abs=0.05) for span in SPANS]
    assert clips[0].name == NAME and clips[0].media_reference.target_url.startswith("file://")


def test_label_studio_there_and_back(run, tmp_path):
    run("export", "label-studio", "-o", str(tmp_path / "tasks.json"))
    (task,) = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    (predicted,) = task["predictions"]
    kinds = {region["type"] for region in predicted["result"]}
    assert kinds == {"timelinelabels", "videorectangle"}
    box = next(r for r in predicted["result"] if r["type"] == "videorectangle")["value"]
    assert 0 < box["sequence"][0]["x"] < 100 and box["labels"] == ["bicycle"]
    # a person answers: the spans of speech are kept, and an answer is written
    said = [r for r in predicted["result"] if r["value"].get("timelinelabels") == ["speech"]]
    text = {"type": "textarea", "value": {"text": ["mind the tram"]}}
    task["data"] |= {"question": "What is said?"}
    task |= {"id": 7, "annotations": [{"id": 1, "result": [*said, text]}]}
    export = tmp_path / "export.json"
    export.write_text(json.dumps([task, {"id": 8, "data": {}, "annotations": []}]))
    run("import", "label-studio", str(export), "-o", str(tmp_path / "q.jsonl"))
    (question,) = read_questions(tmp_path / "q.jsonl")
    assert (question.text, question.answers) == ("What is said?", ("mind the tram",))
    assert question.spans == (
        pytest.approx((1.0, 2.5), abs=0.05),
        pytest.approx((6.5, 8.0), abs=0.05),
    )
    export.write_text('{"no": "list"}')
    with pytest.raises(UsageError, match="Label Studio"):
        questions_of_label_studio(export)


def test_a_table_of_questions(run, tmp_path):
    (tmp_path / "q.csv").write_text(
        "video,question,answers,options,spans,notes\n"
        '"talk.mp4","what, now?","a cup; cup","a cup;a pan","3-5.5; 7-8",mine\n'
        "talk.mp4,who?,Anna,,,\n",
        encoding="utf-8-sig",
    )
    run("import", "csv", str(tmp_path / "q.csv"), "-o", str(tmp_path / "q.jsonl"))
    first, second = read_questions(tmp_path / "q.jsonl")
    assert first.text == "what, now?" and first.answers == ("a cup", "cup")
    assert first.options == ("a cup", "a pan") and first.spans == ((3.0, 5.5), (7.0, 8.0))
    assert second.answers == ("Anna",)
    (tmp_path / "bad.csv").write_text("film,question\na,b\n")
    with pytest.raises(UsageError, match="needs columns"):
        questions_of_csv(tmp_path / "bad.csv")
    (tmp_path / "worse.csv").write_text("video,question,answer,spans\na,b,c,5-3\n")
    out = run("import", "csv", str(tmp_path / "worse.csv"), "-o", str(tmp_path / "w.jsonl"), code=1)
    assert "start < end" in out


def test_a_data_set_on_disk(tmp_path):
    datasets = pytest.importorskip("datasets", reason="pip install -e '.[exchange]'")
    row = {"video": ["a.mp4"], "question": ["who?"], "answer": ["Anna"], "spans": [[[1.0, 2.0]]]}
    parts = {
        "train": datasets.Dataset.from_dict(row),
        "validation": datasets.Dataset.from_dict(row),
    }
    datasets.DatasetDict(parts).save_to_disk(str(tmp_path / "set"))
    rows = questions_of_dataset(tmp_path / "set")
    assert [r["split"] for r in rows] == ["train", "val"] and rows[0]["spans"] == [[1.0, 2.0]]
