"""What is read straight is told as the general readers tell it, or left to them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.envelopes import parse
from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported, Stamp
from recorder.messaging.fast_dict import answer_events, read_notification, read_publish, read_publish_answer
from recorder.messaging.interpreter import Interpreter

STAMP = Stamp(7, 2, 1_700_000_000_000_000, 3_000)
SENT_MS = 1_700_000_000_000
ODDITIES = (
    *(None, "", "x", 0, 1, -1, 2**63 - 1, 2**63, 2**64 - 1, 99_999_999_999, 253_402_300_800_000),
    *(1.0, 1e300, True, [], ["x"], [1], [1, 1], [1, -1], [True]),
    *({}, {"role": "R"}, {"role": ""}, {"role": None}),
)
ODD = st.sampled_from(ODDITIES).map(deepcopy)  # what is put in may be changed in its turn

KEYS = (
    *("originatorPId", "dialogId", "changes", "caption", "id", "role", "quickReplies", "metadata"),
    *("clientProperties", "x", "messageAudience", "audience"),
)


def content() -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}


def file_as_text() -> dict[str, Any]:
    described = '{"caption":"","relativePath":"/v1/m.PNG","fileType":"PNG"}'
    return {"type": "ContentEvent", "contentType": "hosted/file", "message": described}


def receipt(*sequences: int) -> dict[str, Any]:
    return {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": list(sequences)}


def change(event: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {
        "sequence": 4, "originatorId": "a", "originatorMetadata": {"id": "a", "role": "ASSIGNED_AGENT"},
        "serverTimestamp": SENT_MS, "event": event, "dialogId": "d", "conversationId": "c", **fields,
    }  # fmt: skip


def notification(*changes: object) -> dict[str, Any]:
    return {
        "kind": "notification",
        "body": {"changes": list(changes)},
        "type": "ms.MessagingEventNotification",
    }


def usual(raw: object) -> MessagePublished | ReceiptReported | None:
    return read_notification(raw, dict[str, str]().setdefault, *STAMP)


def general(raw: object) -> list[object]:
    envelope = parse(json.dumps(raw).encode(), from_client=False)
    return list(Interpreter().feed(envelope, STAMP))


def holders(value: Any) -> list[Any]:
    """Every object and array inside, from the outside in."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict | list) and value else []) + [
        h for v in inner for h in holders(v)
    ]


@st.composite
def nearly_usual(draw: st.DrawFn) -> object:
    """A usual notification with up to two of its values replaced, or left out, or added to."""
    typing = {"type": "ChatStateEvent", "chatState": "ACTIVE"}
    event = draw(st.sampled_from([content(), file_as_text(), receipt(1), receipt(1, 2, 3), typing]))
    raw = json.loads(json.dumps(notification(change(event))))
    for _ in range(draw(st.integers(0, 2))):
        holder = draw(st.sampled_from(holders(raw)))
        if isinstance(holder, list):
            holder[draw(st.integers(0, len(holder) - 1))] = draw(ODD)
        elif draw(st.booleans()):
            holder[draw(st.sampled_from(sorted(holder)))] = draw(ODD)
        elif draw(st.booleans()) and len(holder) > 1:
            del holder[draw(st.sampled_from(sorted(holder)))]
        else:
            holder[draw(st.sampled_from(KEYS))] = draw(ODD)
    return raw


@pytest.mark.parametrize(
    "event",
    [content(), file_as_text(), receipt(1), receipt(1, 2, 3)],
    ids=["content", "file", "one", "many"],
)
def test_any_odd_value_gives_the_events_of_the_general_readers(event):
    for place in range(len(holders(notification(change(event))))):
        for key in (*change(event), *event, "originatorPId", "messageAudience", "id", "role", 0, 2):
            for odd in (*ODDITIES, "absent"):
                raw = json.loads(json.dumps(notification(change(event))))
                put(holders(raw)[place], key, odd)
                told = usual(raw)
                assert told is None or [told] == general(raw), raw


def put(holder: Any, key: str | int, odd: object) -> None:
    """Put something odd under a key, if the holder can have it; or take away what stands there."""
    if isinstance(holder, list) is not isinstance(key, int) or (isinstance(key, int) and key >= len(holder)):
        return
    if odd != "absent":
        holder[key] = odd
    elif isinstance(key, int) or key in holder:
        del holder[key]


@given(nearly_usual())
def test_read_notification_gives_the_event_of_the_general_readers_or_none(raw):
    told = usual(raw)
    assert told is None or [told] == general(raw)


@given(nearly_usual())
def test_reading_a_payload_is_parsing_and_feeding_it(raw):
    data = json.dumps(raw).encode()
    for from_client in (False, True):
        envelope = parse(data, from_client=from_client)
        assert list(Interpreter().read(data, STAMP, from_client=from_client)) == list(
            Interpreter().feed(envelope, STAMP)
        )


PIECES = st.sampled_from(
    [
        *(
            b"\xff",
            b"\xed\xa0\x80",
            b"\\ud83d",
            b"\\ude00",
            b"\\ud83d\\ude00",
            b"\\u0064",
            b"\\x",
            b"\\/",
            b"\x00",
        ),
        *(
            b"\n",
            b" ",
            b"\xef\xbb\xbf",
            b"1.0",
            b"1e2",
            b"-0",
            b"-1",
            b"01",
            b"NaN",
            b"1e999",
            b"null",
            b"[1,2]",
        ),
        *(
            b"9223372036854775808",
            b"123456789012345678901234567890",
            b'"',
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
        ),
        *(b'"type":"ContentEvent",', b'"type":"AcceptStatusEvent",', b'"sequence":5,', b'"dialogId":"e",'),
        *(b'"kind":"resp",', b'"x":"\xff",', b'"x":[],', b'"originatorPId":"p",', b'"metadata":"\\ud800",'),
        *(b'"quickReplies":' + b"[" * 2_000, b'"id":NaN,', b'"id":1e999,', b'"id":"\xff",'),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of one, with pieces put in, put over, or taken out anywhere."""
    compact = draw(st.booleans())
    data = json.dumps(draw(nearly_usual()), separators=(",", ":") if compact else None).encode()
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        if draw(st.booleans()):  # where a field may begin, or a value
            places = [n + 1 for n, byte in enumerate(data) if byte in b'{[,:"']
            at = draw(st.sampled_from(places or [0]))
        data = (
            data[:at]
            + draw(st.just(b"") | PIECES)
            + data[at + draw(st.integers(0, 3)) * draw(st.integers(0, 1)) :]
        )
    return data


@given(damaged())
def test_reading_a_damaged_payload_is_parsing_and_feeding_it(data):
    """Read from JSON, or left to the general readers: damage hides from neither."""
    envelope = parse(data, from_client=False)
    events = list(Interpreter().read(data, STAMP, from_client=False))
    assert [event for event in events if getattr(event, "kind", "") != "half-character"] == list(
        Interpreter().feed(envelope, STAMP)
    )


@given(st.binary(max_size=12) | st.sampled_from([b"null", b"[]", b'"x"', b'"\\ud83d"', b"[" * 2_000]))
def test_reading_what_is_no_envelope_is_feeding_it_too(data):
    envelope = parse(data, from_client=False)
    assert list(Interpreter().read(data, STAMP, from_client=False)) == list(
        Interpreter().feed(envelope, STAMP)
    )


def test_what_can_be_read_though_it_came_in_binary_frames_is_odd_beside():
    data = json.dumps(notification(change(content()))).encode()
    said, odd = Interpreter().read(data, STAMP, from_client=False, binary=True)
    assert [said] == list(Interpreter().read(data, STAMP, from_client=False))
    assert odd.kind == "binary-frame"
    (unreadable,) = Interpreter().read(b"\x00", STAMP, from_client=False, binary=True)
    assert unreadable.detail == "binary: 1 byte in a binary frame"


def test_what_can_be_read_though_it_holds_half_a_character_is_odd_beside():
    """A script that cuts an emoji in two sends legal JSON, and the service tells it on."""
    data = json.dumps(notification(change(content()))).replace('"text/plain"', '"text/\\ud83d"').encode()
    said, odd = Interpreter().read(data, STAMP, from_client=False)
    assert said.type == "text/\ufffd"
    assert odd.kind == "half-character"


EVIDENCE = Evidence(Proof.ANNOUNCED, *STAMP, SENT_MS)
SAID = MessagePublished(
    "d", 4, "c", "a", "ASSIGNED_AGENT", False, "text/plain", "hi", None, EVIDENCE
)  # fmt: skip
READ = ReceiptReported("d", (1, 3), "a", "ASSIGNED_AGENT", False, "READ", 4, None, EVIDENCE)


@pytest.mark.parametrize(
    ("told", "event"),
    [
        pytest.param(change(content()), SAID, id="content"),
        pytest.param(change(receipt(1, 3)), READ, id="receipt"),
        pytest.param(
            change(content(), conversationId=None), SAID._replace(conversation_id=None), id="from a history"
        ),
        pytest.param(change(content(), originatorMetadata=None), SAID._replace(role=None), id="no metadata"),
        pytest.param(
            change(content(), messageAudience="AGENTS_AND_MANAGERS"),
            SAID._replace(audience="AGENTS_AND_MANAGERS"),
            id="private",
        ),
    ],
)
def test_the_usual_ones_are_read_straight(told, event):
    assert usual(notification(told)) == event


def test_equal_strings_are_kept_once():
    names: dict[str, str] = {}
    one, other = (
        read_notification(json.loads(json.dumps(notification(change(content())))), names.setdefault, *STAMP)
        for _ in range(2)
    )
    assert isinstance(one, MessagePublished)
    assert isinstance(other, MessagePublished)
    assert one.author is other.author
    assert one.dialog_id is other.dialog_id


def request(event: dict[str, Any], number: str = "1") -> dict[str, Any]:
    body = {"dialogId": "d", "event": event}
    return {"kind": "req", "id": number, "type": "ms.PublishEvent", "body": body}


def answer(number: str = "1", code: int = 200) -> dict[str, Any]:
    body = {"sequence": 3}
    return {"kind": "resp", "reqId": number, "code": code, "body": body, "type": "ms.PublishEventResponse"}


@st.composite
def talk(draw: st.DrawFn) -> list[tuple[bool, bytes]]:
    """Requests and answers that hardly differ from the usual ones, in any order, ids used again."""
    told = []
    for _ in range(draw(st.integers(1, 6))):
        number, from_client = draw(st.sampled_from("12")), draw(st.booleans())
        event = draw(
            st.sampled_from(
                [content(), file_as_text(), receipt(1), receipt(1, 2, 3), {"type": "ChatStateEvent"}]
            )
        )
        raw = (
            request(event, number) if from_client else answer(number, draw(st.sampled_from([200, 200, 400])))
        )
        raw = json.loads(json.dumps(raw))
        if draw(st.booleans()):
            holder = draw(st.sampled_from([h for h in holders(raw) if isinstance(h, dict)]))
            key = draw(st.sampled_from([*sorted(holder), "conversationId", "messageAudience"]))
            holder[key] = draw(ODD)
        told.append(
            (from_client is draw(st.sampled_from([True, True, True, False])), json.dumps(raw).encode())
        )
    return told


@given(talk(), st.booleans())
def test_what_we_ask_and_are_answered_is_read_as_the_general_readers_read_it(told, known):
    straight, general = Interpreter(), Interpreter()
    for interpreter in (straight, general):
        token = "jwt ⟦jwt:00000000 sub=me⟧" if known else None
        interpreter.connection_opened(2, token=token, stamp=STAMP)
    for number, (from_client, data) in enumerate(told):
        stamp = STAMP._replace(frame=number)
        envelope = parse(data, from_client=from_client)
        assert list(straight.read(data, stamp, from_client=from_client)) == list(
            general.feed(envelope, stamp)
        )
    assert straight.connection_ended(2) == general.connection_ended(2)


@pytest.mark.parametrize("event", [content(), receipt(1, 3)], ids=["content", "receipt"])
def test_the_usual_publish_and_its_answer_are_read_straight(event):
    names = dict[str, str]().setdefault
    told = read_publish(request(event), names, "me", *STAMP)
    assert told is not None
    asked, said = told
    assert (asked.request_id, said.dialog_id, said.evidence.proof) == ("1", "d", Proof.CLAIMED)
    assert read_publish_answer(answer()) == ("1", 3)
    assert read_publish_answer(answer(code=201)) is read_publish_answer(answer(code=400)) is None
    proof = Evidence(Proof.ACKNOWLEDGED, *STAMP)
    answered = answer_events(said, 7, "1", 3, proof)
    assert answered is not None
    assert (answered[0].request_frame, answered[1].mine, answered[1].evidence) == (7, True, proof)
