"""Results, pages and plots: numbers arrive as they were written.

And nothing that was said or named can run.
"""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser

import matplotlib
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from svqa.errors import UnknownParameter, UsageError
from svqa.metrics import Figure
from svqa.reporting import (
    NotebookRun,
    build_index,
    export_html,
    figure_text,
    parameters_of,
    read_results,
    run_notebook,
)
from svqa.reporting.html import notebook_text, pictures
from svqa.reporting.notebooks import write_results

matplotlib.use("Agg")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
EVIL = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg onload=alert(1)>',
    "[go](javascript:alert(1))",
    "</style><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=//evil.example></iframe>",
    "{{ 7 * 7 }}{% for x in y %}",
    "<table onmouseover=alert(1)><tr><td style='x:y'>cell</td></tr></table>",
)


class Scan(HTMLParser):
    """Collects every tag and attribute of a page as a browser would see them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"] or not data.startswith(":root"):
            self.text += f" {data}"


def assert_nothing_can_run(page: str) -> None:
    seen = Scan(page)
    assert not {"script", "iframe", "object", "embed", "base", "form", "link", "svg"} & set(
        seen.tags
    )
    for tag, name, value in seen.attributes:
        assert not name.startswith("on") and name != "style", f"<{tag} {name}={value}>"
        if name in ("href", "src"):
            assert not value.lower().startswith(("javascript:", "vbscript:", "http:", "//")), (
                f"<{tag} {name}={value}>"
            )
            assert tag != "img" or value.startswith("data:image/"), (
                "every picture is inside the file"
            )
    policy = next(v for tag, name, v in seen.attributes if name == "content" and "default-src" in v)
    assert "default-src 'none'" in policy and "unsafe" not in policy


def notebook_with(*cells, path) -> None:
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def hostile_notebook(path):
    outputs = [
        new_output("stream", text=f"{EVIL}\n"),
        new_output("error", ename=EVIL[0], evalue=EVIL[1], traceback=[EVIL[0]]),
    ]
    for text in EVIL:
        outputs.append(new_output("display_data", data={"text/html": text, "text/plain": text}))
        outputs.append(new_output("display_data", data={"text/markdown": text}))
    outputs.append(new_output("display_data", data={"image/png": PNG, "text/plain": EVIL[1]}))
    outputs.append(new_output("display_data", data={"image/png": f'{PNG}" onload="alert(1)'}))
    outputs.append(new_output("display_data", data={"image/svg+xml": "<svg onload='alert(1)'/>"}))
    outputs.append(new_output("display_data", data={"application/javascript": "alert(1)"}))
    cells = [
        new_markdown_cell(f"# {EVIL[0]}\n\n**Question.** {EVIL[1]}"),
        new_markdown_cell("\n\n".join(EVIL)),
    ]
    cells.append(new_code_cell(f"print({EVIL!r})", outputs=outputs, execution_count=1))
    notebook = new_notebook(
        cells=cells, metadata={"title": EVIL[0], "authors": [{"name": EVIL[1]}]}
    )
    nbformat.write(notebook, path)
    return path


@pytest.mark.fault("F31")
def test_f31_nothing_in_a_notebook_can_run(tmp_path):
    page = export_html(hostile_notebook(tmp_path / "<img src=x onerror=alert(1)>.ipynb")).read_text(
        encoding="utf-8"
    )
    assert_nothing_can_run(page)
    assert "<script>alert(1)</script>" in Scan(page).text, "what was said is shown, as text"
    assert "49" not in Scan(page).text and "{{ 7 * 7 }}" in Scan(page).text, (
        "nothing is filled in twice"
    )


@pytest.mark.fault("F31")
def test_f31_nothing_in_the_index_can_run(tmp_path):
    executed = hostile_notebook(tmp_path / "notebook.ipynb")
    results = {
        "headline": EVIL[0],
        "figures": [{"label": EVIL[1], "value": EVIL[2], "unit": EVIL[3]}],
        "versions": {EVIL[4]: "1"},
    }
    html = tmp_path / 'javascript:alert(1)" onclick="x.html'
    run = NotebookRun("00_" + EVIL[0], EVIL[5], EVIL[6], executed, html, results)
    page = build_index([run], tmp_path).read_text(encoding="utf-8")
    assert_nothing_can_run(page)
    assert EVIL[0] in Scan(page).text


def test_the_scan_itself_sees_what_could_run():
    for bad in (
        '<p onclick="x">',
        '<a href="JavaScript:x">',
        "<script>",
        '<img src="http://x/y.png">',
    ):
        with pytest.raises((AssertionError, StopIteration)):
            assert_nothing_can_run(bad)


def test_a_page_shows_text_tables_pictures_and_code(tmp_path):
    table = (
        "<style>td{color:red}</style><table border='1'><tr><th>clip</th></tr><tr><td>bears "
        "&amp; co</td></tr></table>"
    )
    outputs = [
        new_output("stream", text="\x1b[31m6 of 7\x1b[0m\n"),
        new_output("stream", text="done\n"),
        new_output("display_data", data={"image/png": PNG}),
        new_output("execute_result", data={"text/html": table, "text/plain": "-"}),
    ]
    cells = [
        new_markdown_cell("# Found\n\nDoes it **find** it?"),
        new_code_cell("x = 1  # why", outputs=outputs, execution_count=1),
    ]
    page = export_html(notebook_with(*cells, path=tmp_path / "a.ipynb")).read_text(encoding="utf-8")
    seen = Scan(page)
    assert "6 of 7\ndone" in seen.text and "\x1b" not in page
    assert "bears & co" in seen.text and "color:red" not in page
    assert f"data:image/png;base64,{PNG}" in page
    assert "<strong>find</strong>" in page and page.count("<h1>") == 1
    assert notebook_text(tmp_path / "a.ipynb") == ("Found", "Does it find it?")


def test_the_tagged_picture_comes_first(tmp_path):
    plain, tagged = (new_output("display_data", data={"image/png": name * 4}) for name in "AB")
    cells = [
        new_code_cell("1", outputs=[plain]),
        new_code_cell("2", outputs=[tagged], metadata={"tags": ["thumbnail"]}),
    ]
    shown = pictures(notebook_with(*cells, path=tmp_path / "a.ipynb"))
    assert [uri[-4:] for uri in shown] == ["BBBB", "AAAA"]


def test_results_come_back_as_they_were_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SVQA_REPORTS", str(tmp_path))
    figure = {"label": "R@1", "value": np.float64(0.5), "low": 0.25, "high": 0.75, "n": np.int64(8)}
    write_results(
        "01_ingestion",
        {
            "headline": "4 of 8.",
            "figures": [figure],
            "scores": np.array([1.0, 2.0]),
            "best": Figure(0.5, 0, 1, 2),
        },
    )
    found = read_results(tmp_path / "01_ingestion")
    assert found["figures"][0] == {"label": "R@1", "value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    assert found["scores"] == [1.0, 2.0] and found["best"]["n"] == 2
    assert found["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"headline": "It works."},
        {"headline": "3", "figures": [{"label": "x"}]},
        {"headline": "3", "figures": [{"label": "x", "value": 1, "ci": 2}]},
        {"headline": "3", "data": object()},
    ],
)
def test_results_without_a_number_or_with_strange_parts_are_refused(results, tmp_path, monkeypatch):
    monkeypatch.setenv("SVQA_REPORTS", str(tmp_path))
    with pytest.raises(UsageError):
        write_results("00_quickstart", results)
    assert not list(tmp_path.rglob("*.json"))


def test_results_refuse_nan_and_names_that_leave_their_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SVQA_REPORTS", str(tmp_path))
    with pytest.raises(ValueError):
        write_results("00_quickstart", {"headline": "3", "mean": float("nan")})
    with pytest.raises(UsageError, match="00_quickstart"):
        write_results("../00_quickstart", {"headline": "3"})


def test_figures_are_read_with_their_interval():
    assert (
        figure_text({"label": "", "value": 0.8571, "low": 0.5714, "high": 1.0})
        == "0.86 [0.57, 1.00]"
    )
    assert figure_text({"label": "", "value": 12.345, "unit": "x real time"}) == "12.3 x real time"
    assert figure_text({"label": "", "value": 2427}) == "2,427"


def test_a_tile_shows_value_interval_and_n(tmp_path):
    executed = notebook_with(new_markdown_cell("# A"), path=tmp_path / "notebook.ipynb")
    figures = [{"label": "clip first", "value": 0.857, "low": 0.571, "high": 1.0, "n": 7}]
    run = NotebookRun(
        "00_a",
        "A",
        "Does it?",
        executed,
        tmp_path / "notebook.html",
        {"headline": "6 of 7", "figures": figures},
    )
    text = " ".join(Scan(build_index([run], tmp_path).read_text(encoding="utf-8")).text.split())
    assert "0.86 clip first 95 % [0.57, 1.00], n = 7" in text and "Does it? 6 of 7" in text


def parameters_notebook(
    tmp_path, source="every_s = 0.5  # seconds\nclips = ['a']\nvideo = ''\nseed = 0\nshow = True"
):
    cells = [new_markdown_cell("# A"), new_code_cell(source, metadata={"tags": ["parameters"]})]
    return notebook_with(*cells, path=tmp_path / "00_a.ipynb")


def test_parameters_are_the_literals_of_the_tagged_cell(tmp_path):
    known = {"every_s": 0.5, "clips": ["a"], "video": "", "seed": 0, "show": True}
    assert parameters_of(parameters_notebook(tmp_path)) == known
    with pytest.raises(UsageError, match=r"half_s = every_s / 2"):
        parameters_of(parameters_notebook(tmp_path, "every_s = 1.0\nhalf_s = every_s / 2"))


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path):
    path = parameters_notebook(tmp_path)
    with pytest.raises(
        UnknownParameter, match="Did you mean 'every_s'.*clips, every_s, seed, show, video"
    ):
        run_notebook(path, tmp_path / "out", {"evry_s": 1.0})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name, value",
    [
        ("every_s", "fast"),
        ("every_s", True),
        ("seed", 1.5),
        ("video", 3),
        ("clips", "abc"),
        ("show", 1),
    ],
)
def test_a_parameter_of_another_type_is_refused(name, value, tmp_path):
    with pytest.raises(UsageError, match=f"'{name}'"):
        run_notebook(parameters_notebook(tmp_path), tmp_path / "out", {name: value})


def test_results_are_valid_json_to_the_letter(tmp_path, monkeypatch):
    monkeypatch.setenv("SVQA_REPORTS", str(tmp_path))
    path = write_results("00_quickstart", {"headline": "1 answer.", "text": "</script>\u2028"})
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == "</script>\u2028"
