"""A recorded post-conversation survey → the simulator's ``survey`` setting that reproduces it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .pacing import CLOSE_DELAY_S, Timeline, as_duration
from .script_names import ScriptNames
from .timeline_events import ConversationUpdated, MessageArrived, RequestSent, TimelineEvent

POST_SURVEY = "POST_SURVEY"


def survey_of(
    events: Sequence[TimelineEvent], names: ScriptNames, timeline: Timeline
) -> Mapping[str, Any] | None:
    """The value of ``survey:``; None: there was no survey, or none the simulator could reproduce.

    Before the first answer the bot sends an optional greeting and its first question, then one question for
    each answer, and thanks for the last one. Parts that were not recorded are left out.
    """
    dialog_id, opened_s = _survey_dialog(events)
    if dialog_id is None:
        return None
    rounds: list[list[MessageArrived]] = [[]]
    for event in events:
        if isinstance(event, MessageArrived) and event.key.dialog_id == dialog_id:
            rounds[-1].append(event)
        elif isinstance(event, RequestSent) and event.message is not None and event.dialog_id == dialog_id:
            rounds.append([])
    first, *later = ([one.message.text or "" for one in texts] for texts in rounds)
    if not 1 <= len(first) <= 2 or any(len(texts) > 1 for texts in later):
        return None
    pause_s = timeline.between_s(opened_s, rounds[0][0].at_s) if timeline.pace.keeps_time else CLOSE_DELAY_S
    asked = [text for texts in later for text in texts]
    thanks = asked[-1:] if _is_closed(events, dialog_id) else []
    questions = [first[-1], *asked[: len(asked) - len(thanks)]]
    survey: dict[str, Any] = {
        "greeting": names.text(first[0]) if len(first) == 2 else None,
        "questions": [names.text(text) for text in questions],
        "pace": as_duration(pause_s) if pause_s else "0",
    }
    return {**survey, "thanks": names.text(thanks[0])} if thanks else survey


def is_of_survey(arrived: MessageArrived, names: ScriptNames) -> bool:
    """Whether a message is in the dialog of a survey."""
    return names.type_of(arrived.key.dialog_id) == POST_SURVEY


def _survey_dialog(events: Sequence[TimelineEvent]) -> tuple[str | None, float | None]:
    """The id of the first survey dialog, and when it was opened."""
    for event in events:
        for dialog in event.conversation.dialogs if isinstance(event, ConversationUpdated) else ():
            if dialog.type == POST_SURVEY:
                return dialog.dialog_id, event.at_s
    return None, None


def _is_closed(events: Sequence[TimelineEvent], dialog_id: str) -> bool:
    return any(
        dialog.dialog_id == dialog_id and dialog.state == "CLOSE"
        for event in events
        if isinstance(event, ConversationUpdated)
        for dialog in event.conversation.dialogs
    )
