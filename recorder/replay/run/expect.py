"""Expecting: that a message is so, that an answer or a close has its code, that something stays away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recorder.messaging.events import Proof
from recorder.receipts.queries import MessageView, ReceiptView

from ..language import verbs
from ..language.script import Step
from ..language.verbs_waiting import MessageStatus
from . import describe
from .await_message import Search
from .connect import expect_close
from .consumer_view import Target
from .step_context import Course, Scene, StepFailed, Until, answer_to, answered_with, until

_HEIGHT = {"sent": 1, "accepted": 2, "read": 3}
_DISMAL = ("pending", "failed", "unknown")
_LONGEST_TEXT = 500


def expect(scene: Scene, step: Step, says: verbs.Expect) -> Course[str]:
    """Whatever is expected, waited for as long as the step says."""
    if says.answer is not None:
        return (yield from _expect_answer(scene, says.answer, says.within))
    if says.close is not None:
        return (yield from expect_close(scene, says.close, says.within))
    if says.not_ is not None:
        return (yield from _expect_absence(scene, says.not_, says.for_ or 0.0))
    return (yield from _expect_message(scene, says))


def _expect_answer(scene: Scene, code: int, within_s: float) -> Course[str]:
    frame = scene.known.last_request
    if frame is None:
        raise StepFailed("nothing was asked yet")
    answer = yield from answer_to(scene, frame, "the last request", within_s, refusable=True)
    if answer.code != code:
        raise StepFailed(
            f"{code} was expected, but the last request (frame {frame}) was {answered_with(answer)}"
        )
    return answered_with(answer)


# --- a message ------------------------------------------------------------------------------------------


class _OfMessage(Protocol):
    """What is said of a message, expected or not."""

    @property
    def reference(self) -> str | int | None: ...
    @property
    def wanted(self) -> verbs.Wanted | None: ...
    @property
    def status(self) -> MessageStatus | None: ...
    @property
    def receipt(self) -> verbs.ExpectedReceipt | None: ...


Find = Callable[[], Target | None]


def _finder(scene: Scene, says: _OfMessage, *, first: int = 0) -> Find:
    """How to find the message: by its name, or as the first that is as described."""
    wanted, reference = says.wanted, says.reference
    if wanted is not None:
        return Search(scene, wanted, first=first).next_found
    named = verbs.LAST_SENT if reference is None else reference
    return lambda: scene.stage.names.target(named, scene.known)


def _view(scene: Scene, target: Target | None) -> MessageView | None:
    return scene.known.view_of(target) if target is not None else None


def _expect_message(scene: Scene, says: verbs.Expect) -> Course[str]:
    find = _finder(scene, says)

    def decided() -> MessageView | None:
        """The message once it is as expected, or can never be."""
        message = _view(scene, find())
        if message is None:
            return None
        hopeless = message.status == "failed" and says.status != "failed"
        return message if hopeless or _is_met(message, scene, says) or _is_other_text(message, says) else None

    met = yield from until(scene, decided, scene.now_s + says.within)
    if met is None or not _is_met(met, scene, says):
        raise _not_met(scene, says, _view(scene, find()))
    return describe.line(met)


def _is_met(message: MessageView, scene: Scene, says: verbs.Expect) -> bool:
    if says.text is not None:
        return message.text == says.text
    if says.status is None and says.receipt is None:
        return True
    return _has(message, scene, says)


def _is_other_text(message: MessageView, says: verbs.Expect) -> bool:
    """A text does not change any more, once it was heard."""
    return says.text is not None and message.sent is not None and message.text != says.text


def _has(message: MessageView, scene: Scene, says: _OfMessage) -> bool:
    """Whether it has the receipt, or has reached the status, that is spoken of."""
    if says.receipt is not None:
        return any(_is_expected(given, scene, says.receipt) for given in message.receipts)
    if says.status in _DISMAL:
        return message.status == says.status
    return _HEIGHT.get(message.status, 0) >= _HEIGHT[says.status or "sent"]


def _is_expected(given: ReceiptView, scene: Scene, expected: verbs.ExpectedReceipt) -> bool:
    if given.status != expected.status or given.evidence.proof < Proof.ACKNOWLEDGED:
        return False
    ours = bool(given.mine) or scene.known.is_us(given.participant, given.role)
    by = expected.by
    if by in ("consumer", "us"):
        return ours
    return by is None or (not ours if by == "agent" else by == given.participant or by.upper() == given.role)


def _not_met(scene: Scene, says: verbs.Expect, message: MessageView | None) -> StepFailed:
    shown = describe.lines(scene.known.transcript)
    if message is not None and _is_other_text(message, says):  # no time will change that
        instead = f"it is {describe.quoted(message.text, _LONGEST_TEXT)}"
        return StepFailed(f"{_called(says)}: {_wished(says)} was expected, but {instead}", shown)
    instead = "there is no such message" if message is None else f"it is {describe.state(message)}"
    return StepFailed(
        f"{_called(says)}: {_wished(says)} was expected within {describe.span(says.within)}, but {instead}",
        shown,
    )


def _called(says: _OfMessage) -> str:
    if says.wanted is not None:
        return f"a {says.wanted.in_words}"
    return f"#{says.reference}" if isinstance(says.reference, int) else str(says.reference)


def _wished(says: _OfMessage) -> str:
    text = getattr(says, "text", None)
    if text is not None:
        return f'the text "{text}"'
    if says.receipt is not None:
        by = f" by {says.receipt.by}" if says.receipt.by is not None else ""
        return f"{says.receipt.status}{by}"
    return says.status or "one"


# --- what must not happen -------------------------------------------------------------------------------


def _expect_absence(scene: Scene, says: verbs.NotExpected, for_s: float) -> Course[str]:
    """Passes once the time is over; fails as soon as it happens."""
    part = scene.part
    if says.close is not None:
        if part.connection is None:
            raise StepFailed(
                f"the connection is over: {part.over_says}" if part.ended else "there is none yet"
            )
        before = part.connection
        ended = yield Until(
            lambda: part.ended if part.connection != before else None, scene.now_s + for_s, None
        )
        if ended is not None:
            raise StepFailed(
                f"the connection was not to end for {describe.span(for_s)}, but it is over: {part.over_says}",
                describe.lines(scene.known.transcript),
            )
    else:
        yield from _expect_no_message(scene, says, for_s)
    return f"nothing of it for {describe.span(for_s)}"


def _expect_no_message(scene: Scene, says: verbs.NotExpected, for_s: float) -> Course[None]:
    only_new = says.status is None and says.receipt is None
    find = _finder(scene, says, first=len(scene.known.messages) if only_new else 0)

    def happened() -> MessageView | None:
        message = _view(scene, find())
        if message is None or not (only_new or _has(message, scene, says)):
            return None
        return message

    message = yield from until(scene, happened, scene.now_s + for_s)
    if message is None:
        return
    if only_new and says.wanted is not None:
        wished, instead = f"no {says.wanted.in_words} was to come", "there is"
    else:
        wished, instead = f"{_called(says)} was not to be {_wished(says)}", "it is:"
    raise StepFailed(
        f"{wished} for {describe.span(for_s)}, but {instead} {describe.line(message)}",
        describe.lines(scene.known.transcript),
    )
