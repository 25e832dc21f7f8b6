"""The survey after a closed MAIN dialog: a bot asks questions in a POST_SURVEY dialog, then closes it.

As published: MAIN is CLOSE and POST_SURVEY is OPEN in the same snapshot, the conversation's state is
CLOSE and its stage OPEN; the bot (role AGENT) gives READ without ACCEPT; the end is closedBy AGENT,
closedCause Completed, and stage CLOSE. Sequences begin at 0 again.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..delivery.context import SimulatorContext, Task, quick_replies, text_event
from ..faults.config import Survey
from ..protocol.conversations import SimulatedConversation, SimulatedDialog
from .rules import ConsumerEvent, Trigger

POST_SURVEY = "POST_SURVEY"
READ_AFTER_S = 0.015
"""The published survey bot reads an answer after 15 ms; with a shorter ``pace``, after that."""


@dataclass(slots=True)
class _Progress:
    """One survey under way: its dialog, and the number of questions asked, and of those answered."""

    dialog: SimulatedDialog
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
        self.write_as_controller(conversation.main, survey.system_message, now_s)
        now_ms = self._context.wall_ms(now_s)
        participants = [conversation.consumer, self._participant("AGENT")]
        dialog = SimulatedDialog(self._context.ids(), conversation, POST_SURVEY, now_ms, now_ms, participants)
        conversation.dialogs[dialog.dialog_id] = dialog
        progress = _Progress(dialog, survey, self._context.ids())
        self._running[dialog.dialog_id] = progress
        ask_s, greeting = now_s + survey.pace, survey.greeting
        if greeting is not None:
            self._schedule(progress, ask_s, lambda at_s: self._publish(progress, text_event(greeting), at_s))
            ask_s += survey.pace
        self._schedule(progress, ask_s, lambda at_s: self._ask(progress, at_s))

    def on_consumer_event(self, dialog: SimulatedDialog, event: ConsumerEvent, now_s: float) -> None:
        """Take a message of the consumer in the survey's dialog for an answer."""
        progress = self._running.get(dialog.dialog_id)
        if progress is None or event.trigger is not Trigger.MESSAGE:
            return
        pace = progress.survey.pace
        receipt = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [event.sequence]}
        read_s = now_s + min(READ_AFTER_S, pace)
        self._schedule(progress, read_s, lambda at_s: self._publish(progress, receipt, at_s))
        if progress.answered < progress.asked:
            progress.answered = progress.asked
            self._schedule(progress, now_s + pace, lambda at_s: self._ask(progress, at_s))

    def write_as_controller(self, main: SimulatedDialog, text: str | None, now_s: float) -> None:
        """Have the system join a conversation's MAIN dialog, and write ``text`` there unless it is None."""
        controller = self._participant("CONTROLLER")
        if controller not in main.participants:
            main.participants.append(controller)
        if text is not None:
            self._context.publish_and_send(main, controller, text_event(text), now_s=now_s)

    def _participant(self, role: str) -> Participant:
        """The bot (AGENT) or the system (CONTROLLER), with the same id in every conversation."""
        if role not in self._participants:
            self._participants[role] = Participant(self._context.ids(), role)
        return self._participants[role]

    def _schedule(self, progress: _Progress, due_s: float, task: Task) -> None:
        def perform(at_s: float) -> None:
            if progress.dialog.is_open:
                task(at_s)
            else:
                self._running.pop(progress.dialog.dialog_id, None)

        self._context.scheduler.call_at(due_s, perform)

    def _ask(self, progress: _Progress, now_s: float) -> None:
        """Publish the next question, or the thanks after the last one."""
        if progress.asked == len(progress.survey.questions):
            self._publish(progress, text_event(progress.survey.thanks), now_s)
            self._close(progress, "AGENT", "Completed", now_s)
            return
        event, metadata = self._question(progress)
        progress.asked += 1
        asked = progress.asked
        self._publish(progress, event, now_s, metadata=metadata)
        give_up_s = now_s + progress.survey.patience
        self._schedule(progress, give_up_s, lambda at_s: self._time_out(progress, asked, at_s))

    def _question(self, progress: _Progress) -> tuple[Json, list[Json]]:
        question_id = self._context.ids()
        question = {"type": "Question", "id": question_id, "surveyId": progress.survey_id, "provider": "AC"}
        event = text_event(progress.survey.questions[progress.asked])
        if progress.survey.choices:
            event["quickReplies"] = quick_replies(
                progress.survey.choices,
                lambda: [
                    {"type": "Answer", "questionId": question_id, "id": self._context.ids(), "provider": "AC"}
                ],
            )
        return event, [question]

    def _time_out(self, progress: _Progress, asked: int, now_s: float) -> None:
        if progress.answered < asked:
            self._close(progress, "SYSTEM", "Timeout", now_s)

    def _close(self, progress: _Progress, by: str, cause: str, now_s: float) -> None:
        self._running.pop(progress.dialog.dialog_id, None)
        now_ms = self._context.wall_ms(now_s)
        progress.dialog.close(by=by, cause=cause, now_ms=now_ms)
        self._context.connections.send_snapshot(progress.dialog.conversation)

    def _publish(
        self, progress: _Progress, event: Json, now_s: float, *, metadata: list[Json] | None = None
    ) -> None:
        bot = self._participant("AGENT")
        self._context.publish_and_send(progress.dialog, bot, event, now_s=now_s, metadata=metadata)
