"""One reader of question files: every mistake is named with its line, for whoever reads."""

from __future__ import annotations

import json

import pytest

from svqa.errors import UsageError
from svqa.evaluation import read_annotations, read_question_set
from svqa.questions import open_question_file, read_questions
from svqa.shapes import scene_of, write_mp4
from svqa.training import read_examples

ROW = {"video": "v.mp4", "question": "what is it?", "answer": "a cup"}
BARE = {"video": "v.mp4", "question": "what is it?"}
READERS = {
    "questions": read_questions,
    "evaluation and comparison": lambda path: read_question_set(path).questions,
    "training": read_examples,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("questions")
    write_mp4(scene_of(7, 0), made / "v.mp4", width_px=64)
    return made


@pytest.fixture(params=READERS)
def read(request):
    return READERS[request.param]


def write(folder, text: str, encoding: str = "utf-8", name: str = "q.jsonl"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def nested(depth: int) -> list:
    made: list = []
    for _ in range(depth):
        made = [made]
    return made


def lines(*rows) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


MISTAKES = {
    "not JSON": ("{", "is not JSON"),
    "not an object": ("[1]", "expected an object"),
    "nested beyond reason": ('{"a":' * 100_000, "is not JSON"),
    "a field nobody reads": (ROW | {"anwser": "x"}, "Did you mean `answer`?"),
    "neither video nor image": (
        {"question": "who?", "answer": "me"},
        "either `video` or `image`, got neither",
    ),
    "a number for a video": (ROW | {"video": 5}, "`video` must name a file, got 5"),
    "a number for a question": (ROW | {"question": 5}, "`question` must be a sentence, got 5"),
    "no answer": (BARE, "either `answer` or `answers`, got neither"),
    "answers twice": (ROW | {"answers": ["a cup"]}, "either `answer` or `answers`, got both"),
    "a number for an answer": (ROW | {"answer": 3}, "`answer` must be words, got 3"),
    "null for an answer": (ROW | {"answer": None}, "`answer` must be words, got None"),
    "half a character": (ROW | {"answer": "\ud83d"}, "`answer` must be words"),
    "a text for answers": (BARE | {"answers": "a cup"}, "`answers` must be a list of words"),
    "answers of VQA v2": (BARE | {"answers": [{"answer": "net"}]}, "must be a list of words"),
    "a list in a list": (BARE | {"answers": [["a", "b"]]}, "`answers` must be a list of words"),
    "a text for options": (ROW | {"options": "a cup;a bus"}, "`options` must be a list of words"),
    "an answer that is no option": (
        ROW | {"options": ["a dog", "a bus"]},
        "the answer 'a cup' is none of `options`",
    ),
    "an option's letter": (
        BARE | {"answer": "B", "options": ["a bus", "a cup"]},
        "the answer 'B' is none of `options`",
    ),
    "an unknown split": (ROW | {"split": "dev"}, "`split` must be one of train, val, test"),
    "a number for a type": (ROW | {"type": 3}, "`type` must be text, got 3"),
    "a list for an id": (ROW | {"id": [3]}, "`id` must be text or a whole number"),
    "a second too large": (ROW | {"time_s": 10**400}, "`time_s` must be seconds"),
    "not a second": (lines(ROW | {"time_s": float("nan")}), "`time_s` must be seconds"),
    "a span backwards": (ROW | {"span": [4, 2]}, "`span` must be [start, end] in seconds"),
    "spans backwards": (
        ROW | {"spans": [[1, 2], [4, 2]]},
        "`spans` must be a list of [start, end]",
    ),
    "spans as one span": (ROW | {"spans": [1, 2]}, "`spans` must be a list of [start, end]"),
    "a number for spans": (ROW | {"spans": 3}, "`spans` must be a list of [start, end]"),
    "a second and a span": (ROW | {"time_s": 1, "span": [1, 2]}, "only one of them"),
    "a field given twice": (
        '{"video": "v.mp4", "question": "what?", "answer": "a", "answer": "b"}',
        "the field 'answer' is given twice",
    ),
    "nested nearly beyond reason": (ROW | {"type": nested(900)}, ""),
    "a list nested nearly beyond reason": (BARE | {"answers": [nested(700)]}, ""),
    "a number of 5,000 digits": (lines(ROW)[:-1] + f', "time_s": {"9" * 5000}}}', "is not JSON"),
    "a second of 1e999": (lines(ROW)[:-1] + ', "time_s": 1e999}', "`time_s` must be seconds"),
    "a span of huge numbers": (ROW | {"span": [0, 10**400]}, "`span` must be [start, end]"),
    "a contradiction": (ROW | {"answer": "a bus"}, "asks what line 1 asks and answers 'a bus'"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_mistake_is_refused_with_its_line_whoever_reads(folder, read, kind):
    row, expected = MISTAKES[kind]
    with pytest.raises(UsageError) as error:
        read(write(folder, lines(ROW, "", row)))
    assert "has 1 mistake." in str(error.value), error.value
    assert "line 3: " in str(error.value) and expected in str(error.value), error.value


def test_all_mistakes_come_together_in_the_order_of_the_file(folder, read):
    rows = [row for row, _ in MISTAKES.values()]
    with pytest.raises(UsageError, match=f"has {len(rows)} mistakes") as error:
        read(write(folder, lines(ROW, *rows)))
    told = [line for line in str(error.value).splitlines() if line.startswith("  line ")]
    assert [int(line.split()[1].rstrip(":")) for line in told] == list(range(2, 22))
    assert f"and {len(rows) - 20} more" in str(error.value)


def test_two_rows_with_one_id_are_refused_within_a_split(folder, read):
    rows = [ROW | {"id": "a", "split": "train"}, ROW | {"id": "a", "split": "train"}]
    with pytest.raises(UsageError, match="line 2: has the `id` 'a' that line 1 has already"):
        read(write(folder, lines(*rows)))
    path = write(folder, lines(rows[0], ROW | {"id": "a", "split": "test"}))
    assert len(read_questions(path, split="test")) == len(read_examples(path)) == 1


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
def test_a_line_ends_at_a_newline_only(folder, read, mark):
    row = json.dumps(ROW | {"question": f"what{mark}is it?"}, ensure_ascii=False)
    assert len(read(write(folder, row + "\n" + lines(ROW | {"question": "who?"})))) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b\n", "\x1e\n"])
def test_line_endings_of_other_systems_and_a_mark_at_the_start_are_read(folder, read, end):
    text = end.join([lines(ROW), lines(ROW | {"question": "who?"}), ""])
    assert len(read(write(folder, text, "utf-8-sig"))) == 2


@pytest.mark.parametrize(
    ("encoding", "answer"), [("cp1252", "un café"), ("gbk", "红色的汽车"), ("utf-16", "a cup")]
)
def test_another_encoding_is_refused_before_it_becomes_other_words(folder, read, encoding, answer):
    text = json.dumps(ROW | {"answer": answer}, ensure_ascii=False)
    with pytest.raises(UsageError, match=r"UTF-(8|16) \(line 1: byte .* with the encoding UTF-8"):
        read(write(folder, text, encoding))
    (found,) = read(write(folder, text))
    assert found.answers == (answer,)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_encodings_without_a_mark_are_told_too(folder, read, encoding):
    for text in (lines(ROW), json.dumps([ROW])):
        with pytest.raises(UsageError, match=f"looks like {encoding[:6].upper()} .* UTF-8"):
            read(write(folder, text, encoding))


def test_the_csv_of_a_benchmark_in_another_encoding_is_refused_too(folder):
    text = "video,question,answer,qid,type,a0,a1,a2,a3,a4\nv,où,1,0,CW,a,b,c,d,e\n"
    with pytest.raises(UsageError, match=r"is not UTF-8 \(line 2"):
        read_annotations(write(folder, text, "cp1252", name="q.csv"))
    (choice,) = read_annotations(write(folder, text, "utf-8-sig", name="q.csv"))
    assert choice.question.text == "où"


def test_one_list_is_read_and_a_second_one_is_refused(folder, read):
    one = json.dumps([ROW, ROW | {"question": "who?"}], indent=1)
    assert len(read(write(folder, one))) == 2
    with pytest.raises(UsageError, match="line 13: goes on after the list was closed"):
        read(write(folder, one + "\n" + json.dumps([ROW])))
    with pytest.raises(UsageError, match="line 12: the list is not closed"):
        read(write(folder, one[:-1]))
    with pytest.raises(UsageError, match="line 7: `answer` must be words"):
        read(write(folder, json.dumps([ROW, ROW | {"answer": 2}], indent=1)))


@pytest.mark.parametrize("text", ["", "[]", "\n\n"])
def test_an_empty_file_is_refused(folder, read, text):
    with pytest.raises(UsageError, match="the file is empty; expected a row a question"):
        read(write(folder, text))


def test_what_is_asked_about_and_where_the_evidence_lies(folder):
    rows = [
        ROW | {"span": [1, 2]},
        ROW | {"spans": [[1, 2], [3, 4]]},
        ROW | {"span": [1, 5], "spans": [[1, 2]]},
        ROW | {"time_s": 3, "spans": [[3, 4]]},
        ROW | {"spans": [], "span": None, "time_s": None, "options": []},
    ]
    file = open_question_file(write(folder, lines(*rows)))
    assert [row.span for row in file.rows] == [(1, 2), None, (1, 5), None, None]
    spans = [((1, 2),), ((1, 2), (3, 4)), ((1, 2),), ((3, 4),), ()]
    assert [row.spans for row in file.rows] == spans
    assert [q.spans for q in read_questions(file.path)] == spans
    assert [e.span for e in read_examples(file.path)] == [row.span for row in file.rows]
    assert [row.time_s for row in file.rows] == [None, None, None, 3, None]


def test_the_same_words_about_other_seconds_or_options_ask_something_else(folder):
    rows = [
        ROW | {"spans": [[1, 2]], "options": ["a cup", "a bus"]},
        ROW | {"spans": [[3, 4]], "answer": "a bus"},
        ROW | {"spans": [[1, 2]], "options": ["a dog", "a cat"], "answer": "a dog"},
    ]
    assert len(read_questions(write(folder, lines(*rows)))) == 3


def test_a_split_takes_its_rows_and_those_without_one(folder):
    rows = [
        ROW | {"question": q, "split": s}
        for q, s in (("a?", "train"), ("b?", "test"), ("c?", None))
    ]
    path = write(folder, lines(*rows))
    assert [q.text for q in read_questions(path, split="test")] == ["b?", "c?"]
    assert [q.id for q in read_questions(path)] == ["line 1", "line 2", "line 3"]
    with pytest.raises(UsageError, match="Unknown split 'validation'"):
        read_questions(path, split="validation")
    with pytest.raises(UsageError, match="holds 0 questions for val, of 1 in all"):
        read_questions(write(folder, lines(rows[0])), split="val")


def test_a_video_is_a_path_that_opens_or_a_name_in_the_library(folder):
    path = write(folder, lines(ROW, ROW | {"video": "a1b2c3"}))
    assert [q.video for q in read_questions(path)] == [str(folder / "v.mp4"), "a1b2c3"]


def test_only_videos_are_asked_about_and_pictures_are_trained_on(folder):
    path = write(folder, lines({"image": "a.png", "question": "what?", "answer": "it"}))
    with pytest.raises(UsageError, match="line 1: asks about a picture"):
        read_questions(path)
    assert open_question_file(path).rows[0].still
    rows = [{"image": "a.png", "question": "what?", "answer": "it", "time_s": 0}]
    with pytest.raises(UsageError, match="a picture has no seconds"):
        read_questions(write(folder, lines(*rows)))


def test_a_missing_file_is_named(folder, read):
    with pytest.raises(UsageError, match=r"No such question file: .*gone\.jsonl"):
        read(folder / "gone.jsonl")
