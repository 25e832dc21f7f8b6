"""Waiting for a message, and choosing it by what is said of it."""

from __future__ import annotations

from recorder.receipts.state import Message

from ..language import verbs
from ..language.patterns import PatternTooSlow, matches
from ..language.script import Step
from . import describe
from .receipt_schedule import MessageKey
from .step_context import StepContext, StepCoroutine, StepFailed, wait_for


def await_message(context: StepContext, step: Step, args: verbs.AwaitVerb) -> StepCoroutine[str]:
    """The next message as wanted, from behind the last one that was awaited."""
    search = MessageSearch(context, args.message, first=context.awaited)
    found = yield from wait_for(context, search.next_found, context.now_s + args.within)
    if found is None:
        raise StepFailed(_missed(context, args), describe.lines(context.view.transcript))
    context.awaited = search.looked_at
    context.bind(args.as_, found, step)
    return line_of(context, found)


def _missed(context: StepContext, args: verbs.AwaitVerb) -> str:
    """That it did not come; or that it came too early, which is easily overlooked."""
    missed = f"no {args.message.in_words} came within {describe.span(args.within)}"
    wanted = args.message.model_copy(update={"nth": 1})
    before = MessageSearch(context, wanted, first=0)
    found = before.next_found()
    if found is None or before.looked_at >= context.awaited:  # the one awaited last is no surprise
        return missed
    return f"{missed}; what came before the message awaited last does not count: {line_of(context, found)}"


def line_of(context: StepContext, key: MessageKey) -> str:
    """One line about the message, with its frame."""
    message = context.view.message_view(key)
    return describe.line(message) if message is not None else f"#{key.sequence}"


class MessageSearch:
    """Looks at each message once, in the order heard, from the one at ``first`` on."""

    def __init__(self, context: StepContext, wanted: verbs.MessageFilter, *, first: int) -> None:
        self._scene = context
        self._wanted = wanted
        self._missing = wanted.nth
        self._found: MessageKey | None = None
        self.looked_at = first

    def next_found(self) -> MessageKey | None:
        """The message, once it was heard; the same one from then on."""
        view = self._scene.view
        while self._found is None and self.looked_at < len(view.messages):
            key = view.messages[self.looked_at].key
            self.looked_at += 1
            self._missing -= self._is_wanted(key)
            if self._missing == 0:
                self._found = key
        return self._found

    def _is_wanted(self, key: MessageKey) -> bool:
        view, wanted = self._scene.view, self._wanted
        message = view.message(key)
        return (
            _is_from(wanted.from_, message, ours=view.is_ours(key))
            and wanted.type in (None, message.type)
            and (wanted.dialog is None or view.dialog(wanted.dialog) == key.dialog_id)
            and (wanted.matching is None or _matches(wanted.matching, message.text))
        )


def _is_from(wanted: str | None, message: Message, *, ours: bool) -> bool:
    if wanted is None or wanted == "agent":
        return not ours and (wanted is None or message.role != "CONTROLLER")
    if wanted in ("consumer", "us"):
        return ours
    return wanted == message.author or wanted.upper() == message.role


def _matches(pattern: str, text: str | None) -> bool:
    try:
        return text is not None and matches(pattern, text)
    except PatternTooSlow:
        raise StepFailed(f"the pattern {pattern} takes too long; it was stopped") from None
