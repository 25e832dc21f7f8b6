"""Each dialog belongs to one share, and no frame is skipped that could tell a share anything of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.envelopes import Notification, parse
from recorder.messaging.events import Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.store.hearing import Skimmed
from recorder.store.shares import Share, sole_dialog


def change(dialog: object, text: str = "hi") -> dict[str, object]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    return {"sequence": 1, "originatorId": "a", "event": event, "dialogId": dialog}


def notification(*changes: object, **fields: object) -> dict[str, object]:
    body = {"changes": list(changes)}
    return {"kind": "notification", "body": body, "type": "ms.MessagingEventNotification", **fields}


def packed(raw: object) -> bytes:
    return json.dumps(raw, separators=(",", ":")).encode()


TEXTS = st.text(max_size=4) | st.sampled_from(['"dialogId":"e"', "\\", '"kind"', "d", "e"])
PAYLOADS = st.builds(
    lambda changes, extra, tight: json.dumps(
        notification(*changes, **extra), separators=(",", ":") if tight else None, ensure_ascii=tight
    ).encode(),
    st.lists(st.builds(change, TEXTS | st.integers(0, 3), TEXTS), max_size=2),
    st.dictionaries(st.sampled_from(["dialogId", "kin\\u0064", "x"]), TEXTS, max_size=2),
    st.booleans(),
)


@given(PAYLOADS)
def test_what_is_certain_of_the_bytes_is_true_of_the_facts(payload):
    dialog = sole_dialog(payload)
    if dialog is not None:
        assert isinstance(parse(payload, from_client=False), Notification)
        events = Interpreter().read(payload, Stamp(1, 1), from_client=False)
        assert {event.dialog_id for event in events if hasattr(event, "dialog_id")} <= {dialog.decode()}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(packed(notification(change("d"), change("e"))), id="two dialogs"),
        pytest.param(packed(notification(change("d\\e"))), id="an escape in the id"),
        pytest.param(packed(notification(change(5))), id="a number for an id"),
        pytest.param(json.dumps(notification(change("d"))).encode(), id="spaces"),
        pytest.param(packed(notification(change("d"), kind="resp")), id="another kind"),
        pytest.param(packed(notification(change("d")))[:-1] + b',"kind":"resp"}', id="two kinds"),
        pytest.param(
            packed(notification(change("d")))[:-1] + b',"kin\\u0064":"resp"}', id="two kinds, hidden"
        ),
        pytest.param(packed(notification()), id="no dialog"),
        pytest.param(b'{"kind":"notification","dialogId":"d', id="cut off"),
        pytest.param(b"", id="empty"),
    ],
)
def test_where_the_bytes_leave_a_doubt_nothing_is_skipped(payload):
    assert sole_dialog(payload) is None


def test_the_usual_notification_is_certain():
    assert sole_dialog(packed(notification(change("d-1", "so \n it is")))) == b"d-1"


@given(st.text(), st.integers(1, 5))
def test_every_dialog_is_in_exactly_one_share(dialog, shares):
    assert sum(Share(place, shares).has(dialog) for place in range(shares)) == 1


@given(st.text(alphabet="abcdef0123456789-", min_size=1), st.integers(0, 2))
def test_a_frame_is_skipped_by_all_shares_but_the_one_that_has_its_dialog(dialog, place):
    frame = Skimmed(1, 1, None, None, 1, 1, 1, None, packed(notification(change(dialog))))
    share = Share(place, 3)
    assert list(share.frames([frame])) == ([frame] if share.has(dialog) else [])


@pytest.mark.parametrize("unlike", [{"from_service": 0}, {"fin": 0}, {"opcode": 2}, {"violation": "x"}])
def test_only_whole_texts_of_the_service_are_skipped(unlike):
    frame = Skimmed(1, 1, None, None, 1, 1, 1, None, packed(notification(change("d"))))
    frame = frame._replace(**unlike)
    assert all(list(Share(place, 2).frames([frame])) == [frame] for place in range(2))
