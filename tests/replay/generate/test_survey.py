"""The survey of a recording."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.quoting import Wording
from recorder.replay.generate.survey import is_of_survey, survey_of
from recorder.replay.generate.timeline_events import Arrived, recollect

CONVERSATION, SURVEY = "conv-1", "survey-1"


def shown(state: str) -> dict[str, Any]:
    dialogs = [
        {"dialogId": CONVERSATION, "dialogType": "MAIN", "state": "CLOSE"},
        {"dialogId": SURVEY, "dialogType": "POST_SURVEY", "state": state},
    ]
    result = {"convId": CONVERSATION, "conversationDetails": {"state": "CLOSE", "dialogs": dialogs}}
    body = {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": result}]}
    return {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body}


def held(tape: Any, *said: str, pace: Pace = Pace()) -> Any:  # noqa: B008 - immutable
    """The survey of which this was said: by the bot, or, after ``>``, by the consumer."""
    tape.open()
    tape.say(1.0, shown("OPEN"), by_client=False)
    for number, text in enumerate(said):
        if text.startswith(">"):
            tape.ask(2.0 + number, requests.publish_text(f"s{number}", SURVEY, text), {"sequence": number})
        elif text == "closed":
            tape.say(2.0 + number, shown("CLOSE"), by_client=False)
        else:
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
            tape.published(2.0 + number, number, event, dialog_id=SURVEY)
    moments = recollect(tape.happenings)
    return survey_of(moments, Wording(moments), Timeline((one.at_s for one in moments), pace))


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
    tape: Any, said: list[str], survey: dict[str, Any]
) -> None:
    assert held(tape, *said) == {**survey, "pace": "1s"}


@pytest.mark.parametrize(
    "said", [[], ["1", "2", "3"], ["Rate us", ">5", "one", "two"]], ids=["silent", "talkative", "two at once"]
)
def test_what_no_survey_of_the_simulators_says_is_none(tape: Any, said: list[str]) -> None:
    assert held(tape, *said) is None


def test_without_its_dialog_there_is_none(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "Hello")
    moments = recollect(tape.happenings)
    assert survey_of(moments, Wording(moments), Timeline([])) is None
    assert not any(is_of_survey(one, Wording(moments)) for one in moments if isinstance(one, Arrived))


@pytest.mark.parametrize(
    ("pace", "written"), [(Pace(2.0), "500ms"), (Pace(1.0, 0.3), "300ms"), (Pace(None), "100ms")], ids=str
)
def test_the_bot_is_as_fast_as_the_pace_has_it(tape: Any, pace: Pace, written: str) -> None:
    """Without pauses it leaves time for what is done before it closes the survey."""
    assert held(tape, "Rate us", pace=pace)["pace"] == written
