"""HNSW on a real PostgreSQL: what it finds, what stays exact beside it, what is never found."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import svqa.database.nearest as nearest
from svqa.cli import app
from svqa.database import open_store
from svqa.database.hnsw import has_halfvec, nearest_by_index
from svqa.errors import UsageError
from svqa.records import Chunk, VectorSet
from tests.helpers.database import MODEL, fresh_url, ingest, video_info

SPACE = ("frame", "visual", MODEL)
VIDEOS, ROWS, DIM = 6, 400, 32


def drifting(seed: int, rows: int = ROWS, dim: int = DIM) -> np.ndarray:
    """Unit vectors of a video, each near the one before, as frames are.

    In time they are anywhere, as other videos' are.

    Walks that leave each other for good would be islands, which a small graph joins or not, by
    chance.
    """
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=(rows, dim))
    for now in range(1, rows):
        walk[now] = 0.8 * walk[now - 1] + 0.6 * walk[now]
    return (walk / np.linalg.norm(walk, axis=1, keepdims=True)).astype(np.float32)


def add(store, number: int, *, finish: bool = True, values: np.ndarray | None = None) -> str:
    values = drifting(number) if values is None else values
    t_s = np.arange(len(values)) * 0.5
    vectors = VectorSet("frame", "visual", MODEL, np.stack([t_s, t_s + 0.5], axis=1), values)
    info = video_info(f"{number}.mp4", digit=f"{number % 16:x}", duration_s=ROWS / 2)
    claim = store.claim_video(info, {"number": number})
    store.commit_chunk(claim.video_id, Chunk(0.0, ROWS / 2, vectors=(vectors,)))
    if finish:
        store.finish_video(claim.video_id)
    return claim.video_id


@pytest.fixture
def store(tmp_path):
    """2,400 vectors of six videos, without an index."""
    with open_store(fresh_url("postgresql", tmp_path)) as opened:
        for number in range(VIDEOS):
            add(opened, number)
        yield opened


def queries(store, count: int = 20) -> list[np.ndarray]:
    values = store.vectors(*SPACE).values.astype(np.float32)
    rng = np.random.default_rng(7)
    return [
        row + 0.05 * rng.normal(size=DIM).astype(np.float32)
        for row in values[rng.choice(len(values), count)]
    ]


def moments(found) -> list[tuple[str, float]]:
    return [(video, start_s) for video, start_s, *_ in found]


def from_memory(store, query: np.ndarray, k: int) -> list[tuple[str, float]]:
    """The exact answer by another way: every stored vector, multiplied here."""
    table = store.vectors(*SPACE)
    best = np.argsort(-(table.values.astype(np.float32) @ query), kind="stable")[:k]
    return [(str(table.video_ids[i]), float(table.spans[i, 0])) for i in best]


def test_the_index_finds_nearly_all_and_scores_them_right(store):
    assert store.build_index(*SPACE)
    shares = []
    for query in queries(store):
        exact = store.nearest(query, *SPACE, k=10, approximate=False)
        found = store.nearest(query, *SPACE, k=10, approximate=True)
        assert len(found) == 10 and [s for *_, s in found] == sorted(
            (s for *_, s in found), reverse=True
        )
        scores = {(v, t): s for v, t, _, s in exact}
        assert all(
            s == pytest.approx(scores[v, t], rel=1e-5) for v, t, _, s in found if (v, t) in scores
        )
        shares.append(len(set(moments(found)) & set(moments(exact))) / 10)
    assert np.mean(shares) >= 0.95


def test_the_index_answers_when_asked_and_exact_queries_cannot_use_it(store):
    """The planner finds no use for the index in the exact query.

    Not even with every other way forbidden.
    """
    store.build_index(*SPACE)
    query = queries(store, 1)[0]
    plans = {}
    with store.read() as connection:
        for name in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            connection.execute(text(f"SET LOCAL {name} = off"))
        exact = "EXPLAIN " + nearest._EXACT.format(only="")
        given = {"query": str(query.tolist()), "space": 1, "k": 5}
        plans["exact"] = "\n".join(connection.execute(text(exact), given).scalars())
    executed = []
    with store.read() as connection:
        watched = connection.execute

        class Explaining:
            """Explains the search instead of running it."""

            def execute(self, statement, *values):
                if "near" not in str(statement):
                    return watched(statement, *values)
                executed.extend(watched(text(f"EXPLAIN {statement}"), *values).scalars())
                return watched(text("SELECT 1 WHERE false"))

        how = {"of": store.spaces()[0].index.of, "k": 5, "ef_search": 40, "videos": None}
        nearest_by_index(Explaining(), 1, DIM, query, **how)
    plans["approximate"] = "\n".join(executed)
    assert "hnsw_embeddings" in plans["approximate"] and "hnsw_embeddings" not in plans["exact"]


def test_exact_is_the_default_and_stays_exact_with_an_index(store, monkeypatch):
    """A graph of the poorest kind, so that an answer through it would be seen to be one."""
    store.build_index(*SPACE, m=2, ef_construction=4)
    asked = queries(store)
    poor = [moments(store.nearest(q, *SPACE, k=50, approximate=True, ef_search=50)) for q in asked]
    exact = [from_memory(store, q, 50) for q in asked]
    assert poor != exact
    assert [moments(store.nearest(q, *SPACE, k=50)) for q in asked] == exact
    monkeypatch.setattr(nearest, "EXACT_BELOW", VIDEOS * ROWS)
    assert store.large_index(*SPACE).rows == VIDEOS * ROWS
    assert [moments(store.nearest(q, *SPACE, k=50, ef_search=50)) for q in asked] == poor
    assert [moments(store.nearest(q, *SPACE, k=50, approximate=False)) for q in asked] == exact
    monkeypatch.setattr(nearest, "EXACT_BELOW", VIDEOS * ROWS + 1)
    assert store.large_index(*SPACE) is None
    assert [moments(store.nearest(q, *SPACE, k=50)) for q in asked] == exact


def test_a_large_space_is_still_exact_for_some_videos_and_for_very_many_rows(store, monkeypatch):
    store.build_index(*SPACE, m=2, ef_construction=4)
    monkeypatch.setattr(nearest, "EXACT_BELOW", 1)
    query, ids = queries(store, 1)[0], [v.id for v in store.videos()]
    within = [m for m in from_memory(store, query, VIDEOS * ROWS) if m[0] in ids[:2]]
    assert moments(store.nearest(query, *SPACE, k=500, videos=ids[:2])) == within[:500]
    assert moments(store.nearest(query, *SPACE, k=1001)) == from_memory(store, query, 1001)


def test_a_video_that_is_being_ingested_is_never_found(store):
    """Its vectors are in the index and nearest to the query.

    What is found instead is the exact answer.
    """
    store.build_index(*SPACE)
    query = queries(store, 1)[0]
    expected = moments(store.nearest(query, *SPACE, k=10, approximate=False))
    rng = np.random.default_rng(3)
    closest = query / np.linalg.norm(query) + 1e-3 * rng.normal(size=(300, DIM))
    half = add(store, 100, finish=False, values=closest.astype(np.float32))
    # of these the first two ask the index for less than that video alone holds
    for ef_search in (
        10,
        200,
        1000,
    ):
        assert (
            moments(store.nearest(query, *SPACE, k=10, approximate=True, ef_search=ef_search))
            == expected
        )
    store.finish_video(half)
    assert {v for v, *_ in store.nearest(query, *SPACE, k=10, approximate=True)} == {half}


def test_a_condition_on_videos_is_kept_and_falls_back_on_the_exact_answer(store):
    asked = queries(store, 5)
    opposite = -asked[0] / np.linalg.norm(asked[0]) + 0.01 * drifting(60)
    # the index gives none of its rows for the first query
    far = add(store, 60, values=opposite.astype(np.float32))
    store.build_index(*SPACE)
    ids = [v.id for v in store.videos()]
    for query in asked:
        for videos in (ids[:3], [*ids, "unknown"], []):
            found = moments(store.nearest(query, *SPACE, k=10, videos=videos, approximate=True))
            exact = moments(store.nearest(query, *SPACE, k=10, videos=videos, approximate=False))
            assert len(set(found) & set(exact)) >= 0.8 * len(exact) and len(found) == len(exact)
            assert {v for v, _ in found} <= set(videos)
    found = moments(store.nearest(asked[0], *SPACE, k=10, videos=[far], approximate=True))
    assert (
        found == [m for m in from_memory(store, asked[0], (VIDEOS + 1) * ROWS) if m[0] == far][:10]
    )


def test_an_index_is_built_once_and_rebuilt_only_for_other_numbers(store):
    assert store.build_index(*SPACE) and not store.build_index(*SPACE)
    (space,) = store.spaces()
    assert (space.dim, space.rows, space.index.rows) == (DIM, VIDEOS * ROWS, VIDEOS * ROWS)
    assert (space.index.m, space.index.ef_construction) == (16, 64)
    assert store.build_index(*SPACE, m=8, ef_construction=32) and not store.build_index(
        *SPACE, m=8, ef_construction=32
    )
    (space,) = store.spaces()
    assert (space.index.m, space.index.ef_construction) == (8, 32)
    with store.read() as connection:
        left = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'hnsw%'"
        assert connection.execute(text(left)).scalar() == 1


def test_an_index_holds_halves_where_the_server_has_them_and_finds_the_same(store):
    """Vectors are stored as float16: an index of halves loses nothing of them."""
    asked = [*queries(store, 10), 1e6 * drifting(3)[7], 1e-9 * drifting(4)[9]]
    found, sizes = {}, {}
    with store.read() as connection:
        if not has_halfvec(connection):
            pytest.skip("pgvector before 0.7")
    for of in ("vector", "halfvec"):
        assert store.build_index(*SPACE, of=of) and not store.build_index(*SPACE, of=of)
        (space,) = store.spaces()
        assert space.index.of == of and (space.index.m, space.index.ef_construction) == (16, 64)
        found[of] = [store.nearest(q, *SPACE, k=10, approximate=True) for q in asked]
        with store.read() as connection:
            size = text("SELECT pg_relation_size(:name)")
            sizes[of] = connection.execute(size, {"name": space.index.name}).scalar_one()
    assert not store.build_index(*SPACE), "without a word it is the halves"
    assert sizes["halfvec"] < sizes["vector"]
    exact = [store.nearest(q, *SPACE, k=10, approximate=False) for q in asked]
    for of, answers in found.items():
        shares = [
            len(set(moments(a)) & set(moments(e))) / 10 for a, e in zip(answers, exact, strict=True)
        ]
        assert np.mean(shares) >= 0.95, of
    best = [(a[0][:2], a[0][3]) for a in found["halfvec"]]
    assert [b for b, _ in best] == [e[0][:2] for e in exact]
    assert [s for _, s in best] == pytest.approx([e[0][3] for e in exact], rel=1e-5)


def test_a_kind_of_index_that_is_none_or_that_the_server_lacks_is_refused(store, monkeypatch):
    with pytest.raises(UsageError, match="Unknown kind of index 'halfvek'. Did you mean 'halfvec'"):
        store.build_index(*SPACE, of="halfvek")
    monkeypatch.setattr("svqa.database.hnsw.has_halfvec", lambda connection: False)
    with pytest.raises(UsageError, match="older than 0.7 and has no halfvec"):
        store.build_index(*SPACE, of="halfvec")
    assert store.build_index(*SPACE) and store.spaces()[0].index.of == "vector"


def test_spaces_of_two_dimensions_have_an_index_each_and_never_meet(store):
    claim = store.claim_video(video_info("small.mp4", digit="e"), {})
    spans = np.stack([np.arange(50.0), np.arange(50.0) + 1], axis=1)
    heard = VectorSet("frame", "audio", "ears@1", spans, drifting(9, 50, 8))
    store.commit_chunk(claim.video_id, Chunk(0.0, 50.0, vectors=(heard,)))
    store.finish_video(claim.video_id)
    assert store.build_index(*SPACE) and store.build_index("frame", "audio", "ears@1")
    assert len({s.index.name for s in store.spaces()}) == 2
    found = store.nearest(drifting(9, 50, 8)[3], "frame", "audio", "ears@1", k=5, approximate=True)
    assert found[0][:2] == (claim.video_id, 3.0) and {v for v, *_ in found} == {claim.video_id}


def test_what_comes_after_the_index_is_found_too(store):
    """Nearly all of it is found.

    Levels are drawn by chance, and now and then a row that is added to a graph is never reached.
    """
    store.build_index(*SPACE)
    late = add(store, 50)
    added = store.vectors(*SPACE, videos=[late])
    found = [
        store.nearest(row.astype(np.float32), *SPACE, k=1, approximate=True)[0][:2]
        == (late, start_s)
        for row, start_s in zip(added.values, added.spans[:, 0], strict=True)
    ]
    assert len(found) == ROWS and np.mean(found) >= 0.9


@pytest.mark.parametrize(
    "given, text",
    [
        ({"k": 10, "ef_search": 5}, "k <= ef_search"),
        ({"k": 10, "ef_search": 1001}, "ef_search=1001"),
        ({"k": 1001}, "approximate=False"),
        ({"k": 0}, "k=0"),
    ],
)
def test_numbers_an_index_cannot_have_are_refused(store, given, text):
    store.build_index(*SPACE)
    with pytest.raises(UsageError, match=text):
        store.nearest(drifting(0)[0], *SPACE, approximate=True, **given)


def test_asking_for_an_index_that_is_not_there_says_how_to_make_one(store):
    with pytest.raises(UsageError, match="svqa db index --level frame --modality visual"):
        store.nearest(drifting(0)[0], *SPACE, approximate=True)
    assert store.large_index(*SPACE) is None and store.spaces()[0].index is None
    for given in ({"m": 1}, {"m": 40}, {"ef_construction": 2000}, {"workers": -1}):
        with pytest.raises(UsageError, match="an index needs"):
            store.build_index(*SPACE, **given)
    with pytest.raises(UsageError, match="svqa ingest"):
        store.build_index("scene", "visual", MODEL)


def test_sqlite_needs_no_index_and_says_so(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/library.db") as store:
        ingest(store)
        with pytest.raises(UsageError, match="exact"):
            store.build_index(*SPACE)
        with pytest.raises(UsageError, match="no HNSW index"):
            store.nearest(np.ones(8), *SPACE, approximate=True)
        assert len(store.nearest(np.ones(8), *SPACE)) == 10 and store.spaces()[0].rows == 120


def db_index(url: str, *arguments: object):
    done = CliRunner().invoke(app, ["db", "index", "--database", url, *map(str, arguments)])
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    return done


def test_db_index_builds_from_a_number_of_rows_on_and_once(tmp_path):
    url = fresh_url("postgresql", tmp_path)
    with open_store(url) as store:
        add(store, 0)
        (small,) = json.loads(db_index(url, "--json").stdout)
        assert (
            small["done"] == "small" and small["rows"] == ROWS and store.spaces()[0].index is None
        )
        assert "exact search is right below 1,000,000" in db_index(url).stdout
        chosen = ("--level", "frame", "--modality", "visual", "--least-rows", ROWS, "--json")
        (built,) = json.loads(db_index(url, *chosen).stdout)
        assert built["done"] == "built" and built["build_s"] > 0 and built["dim"] == DIM
        (kept,) = json.loads(db_index(url, *chosen).stdout)
        assert kept["done"] == "kept" and store.spaces()[0].index.rows == ROWS
        assert store.nearest(drifting(0)[5], *SPACE, k=1, approximate=True)[0][1] == 2.5


def test_db_index_refuses_what_it_cannot_do(tmp_path):
    url = f"sqlite:///{tmp_path}/library.db"
    with open_store(url) as store:
        ingest(store)
    (small,) = json.loads(db_index(url, "--json").stdout)
    assert small["done"] == "small"
    with pytest.raises(UsageError, match="Known: frame visual"):
        CliRunner().invoke(
            app, ["db", "index", "--database", url, "--level", "scene"], catch_exceptions=False
        )
    with pytest.raises(UsageError, match="SQLite has no HNSW index"):
        CliRunner().invoke(
            app, ["db", "index", "--database", url, "--least-rows", "1"], catch_exceptions=False
        )
