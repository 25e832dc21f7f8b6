"""Waiting for a message, and for a message to be as expected."""

from __future__ import annotations

from recorder.messaging.events import Proof
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.receipts.state import Message

from . import seen, verbs
from .patterns import PatternTooSlow, fits
from .receipts_plan import MessageKey
from .scene import Course, Scene, StepFailed, answer_to, answered_with, until
from .script import Step


def await_message(scene: Scene, step: Step, says: verbs.Await) -> Course[str]:
    search = _Search(scene, says.message)
    found = yield from until(search.next_found, scene.now_s + says.within)
    if found is None:
        raise StepFailed(
            f"no such message came within {seen.span(says.within)}", seen.lines(scene.known.transcript)
        )
    scene.awaited = search.looked_at
    scene.bind(says.as_, found, step)
    message = scene.known.view_of(found)
    return seen.line(message) if message is not None else f"#{found.sequence}"


class _Search:
    """Looks at each message once, from behind the last one that was awaited."""

    def __init__(self, scene: Scene, wanted: verbs.Wanted) -> None:
        self._scene = scene
        self._wanted = wanted
        self._missing = wanted.nth
        self.looked_at = scene.awaited

    def next_found(self) -> MessageKey | None:
        known = self._scene.known
        while self.looked_at < len(known.messages):
            key = known.messages[self.looked_at].key
            self.looked_at += 1
            self._missing -= self._is_wanted(key)
            if self._missing == 0:
                return key
        return None

    def _is_wanted(self, key: MessageKey) -> bool:
        known, wanted = self._scene.known, self._wanted
        message = known.message(key)
        return (
            _is_from(wanted.from_, message, ours=known.is_ours(key))
            and wanted.type in (None, message.type)
            and (wanted.dialog is None or known.dialog(wanted.dialog) == key.dialog_id)
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
        return text is not None and fits(pattern, text)
    except PatternTooSlow:
        raise StepFailed(f"the pattern {pattern} takes too long; it was stopped") from None


# --- expect ---------------------------------------------------------------------------------------------

_HEIGHT = {"sent": 1, "accepted": 2, "read": 3}
_DISMAL = ("pending", "failed", "unknown")


def expect(scene: Scene, step: Step, says: verbs.Expect) -> Course[str]:
    if says.answer is not None:
        return (yield from _expect_answer(scene, says.answer, says.within))
    reference = says.message if says.message is not None else verbs.LAST_SENT
    met = yield from until(lambda: _met(scene, reference, says), scene.now_s + says.within)
    if met is None or not _is_met(met, scene, says):
        raise _not_met(scene, reference, says)
    return seen.line(met)


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


def _met(scene: Scene, reference: str | int, says: verbs.Expect) -> MessageView | None:
    """The message once it is as expected, or can never be."""
    target = scene.known.target(reference)
    message = scene.known.view_of(target) if target is not None else None
    if message is None:
        return None
    hopeless = message.status == "failed" and says.status != "failed"
    return message if hopeless or _is_met(message, scene, says) else None


def _is_met(message: MessageView, scene: Scene, says: verbs.Expect) -> bool:
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


def _not_met(scene: Scene, reference: str | int, says: verbs.Expect) -> StepFailed:
    receipt = says.receipt
    by = f" by {receipt.by}" if receipt is not None and receipt.by is not None else ""
    wished = f"{receipt.status}{by}" if receipt is not None else says.status
    target = scene.known.target(reference)
    message = scene.known.view_of(target) if target is not None else None
    instead = f"it is {seen.state(message)}" if message is not None else "there is no such message"
    return StepFailed(
        f"{reference}: {wished} was expected within {seen.span(says.within)}, but {instead}",
        seen.lines(scene.known.transcript),
    )
