"""Requests as they are."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from recorder.messaging.envelopes import Request
from recorder.redaction.tokens import placeholder
from recorder.replay.generate.literal import (
    DEEPEST_ENVELOPE,
    DEEPEST_TEXT,
    SendStep,
    literal_steps,
    raw_step,
    sent_step,
)
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.timeline_events import RawPayloadSent, RequestSent

SECRET = placeholder(b"k", "a.b.c", word="jwt")


def sent(body: object, id: str | None = "1") -> RequestSent:
    raw = {"kind": "req", "type": "x", "body": body} | ({} if id is None else {"id": id})
    return RequestSent(1, None, 1, Request(id, "x", body, raw, True), (), b"as it was")


def names(current: str | None = None) -> ScriptNames:
    made = ScriptNames([])
    made.current = current
    return made


def envelopes(steps: Iterable[SendStep]) -> list[Any]:
    """What the steps send, but for those that send bytes."""
    return [arguments["envelope"] for verb, arguments in steps if verb == "send"]


def test_references_stand_only_in_what_is_no_literal():
    request = sent({"conversationId": "c"})
    (envelope,) = envelopes([sent_step(request, names("c"))])
    assert envelope["body"] == {"conversationId": "${conversation.id}"}
    mapping, text = envelopes(literal_steps(request, names("c")))
    assert mapping == json.loads(text)
    assert mapping["body"] == {"conversationId": "c"}


@pytest.mark.parametrize("id", ["1", "${x}", None])
def test_no_id_is_one_that_the_player_gives(id):
    for envelope in envelopes([sent_step(sent({}, id), names()), *literal_steps(sent({}, id), names())]):
        written = None if id is None else f"recorded-{id.replace('${', '$${')}"
        assert as_mapping(envelope).get("id") == written


@pytest.mark.parametrize("levels", [0, DEEPEST_ENVELOPE - 2, DEEPEST_ENVELOPE + 1, DEEPEST_TEXT - 2])
def test_what_is_nested_deep_is_text(levels):
    request = sent(json.loads("[" * levels + "1" + "]" * levels))
    (envelope,) = envelopes([sent_step(request, names())])
    assert isinstance(envelope, str) is (levels > DEEPEST_ENVELOPE)
    assert as_mapping(envelope)["body"] == request.request.body


@pytest.mark.parametrize("levels", [DEEPEST_TEXT + 1, 400, 1_000])
def test_what_is_nested_deeper_is_bytes(levels):
    request = sent(orjson.loads("[" * levels + "]" * levels))
    step = ("send_frame", {"opcode": "text", "data": b64encode(b"as it was").decode()})
    assert sent_step(request, names()) == step
    assert list(literal_steps(request, names())) == [step]


def test_text_holds_no_mark_of_a_reference_and_secrets_as_variables():
    *_, text = envelopes(literal_steps(sent(f"\ufdd0 \ufdd1 ${{x}} {SECRET}"), names()))
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
