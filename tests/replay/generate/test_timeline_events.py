"""What the requests of a consumer ask for."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.replay.generate.timeline_events import WHOLE_CONVERSATION, RequestSent

CONVERSATION = "conv-1"


@pytest.mark.parametrize(
    ("field", "closings"),
    [
        ({"field": "ConversationStateField", "conversationState": "CLOSE"}, [WHOLE_CONVERSATION]),
        ([{"field": "Stage", "conversationState": "CLOSE"}], [WHOLE_CONVERSATION]),
        ([{"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": "d", "state": "CLOSE"}}], ["d"]),
        ([{"field": "CSATRate", "csatRate": 5, "comment": "CLOSE to perfect"}], []),
        ([{"field": "DialogChange", "dialog": {"dialogId": "CLOSE", "state": "OPEN"}}, 7, None], []),
        (None, []),
    ],
    ids=["state", "stage", "dialog", "the word alone", "another state", "nothing"],
)
def test_closings_are_read_from_the_changed_field(recording: Any, field: Any, closings: list[str]) -> None:
    body = {"conversationId": CONVERSATION, "conversationField": field}
    recording.request(1.0, requests.request("1", "cm.UpdateConversationField", body))
    asked = next(one for one in recording.events() if isinstance(one, RequestSent))
    assert asked.closings == closings
