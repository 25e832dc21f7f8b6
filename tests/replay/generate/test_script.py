"""A recording made into a script."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.documents import TooLarge
from recorder.messaging import requests
from recorder.messaging.events import Stamp
from recorder.redaction.tokens import TokenClaims, placeholder
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.script import is_of_survey, survey_of, write_script
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.timeline_events import (
    MessageArrived,
    RecordedClose,
    RecordedOpen,
    RecordedPayload,
)
from recorder.replay.language.script import load

CONVERSATION, AGENT, US = "conv-1", "agent-1", "me-1"


def steps_of(recording: Any, pace: Pace = Pace()) -> list[str]:  # noqa: B008 - immutable
    """The lines of the script's steps; the script is one that loads."""
    lines = written(recording, pace).split("\n")
    end = next(place for place, line in enumerate(lines) if line.startswith("agent:"))
    return [line.strip() for line in lines[lines.index("steps:") + 1 : end]]


def written(recording: Any, pace: Pace = Pace()) -> str:  # noqa: B008 - immutable
    script = write_script(recording.records, name="x", pace=pace).text
    load(script, file="x.yaml", variables={"JWT_1": "a"})
    return script


def test_the_three_requests_of_a_window_become_one_step(recording: Any) -> None:
    recording.open_conversation()
    assert steps_of(recording) == ["- open_conversation"]


def test_pauses_are_waits_from_what_happened_last(recording: Any) -> None:
    recording.open_conversation()
    recording.request(2.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_text(3.0, 1, "Yes?")
    recording.request(3.5, requests.publish_text("5", CONVERSATION, "No"), {"sequence": 2})
    assert steps_of(recording) == [
        "- open_conversation",
        "- wait: 2s",
        "- say: Hi",
        "- await: {message: {from: agent, matching: '^Yes\\?$'}}",
        "- say: {text: 'No', after: 500ms}",
    ]


@pytest.mark.parametrize(
    ("pace", "say"),
    [
        (Pace(2.0), "- say: {text: Hi, after: 1s}"),
        (Pace(None), "- say: Hi"),
        (Pace(1.0, 0.25), "- say: {text: Hi, after: 250ms}"),
    ],
    ids=["twice as fast", "fast", "no gap longer than"],
)
def test_the_pace_changes_every_delay(recording: Any, pace: Pace, say: str) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "Hello")
    recording.request(3.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 1})
    hello = "- await: {message: {from: agent, matching: ^Hello$}}"
    assert steps_of(recording, pace) == ["- open_conversation", hello, say]


def test_a_receipt_is_timed_from_the_message_it_is_for(recording: Any) -> None:
    """It is written where the message arrives, though other things happened before it went out."""
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.receive_text(1.2, 1, "two")
    recording.request(1.5, requests.accept("4", CONVERSATION, [0]), {})
    recording.request(3.2, requests.read("5", CONVERSATION, [0, 1]), {})
    assert steps_of(recording) == [
        "- open_conversation",
        "- await: {message: {from: agent, matching: ^one$}, as: received_1}",
        "- accept: {message: received_1, after: 500ms}",
        "- await: {message: {from: agent, matching: ^two$}, as: received_2}",
        "- read: {message: [received_1, received_2], after: 2s}",
    ]


def test_repeated_and_unnamed_receipts_become_receipt_steps(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(1.1, requests.read("4", CONVERSATION, [0]), {})
    recording.request(1.2, requests.read("5", CONVERSATION, [0]), {})
    recording.request(1.3, requests.publish_receipt("6", CONVERSATION, "NACK", [77]), {})
    assert steps_of(recording)[2:] == [
        "- read: {message: received_1, after: 100ms}",
        "- receipt: {status: READ, message: received_1, after: 200ms}",
        "- receipt: {status: NACK, message: 77, after: 300ms}",
    ]


def test_receipts_for_own_messages_are_expected(recording: Any) -> None:
    recording.open_conversation()
    recording.request(0.5, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_receipt(0.7, 1, "ACCEPT", 0)
    recording.receive_receipt(8.7, 2, "READ", 0)
    assert steps_of(recording)[2:] == [
        "- say: {text: Hi, as: said_1}",
        "- expect: {message: said_1, status: read, within: 17s}",
    ]
    assert written(recording).endswith(
        "agent:\n  - on: message\n    nth: 1\n    do:\n"
        "      - {accept: {after: 200ms}}\n      - {read: {after: 8.2s}}\n"
    )


def test_receipt_metadata_is_kept(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    beside = [{"type": "ExternalId", "id": "a1"}]
    recording.request(1.2, requests.publish_receipt("4", CONVERSATION, "READ", [0], metadata=beside), {})
    assert steps_of(recording)[-1] == (
        "- receipt: {status: READ, message: received_1, after: 200ms, metadata: [{type: ExternalId, id: a1}]}"
    )


def test_an_idle_consumer_is_noted(recording: Any) -> None:
    recording.open_conversation()
    recording.records.append(RecordedOpen(2, 1_000_000, None))
    assert steps_of(recording)[0] == "# connection 2 is another consumer's, who did nothing; it is left out"


def test_two_at_once_are_two_consumers_with_their_steps_in_the_order_of_the_recording(recording: Any) -> None:
    """What one of them does is timed from what that one awaited; the names are the script's."""
    anna, ben = (placeholder(b"k", who, word="jwt", claims=TokenClaims(who, None, None)) for who in "ab")
    recording.records = [RecordedOpen(1, 0, anna), RecordedOpen(2, 0, ben)]
    recording.open_conversation()
    recording.connection = 2
    recording.open_conversation(1.0, "conv-2")
    recording.connection = 1
    recording.receive_text(2.0, 0, "Hello")
    recording.connection = 2
    recording.request(2.5, requests.publish_text("4", "conv-2", "Hi"), {"sequence": 0})
    recording.connection = 1
    recording.request(4.0, requests.read("4", CONVERSATION, [0]), {})
    recording.request(5.0, requests.publish_text("5", CONVERSATION, "Well"), {"sequence": 1})
    assert steps_of(recording) == [
        "- open_conversation",
        "- wait: 1s",
        "- open_conversation: {consumer: consumer_2}",
        "- await: {message: {from: agent, matching: ^Hello$}, as: received_1}",
        "- read: {message: received_1, after: 2s}",
        "- wait: 500ms",
        "- say: {text: Hi, consumer: consumer_2}",
        "- say: {text: Well, after: 3s}",
    ]
    script = load(written(recording), file="x.yaml", variables={})
    assert list(script.consumers) == ["consumer_1", "consumer_2"]
    assert [one.token for one in script.consumers.values()] == ["${UMS_JWT}", "${UMS_JWT_2}"]


def test_brand_campaign_and_context_go_to_the_consumer(recording: Any) -> None:
    wish = requests.request_conversation("1", brand_id="42", campaign={"campaignId": 7}, skill_id="s")
    recording.request(0.0, wish, {"conversationId": CONVERSATION})
    script = load(written(recording), file="x.yaml", variables={})
    (consumer,) = script.consumers.values()
    assert (consumer.brand, consumer.campaign, consumer.context) == ("42", {"campaignId": 7}, None)


def test_a_survey_becomes_a_mood_of_the_simulator(recording: Any) -> None:
    assert "simulator:" not in written(recording)
    recording.open_conversation()
    recording.add_payload(1.0, shown("OPEN"), by_client=False)
    recording.receive_event(2.0, 0, words("Rate us"), dialog_id="survey-1")
    assert written(recording).endswith(
        "simulator: {survey: {greeting: null, questions: [Rate us], pace: 1s}}\n"
    )


def words(text: str) -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


def shown(state: str) -> dict[str, Any]:
    dialogs = [
        {"dialogId": CONVERSATION, "dialogType": "MAIN", "state": "CLOSE"},
        {"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": state},
    ]
    result = {"convId": CONVERSATION, "conversationDetails": {"state": "CLOSE", "dialogs": dialogs}}
    body = {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": result}]}
    return {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body}


def test_a_receipt_after_closing_stays_after_closing(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "bye")
    recording.request(2.0, requests.close_conversation("4", CONVERSATION), "OK")
    recording.request(3.0, requests.read("5", CONVERSATION, [0]), {}, code=400)
    *steps, note = steps_of(recording)
    assert [step.split(":")[0] for step in steps] == [
        "- open_conversation", "- await", "- close_conversation", "- send",
    ]  # fmt: skip
    assert note.endswith("was answered with 400 (frame 11)")


def test_a_lost_connection_becomes_disconnect_and_reconnect(recording: Any) -> None:
    recording.open_conversation()
    recording.records += [
        RecordedClose(1, 5_000_000, None, None),
        RecordedOpen(2, 7_000_000, None),
    ]
    recording.connection = 2
    recording.request(7.0, requests.subscribe_messages("1", CONVERSATION, from_seq=3), {})
    assert steps_of(recording) == [
        "- open_conversation",
        "- wait: 5s",
        "- disconnect: abort",
        "- reconnect: {from_sequence: 3, after: 2s}",
    ]


def test_secrets_become_variables(recording: Any) -> None:
    kept = placeholder(b"k", "secret", word="jwt")
    recording.open_conversation()
    recording.request(0.1, requests.publish_text("4", CONVERSATION, f"my token is {kept}"), {"sequence": 0})
    assert "- say: 'my token is ${JWT_1}'" in steps_of(recording)
    assert "⟦" not in written(recording)


def test_a_request_without_a_verb_is_sent_as_it_was_with_ids_bound_anew(recording: Any) -> None:
    recording.open_conversation()
    recording.request(
        0.0, requests.request("9", "ms.QueryMessages", {"dialogId": CONVERSATION, "maxQuantity": 5}), {}
    )
    (line,) = [line for line in steps_of(recording) if line.startswith("- send")]
    assert "'${conversation.id}'" in line
    assert "id: recorded-9" in line
    assert CONVERSATION not in line


def test_a_joined_conversation_is_opened_with_a_note(recording: Any) -> None:
    recording.request(0.0, requests.subscribe_messages("1", CONVERSATION), {})
    note, step = steps_of(recording)
    assert step == "- open_conversation"
    assert note.startswith(f"# the recording joined conversation {CONVERSATION}")


def test_two_conversations_get_names_of_their_answers(recording: Any) -> None:
    recording.open_conversation(0.0, "conv-1")
    recording.open_conversation(0.1, "conv-2")
    recording.request(0.2, requests.publish_text("9", "conv-1", "back again"), {"sequence": 0})
    script = write_script(recording.records, name="x").text
    assert "- open_conversation: {as: conversation_1}" in script
    assert "- open_conversation: {as: conversation_2}" in script
    assert "dialog: '${conversation_1.body.conversationId}'" in script


def test_nothing_recorded_is_a_script_that_does_nothing(recording: Any) -> None:
    assert steps_of(recording) == ["# the recorded consumer did nothing", "- wait: 0s"]


_STRANGE: list[Any] = [
    *("req", "resp", "notification", "ms.PublishEvent", "cm.UpdateConversationField"),
    *("cqm.SubscribeExConversations", "ms.SubscribeMessagingEvents", "cm.ConsumerRequestConversation"),
    *(1, None, [], {}, {"conversationId": "c"}, {"conversationField": [{"dialog": 7}]}),
    {"dialogId": "d", "event": {"type": "ContentEvent", "message": "${x} ⟦"}},
    {"fromSeq": -1, "dialogId": "d"},
    {"dialogId": "d", "event": {"type": "AcceptStatusEvent", "status": "x y", "sequenceList": [-1, 3]}},
]
payloads = st.binary(max_size=30) | st.builds(
    lambda body: json.dumps(body).encode(),
    st.dictionaries(
        st.sampled_from(["kind", "id", "type", "body", "reqId", "code"]),
        st.sampled_from(_STRANGE),
        max_size=6,
    ),
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(payloads, st.booleans(), st.sampled_from([None, 0, 5_000_000])), max_size=8), st.text()
)
def test_whatever_was_recorded_gives_a_script_that_loads(
    said: list[tuple[bytes, bool, int | None]], name: str
) -> None:
    records = [
        RecordedPayload(Stamp(frame, 1, None, offset_us), by_client, data)
        for frame, (data, by_client, offset_us) in enumerate(said, 1)
    ]
    script = write_script(
        [RecordedOpen(1, None, None), *records, RecordedClose(1, None, True, 1000)],
        name=name,
    ).text
    load(script.encode("utf-8", "replace"), file="x.yaml", variables={})


# --- the survey ---


SURVEY = "survey-1"


def survey_in(recording: Any, *said: str, pace: Pace = Pace()) -> Any:  # noqa: B008 - immutable
    """The survey of which this was said: by the bot, or, after ``>``, by the consumer."""
    recording.open_conversation()
    recording.add_payload(1.0, shown("OPEN"), by_client=False)
    for number, text in enumerate(said):
        if text.startswith(">"):
            recording.request(
                2.0 + number, requests.publish_text(f"s{number}", SURVEY, text), {"sequence": number}
            )
        elif text == "closed":
            recording.add_payload(2.0 + number, shown("CLOSE"), by_client=False)
        else:
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
            recording.receive_event(2.0 + number, number, event, dialog_id=SURVEY)
    events = recording.events()
    return survey_of(events, ScriptNames(events), Timeline((one.at_s for one in events), pace))


@pytest.mark.parametrize(
    ("said", "survey"),
    [
        (["Rate us"], {"greeting": None, "questions": ["Rate us"]}),
        (["Hi", "Rate us", ">5", "Why?"], {"greeting": "Hi", "questions": ["Rate us", "Why?"]}),
        (
            ["Hi", "Rate us", ">5", "Thanks", "closed"],
            {"greeting": "Hi", "questions": ["Rate us"], "thanks": "Thanks"},
        ),
    ],
    ids=["a question", "two questions", "to the end"],
)
def test_what_the_bot_said_is_greeting_questions_and_thanks(
    recording: Any, said: list[str], survey: dict[str, Any]
) -> None:
    assert survey_in(recording, *said) == {**survey, "pace": "1s"}


@pytest.mark.parametrize(
    "said", [[], ["1", "2", "3"], ["Rate us", ">5", "one", "two"]], ids=["silent", "talkative", "two at once"]
)
def test_a_survey_the_simulator_cannot_reproduce_is_none(recording: Any, said: list[str]) -> None:
    assert survey_in(recording, *said) is None


def test_without_a_survey_dialog_there_is_no_survey(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "Hello")
    events = recording.events()
    assert survey_of(events, ScriptNames(events), Timeline([])) is None
    assert not any(
        is_of_survey(one, ScriptNames(events)) for one in events if isinstance(one, MessageArrived)
    )


@pytest.mark.parametrize(
    ("pace", "written"), [(Pace(2.0), "500ms"), (Pace(1.0, 0.3), "300ms"), (Pace(None), "100ms")], ids=str
)
def test_the_bot_is_as_fast_as_the_pace_has_it(recording: Any, pace: Pace, written: str) -> None:
    """Without pauses it leaves time for what is done before it closes the survey."""
    assert survey_in(recording, "Rate us", pace=pace)["pace"] == written


def test_one_message_too_large_for_a_script_is_left_out_and_a_hundred_are_refused(recording: Any) -> None:
    recording.open_conversation()
    recording.request(2.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.request(3.0, requests.publish_text("5", CONVERSATION, "x" * 1_200_000), {"sequence": 1})
    assert any("characters; 1,048,576 are the limit" in line for line in steps_of(recording))
    for place in range(100):
        text = requests.publish_text(f"l{place}", CONVERSATION, "y" * 20_000)
        recording.request(4.0 + place, text, {"sequence": 2 + place})
    reads: list[str] = []
    with pytest.raises(TooLarge):
        write_script(recording.records, name="x", read=reads.append)
    assert reads == [], "it is told before anything is read"
