"""The verb ``await``: wait for a message that matches a filter."""

from __future__ import annotations

from recorder.documents.patterns import PatternTooSlow
from recorder.receipts.state import Message

from ..language import verbs
from ..language.script import Step
from . import describe
from .receipt_batches import MessageId
from .step_context import StepContext, StepCoroutine, StepFailed, wait_for


def await_message(context: StepContext, step: Step, args: verbs.AwaitVerb) -> StepCoroutine[str]:
    """Wait for the next matching message after the one awaited last."""
    search = MessageSearch(context, args.message, first=context.awaited)
    found = yield from wait_for(context, search.next_found, context.now_s + args.within)
    if found is None:
        raise StepFailed(_missed(context, args), describe.lines(context.view.transcript))
    context.awaited = search.looked_at
    context.bind(args.as_, found, step)
    return line_of(context, found)


def _missed(context: StepContext, args: verbs.AwaitVerb) -> str:
    """Says that no message matched; names one that matched before the message awaited last."""
    missed = f"no {args.message.in_words} came within {describe.span(args.within)}"
    wanted = args.message.model_copy(update={"nth": 1})
    before = MessageSearch(context, wanted, first=0)
    try:
        found = before.next_found()
    except StepFailed:  # the pattern takes too long; what was missed is worth more than what came early
        return missed
    if found is None or before.looked_at >= context.awaited:  # the one awaited last is no surprise
        return missed
    return f"{missed}; what came before the message awaited last does not count: {line_of(context, found)}"


def line_of(context: StepContext, key: MessageId) -> str:
    """One line about the message, with its frame."""
    message = context.view.message_view(key)
    return describe.line(message) if message is not None else f"#{key.sequence}"


class MessageSearch:
    """Finds the nth message that matches, from index ``first`` on; examines each message once."""

    def __init__(self, context: StepContext, message_filter: verbs.MessageFilter, *, first: int) -> None:
        self._context = context
        self._filter = message_filter
        self._missing = message_filter.nth
        self._found: MessageId | None = None
        self.looked_at = first

    def next_found(self) -> MessageId | None:
        """The message that matches, the same one each time; None: none has arrived yet."""
        view = self._context.view
        while self._found is None and self.looked_at < len(view.messages):
            key = view.messages[self.looked_at].key
            self.looked_at += 1
            self._missing -= self._is_wanted(key)
            if self._missing == 0:
                self._found = key
        return self._found

    def _is_wanted(self, key: MessageId) -> bool:
        view, wanted = self._context.view, self._filter
        message = view.message(key)
        return (
            _is_from(wanted.from_, message, ours=view.is_ours(key))
            and wanted.type in (None, message.type)
            and (wanted.dialog is None or view.dialog(wanted.dialog) == key.dialog_id)
            and (wanted.matching is None or self._matches(wanted.matching, message.text))
        )

    def _matches(self, pattern: str, text: str | None) -> bool:
        try:
            return text is not None and self._context.run.search_time.matches(pattern, text)
        except PatternTooSlow as stopped:
            raise StepFailed(stopped.sentence) from None


def _is_from(sender: str | None, message: Message, *, ours: bool) -> bool:
    if sender is None or sender == "agent":
        return not ours and (sender is None or message.role != "CONTROLLER")
    if sender in ("consumer", "us"):
        return ours
    return sender == message.author or sender.upper() == message.role
