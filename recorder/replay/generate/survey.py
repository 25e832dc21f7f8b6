"""The survey of a recording, as the simulator's mood that brings it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .pacing import LAST_WORD_S, Timeline, as_duration
from .quoting import Wording
from .timeline_events import Arrived, Asked, Moment, Shown

POST_SURVEY = "POST_SURVEY"


def survey_of(moments: Sequence[Moment], wording: Wording, timeline: Timeline) -> Mapping[str, Any] | None:
    """What to write behind ``survey:``; None where there was none, or none that would come again so.

    Up to the first answer the bot says its greeting and its first question, then a question for each
    answer, and its thanks for the last one; what the recording does not know is left out.
    """
    dialog_id, opened_s = _dialog(moments)
    if dialog_id is None:
        return None
    rounds: list[list[Arrived]] = [[]]
    for moment in moments:
        if isinstance(moment, Arrived) and moment.key.dialog_id == dialog_id:
            rounds[-1].append(moment)
        elif isinstance(moment, Asked) and moment.message is not None and moment.dialog_id == dialog_id:
            rounds.append([])
    first, *later = ([one.message.text or "" for one in said] for said in rounds)
    if not 1 <= len(first) <= 2 or any(len(said) > 1 for said in later):
        return None
    begun_s = timeline.between_s(opened_s, rounds[0][0].at_s) if timeline.pace.keeps_time else LAST_WORD_S
    asked = [text for said in later for text in said]
    thanks = asked[-1:] if _is_over(moments, dialog_id) else []
    questions = [first[-1], *asked[: len(asked) - len(thanks)]]
    survey: dict[str, Any] = {
        "greeting": wording.text(first[0]) if len(first) == 2 else None,
        "questions": [wording.text(text) for text in questions],
        "pace": as_duration(begun_s) if begun_s else "0",
    }
    return {**survey, "thanks": wording.text(thanks[0])} if thanks else survey


def is_of_survey(arrived: Arrived, wording: Wording) -> bool:
    """Whether a message stands in the dialog of a survey."""
    return wording.type_of(arrived.key.dialog_id) == POST_SURVEY


def _dialog(moments: Sequence[Moment]) -> tuple[str | None, float | None]:
    """The first survey's dialog, and when it was opened."""
    for moment in moments:
        for dialog in moment.conversation.dialogs if isinstance(moment, Shown) else ():
            if dialog.type == POST_SURVEY:
                return dialog.dialog_id, moment.at_s
    return None, None


def _is_over(moments: Sequence[Moment], dialog_id: str) -> bool:
    return any(
        dialog.dialog_id == dialog_id and dialog.state == "CLOSE"
        for moment in moments
        if isinstance(moment, Shown)
        for dialog in moment.conversation.dialogs
    )
