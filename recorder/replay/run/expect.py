"""The verb ``expect``: a status, text, receipt, answer or close that must come, or must not come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recorder.messaging.events import Proof
from recorder.receipts.queries import MessageView, ReceiptView

from ..language import verbs
from ..language.script import Step
from ..language.verb_model import LAST_SENT
from ..language.verbs_waiting import MessageStatus
from . import describe
from .await_message import MessageSearch
from .connect import expect_close
from .consumer_view import Target
from .step_context import (
    StepContext,
    StepCoroutine,
    StepFailed,
    WaitFor,
    answered_with,
    wait_for,
    wait_for_answer,
)

_STATUS_RANK = {"sent": 1, "accepted": 2, "read": 3}
_UNSENT_STATUSES = ("pending", "failed", "unknown")
_LONGEST_TEXT = 500


def expect(context: StepContext, step: Step, args: verbs.ExpectVerb) -> StepCoroutine[str]:
    """Wait for what is expected, until ``within`` is over."""
    if args.answer is not None:
        return (yield from _expect_answer(context, args.answer, args.within))
    if args.close is not None:
        return (yield from expect_close(context, args.close, args.within))
    if args.not_ is not None:
        return (yield from _expect_absence(context, args.not_, args.for_ or 0.0))
    return (yield from _expect_message(context, args))


def _expect_answer(context: StepContext, code: int, within_s: float) -> StepCoroutine[str]:
    frame = context.view.last_request
    if frame is None:
        raise StepFailed("nothing was asked yet")
    answer = yield from wait_for_answer(context, frame, "the last request", within_s, refusable=True)
    if answer.code != code:
        raise StepFailed(
            f"{code} was expected, but the last request (frame {frame}) was {answered_with(answer)}"
        )
    return answered_with(answer)


# --- a message ------------------------------------------------------------------------------------------


class _MessageExpectation(Protocol):
    """The expectation of one message, in ``expect`` or in its ``not``."""

    @property
    def reference(self) -> str | int | None: ...
    @property
    def message_filter(self) -> verbs.MessageFilter | None: ...
    @property
    def status(self) -> MessageStatus | None: ...
    @property
    def receipt(self) -> verbs.ExpectedReceipt | None: ...


FindTarget = Callable[[], Target | None]


def _finder(context: StepContext, args: _MessageExpectation, *, first: int = 0) -> FindTarget:
    """How to find the message: by its name, or as the first that is as described."""
    wanted, reference = args.message_filter, args.reference
    if wanted is not None:
        return MessageSearch(context, wanted, first=first).next_found
    named = LAST_SENT if reference is None else reference
    return lambda: context.run.names.target(named, context.view)


def _view(context: StepContext, target: Target | None) -> MessageView | None:
    return context.view.message_view(target) if target is not None else None


def _expect_message(context: StepContext, args: verbs.ExpectVerb) -> StepCoroutine[str]:
    find = _finder(context, args)

    def decided() -> MessageView | None:
        """The message once it is as expected, or can never be."""
        message = _view(context, find())
        if message is None:
            return None
        hopeless = message.status == "failed" and args.status != "failed"
        return (
            message if hopeless or _is_met(message, context, args) or _is_other_text(message, args) else None
        )

    met = yield from wait_for(context, decided, context.now_s + args.within)
    if met is None or not _is_met(met, context, args):
        raise _not_met(context, args, _view(context, find()))
    return describe.line(met)


def _is_met(message: MessageView, context: StepContext, args: verbs.ExpectVerb) -> bool:
    if args.text is not None:
        return message.text == args.text
    if args.status is None and args.receipt is None:
        return True
    return _has(message, context, args)


def _is_other_text(message: MessageView, args: verbs.ExpectVerb) -> bool:
    """Whether the text is known and differs: it cannot change any more."""
    return args.text is not None and message.sent is not None and message.text != args.text


def _has(message: MessageView, context: StepContext, args: _MessageExpectation) -> bool:
    """Whether it has the receipt, or has reached the status, of the expectation."""
    if args.receipt is not None:
        return any(_is_expected(given, context, args.receipt) for given in message.receipts)
    if args.status in _UNSENT_STATUSES:
        return message.status == args.status
    return _STATUS_RANK.get(message.status, 0) >= _STATUS_RANK[args.status or "sent"]


def _is_expected(given: ReceiptView, context: StepContext, expected: verbs.ExpectedReceipt) -> bool:
    if given.status != expected.status or given.evidence.proof < Proof.ACKNOWLEDGED:
        return False
    ours = bool(given.mine) or context.view.is_us(given.participant, given.role)
    by = expected.by
    if by in ("consumer", "us"):
        return ours
    return by is None or (not ours if by == "agent" else by == given.participant or by.upper() == given.role)


def _not_met(context: StepContext, args: verbs.ExpectVerb, message: MessageView | None) -> StepFailed:
    shown = describe.lines(context.view.transcript)
    if message is not None and _is_other_text(message, args):  # no time will change that
        instead = f"it is {describe.quoted(message.text, _LONGEST_TEXT)}"
        return StepFailed(
            f"{_message_name(args)}: {_expectation_text(args)} was expected, but {instead}", shown
        )
    instead = "there is no such message" if message is None else f"it is {describe.state(message)}"
    return StepFailed(
        f"{_message_name(args)}: {_expectation_text(args)} was expected"
        f" within {describe.span(args.within)}, but {instead}",
        shown,
    )


def _message_name(args: _MessageExpectation) -> str:
    if args.message_filter is not None:
        return f"a {args.message_filter.in_words}"
    return f"#{args.reference}" if isinstance(args.reference, int) else str(args.reference)


def _expectation_text(args: _MessageExpectation) -> str:
    text = getattr(args, "text", None)
    if text is not None:
        return f'the text "{text}"'
    if args.receipt is not None:
        by = f" by {args.receipt.by}" if args.receipt.by is not None else ""
        return f"{args.receipt.status}{by}"
    return args.status or "one"


# --- what must not happen -------------------------------------------------------------------------------


def _expect_absence(context: StepContext, args: verbs.NotExpected, for_s: float) -> StepCoroutine[str]:
    """Passes when the time is over; fails as soon as it happens."""
    consumer = context.consumer
    if args.close is not None:
        if consumer.connection is None:
            raise StepFailed(
                f"the connection is over: {consumer.end_sentence}" if consumer.ended else "there is none yet"
            )
        before = consumer.connection
        ended = yield WaitFor(
            lambda: consumer.ended if consumer.connection != before else None, context.now_s + for_s, None
        )
        if ended is not None:
            raise StepFailed(
                f"the connection was not to end for {describe.span(for_s)},"
                f" but it is over: {consumer.end_sentence}",
                describe.lines(context.view.transcript),
            )
    else:
        yield from _expect_no_message(context, args, for_s)
    return f"nothing of it for {describe.span(for_s)}"


def _expect_no_message(context: StepContext, args: verbs.NotExpected, for_s: float) -> StepCoroutine[None]:
    only_new = args.status is None and args.receipt is None
    find = _finder(context, args, first=len(context.view.messages) if only_new else 0)

    def happened() -> MessageView | None:
        message = _view(context, find())
        if message is None or not (only_new or _has(message, context, args)):
            return None
        return message

    message = yield from wait_for(context, happened, context.now_s + for_s)
    if message is None:
        return
    if only_new and args.message_filter is not None:
        wished, instead = f"no {args.message_filter.in_words} was to come", "there is"
    else:
        wished, instead = f"{_message_name(args)} was not to be {_expectation_text(args)}", "it is:"
    raise StepFailed(
        f"{wished} for {describe.span(for_s)}, but {instead} {describe.line(message)}",
        describe.lines(context.view.transcript),
    )
