"""The survey of a recording."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.survey import is_of_survey, survey_of
from recorder.replay.generate.timeline_events import MessageArrived

CONVERSATION, SURVEY = "conv-1", "survey-1"


def shown(state: str) -> dict[str, Any]:
    dialogs = [
        {"dialogId": CONVERSATION, "dialogType": "MAIN", "state": "CLOSE"},
        {"dialogId": SURVEY, "dialogType": "POST_SURVEY", "state": state},
    ]
    result = {"convId": CONVERSATION, "conversationDetails": {"state": "CLOSE", "dialogs": dialogs}}
    body = {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": result}]}
    return {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body}


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
