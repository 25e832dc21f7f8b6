"""What is left out of a page is nowhere in it: not in sentences, not in raw frames."""

from __future__ import annotations

import json

import pytest

from recorder.redaction.people import PeopleRedaction, withheld_text

CANARY = "my card is 4111"
ENVELOPE = {
    "kind": "req", "id": "7", "type": "ms.PublishEvent",
    "body": {"dialogId": "d-1", "nickname": "Ann",
             "event": {"type": "ContentEvent", "message": CANARY, "contentType": "text/plain"},
             "originatorMetadata": {"id": "agent-1", "role": "ASSIGNED_AGENT"}},
}  # fmt: skip


def redacted(parts, envelope=ENVELOPE, is_text=True):
    redaction = PeopleRedaction(parts, {"agent-1": "agent A", "Ann": "agent A"})
    return redaction.payload(json.dumps(envelope).encode(), is_text=is_text)


def test_nothing_is_left_out_unless_asked_for():
    assert json.loads(redacted(())) == ENVELOPE
    assert PeopleRedaction().sentence(f'it says "{CANARY}"') == f'it says "{CANARY}"'


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
    redaction = PeopleRedaction({"names"}, {"ad126b6b-8f0b-4c1d": "agent A", "1": "agent B"})
    assert (
        redaction.sentence("ASSIGNED_AGENT ad126b6b gave READ for 1")
        == "ASSIGNED_AGENT agent A gave READ for 1"
    )
    assert (
        redaction.payload(b'{"id": "1", "sequence": 1}', is_text=True) == b'{"id": "agent B", "sequence": 1}'
    )


def test_names_and_ids_become_roles_wherever_they_stand():
    found = redacted({"names"})
    assert b"agent-1" not in found
    assert b"Ann" not in found
    assert CANARY.encode() in found
    assert b"unknown person" not in redacted({"names"}, {"nickname": "unknown person"})


@pytest.mark.parametrize("payload", [CANARY.encode(), b'{"message": "' + CANARY.encode(), b"\xff\x00", b"15"])
def test_what_is_no_json_goes_whole(payload):
    withheld = PeopleRedaction({"text"}).payload(payload, is_text=True)
    assert withheld == f"{len(payload)} bytes withheld".encode()


def test_what_is_no_text_goes_whole():
    assert PeopleRedaction({"text"}).payload(b"{}", is_text=False) == b"2 bytes withheld"


def test_taking_out_twice_is_taking_out_once():
    """A page may be made of an archive that holds no texts any more."""
    names = {"agent-1": "person1", "Ann": "name withheld"}
    redaction = PeopleRedaction({"text", "names"}, names, tell_apart=True)
    once = redaction.payload(json.dumps(ENVELOPE | {"note": "another 1 of 15"}).encode(), is_text=True)
    assert b"text of 15 characters (2)" in once
    again = PeopleRedaction({"text", "names"}, {"person1": "person1"}).payload(once, is_text=True)
    assert again == once
    withheld = redaction.withheld_bytes(b"xyz")
    assert redaction.withheld_bytes(withheld) == withheld


def test_everything_else_stays_as_it_was_spelled():
    written = (
        '{"sequence": 1.0, "sequence":  1e2, "sequenceList":[ 12345678901234567890 ], "x": "a", "x": "b"}'
    )
    found = PeopleRedaction({"text"}).payload(written.encode(), is_text=True).decode()
    assert found == written.replace('"a"', '"text of 1 character"').replace('"b"', '"text of 1 character"')


@pytest.mark.parametrize(
    "content",
    [
        {"type": "vertical", "elements": [{"type": "text", "text": CANARY, "state": "Maine", "id": "Maine"}]},
        {"type": "map", "la": 52.375, "lo": 4.891, "tooltip": CANARY},
    ],
)
def test_of_content_nothing_stays_but_its_types(content):
    event = {"type": "RichContentEvent", "content": content, "quickReplies": {"status": "Maine"}}
    found = redacted({"text"}, {"body": {"event": event}}).decode()
    assert "Maine" not in found
    assert CANARY not in found
    assert "52" not in found
    assert json.loads(found)["body"]["event"]["content"]["type"] == content["type"]


def test_a_message_that_is_a_number_goes():
    assert json.loads(redacted({"text"}, {"event": {"message": 411122}})) == {"event": {"message": 0}}


def test_a_text_that_is_a_name_is_a_text():
    assert json.loads(redacted({"text"}, {"event": {"message": "Ann"}})) == {
        "event": {"message": "text of 3 characters"}
    }


def test_of_an_address_names_and_values_go():
    redaction = PeopleRedaction({"text", "names"}, {"agent-1": "person1"})
    address = "wss://h/a/agent-1?v=3&q=where+is+it%3F&email=x&user=agent-1&token=⟦jwt:00000000 sub=agent-1⟧"
    assert redaction.url(address) == (
        "wss://h/a/person1?v=3&q=withheld&email=withheld&user=person1&token=⟦jwt:00000000 sub=person1⟧"
    )


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
    assert CANARY not in PeopleRedaction({"text"}).sentence(sentence)


def test_a_short_text_cannot_be_told_from_its_length_alone():
    assert PeopleRedaction({"text"}).text("x") == "text of 1 character"
    assert PeopleRedaction({"text"}).text(None) is None
