"""The other side of a recording, as rules for the simulator's agent."""

from __future__ import annotations

from typing import Any

from recorder.documents import read_document
from recorder.messaging import requests
from recorder.replay.writing.agent import agent_lines
from recorder.replay.writing.pacing import Pace
from recorder.replay.writing.recollection import recollect
from recorder.replay.writing.wording import Wording
from recorder.simulator import read_agent

CONVERSATION = "conv-1"


def rules(tape: Any, pace: Pace = Pace()) -> Any:  # noqa: B008 - immutable
    """The rules as plain data; they are such as the simulator takes."""
    moments = recollect(tape.happenings)
    lines = agent_lines(moments, Wording(moments), pace)
    document = read_document("\n".join(lines), file="x")
    read_agent(document, at=("agent",))
    return document.value["agent"]


def closed(state: str = "CLOSE") -> dict[str, Any]:
    result = {
        "convId": CONVERSATION,
        "conversationDetails": {"state": state, "dialogs": [], "participants": []},
    }
    body = {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": result}]}
    return {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body}


def test_what_the_agent_does_hangs_on_what_the_consumer_did_last(tape: Any) -> None:
    tape.open()
    tape.hear(0.5, 0, "Hello")
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 1})
    tape.published(1.4, 2, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
    tape.hear(2.0, 3, "How are you?")
    assert rules(tape) == [
        {"on": "conversation", "do": [{"say": "Hello", "after": "500ms"}]},
        {
            "on": "message",
            "nth": 1,
            "do": [{"type": "COMPOSING", "after": "400ms"}, {"say": "How are you?", "after": "1s"}],
        },
    ]


def test_a_receipt_hangs_on_the_message_it_is_for_however_late(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    tape.ask(2.0, requests.publish_text("5", CONVERSATION, "two"), {"sequence": 1})
    tape.hear_receipt(3.0, 2, "READ", 0)
    tape.hear_receipt(3.5, 3, "NACK", 1)
    assert rules(tape) == [
        {"on": "message", "nth": 1, "do": [{"read": {"after": "2s"}}]},
        {"on": "message", "nth": 2, "do": [{"receipt": "NACK", "after": "1.5s"}]},
    ]


def test_a_receipt_after_the_closing_hangs_on_the_closing(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    tape.ask(2.0, requests.close_conversation("5", CONVERSATION), "OK")
    tape.say(2.1, closed(), by_client=False)
    tape.hear_receipt(3.0, 2, "READ", 0)
    assert rules(tape) == [{"on": "close", "do": [{"read": {"after": "1s"}}]}]


def test_the_agent_closes_where_it_was_not_the_consumer(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    tape.say(1.5, closed("OPEN"), by_client=False)
    tape.say(2.0, closed(), by_client=False)
    tape.say(2.5, closed(), by_client=False)
    assert rules(tape) == [{"on": "message", "nth": 1, "do": [{"close": {"after": "1s"}}]}]


def test_without_pauses_everything_comes_at_once_in_the_same_order(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    tape.hear_receipt(1.2, 1, "ACCEPT", 0)
    tape.hear(2.0, 2, "Yes?")
    assert rules(tape, Pace(None)) == [{"on": "message", "nth": 1, "do": ["accept", {"say": "Yes?"}]}]


def test_what_has_no_words_is_left_out_with_a_note(tape: Any) -> None:
    tape.open()
    tape.published(1.0, 0, {"type": "RichContentEvent", "content": {"type": "vertical"}})
    moments = recollect(tape.happenings)
    first, note = agent_lines(moments, Wording(moments), Pace())[::-1]
    assert first == "agent: []"
    assert "RichContentEvent" in note


def test_nobody_said_a_word_is_nobody(tape: Any) -> None:
    assert rules(tape) == []
