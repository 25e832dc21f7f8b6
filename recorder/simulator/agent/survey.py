"""The survey after a closed MAIN dialog: a bot asks questions in a POST_SURVEY dialog, then closes it.

As published: MAIN is CLOSE and POST_SURVEY is OPEN in the same snapshot, the conversation's state is
CLOSE and its stage OPEN; the bot (role AGENT) gives READ without ACCEPT; the end is closedBy AGENT,
closedCause Completed, and stage CLOSE. Sequences begin at 0 again.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..delivery.context import SimulatorContext, Task, text_event
from ..faults.config import Survey
from ..protocol.conversations import SimulatedConversation, SimulatedDialog, close_dialog
from .rules import ConsumerEvent, Trigger

POST_SURVEY = "POST_SURVEY"
READ_AFTER_S = 0.015
"""The published survey bot reads an answer after 15 ms; with a shorter ``pace``, after that."""


@dataclass(slots=True)
class _Progress:
    """How far one survey is: the number of questions asked, and of those answered."""

    survey: Survey
    survey_id: str
    asked: int = 0
    answered: int = 0


class SurveyBot:
    """The survey bot, in all surveys at once."""

    def __init__(self, context: SimulatorContext) -> None:
        self._context = context
        self._running: dict[str, _Progress] = {}
        self._participants: dict[str, Participant] = {}

    def begin(self, conversation: SimulatedConversation, survey: Survey, now_s: float) -> None:
        """Open the survey's dialog, just before MAIN is closed; the bot writes after its ``pace``."""
        controller = self.participant("CONTROLLER")
        main = conversation.main
        if controller not in main.participants:
            main.participants.append(controller)
        if survey.system_message is not None:
            self._publish(conversation, main, controller, text_event(survey.system_message), now_s)
        now_ms = self._context.wall_ms(now_s)
        participants = [conversation.consumer, self.participant("AGENT")]
        dialog = SimulatedDialog(
            self._context.ids(), conversation.conversation_id, POST_SURVEY, now_ms, now_ms, participants
        )
        conversation.dialogs[dialog.dialog_id] = dialog
        self._running[dialog.dialog_id] = _Progress(survey, self._context.ids())
        self._greet(conversation, dialog, survey, now_s)

    def _greet(
        self, conversation: SimulatedConversation, dialog: SimulatedDialog, survey: Survey, now_s: float
    ) -> None:
        ask_s, greeting = now_s + survey.pace, survey.greeting
        if greeting is not None:

            def greet(at_s: float) -> None:
                self._write(conversation, dialog, greeting, at_s)

            self._schedule(ask_s, dialog, greet)
            ask_s += survey.pace
        self._schedule(ask_s, dialog, lambda at_s: self._ask(conversation, dialog, at_s))

    def on_consumer_event(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        event: ConsumerEvent,
        *,
        now_s: float,
    ) -> None:
        """Take a message of the consumer in the survey's dialog for an answer."""
        progress = self._running.get(dialog.dialog_id)
        if progress is None or event.trigger is not Trigger.MESSAGE:
            return
        sequence = event.sequence
        receipt = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [sequence]}
        bot = self.participant("AGENT")
        self._schedule(
            now_s + min(READ_AFTER_S, progress.survey.pace),
            dialog,
            lambda at_s: self._publish(conversation, dialog, bot, receipt, at_s),
        )
        if progress.answered < progress.asked:
            progress.answered = progress.asked
            due_s = now_s + progress.survey.pace
            self._schedule(due_s, dialog, lambda at_s: self._ask(conversation, dialog, at_s))

    def participant(self, role: str) -> Participant:
        """The bot (AGENT) or the system (CONTROLLER), with the same id in every conversation."""
        if role not in self._participants:
            self._participants[role] = Participant(self._context.ids(), role)
        return self._participants[role]

    def _schedule(self, due_s: float, dialog: SimulatedDialog, task: Task) -> None:
        def perform(at_s: float) -> None:
            if dialog.is_open:
                task(at_s)
            else:
                self._running.pop(dialog.dialog_id, None)

        self._context.scheduler.call_at(due_s, perform)

    def _ask(self, conversation: SimulatedConversation, dialog: SimulatedDialog, now_s: float) -> None:
        """Publish the next question, or the thanks after the last one."""
        progress = self._running[dialog.dialog_id]
        if progress.asked == len(progress.survey.questions):
            self._write(conversation, dialog, progress.survey.thanks, now_s)
            self._close(conversation, dialog, "AGENT", "Completed", now_s)
            return
        event, metadata = self._question(progress)
        progress.asked += 1
        asked = progress.asked
        self._publish(conversation, dialog, self.participant("AGENT"), event, now_s, metadata=metadata)
        self._schedule(
            now_s + progress.survey.patience,
            dialog,
            lambda at_s: self._time_out(conversation, dialog, asked, at_s),
        )

    def _question(self, progress: _Progress) -> tuple[Json, list[Json]]:
        question_id = self._context.ids()
        question = {"type": "Question", "id": question_id, "surveyId": progress.survey_id, "provider": "AC"}
        replies = [self._choice(choice, question_id) for choice in progress.survey.choices]
        event = text_event(progress.survey.questions[progress.asked])
        if replies:
            event["quickReplies"] = {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}
        return event, [question]

    def _choice(self, choice: str, question_id: str) -> Json:
        answer = {
            "type": "Answer", "questionId": question_id, "id": self._context.ids(), "provider": "AC",
        }  # fmt: skip
        click = {"metadata": [answer], "actions": [{"type": "publishText", "text": choice}]}
        return {"type": "button", "tooltip": choice, "title": choice, "click": click}

    def _time_out(
        self, conversation: SimulatedConversation, dialog: SimulatedDialog, asked: int, now_s: float
    ) -> None:
        progress = self._running.get(dialog.dialog_id)
        if progress is not None and progress.answered < asked:
            self._close(conversation, dialog, "SYSTEM", "Timeout", now_s)

    def _close(
        self, conversation: SimulatedConversation, dialog: SimulatedDialog, by: str, cause: str, now_s: float
    ) -> None:
        self._running.pop(dialog.dialog_id, None)
        now_ms = self._context.wall_ms(now_s)
        close_dialog(conversation, dialog, by=by, cause=cause, now_ms=now_ms)
        self._context.connections.send_snapshot(conversation)

    def _write(
        self, conversation: SimulatedConversation, dialog: SimulatedDialog, text: str, now_s: float
    ) -> None:
        self._publish(conversation, dialog, self.participant("AGENT"), text_event(text), now_s)

    def _publish(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        author: Participant,
        event: Json,
        now_s: float,
        *,
        metadata: list[Json] | None = None,
    ) -> None:
        self._context.publish_and_send(conversation, dialog, author, event, now_s=now_s, metadata=metadata)
