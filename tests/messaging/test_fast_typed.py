"""The typed reader tells what the general readers tell; what it cannot be sure of it leaves to them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.envelopes import parse
from recorder.messaging.events import Stamp
from recorder.messaging.fast_typed import typed_event
from recorder.messaging.interpreter import Interpreter

STAMP = Stamp(7, 2, 1_700_000_000_000_000, 3_000)
SENT_MS = 1_700_000_000_000
EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"},
    {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1]},
    {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [1, 2, 300]},
    {"type": "ChatStateEvent", "chatState": "COMPOSING"},
)
ODDITIES = (
    *(
        None,
        "",
        "x",
        0,
        1,
        -1,
        2**63 - 1,
        2**63,
        2**64,
        99_999_999_999,
        253_402_300_800_000,
        1.0,
        1e300,
        True,
    ),
    *([], ["x"], [1], [1, 1], [1, -1], [True], {}, {"role": "R"}, {"role": ""}, {"role": None}),
)
ODD = st.sampled_from(ODDITIES).map(deepcopy)
KEYS = (
    "originatorPId",
    "dialogId",
    "caption",
    "id",
    "role",
    "quickReplies",
    "metadata",
    "clientProperties",
    "x",
)


def notification(event: dict[str, Any]) -> dict[str, Any]:
    change = {
        "sequence": 4, "originatorId": "a", "originatorMetadata": {"id": "a", "role": "ASSIGNED_AGENT"},
        "serverTimestamp": SENT_MS, "event": deepcopy(event), "dialogId": "d", "conversationId": "c",
    }  # fmt: skip
    return {"kind": "notification", "body": {"changes": [change]}, "type": "ms.MessagingEventNotification"}


def typed(data: bytes) -> object:
    return typed_event(data, dict[str, str]().setdefault, *STAMP)


def general(data: bytes) -> list[object]:
    return list(Interpreter().feed(parse(data, from_client=False), STAMP))


def holders(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict | list) and value else []) + [
        h for v in inner for h in holders(v)
    ]


@st.composite
def nearly_usual(draw: st.DrawFn) -> dict[str, Any]:
    """A usual notification with up to two of its values replaced, or left out, or added to."""
    raw = notification(draw(st.sampled_from(EVENTS)))
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


@given(nearly_usual())
def test_it_tells_what_the_general_readers_tell_or_nothing(raw):
    data = json.dumps(raw).encode()
    told = typed(data)
    assert told is None or [told] == general(data)


@given(damaged())
def test_so_it_does_of_damaged_payloads(data):
    told = typed(data)
    assert told is None or [told] == general(data)


@given(st.binary(max_size=20) | st.sampled_from([b"", b"null", b"[]", b"[" * 5_000, b'{"a":' * 5_000]))
def test_it_never_raises(data):
    assert typed(data) is None


@pytest.mark.parametrize("event", EVENTS, ids=["content", "receipt", "receipts", "typing"])
@pytest.mark.parametrize("more", [{}, {"metadata": [{"type": "x"}]}, {"conversationId": None}], ids=str)
def test_the_usual_ones_are_read(event, more):
    raw = notification(event)
    raw["body"]["changes"][0].update(more)
    data = json.dumps(raw).encode()
    assert [typed(data)] == general(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"dialogId"', b'"x":"\xff","dialogId"', id="a field nobody knows, and no UTF-8 in it"),
        pytest.param(b'"sequence": 4', b'"sequence": 4.0', id="a whole fraction"),
        pytest.param(b'"sequence": 4', b'"sequence": 9223372036854775808', id="more than 63 bits"),
        pytest.param(b'"hi"', b'"\\ud83d"', id="half a character"),
        pytest.param(b'"hi"', b'"\xff"', id="no UTF-8"),
        pytest.param(b'"type": "ContentEvent"', b'"type": "ContentEvent", "type": "X"', id="a type twice"),
        pytest.param(b'"kind"', b'"kind": "resp", "kind"', id="a kind twice"),
    ],
)
def test_what_is_strange_is_left_to_others(old, new):
    data = json.dumps(notification(EVENTS[0])).encode()
    assert typed(data) is not None
    assert old in data
    assert typed(data.replace(old, new)) is None


def test_equal_names_are_held_once():
    names: dict[str, str] = {}
    data = json.dumps(notification(EVENTS[0])).encode()
    one, other = (typed_event(data, names.setdefault, *STAMP) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.dialog_id is other.dialog_id
