"""The survey that follows a closed MAIN dialog: a bot asks in a dialog of its own, then closes it.

As published: MAIN is CLOSE and POST_SURVEY is OPEN in the same snapshot, the conversation's state is
CLOSE and its stage OPEN; the bot (role AGENT) gives READ without ACCEPT; the end is closedBy AGENT,
closedCause Completed, and stage CLOSE. Numbers begin at 0 again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..delivery.context import Backstage, text_event
from ..delivery.scheduler import Task
from ..faults.config import Survey
from ..protocol.conversations import Conversation, Dialog, Json, Participant, close_dialog
from .rules import Noticed, Trigger

POST_SURVEY = "POST_SURVEY"
READ_AFTER_S = 0.015
"""The published survey bot reads an answer 15 ms after it was given; sooner where it goes on sooner."""


@dataclass(slots=True)
class _Progress:
    """How far one survey is. ``asked`` counts questions; ``ids`` are theirs."""

    survey: Survey
    survey_id: str
    asked: int = 0
    answered: int = 0


class SurveyBot:
    """One bot, in all surveys at once."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._running: dict[str, _Progress] = {}
        self._people: dict[str, Participant] = {}

    def begin(self, conversation: Conversation, survey: Survey, now_s: float) -> None:
        """Open the survey's dialog, just before MAIN is closed; the bot speaks up in a moment."""
        controller = self.participant("CONTROLLER")
        main = conversation.main
        if controller not in main.participants:
            main.participants.append(controller)
        if survey.system_message is not None:
            self._say(conversation, main, controller, text_event(survey.system_message), now_s)
        now_ms = self._backstage.wall_ms(now_s)
        people = [conversation.consumer, self.participant("AGENT")]
        dialog = Dialog(
            self._backstage.ids(), conversation.conversation_id, POST_SURVEY, now_ms, now_ms, people
        )
        conversation.dialogs[dialog.dialog_id] = dialog
        self._running[dialog.dialog_id] = _Progress(survey, self._backstage.ids())
        self._greet(conversation, dialog, survey, now_s)

    def _greet(self, conversation: Conversation, dialog: Dialog, survey: Survey, now_s: float) -> None:
        ask_s, greeting = now_s + survey.pace, survey.greeting
        if greeting is not None:

            def greet(at_s: float) -> None:
                self._write(conversation, dialog, greeting, at_s)

            self._plan(ask_s, dialog, greet)
            ask_s += survey.pace
        self._plan(ask_s, dialog, lambda at_s: self._ask(conversation, dialog, at_s))

    def notice(self, conversation: Conversation, dialog: Dialog, noticed: Noticed, *, now_s: float) -> None:
        """The consumer did something in the survey's dialog: a message there is an answer."""
        progress = self._running.get(dialog.dialog_id)
        if progress is None or noticed.trigger is not Trigger.MESSAGE:
            return
        sequence = noticed.sequence
        receipt = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [sequence]}
        bot = self.participant("AGENT")
        self._plan(
            now_s + min(READ_AFTER_S, progress.survey.pace),
            dialog,
            lambda at_s: self._say(conversation, dialog, bot, receipt, at_s),
        )
        if progress.answered < progress.asked:
            progress.answered = progress.asked
            due_s = now_s + progress.survey.pace
            self._plan(due_s, dialog, lambda at_s: self._ask(conversation, dialog, at_s))

    def participant(self, role: str) -> Participant:
        """The bot (AGENT) or the system (CONTROLLER); the same one in every conversation."""
        if role not in self._people:
            self._people[role] = Participant(self._backstage.ids(), role)
        return self._people[role]

    def _plan(self, due_s: float, dialog: Dialog, task: Task) -> None:
        def perform(at_s: float) -> None:
            if dialog.is_open:
                task(at_s)
            else:
                self._running.pop(dialog.dialog_id, None)

        self._backstage.agenda.enter(due_s, perform)

    def _ask(self, conversation: Conversation, dialog: Dialog, now_s: float) -> None:
        """The next question, or the thanks if there is none."""
        progress = self._running[dialog.dialog_id]
        if progress.asked == len(progress.survey.questions):
            self._write(conversation, dialog, progress.survey.thanks, now_s)
            self._close(conversation, dialog, "AGENT", "Completed", now_s)
            return
        event, metadata = self._question(progress)
        progress.asked += 1
        asked = progress.asked
        self._say(conversation, dialog, self.participant("AGENT"), event, now_s, metadata=metadata)
        self._plan(
            now_s + progress.survey.patience,
            dialog,
            lambda at_s: self._lose_patience(conversation, dialog, asked, at_s),
        )

    def _question(self, progress: _Progress) -> tuple[Json, list[Json]]:
        question_id = self._backstage.ids()
        told = {"type": "Question", "id": question_id, "surveyId": progress.survey_id, "provider": "AC"}
        replies = [self._choice(choice, question_id) for choice in progress.survey.choices]
        event = text_event(progress.survey.questions[progress.asked])
        if replies:
            event["quickReplies"] = {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}
        return event, [told]

    def _choice(self, choice: str, question_id: str) -> Json:
        answer = {
            "type": "Answer", "questionId": question_id, "id": self._backstage.ids(), "provider": "AC",
        }  # fmt: skip
        click = {"metadata": [answer], "actions": [{"type": "publishText", "text": choice}]}
        return {"type": "button", "tooltip": choice, "title": choice, "click": click}

    def _lose_patience(self, conversation: Conversation, dialog: Dialog, asked: int, now_s: float) -> None:
        progress = self._running.get(dialog.dialog_id)
        if progress is not None and progress.answered < asked:
            self._close(conversation, dialog, "SYSTEM", "Timeout", now_s)

    def _close(self, conversation: Conversation, dialog: Dialog, by: str, cause: str, now_s: float) -> None:
        self._running.pop(dialog.dialog_id, None)
        now_ms = self._backstage.wall_ms(now_s)
        close_dialog(conversation, dialog, by=by, cause=cause, now_ms=now_ms)
        self._backstage.board.announce(conversation)

    def _write(self, conversation: Conversation, dialog: Dialog, text: str, now_s: float) -> None:
        self._say(conversation, dialog, self.participant("AGENT"), text_event(text), now_s)

    def _say(
        self,
        conversation: Conversation,
        dialog: Dialog,
        author: Participant,
        event: Json,
        now_s: float,
        *,
        metadata: list[Json] | None = None,
    ) -> None:
        self._backstage.say(conversation, dialog, author, event, now_s=now_s, metadata=metadata)
