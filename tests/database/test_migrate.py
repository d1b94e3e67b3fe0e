"""From any file to this version's schema.

Made, migrated after a backup, refused untouched (F26).
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import inspect, text

import svqa.database.migrate as migration
from svqa.database import init_db, open_store
from svqa.database.schema import Base
from svqa.database.session import make_engine, write_lock, writer
from svqa.errors import DatabaseError, DatabaseTooNew, NotADatabase, UsageError
from svqa.records import Chunk, TextBox, VectorSet
from tests.helpers.database import MODEL, fresh_url, ingest, video_info


def make_old(url: str, revision: str = migration.REVISIONS[0]) -> None:
    """The schema as an earlier release had it; the first one unless told otherwise."""
    from alembic import command
    from alembic.config import Config

    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migration.__file__).parent / "migrations"))
    with write_lock(engine), writer(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def step_back(url: str, revision: str) -> None:
    """A library as the version before would have left it."""
    from alembic import command
    from alembic.config import Config

    config, engine = Config(), make_engine(url)
    config.set_main_option("script_location", str(Path(migration.__file__).parent / "migrations"))
    with write_lock(engine), migration._altering(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_migrations_and_models_describe_the_same_schema(backend, tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = Path(migration.__file__).parent / "migrations"
    scripts = ScriptDirectory(str(folder))
    assert (
        tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == migration.REVISIONS
    )
    url = fresh_url(backend, tmp_path, migrated=False)
    init_db(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
        names = {
            c["name"]
            for t in Base.metadata.tables
            for c in inspect(connection).get_check_constraints(t)
        }
    engine.dispose()
    only_here = [
        d for d in differences if not (d[0] == "remove_column" and d[3].name == "pg_vector")
    ]
    assert only_here == [], differences
    assert names == {
        c.name
        for t in Base.metadata.tables.values()
        for c in t.constraints
        if c.name.startswith("ck_")
    }


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.fault("F26")
def test_f26_older_schema_is_migrated_and_keeps_its_rows(backend, tmp_path):
    url = fresh_url(backend, tmp_path, migrated=False)
    make_old(url)
    engine = make_engine(url)
    with writer(engine).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO embedding_spaces (level, modality, model_id, dim) "
                "VALUES ('frame', 'visual', 'old', 4)"
            )
        )
        assert migration.check_revision(connection) == "0001"
    engine.dispose()
    with open_store(url) as store:
        assert store.stats().revision == migration.HEAD
        assert store.stats().rows["embedding_spaces"] == 1 and store.model_versions() == []
    if backend == "sqlite":
        (backup,) = tmp_path.glob("*.backup")
        with sqlite3.connect(backup) as old:
            assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
            assert old.execute("SELECT model_id FROM embedding_spaces").fetchone() == ("old",)
        old.close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_migration_that_fails_leaves_the_old_schema(backend, tmp_path, monkeypatch):
    url = fresh_url(backend, tmp_path, migrated=False)
    make_old(url)
    monkeypatch.setattr(migration, "_upgrade", _half_an_upgrade)
    with pytest.raises(RuntimeError, match="power cut"):
        open_store(url)
    monkeypatch.undo()
    engine = make_engine(url)
    with engine.connect() as connection:
        assert migration.check_revision(connection) == "0001"
        assert "half" not in inspect(connection).get_table_names()
    engine.dispose()
    open_store(url).close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_library_of_before_text_was_read_stays_searchable(backend, tmp_path):
    url = fresh_url(backend, tmp_path, migrated=False)
    with open_store(url) as store:
        video = ingest(store)
        told, before = store.captions(video), store.vectors("frame", "visual", MODEL)
    step_back(url, "0002")
    before = before.values.tobytes()
    line = TextBox("EXIT", 30.0, 35.0, 0.9, (1.0, 2.0, 30.0, 12.0), "reader@1")
    read = VectorSet(
        "segment", "text", MODEL, np.array([[30.0, 35.0]]), np.ones((1, 8), np.float32)
    )
    with open_store(url) as store:
        assert store.captions(video) == told and store.text_boxes(video) == []
        assert store.vectors("frame", "visual", MODEL).values.tobytes() == before
        near = store.nearest(np.ones(8, np.float32), "frame", "visual", MODEL, k=3)
        assert {found[0] for found in near} == {video}
        health = store.check()  # on the connection that migrated
        assert health.problems == () and health.foreign_keys
        claim = store.claim_video(video_info("new.mp4", digit="b"), {})
        store.commit_chunk(claim.video_id, Chunk(30.0, 60.0, text_boxes=(line,), vectors=(read,)))
        store.finish_video(claim.video_id)
        assert store.text_boxes(claim.video_id) == [line]
        assert len(store.vectors("segment", "text", MODEL)) == 1
    if backend == "sqlite":
        (copy,) = tmp_path.glob("*.backup")
        with sqlite3.connect(copy) as raw:
            assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
            assert raw.execute("SELECT count(*) FROM embeddings").fetchone() == (120,)
        raw.close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_older_captions_hedged_in_words_is_a_number(backend, tmp_path):
    url = fresh_url(backend, tmp_path, migrated=False)
    with open_store(url) as store:
        video = ingest(store)
        first, second, third = (c.start_s for c in store.captions(video)[:3])
    step_back(url, "0004")
    engine = make_engine(url)
    with writer(engine).begin() as connection:
        change = "UPDATE captions SET text = :said, score = 0.7, model_id = :m WHERE start_s = :at"
        for at, said in (
            (first, "We see an airliner, probably a wing, perhaps on a stage."),
            (second, "Nothing recognised with confidence; closest: hay."),
        ):
            connection.execute(text(change), {"said": said, "at": at, "m": "tags-lite0@1"})
    engine.dispose()
    with open_store(url) as store:
        told = {c.start_s: c.statements for c in store.captions(video)}
        assert told[first] == (
            ("We see an airliner.", 0.7),
            ("We probably see a wing.", 0.2),
            ("We may be on a stage.", 0.1),
        )
        assert told[second] == () and told[third] is None
        read = {p.start_s: p.statements for p in store.passages(kinds=["caption"])}
        assert read[first] == told[first] and read[second] == ()


def test_rows_that_point_nowhere_stop_a_migration(tmp_path):
    url = f"sqlite:///{tmp_path}/library.db"
    make_old(url, "0002")
    with sqlite3.connect(tmp_path / "library.db") as raw:
        raw.execute("INSERT INTO captions VALUES (1, 77, 0, 5, 'of no video', 0.5, 'captioner@1')")
    raw.close()
    with pytest.raises(DatabaseError, match="gone"):
        open_store(url)
    with sqlite3.connect(tmp_path / "library.db") as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
        assert raw.execute("SELECT text FROM captions").fetchone() == ("of no video",)
    raw.close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_step_back_drops_what_the_version_before_could_not_hold(backend, tmp_path):
    url = fresh_url(backend, tmp_path, migrated=False)
    with open_store(url) as store:
        video = ingest(store)
        claim = store.claim_video(video_info("new.mp4", digit="b"), {})
        read = VectorSet(
            "segment", "text", MODEL, np.array([[0.0, 5.0]]), np.ones((1, 8), np.float32)
        )
        store.commit_chunk(claim.video_id, Chunk(0.0, 30.0, vectors=(read,)))
        store.finish_video(claim.video_id)
    step_back(url, "0002")
    engine = make_engine(url)
    with engine.connect() as connection:
        assert migration.check_revision(connection) == "0002"
        assert "text_boxes" not in inspect(connection).get_table_names()
        spaces = connection.execute(text("SELECT modality FROM embedding_spaces")).scalars().all()
        kept = connection.execute(text("SELECT count(*) FROM embeddings")).scalar()
    engine.dispose()
    assert (spaces, kept) == (["visual"], 120)
    with open_store(url) as store:
        assert len(store.captions(video)) == 12


def _half_an_upgrade(connection):
    connection.execute(text("CREATE TABLE half (id INTEGER)"))
    raise RuntimeError("power cut")


@pytest.mark.fault("F26")
def test_f26_newer_schema_is_refused_untouched(tmp_path):
    url = init_db(f"sqlite:///{tmp_path}/new.db")
    with sqlite3.connect(tmp_path / "new.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = _digest(tmp_path / "new.db")
    with pytest.raises(DatabaseTooNew, match="9999.*Update svqa"):
        open_store(url)
    assert _digest(tmp_path / "new.db") == before


@pytest.mark.parametrize(
    "content", [b"this is not a database " * 50, b"\x00\x00\x00 ftypisom" + bytes(500), b"{"]
)
@pytest.mark.fault("F26")
def test_f26_garbage_is_refused_untouched(tmp_path, content):
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    with pytest.raises(NotADatabase, match="not touched"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == content and [p.name for p in tmp_path.iterdir()] == ["notes.db"]


def test_damaged_pages_are_a_typed_error(tmp_path):
    path = tmp_path / "broken.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    before = _digest(path)
    with pytest.raises(NotADatabase, match="Restore a backup"):
        open_store(f"sqlite:///{path}")
    assert _digest(path) == before


VERSIONS = "CREATE TABLE alembic_version (version_num VARCHAR(32))"
FOREIGN = {
    "tables of its own": ["CREATE TABLE mail (id INTEGER)"],
    "only a view": ["CREATE VIEW v AS SELECT 1"],
    "a full text index": ["CREATE VIRTUAL TABLE notes USING fts5(body)"],
    "alembic at base": [VERSIONS],
    "alembic at base with tables": [VERSIONS, "CREATE TABLE runs (id INTEGER)"],
    "alembic at a revision of its own": [
        VERSIONS,
        "INSERT INTO alembic_version VALUES ('2d6e25af4d3e')",
    ],
    "alembic at a revision that svqa has too": [
        VERSIONS,
        "INSERT INTO alembic_version VALUES ('0002')",
        "CREATE TABLE runs (id INTEGER)",
    ],
    "that revision and a table that svqa has too": [
        VERSIONS,
        "INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE videos (id INTEGER)",
    ],
    "videos of another program": ["CREATE TABLE videos (id INTEGER)"],
    "empty, but marked as a program's": ["PRAGMA application_id = 1196444487"],
    "empty, but with a version of its own": ["PRAGMA user_version = 3"],
}


@pytest.mark.parametrize("journal", ["delete", "wal", "truncate"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_another_programs_database_is_refused_untouched(tmp_path, kind, journal):
    path = tmp_path / "mail.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA journal_mode = {journal}")
        for statement in FOREIGN[kind]:
            raw.execute(statement)
    raw.close()
    before = {p.name: _digest(p) for p in tmp_path.iterdir()}
    with pytest.raises(NotADatabase, match="mail.db belongs to another program.*not touched"):
        open_store(f"sqlite:///{path}")
    assert {p.name: _digest(p) for p in tmp_path.iterdir()} == before
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == (
            ("wal",) if journal == "wal" else ("delete",)
        )
    raw.close()


def test_what_another_program_has_not_checkpointed_yet_stays_so(tmp_path):
    path = tmp_path / "mail.db"
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA journal_mode = wal")
        raw.execute("CREATE TABLE mail (id INTEGER)")
        raw.commit()
        before = {p.name: _digest(p) for p in tmp_path.iterdir() if not p.name.endswith("-shm")}
        with pytest.raises(NotADatabase, match="holds mail"):
            open_store(f"sqlite:///{path}")
        after = {p.name: _digest(p) for p in tmp_path.iterdir() if not p.name.endswith("-shm")}
        assert after == before and set(before) == {"mail.db", "mail.db-wal"}
    raw.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE mail (id int)",
        "CREATE MATERIALIZED VIEW m AS SELECT 1",
        VERSIONS,
    ],
)
def test_another_programs_postgresql_database_is_refused(tmp_path, statement):
    url = fresh_url("postgresql", tmp_path, migrated=False)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(NotADatabase, match="another program"):
        open_store(url)
    with engine.connect() as connection:
        assert "videos" not in inspect(connection).get_table_names()
    engine.dispose()


def test_what_an_extension_brings_is_nobodys_table(tmp_path):
    url = fresh_url("postgresql", tmp_path, migrated=False)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    engine.dispose()
    with open_store(url) as store:
        assert store.videos() == []


def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.db")
    with pytest.raises(NotADatabase, match="a FIFO"):
        open_store(f"sqlite:///{tmp_path}/pipe.db")


@pytest.mark.parametrize(
    "url, error, words",
    [
        ("sqlite:///{tmp}", NotADatabase, "folder"),
        ("sqlite:///{tmp}/no/such/library.db", NotADatabase, "no folder"),
        ("sqlite://", UsageError, "in-memory"),
        ("mysql://localhost/x", UsageError, "mysql"),
        ("library.db", UsageError, "sqlite:///svqa.db"),
        ("postgresql://nobody@/x?host={tmp}", DatabaseError, "nobody"),
    ],
)
def test_bad_urls_say_what_to_do(tmp_path, url, error, words):
    with pytest.raises(error, match=words):
        open_store(url.format(tmp=tmp_path))


def test_empty_file_becomes_a_database(tmp_path):
    (tmp_path / "library.db").touch()
    with open_store(f"sqlite:///{tmp_path}/library.db") as store:
        assert store.videos() == []
    assert not list(tmp_path.glob("*.backup"))


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_what_is_made_is_readable_by_its_owner_alone(tmp_path, umask):
    before = os.umask(umask)
    try:
        make_old(f"sqlite:///{tmp_path}/old.db")
        with open_store(f"sqlite:///{tmp_path}/new.db") as store:
            ingest(store)
            assert store.videos()
            modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.glob("new.db*")}
        open_store(f"sqlite:///{tmp_path}/old.db").close()
    finally:
        os.umask(before)
    assert {"new.db", "new.db-lock", "new.db-wal", "new.db-shm"} == set(modes)
    (backup,) = tmp_path.glob("*.backup")
    assert {*modes.values(), backup.stat().st_mode & 0o777} == {0o600}


def test_a_database_that_is_shared_stays_so(tmp_path):
    path = tmp_path / "shared.db"
    open_store(f"sqlite:///{path}").close()
    path.chmod(0o664)
    open_store(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o664


def test_many_threads_may_open_a_new_database(tmp_path):
    url, failures = f"sqlite:///{tmp_path}/library.db", []

    def opening():
        try:
            open_store(url).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert failures == []


def test_init_db_follows_the_environment_and_leaves_torch_alone(tmp_path):
    code = (
        "import sys; from svqa.database import init_db; init_db(); assert 'torch' not in "
        "sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
        env={"SVQA_DATABASE": f"sqlite:///{tmp_path}/from_env.db", "PYTHONPATH": "."},
    )
    with open_store(f"sqlite:///{tmp_path}/from_env.db") as store:
        ingest(store)


def test_password_is_never_shown(tmp_path):
    with pytest.raises(DatabaseError) as caught:
        open_store(f"postgresql://someone:hunter2@/x?host={tmp_path}")
    assert "hunter2" not in str(caught.value) and re.search("someone", str(caught.value))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
