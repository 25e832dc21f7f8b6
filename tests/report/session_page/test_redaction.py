"""What is left out of a page is nowhere in it: not in sentences, not in raw frames."""

from __future__ import annotations

import json

import pytest

from recorder.report.redacted_view import withheld_text
from recorder.report.session_page.redaction import PageRedaction
from recorder.wire.frames import Opcode

CANARY = "my card is 4111"
ENVELOPE = {
    "kind": "req", "id": "7", "type": "ms.PublishEvent",
    "body": {"dialogId": "d-1", "nickname": "Ann",
             "event": {"type": "ContentEvent", "message": CANARY, "contentType": "text/plain"},
             "originatorMetadata": {"id": "agent-1", "role": "ASSIGNED_AGENT"}},
}  # fmt: skip


def redacted(parts, envelope=ENVELOPE, opcode=Opcode.TEXT):
    redaction = PageRedaction(parts, {"agent-1": "agent A", "Ann": "agent A"})
    return redaction.payload(json.dumps(envelope).encode(), opcode)


def test_nothing_is_left_out_unless_asked_for():
    assert json.loads(redacted(())) == ENVELOPE
    assert PageRedaction().sentence(f'it says "{CANARY}"') == f'it says "{CANARY}"'


def test_texts_go_and_what_the_protocol_says_stays():
    found = json.loads(redacted({"text"}))
    assert found["type"] == "ms.PublishEvent"
    assert found["body"]["dialogId"] == "d-1"
    assert found["body"]["event"]["type"] == "ContentEvent"
    assert found["body"]["event"]["message"] == withheld_text(CANARY) == "text of 15 characters"
    assert found["body"]["originatorMetadata"] == {"id": "agent-1", "role": "ASSIGNED_AGENT"}


@pytest.mark.parametrize("key", ["type", "id", "dialogId", "status"])
def test_a_text_under_a_key_of_the_protocol_goes_too(key):
    assert CANARY.encode() not in redacted({"text"}, {key: CANARY})


def test_sentences_may_call_people_by_the_start_of_their_ids():
    redaction = PageRedaction({"names"}, {"ad126b6b-8f0b-4c1d": "agent A", "1": "agent B"})
    assert (
        redaction.sentence("ASSIGNED_AGENT ad126b6b gave READ for 1")
        == "ASSIGNED_AGENT agent A gave READ for 1"
    )
    assert (
        redaction.payload(b'{"id": "1", "sequence": 1}', Opcode.TEXT) == b'{"id": "agent B", "sequence": 1}'
    )


def test_names_and_ids_become_roles_wherever_they_stand():
    found = redacted({"names"})
    assert b"agent-1" not in found
    assert b"Ann" not in found
    assert CANARY.encode() in found
    assert b"unknown person" not in redacted({"names"}, {"nickname": "unknown person"})


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE])
def test_what_is_no_json_goes_whole(opcode):
    assert PageRedaction({"text"}).payload(CANARY.encode(), opcode) == b"15 bytes withheld"


@pytest.mark.parametrize(
    "sentence",
    [
        f'message 3 says "{CANARY}"',
        f"READ refused with 400: {CANARY}",
        f'"{CANARY}" and "{CANARY}"',
        f'PublishEvent "say "{CANARY}" twice"',
    ],
)
def test_what_a_sentence_quotes_goes(sentence):
    assert CANARY not in PageRedaction({"text"}).sentence(sentence)


def test_a_short_text_cannot_be_told_from_its_length_alone():
    assert PageRedaction({"text"}).text("x") == "text of 1 character"
    assert PageRedaction({"text"}).text(None) is None
