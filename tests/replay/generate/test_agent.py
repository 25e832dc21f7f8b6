"""The other side of a recording, as rules for the simulator's agent."""

from __future__ import annotations

from typing import Any

from recorder.documents import read_document
from recorder.messaging import requests
from recorder.replay.generate.agent import Visit, agent_lines, comes_again
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.quoting import Wording
from recorder.replay.generate.timeline_events import Arrived, Began, Over, recollect
from recorder.simulator import read_agent

CONVERSATION = "conv-1"


def lines_of(tape: Any, pace: Pace = Pace(), *, name: str | None = None) -> list[str]:  # noqa: B008
    moments = recollect(tape.happenings)
    wording = Wording(moments)
    visit = Visit(name, moments, wording, sorted(wording.begun))
    return agent_lines([visit], Timeline((one.at_s for one in moments), pace))


def rules(tape: Any, pace: Pace = Pace()) -> Any:  # noqa: B008 - immutable
    """The rules as plain data; they are such as the simulator takes."""
    lines = lines_of(tape, pace)
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
    tape.published(1.0, 0, {"type": "ContentEvent", "contentType": "forms/secure-invitation", "message": {}})
    first, note = lines_of(tape)[::-1]
    assert first == "agent: []"
    assert "forms/secure-invitation" in note
    moments = recollect(tape.happenings)
    (arrived,) = [one for one in moments if isinstance(one, Arrived)]
    assert not comes_again(arrived, Wording(moments))


def test_structured_content_and_files_come_as_they_came(tape: Any) -> None:
    tape.open()
    content = {"type": "vertical", "elements": [{"type": "text", "text": "${x}"}]}
    tape.published(1.0, 0, {"type": "RichContentEvent", "content": content, "quickReplies": {"replies": []}})
    file = {"caption": "a map", "relativePath": "/m.PNG", "fileType": "PNG", "preview": "data:,"}
    tape.published(2.0, 1, {"type": "ContentEvent", "contentType": "hosted/file", "message": file})
    escaped = {"type": "vertical", "elements": [{"type": "text", "text": "$${x}"}]}
    told = {"caption": "a map", "file_type": "PNG", "path": "/m.PNG", "preview": "data:,"}
    assert rules(tape)[0]["do"] == [
        {"rich": {"content": escaped, "quick_replies": {"replies": []}}, "after": "1s"},
        {"send_file": told, "after": "2s"},
    ]


def people(*who: tuple[str, str], at_ms: int = 0) -> dict[str, Any]:
    """A snapshot with these participants: id and role, or id and SUGGESTED."""
    participants = [
        {"id": one, "role": "ASSIGNED_AGENT" if role == "SUGGESTED" else role, "state": state(role)}
        for one, role in who
    ]
    details = {
        "state": "OPEN",
        "participants": participants,
        "dialogs": [
            {
                "dialogId": CONVERSATION,
                "dialogType": "MAIN",
                "state": "OPEN",
                "participantsDetails": participants,
            }
        ],
    }
    result = {"convId": CONVERSATION, "conversationDetails": details}
    body = {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": result}]}
    return {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body}


def state(role: str) -> str:
    return "SUGGESTED" if role == "SUGGESTED" else "ACTIVE"


def test_another_agent_is_a_transfer_and_another_id_of_the_consumer_a_login(tape: Any) -> None:
    tape.open()
    tape.hear(0.5, 0, "Hello")
    tape.say(1.0, people(("anna", "CONSUMER"), ("a1", "ASSIGNED_AGENT")), by_client=False)
    tape.say(2.0, people(("anna", "CONSUMER")), by_client=False)
    tape.say(5.0, people(("anna", "CONSUMER"), ("a2", "ASSIGNED_AGENT")), by_client=False)
    tape.say(6.0, people(("anna the second", "CONSUMER"), ("a2", "ASSIGNED_AGENT")), by_client=False)
    assert rules(tape)[0]["do"] == [
        {"say": "Hello", "after": "500ms"},
        {"transfer": {"away": "3s", "suggested_for": "0"}, "after": "2s"},
        {"step_up": {"after": "6s"}},
    ]


def test_what_a_history_tells_after_coming_back_happened_at_the_services_time(tape: Any) -> None:
    """It hangs on what the consumer had done by then, not on what they did before they heard of it."""
    tape.open()
    tape.hear(1.0, 0, "on time", server_s=1.0)
    tape.ask(1.5, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 1})
    tape.happenings += [Over(1, 2_000_000, None, None), Began(2, 9_000_000, None)]
    tape.connection = 2
    tape.hear(9.0, 2, "meanwhile", server_s=4.5)
    assert rules(tape)[1] == {"on": "message", "nth": 1, "do": [{"say": "meanwhile", "after": "3s"}]}


def test_what_was_told_late_is_remarked(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "on time", server_s=1.0)
    tape.hear(5.0, 1, "late", server_s=3.0)
    assert "told up to 2s after it happened" in lines_of(tape)[1]


def test_rules_are_for_one_consumer_and_one_conversation_where_there_are_several(tape: Any) -> None:
    tape.open()
    tape.hear(0.5, 0, "Hello")
    assert "    consumer: ben" in lines_of(tape, name="ben")
    tape.open(1.0, "conv-2")
    assert "    conversation: 1" in lines_of(tape)


def test_nobody_said_a_word_is_nobody(tape: Any) -> None:
    assert rules(tape) == []


def test_what_the_agent_does_stands_in_the_order_it_happened(tape: Any) -> None:
    """What a history told was heard later than what was pushed before it, and happened first."""
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    tape.hear(2.0, 1, "pushed", server_s=2.0)
    tape.happenings += [Over(1, 3_000_000, None, None), Began(2, 9_000_000, None)]
    tape.connection = 2
    tape.hear(10.0, 3, "later", server_s=8.0)
    tape.hear(10.0, 2, "sooner", server_s=7.0)
    assert [act["say"] for act in rules(tape)[-1]["do"]] == ["pushed", "sooner", "later"]


def test_without_pauses_the_agent_closes_last_and_a_little_later(tape: Any) -> None:
    """What is closed takes no receipts: those that were given before it must still be let in."""
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    tape.hear(2.0, 1, "Bye")
    tape.say(9.0, closed(), by_client=False)
    assert rules(tape, Pace(None))[-1]["do"] == [{"say": "Bye"}, {"close": {"after": "100ms"}}]
