"""What one change of a dialog tells, and what is odd about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.changes import changes_of, read_change, sequence_of, sequences_of, server_time, shown
from recorder.messaging.events import (
    ChatStateReported,
    Event,
    MessagePublished,
    OddityNoticed,
    ReceiptReported,
    Stamp,
)

STAMP = Stamp(7, 1, 1_000, 2_000)
TEXT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}


def heard(change: object) -> list[Event]:
    """What a change tells; by an agent, where it does not say by whom."""
    named = {"originatorId": "a", **change} if isinstance(change, dict) else change
    return heard_as_it_is(named)


def heard_as_it_is(change: object) -> list[Event]:
    tell: list[Event] = []
    read_change(change, STAMP, tell)
    return tell


def odd_kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events if isinstance(event, OddityNoticed)]


@pytest.mark.parametrize(
    ("value", "sequences", "oddities"),
    [
        pytest.param([3], (3,), 0, id="one"),
        pytest.param([2, 3, 5], (2, 3, 5), 0, id="many"),
        pytest.param(3, (3,), 0, id="scalar"),
        pytest.param("0", (), 1, id="digits"),
        pytest.param(["0"], (), 1, id="digits-in-a-list"),
        pytest.param(["3", 4], (4,), 1, id="digits-beside-a-number"),
        pytest.param([[0]], (), 1, id="nested-list"),
        pytest.param([5, 2], (5, 2), 0, id="order-kept"),
        pytest.param([], (), 1, id="empty"),
        pytest.param(None, (), 1, id="absent"),
        pytest.param([3, 3], (3,), 1, id="repeated"),
        pytest.param([-1, 3], (3,), 1, id="negative"),
        pytest.param([True, 3], (3,), 1, id="boolean"),
        pytest.param([3.0], (3,), 1, id="whole-fraction"),
        pytest.param([3.5], (), 1, id="fraction"),
        pytest.param([1e30], (), 1, id="rounded"),
        pytest.param(["x", "", "٣", "-1", None, {}, []], (), 1, id="rubbish"),
        pytest.param([1, 1, -1, 2.0], (1, 2), 3, id="all-at-once"),
        pytest.param({"0": 1}, (), 1, id="object"),
        pytest.param(list(range(10_000)), tuple(range(10_000)), 0, id="ten-thousand"),
    ],
)
def test_what_is_usable_is_used_and_the_rest_is_named(
    value: object, sequences: tuple[int, ...], oddities: int
) -> None:
    used, odd = sequences_of(value)
    assert used == sequences
    assert len(odd) == oddities
    event = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": value}
    events = heard({"dialogId": "d", "event": event})
    assert odd_kinds(events) == ["malformed-sequence-list"] * oddities
    assert [e.sequences for e in events if isinstance(e, ReceiptReported)] == (
        [sequences] if sequences else []
    )


def test_booleans_are_no_sequences() -> None:
    assert sequence_of(True) is None
    assert sequence_of(1) == 1


@pytest.mark.parametrize(
    ("event", "type_", "text"),
    [
        pytest.param(TEXT, "text/plain", "hi", id="text"),
        pytest.param({**TEXT, "message": ""}, "text/plain", "", id="empty-text"),
        pytest.param(
            {"type": "ContentEvent", "contentType": "hosted/file", "message": {"caption": "logo"}},
            "hosted/file",
            "logo",
            id="file",
        ),
        pytest.param(
            {"type": "ContentEvent", "contentType": "hosted/file", "message": '{"caption": "logo"}'},
            "hosted/file",
            "logo",
            id="file-as-json-text",
        ),
        pytest.param(
            {"type": "ContentEvent", "contentType": "HostedFile", "message": {"relativePath": "/v1/a.png"}},
            "HostedFile",
            "a.png",
            id="file-without-caption",
        ),
        pytest.param(
            {"type": "ContentEvent", "contentType": "hosted/file", "message": "[see above]"},
            "hosted/file",
            "[see above]",
            id="no-file",
        ),
        pytest.param({**TEXT, "message": '{"caption": ""}'}, "text/plain", '{"caption": ""}', id="json-text"),
        pytest.param(
            {"type": "ContentEvent", "contentType": "forms/secure-invitation", "message": {"title": "Card"}},
            "forms/secure-invitation",
            None,
            id="form",
        ),
        pytest.param({"type": "RichContentEvent", "content": {}}, "RichContentEvent", None, id="structured"),
    ],
)
def test_a_message_has_its_type_and_the_text_there_is(
    event: dict[str, Any], type_: str, text: str | None
) -> None:
    (message,) = heard({"dialogId": "d", "sequence": 0, "event": event})
    assert isinstance(message, MessagePublished)
    assert (message.type, message.text, message.sequence) == (type_, text, 0)


@pytest.mark.parametrize(
    ("fields", "type_", "text", "detail"),
    [
        pytest.param({"message": 7}, "text/plain", None, "the content of a message of 7", id="number"),
        pytest.param({"message": None}, "text/plain", None, "the content of a message of nothing", id="none"),
        pytest.param({"contentType": None}, "ContentEvent", "hi", "a contentType of nothing", id="no-type"),
        pytest.param(
            {"contentType": ["x"]}, "ContentEvent", "hi", "a contentType of an array of 1", id="list"
        ),
    ],
)
def test_a_message_with_a_field_of_another_type_is_one_all_the_same_and_odd(
    fields: dict[str, Any], type_: str, text: str | None, detail: str
) -> None:
    odd, message = heard({"dialogId": "d", "sequence": 0, "event": {**TEXT, **fields}})
    assert isinstance(odd, OddityNoticed)
    assert (odd.kind, odd.detail) == ("mistyped-field", detail)
    assert isinstance(message, MessagePublished)
    assert (message.type, message.text) == (type_, text)


def test_a_conversation_that_is_no_id_is_odd_and_none() -> None:
    odd, message = heard({"dialogId": "d", "sequence": 0, "event": TEXT, "conversationId": {}})
    assert isinstance(odd, OddityNoticed)
    assert odd.detail == "a conversationId of an object of 0"
    assert isinstance(message, MessagePublished)
    assert message.conversation_id is None


def test_a_receipt_whose_own_number_is_none_is_a_receipt_all_the_same_and_odd() -> None:
    event = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1]}
    odd, receipt = heard({"dialogId": "d", "sequence": "x", "event": event})
    assert isinstance(odd, OddityNoticed)
    assert (odd.kind, odd.detail) == ("malformed-sequence", 'a receipt with "x"')
    assert isinstance(receipt, ReceiptReported)
    assert receipt.own_sequence is None
    assert odd_kinds(heard({"dialogId": "d", "event": event})) == []


@pytest.mark.parametrize(
    ("ids", "participant"),
    [
        pytest.param({"originatorId": "v3"}, "v3", id="v3"),
        pytest.param({"originatorPId": "p", "originatorId": "acc.1"}, "p", id="public-id-wins"),
        pytest.param({"originatorMetadata": {"id": "m", "role": "CONSUMER"}}, "m", id="metadata-alone"),
        pytest.param({"originatorId": 7}, "7", id="number"),
        pytest.param(
            {"originatorPId": {}, "originatorId": [1], "originatorMetadata": {"id": "m"}}, "m", id="rubbish"
        ),
    ],
)
def test_the_originator_is_found_in_every_generation(ids: dict[str, Any], participant: str | None) -> None:
    (message,) = heard_as_it_is({"dialogId": "d", "sequence": 1, "event": TEXT, **ids})
    assert isinstance(message, MessagePublished)
    assert message.author == participant


@pytest.mark.parametrize(
    "ids", [{}, {"originatorId": {}}, {"originatorId": ""}], ids=["none", "object", "empty"]
)
def test_what_nobody_wrote_is_a_message_all_the_same_and_odd(ids: dict[str, Any]) -> None:
    odd, message = heard_as_it_is({"dialogId": "d", "sequence": 1, "event": TEXT, **ids})
    assert isinstance(odd, OddityNoticed)
    assert odd.kind == "no-originator"
    assert isinstance(message, MessagePublished)
    assert message.author is None


@pytest.mark.parametrize(
    ("time", "read", "odd"),
    [
        *[(1_538_494_337_103, 1_538_494_337_103, 0), (253_402_300_799_999, 253_402_300_799_999, 0)],
        *[(None, None, 0), (0, None, 1), (-1, None, 1), (1_478_089_679, None, 1), (2**63, None, 1)],
        *[
            ("1538494337103", None, 1),
            (1.5e12, 1_500_000_000_000, 0),
            (1.5e12 + 0.5, None, 1),
            (True, None, 1),
        ],
    ],
)
def test_only_a_time_in_milliseconds_is_a_time(time: object, read: int | None, odd: int) -> None:
    events = heard({"dialogId": "d", "sequence": 1, "serverTimestamp": time, "event": TEXT})
    assert odd_kinds(events) == ["odd-server-time"] * odd
    assert events[-1].evidence.server_ms == server_time(time) == read  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param(7, "malformed-change", id="scalar"),
        pytest.param({"event": [TEXT]}, "malformed-change", id="event-is-a-list"),
        pytest.param({"sequence": 1, "event": TEXT}, "no-dialog", id="no-dialog"),
        pytest.param({"dialogId": "d", "event": TEXT}, "malformed-sequence", id="no-sequence"),
        pytest.param({"dialogId": "d", "sequence": -1, "event": TEXT}, "malformed-sequence", id="negative"),
        pytest.param({"dialogId": "d", "event": {"type": "NewEvent"}}, "unknown-event", id="new-event"),
        pytest.param(
            {"dialogId": "d", "event": {"type": ["ContentEvent"]}}, "unknown-event", id="type-is-a-list"
        ),
        pytest.param(
            {"dialogId": "d", "event": {"type": "ChatStateEvent"}}, "malformed-chat-state", id="no-state"
        ),
        pytest.param(
            {"dialogId": "d", "event": {"type": "AcceptStatusEvent", "sequenceList": [1]}},
            "malformed-receipt",
            id="no-status",
        ),
        pytest.param(
            {"event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1]}},
            "no-dialog",
            id="receipt-without-dialog",
        ),
    ],
)
def test_what_cannot_be_a_fact_is_an_oddity_and_no_fact(change: object, kind: str) -> None:
    events = heard(change)
    assert odd_kinds(events) == [kind]
    assert len(events) == 1


def test_unknown_statuses_are_kept_as_they_are() -> None:
    event = {"type": "AcceptStatusEvent", "status": "SEEN", "sequenceList": [12]}
    odd, receipt = heard({"dialogId": "d", "sequence": 13, "event": event})
    assert odd_kinds([odd]) == ["unknown-status"]
    assert isinstance(receipt, ReceiptReported)
    assert (receipt.status, receipt.own_sequence, receipt.mine, receipt.request_frame) == (
        "SEEN",
        13,
        False,
        None,
    )


@given(st.integers(0, 9) | st.none(), st.sampled_from(["ACTIVE", "GONE", "BACKGROUND"]))
def test_a_chat_state_never_touches_a_message(sequence: int | None, state: str) -> None:
    change = {"dialogId": "d", "sequence": sequence, "event": {"type": "ChatStateEvent", "chatState": state}}
    (reported,) = heard(change)
    assert isinstance(reported, ChatStateReported)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        pytest.param({"changes": [1, 2]}, [1, 2], id="list"),
        pytest.param({"changes": {"event": {}}}, [{"event": {}}], id="single"),
        pytest.param({"changes": []}, [], id="empty"),
        pytest.param({"event": {}}, [{"event": {}}], id="v2"),
        pytest.param([{"event": {}}], [{"event": {}}], id="history"),
        pytest.param({}, None, id="nothing"),
        pytest.param("{}", None, id="string"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_changes_are_found_wherever_a_generation_puts_them(body: object, changes: list[Any] | None) -> None:
    assert changes_of(body) == changes


def test_anything_is_shown_in_a_few_words() -> None:
    values = (None, True, 7, "x" * 500, [1], {"a": 1})
    assert [shown(value) for value in values if len(shown(value)) > 80] == []
    assert shown("a") == '"a"'
    assert shown([1]) == "an array of 1"


@pytest.mark.parametrize(
    ("fields", "audience", "oddities"),
    [
        pytest.param({}, None, 0, id="nothing said"),
        pytest.param({"messageAudience": None}, None, 0, id="null"),
        pytest.param({"messageAudience": "ALL"}, "ALL", 0, id="all"),
        pytest.param({"messageAudience": "AGENTS_AND_MANAGERS"}, "AGENTS_AND_MANAGERS", 0, id="private"),
        pytest.param({"audience": "AGENTS_AND_MANAGERS"}, "AGENTS_AND_MANAGERS", 0, id="of a history"),
        pytest.param({"messageAudience": "BOTS"}, "BOTS", 0, id="a word nobody described"),
        pytest.param({"messageAudience": ["ALL"]}, None, 1, id="no word"),
    ],
)
def test_the_audience_of_a_message_is_kept_as_it_is(fields, audience, oddities):
    events = []
    told = {
        "sequence": 4, "originatorId": "a", "dialogId": "d",
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}, **fields,
    }  # fmt: skip
    read_change(told, Stamp(1, 1), events)
    (message,) = [event for event in events if isinstance(event, MessagePublished)]
    assert (message.audience, len(events) - 1) == (audience, oddities)
