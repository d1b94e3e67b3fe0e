"""A SPEC -> the model that takes a role: members, names, folders, versions, addresses, packages."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.errors import ModelError, UnknownModel, UsageError, WeightsMissing
from svqa.models import added_models, load_set, parse_spec
from svqa.pipeline.chosen_models import chosen_models
from svqa.settings import ROLES, Settings
from tests.database.test_store import version
from tests.helpers.blip import write_tiny
from tests.helpers.chat import write_tiny_chat
from tests.helpers.imports import REPOSITORY


def test_a_member_of_another_set_is_made_within_that_set():
    spec = parse_spec("answerer", "offline.answerer")
    assert spec == parse_spec("answerer", "offline")
    models = load_set("shapes").replaced({"answerer": spec})
    assert models.model_ids["answerer"] == "evidence+minilm-l6-v2@1"
    assert models.answerer.model_id == "evidence+minilm-l6-v2@1"
    assert models.model_ids["captioner"] == load_set("shapes").model_ids["captioner"]
    assert parse_spec("captioner", "shapes").model_id == "shapes/blip-captioner"


def test_an_address_is_a_chat_model_whose_name_and_host_are_written_down():
    spec = parse_spec("answerer", "http://localhost:11434/v1#qwen2.5vl:7b")
    assert spec.model_id == "qwen2.5vl:7b@localhost:11434"
    assert spec.target.endswith(":ChatAnswerer")


def test_a_folder_is_what_its_config_says(tmp_path):
    blip, chat = write_tiny("vqa", tmp_path / "b"), write_tiny_chat("words", tmp_path / "c")
    assert parse_spec("answerer", str(blip)).target.endswith(":BlipAnswerer")
    assert parse_spec("captioner", str(blip)).target.endswith(":BlipCaptioner")
    assert parse_spec("answerer", str(chat)).target.endswith(":ChatAnswerer")
    with pytest.raises(UsageError, match="type 'llama', which cannot be the captioner"):
        parse_spec("captioner", str(chat))
    with pytest.raises(UsageError, match="holds no config.json, so it is no checkpoint"):
        parse_spec("answerer", str(tmp_path))
    (chat / "adapter_config.json").write_text("{}")
    with pytest.raises(UsageError, match="name the version"):
        parse_spec("answerer", str(chat))


@pytest.mark.parametrize("text", ["mine:1", "mine@champion", "mine:champion"])
def test_a_version_is_left_to_whoever_has_a_database(text):
    assert parse_spec("answerer", text).target == ""


def test_a_name_is_the_latest_version_of_it_and_no_other_thing(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        for _ in range(2):
            store.add_model_version(version())
        for name, number in {"blip-lora": 2, "blip-lora:1": 1, " blip-lora:2": 2}.items():
            models = chosen_models(Settings(answerer=name), store)
            assert models.model_ids["answerer"].startswith(f"blip-lora:{number}@"), name
        for role, name, why in (
            ("answerer", "blip-lor", "Unknown answerer 'blip-lor'"),
            ("detector", "blip-lora", "Unknown detector 'blip-lora'"),
            ("answerer", "qwen2.5vl:7b", "A model of a server is http.*://host:port/v1#model"),
        ):
            with pytest.raises(UnknownModel, match=why):
                chosen_models(Settings(**{role: name}), store)


def test_a_blank_is_no_folder_and_a_name_too_long_for_one_is_unknown():
    with pytest.raises(UsageError, match="The answerer was given without a name"):
        parse_spec("answerer", " ")
    with pytest.raises(UnknownModel, match="Unknown answerer 'xxx"):
        parse_spec("answerer", "x" * 5000)


def test_a_repository_that_was_not_pulled_says_how_to_get_it():
    with pytest.raises(WeightsMissing, match="Run: svqa models pull"):
        parse_spec("answerer", "Qwen/Qwen2.5-VL-3B-Instruct")


@pytest.mark.parametrize(
    "role, text, why",
    [
        ("answerer", "smollm", "Did you mean 'smollm2'"),
        ("detector", "smollm2", "is an answerer; it cannot be the detector"),
        ("answerer", "yolov7", "is a detector; it cannot be the answerer"),
        ("answerer", "C:\\models\\qwen", "Known: hub, offline, shapes, smollm2. Others: a folder"),
        ("detector", "./nowhere", r"Known: hub, offline, shapes, yolov7.*hub\.$"),
        ("captioner", "offline.answerer", "it cannot be the captioner"),
        ("answerer", "offline.nothing", "Unknown answerer"),
        ("captioner", "http://localhost/v1#m", "cannot be the captioner"),
        ("teller", "offline", "Unknown role 'teller'"),
    ],
)
def test_what_is_meant_by_nothing_is_refused_before_anything_is_loaded(role, text, why):
    with pytest.raises(UsageError, match=why):
        parse_spec(role, text)


def test_every_role_is_a_setting_and_another_answerer_needs_no_other_ingest(monkeypatch):
    ids = {role: f"{role}@1" for role in ROLES}
    assert Settings(answerer="smollm2").taken_in_with(ids) == "offline"
    assert Settings(captioner="shapes").taken_in_with(ids) == "offline+captioner=captioner@1"
    plain = Settings().identity(ids)
    assert Settings(answerer="smollm2").identity({**ids, "answerer": "x"}) == plain
    assert Settings(detector="shapes").identity(ids) != plain
    for role in ROLES:
        monkeypatch.setenv(f"SVQA_{role.upper()}", "shapes")
    assert set(Settings.load().replaced()) == set(ROLES)


def test_a_settings_file_is_checked_as_flags_are(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("SVQA_SETTINGS", str(path))
    assert Settings.load() == Settings(), "no file, no settings"
    path.write_text('answerer = "smollm2"\nevery_s = 1\n')
    assert Settings.load().answerer == "smollm2" and Settings.load().every_s == 1.0
    monkeypatch.setenv("SVQA_ANSWERER", "offline")
    assert Settings.load().answerer == "offline"
    assert Settings.load(answerer="hub").answerer == "hub"
    for text, why in (("answerr = 1", "Did you mean"), ("text = 1", "a bool"), ("=", "be read")):
        path.write_text(text)
        with pytest.raises(UsageError, match=why):
            Settings.load()


PACKAGE = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"

        [project]
        name = "bright-models"
        version = "1"

        [project.entry-points."svqa.models"]
        brightness = "bright_models:Brightness"
        parrot = "bright_models:Parrot"
        broken = "bright_models:Nowhere"

        [tool.setuptools]
        py-modules = ["bright_models"]
    """,
    "bright_models.py": """
        from svqa.models import Captioner, ChatModel, ChatReply
        from svqa.records import Caption


        class Brightness(Captioner):
            model_id = "brightness@1"

            @classmethod
            def from_pretrained(cls, path_or_id=None, *, revision=None, device="cpu"):
                return cls()

            def caption(self, frames, segments):
                level = frames.pixels.mean()
                text = "A bright picture." if level > 127 else "A dark picture."
                return [Caption(text, s.start_s, s.end_s, 1.0, self.model_id) for s in segments]


        class Parrot(ChatModel):
            model_id, sees = "parrot@1", False

            @classmethod
            def from_pretrained(cls, path_or_id=None, *, revision=None, device="cpu"):
                return cls()

            def reply(self, turns, schema):
                seen = turns[1].text.partition("seen: ")[2].partition("\\n")[0]
                return ChatReply('{"answer": "%s", "lines": [1], "frames": [], "sure": 1}' % seen)
    """,
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A package of somebody else, built and installed by pip into a folder of its own."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name, text in PACKAGE.items():
        (source / name).write_text(textwrap.dedent(text).lstrip())
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    told = [*pip, "--no-index", "--disable-pip-version-check", "--target", str(target), "."]
    done = subprocess.run(told, cwd=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return target


@pytest.mark.slow
def test_a_package_of_somebody_else_adds_models(installed, tmp_path):
    """Its captioner writes captions that its chat model answers from, and svqa knew of neither."""
    script = f"""
        import svqa
        from tests.helpers.chat import write_film

        film = str(write_film(__import__("pathlib").Path({str(tmp_path)!r}) / "red.mp4", "red"))
        chosen = dict(captioner="brightness", answerer="parrot", speech=False, text=False)
        with svqa.open_library("sqlite:///{tmp_path}/a.db", **chosen) as library:
            (report,) = library.ingest(film)
            assert report.status == "ready", report
            answer = library.ask("Is it dark?", video=film)
        print(answer.text, answer.model_id, answer.evidence[0].text)
    """
    path = os.pathsep.join([str(installed), str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "A dark picture. parrot@1 A dark picture.\n"


def test_a_model_of_a_package_takes_the_role_it_is_made_for(installed, monkeypatch):
    monkeypatch.syspath_prepend(str(installed))
    assert parse_spec("captioner", "brightness").model_id == "brightness@1"
    with pytest.raises(UsageError, match="'brightness' of bright-models cannot be the detector"):
        parse_spec("detector", "brightness")
    with pytest.raises(ModelError, match="'broken' of the package bright-models cannot be impor"):
        parse_spec("captioner", "broken")
    with pytest.raises(UnknownModel, match="Did you mean 'brightness'"):
        parse_spec("captioner", "brightnes")


def test_models_of_a_package_are_listed_and_none_is_imported(installed, monkeypatch):
    assert added_models() == ()
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delitem(sys.modules, "bright_models", raising=False)
    assert [(m.name, m.source) for m in added_models()] == [
        (name, "bright-models") for name in ("brightness", "broken", "parrot")
    ]
    assert "bright_models" not in sys.modules
