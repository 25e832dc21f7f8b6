"""The other side of a recording, as rules for the simulator's agent."""

from __future__ import annotations

from typing import Any

from recorder.documents import read_document
from recorder.messaging import requests
from recorder.replay.generate.agent import ConsumerTimeline, agent_can_send, agent_lines
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.timeline_events import (
    MessageArrived,
    RecordedClose,
    RecordedOpen,
)
from recorder.simulator import read_agent

CONVERSATION = "conv-1"


def lines_of(recording: Any, pace: Pace = Pace(), *, name: str | None = None) -> list[str]:  # noqa: B008
    events = recording.events()
    names = ScriptNames(events)
    consumer = ConsumerTimeline(name, events, names, sorted(names.begun))
    return agent_lines([consumer], Timeline((one.at_s for one in events), pace))


def rules(recording: Any, pace: Pace = Pace()) -> Any:  # noqa: B008 - immutable
    """The rules as plain data; they are such as the simulator takes."""
    lines = lines_of(recording, pace)
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


def test_agent_actions_follow_the_consumers_last_message(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(0.5, 0, "Hello")
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 1})
    recording.receive_event(1.4, 2, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
    recording.receive_text(2.0, 3, "How are you?")
    assert rules(recording) == [
        {"on": "conversation", "do": [{"say": "Hello", "after": "500ms"}]},
        {
            "on": "message",
            "nth": 1,
            "do": [{"type": "COMPOSING", "after": "400ms"}, {"say": "How are you?", "after": "1s"}],
        },
    ]


def test_a_receipt_is_an_action_of_its_messages_rule(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    recording.request(2.0, requests.publish_text("5", CONVERSATION, "two"), {"sequence": 1})
    recording.receive_receipt(3.0, 2, "READ", 0)
    recording.receive_receipt(3.5, 3, "NACK", 1)
    assert rules(recording) == [
        {"on": "message", "nth": 1, "do": [{"read": {"after": "2s"}}]},
        {"on": "message", "nth": 2, "do": [{"receipt": "NACK", "after": "1.5s"}]},
    ]


def test_a_receipt_after_closing_is_an_action_of_the_close_rule(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    recording.request(2.0, requests.close_conversation("5", CONVERSATION), "OK")
    recording.add_payload(2.1, closed(), by_client=False)
    recording.receive_receipt(3.0, 2, "READ", 0)
    assert rules(recording) == [{"on": "close", "do": [{"read": {"after": "1s"}}]}]


def test_the_agent_closes_unless_the_consumer_did(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "one"), {"sequence": 0})
    recording.add_payload(1.5, closed("OPEN"), by_client=False)
    recording.add_payload(2.0, closed(), by_client=False)
    recording.add_payload(2.5, closed(), by_client=False)
    assert rules(recording) == [{"on": "message", "nth": 1, "do": [{"close": {"after": "1s"}}]}]


def test_without_pauses_everything_comes_at_once_in_the_same_order(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_receipt(1.2, 1, "ACCEPT", 0)
    recording.receive_text(2.0, 2, "Yes?")
    assert rules(recording, Pace(None)) == [{"on": "message", "nth": 1, "do": ["accept", {"say": "Yes?"}]}]


def test_a_message_without_an_agent_verb_is_left_out_with_a_note(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_event(
        1.0, 0, {"type": "ContentEvent", "contentType": "forms/secure-invitation", "message": {}}
    )
    first, note = lines_of(recording)[::-1]
    assert first == "agent: []"
    assert "forms/secure-invitation" in note
    events = recording.events()
    (arrived,) = [one for one in events if isinstance(one, MessageArrived)]
    assert not agent_can_send(arrived, ScriptNames(events))


def test_rich_content_and_files_are_reproduced(recording: Any) -> None:
    recording.open_conversation()
    content = {"type": "vertical", "elements": [{"type": "text", "text": "${x}"}]}
    recording.receive_event(
        1.0, 0, {"type": "RichContentEvent", "content": content, "quickReplies": {"replies": []}}
    )
    file = {"caption": "a map", "relativePath": "/m.PNG", "fileType": "PNG", "preview": "data:,"}
    recording.receive_event(2.0, 1, {"type": "ContentEvent", "contentType": "hosted/file", "message": file})
    escaped = {"type": "vertical", "elements": [{"type": "text", "text": "$${x}"}]}
    told = {"caption": "a map", "file_type": "PNG", "path": "/m.PNG", "preview": "data:,"}
    assert rules(recording)[0]["do"] == [
        {"rich": {"content": escaped, "quick_replies": {"replies": []}}, "after": "1s"},
        {"send_file": told, "after": "2s"},
    ]


def test_a_file_described_in_json_text_is_reproduced(recording: Any) -> None:
    recording.open_conversation()
    file = '{"relativePath": "/m.PNG", "fileType": "PNG"}'
    recording.receive_event(2.0, 0, {"type": "ContentEvent", "contentType": "hosted/file", "message": file})
    assert rules(recording)[0]["do"] == [{"send_file": {"file_type": "PNG", "path": "/m.PNG"}, "after": "2s"}]


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


def test_a_new_agent_is_a_transfer_and_a_new_consumer_id_a_step_up(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(0.5, 0, "Hello")
    recording.add_payload(1.0, people(("anna", "CONSUMER"), ("a1", "ASSIGNED_AGENT")), by_client=False)
    recording.add_payload(2.0, people(("anna", "CONSUMER")), by_client=False)
    recording.add_payload(5.0, people(("anna", "CONSUMER"), ("a2", "ASSIGNED_AGENT")), by_client=False)
    recording.add_payload(
        6.0, people(("anna the second", "CONSUMER"), ("a2", "ASSIGNED_AGENT")), by_client=False
    )
    assert rules(recording)[0]["do"] == [
        {"say": "Hello", "after": "500ms"},
        {"transfer": {"away": "3s", "suggested_for": "0"}, "after": "2s"},
        {"step_up": {"after": "6s"}},
    ]


def test_events_of_a_history_after_a_reconnect_have_the_services_time(recording: Any) -> None:
    """It hangs on what the consumer had done by then, not on what they did before they heard of it."""
    recording.open_conversation()
    recording.receive_text(1.0, 0, "on time", server_s=1.0)
    recording.request(1.5, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 1})
    recording.records += [
        RecordedClose(1, 2_000_000, None, None),
        RecordedOpen(2, 9_000_000, None),
    ]
    recording.connection = 2
    recording.receive_text(9.0, 2, "meanwhile", server_s=4.5)
    assert rules(recording)[1] == {"on": "message", "nth": 1, "do": [{"say": "meanwhile", "after": "3s"}]}


def test_late_notifications_are_noted(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "on time", server_s=1.0)
    recording.receive_text(5.0, 1, "late", server_s=3.0)
    assert "told up to 2s after it happened" in lines_of(recording)[1]


def test_rules_are_for_one_consumer_and_one_conversation_where_there_are_several(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(0.5, 0, "Hello")
    assert "    consumer: ben" in lines_of(recording, name="ben")
    recording.open_conversation(1.0, "conv-2")
    assert "    conversation: 1" in lines_of(recording)


def test_without_agent_events_there_are_no_rules(recording: Any) -> None:
    assert rules(recording) == []


def test_agent_actions_are_in_recorded_order(recording: Any) -> None:
    """What a history told was heard later than what was pushed before it, and happened first."""
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_text(2.0, 1, "pushed", server_s=2.0)
    recording.records += [
        RecordedClose(1, 3_000_000, None, None),
        RecordedOpen(2, 9_000_000, None),
    ]
    recording.connection = 2
    recording.receive_text(10.0, 3, "later", server_s=8.0)
    recording.receive_text(10.0, 2, "sooner", server_s=7.0)
    assert [act["say"] for act in rules(recording)[-1]["do"]] == ["pushed", "sooner", "later"]


def test_without_pauses_the_agent_closes_last_and_a_little_later(recording: Any) -> None:
    """What is closed takes no receipts: those that were given before it must still be let in."""
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_text(2.0, 1, "Bye")
    recording.add_payload(9.0, closed(), by_client=False)
    assert rules(recording, Pace(None))[-1]["do"] == [{"say": "Bye"}, {"close": {"after": "100ms"}}]
