"""Requests as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recorder.messaging.envelopes import Request
from recorder.redaction.tokens import placeholder
from recorder.replay.generate.literal import DEEPEST_ENVELOPE, literal_envelopes, raw_step, sent_envelope
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.timeline_events import RawPayloadSent, RequestSent

SECRET = placeholder(b"k", "a.b.c", word="jwt")


def sent(body: object, id: str | None = "1") -> RequestSent:
    raw = {"kind": "req", "type": "x", "body": body} | ({} if id is None else {"id": id})
    return RequestSent(1, None, 1, Request(id, "x", body, raw, True), ())


def names(current: str | None = None) -> ScriptNames:
    made = ScriptNames([])
    made.current = current
    return made


def test_references_stand_only_in_what_is_no_literal():
    request = sent({"conversationId": "c"})
    assert sent_envelope(request, names("c"))["body"] == {"conversationId": "${conversation.id}"}
    for envelope in literal_envelopes(request, names("c")):
        assert as_mapping(envelope)["body"] == {"conversationId": "c"}


@pytest.mark.parametrize("id", ["1", "${x}", None])
def test_no_id_is_one_that_the_player_gives(id):
    for envelope in (sent_envelope(sent({}, id), names()), *literal_envelopes(sent({}, id), names())):
        written = None if id is None else f"recorded-{id.replace('${', '$${')}"
        assert as_mapping(envelope).get("id") == written


@pytest.mark.parametrize("levels", [DEEPEST_ENVELOPE - 2, DEEPEST_ENVELOPE + 1, 400, 900])
def test_what_is_nested_deep_is_text(levels):
    request = sent(json.loads("[" * levels + "]" * levels))
    envelope = sent_envelope(request, names())
    assert isinstance(envelope, str) is (levels > DEEPEST_ENVELOPE)
    assert as_mapping(envelope)["body"] == request.request.body


def test_text_holds_no_mark_of_a_reference_and_secrets_as_variables():
    *_, text = literal_envelopes(sent(f"\ufdd0 \ufdd1 ${{x}} {SECRET}"), names())
    assert json.loads(text)["body"] == "\ufdd0 \ufdd1 $${x} ${JWT_1}"
    assert "\ufdd0" not in text
    assert "\ufdd1" not in text


@pytest.mark.parametrize(
    ("data", "binary", "step"),
    [
        (b"hi ${x}", False, ("send", {"envelope": "hi $${x}"})),
        (b"hi", True, ("send_frame", {"opcode": "binary", "data": "aGk="})),
        ("\ufdd0".encode(), False, ("send_frame", {"opcode": "text", "data": "77eQ"})),
    ],
)
def test_what_is_no_request_is_sent_as_it_was(data, binary, step):
    assert raw_step(RawPayloadSent(1, None, data, binary), names()) == step


def as_mapping(envelope: Any) -> dict[str, Any]:
    return envelope if isinstance(envelope, dict) else json.loads(envelope)
