"""QVHighlights of a tiny library: what its search finds is judged, films that lack are told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import svqa
from svqa.cli import app
from svqa.errors import UsageError
from svqa.evaluation import read_queries, run_qvhighlights_library
from svqa.evaluation.qvhighlights_library import _clip_scores, predict
from svqa.shapes import make_dataset


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two shapes videos, and three queries, one of a film that is not there."""
    folder = tmp_path_factory.mktemp("world")
    make_dataset(2, 3, folder / "made")
    films = sorted(folder.rglob("*.mp4"))
    rows = [
        {
            "qid": number,
            "query": text,
            "vid": video,
            "duration": 8,
            "relevant_windows": [[0, 4]],
            "relevant_clip_ids": [0, 1],
            "saliency_scores": [[4, 4, 3], [2, 2, 2]],
        }
        for number, (video, text) in enumerate(
            [(films[0].stem, "a circle"), (films[1].stem, "a square"), ("absent", "a dog")]
        )
    ]
    (folder / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return films[0].parent, folder / "queries.jsonl"


def test_what_a_search_finds_is_judged_by_the_official_metrics(world, tmp_path):
    films, annotations = world
    with svqa.open_library(f"sqlite:///{tmp_path / 'a.db'}", "shapes") as library:
        found = run_qvhighlights_library(library, annotations, films=films)
        assert found.n == 2 and found.fingerprint["queries_without_video"] == 1
        assert {"r1_at_05", "r1_at_07", "map", "hl_map_very_good"} <= set(found.metrics)
        assert set(found.baselines) == {"whole video", "random span", "chance highlights"}
        query = read_queries(annotations)[0]
        video = library.store.find_video(str(films / f"{query.video}.mp4")).id
        made = predict(library, query, video)
        best = library.search(query.text, video=video, k=1)[0]
        assert made.windows[0][0] == best.start_s and made.windows[0][2] == best.score
        assert all(0 <= a < b <= query.duration_s for a, b, _ in made.windows)
        assert [w[2] for w in made.windows] == sorted((w[2] for w in made.windows), reverse=True)
        assert len(made.scores) == query.clips == 4


def test_a_clip_takes_the_score_of_the_segment_its_middle_lies_in():
    scores = _clip_scores(np.array([0.0, 3.0, 5.0]), np.array([1.0, 2.0, 3.0]), 4)
    assert scores == (1.0, 2.0, 3.0, 3.0)  # middles at 1, 3, 5 and 7 s
    assert _clip_scores(np.empty(0), np.empty(0), 2) == (0.0, 0.0)


def test_a_folder_without_the_films_and_a_name_that_leads_out_of_it(world, tmp_path):
    films, annotations = world
    with svqa.open_library(f"sqlite:///{tmp_path / 'b.db'}", "shapes") as library:
        with pytest.raises(UsageError, match="holds none of the 3 videos"):
            run_qvhighlights_library(library, annotations, films=tmp_path)
        row = json.loads(annotations.read_text().splitlines()[0])
        outside = tmp_path / "outside.jsonl"
        outside.write_text(json.dumps({**row, "vid": f"../{films.name}/{row['vid']}"}))
        with pytest.raises(UsageError, match="holds none of the 1 videos"):
            run_qvhighlights_library(library, outside, films=films)


def test_the_command_takes_films_or_predictions(world, tmp_path):
    films, annotations = world
    given = ["eval", "qvhighlights", "--annotations", str(annotations)]
    neither = CliRunner().invoke(app, given)
    assert isinstance(neither.exception, UsageError), "a file or films, not neither"
    database = ["--database", f"sqlite:///{tmp_path / 'c.db'}", "--models", "shapes", "--json"]
    called = CliRunner().invoke(app, [*given, "--films", str(films), *database])
    assert called.exit_code == 0, called.output
    assert json.loads(called.stdout)["n"] == 2 and "1 queries are left out" in called.stderr
