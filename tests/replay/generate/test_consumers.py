"""Which connections of a recording belong to which consumer."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.redaction.tokens import TokenClaims, placeholder
from recorder.replay.generate.consumers import consumer_by_connection
from recorder.replay.generate.timeline_events import RecordedClose, RecordedOpen

S = 1_000_000


def token(subject: str) -> str:
    return placeholder(b"k", subject, word="jwt", claims=TokenClaims(subject, None, None))


def talk(recording: Any, connection: int, conversation_id: str) -> None:
    recording.connection = connection
    recording.request(0.0, requests.publish_text("1", conversation_id, "Hi"), {"sequence": 0})


@pytest.mark.parametrize(
    ("tokens", "ended_s", "conversations", "consumers"),
    [
        pytest.param((None, None), 1, ("c", "c"), [0, 0], id="came back to the same conversation"),
        pytest.param((None, None), 1, ("c", "d"), [0, 0], id="came back for another conversation"),
        pytest.param(("a", "a"), None, ("c", "d"), [0, 0], id="a second window"),
        pytest.param(("a", "b"), None, ("c", "c"), [0, 0], id="logged in meanwhile"),
        pytest.param(("a", "b"), 1, ("c", "c"), [0, 0], id="came back under another id"),
        pytest.param(("a", "b"), 1, ("c", "d"), [0, 1], id="one after the other"),
        pytest.param((None, None), 3, ("c", "d"), [0, 1], id="at once, nobody known"),
        pytest.param(("a", "b"), None, ("c", "d"), [0, 1], id="at once"),
        pytest.param(("a", "b"), 1, ("", ""), [0, 0], id="came back before anything was said"),
    ],
)
def test_connections_are_assigned_to_consumers(
    recording: Any,
    tokens: tuple[str | None, str | None],
    ended_s: int | None,
    conversations: tuple[str, str],
    consumers: list[int],
) -> None:
    """The second connection begins after two seconds."""
    first, second = (None if one is None else token(one) for one in tokens)
    recording.records = [RecordedOpen(1, 0, first)]
    if conversations[0]:
        talk(recording, 1, conversations[0])
    if ended_s is not None:
        recording.records.append(RecordedClose(1, ended_s * S, True, 1000))
    recording.records.append(RecordedOpen(2, 2 * S, second))
    if conversations[1]:
        talk(recording, 2, conversations[1])
    assert consumer_by_connection(recording.records) == dict(enumerate(consumers, 1))


def test_an_anonymous_connection_is_the_consumers_who_left_last() -> None:
    records = [
        RecordedOpen(1, 0, None), RecordedOpen(2, 0, None), RecordedClose(2, 1 * S, None, None),
        RecordedClose(1, 2 * S, None, None), RecordedOpen(3, 3 * S, None),
    ]  # fmt: skip
    assert consumer_by_connection(records) == {1: 0, 2: 1, 3: 0}


def test_no_records_are_no_consumers() -> None:
    assert consumer_by_connection([]) == {}
