"""The verbs ``accept``, ``read`` and ``receipt``: they plan receipts, sent independently of steps."""

from __future__ import annotations

from collections.abc import Iterable

from ..language import verbs
from ..language.script import Step
from . import describe
from .receipt_batches import MessageId
from .step_context import StepContext, StepCoroutine, StepFailed, target_of


def accept_or_read(
    context: StepContext, step: Step, args: verbs.AcceptVerb | verbs.ReadVerb
) -> StepCoroutine[str]:
    """Plan these receipts in place of what was planned for them; ``after: never`` suspends them."""
    yield from ()
    schedule, status = context.schedule, step.verb.upper()
    keys = _receivable(context, args.messages)
    if args.after == "never":
        for key in keys:
            schedule.suspend(key, status)
        return "will not be given"
    left = [key for key in keys if not schedule.is_given(key, status)]
    if not left:
        return "given already"
    if args.with_ is not None:
        return _join(context, step, left, args.with_)
    delay = args.after if args.after is not None else 0.0
    times = [
        schedule.plan(together, status, after=delay, now_s=context.now_s, step=step.number)
        for together in _by_dialog(left)
    ]
    return _planned(context, max(times))


def receipt(context: StepContext, step: Step, args: verbs.ReceiptVerb) -> StepCoroutine[str]:
    """Plan a receipt of any status, even if it was sent before."""
    yield from ()
    delay = args.after if args.after is not None else 0.0
    times = [
        context.schedule.plan_again(
            together,
            args.status,
            after=delay,
            now_s=context.now_s,
            step=step.number,
            metadata=args.metadata,
        )
        for together in _by_dialog(_receivable(context, args.messages))
    ]
    return _planned(context, max(times))


def _join(context: StepContext, step: Step, keys: list[MessageId], reference: str | int) -> str:
    status = step.verb.upper()
    (leader,) = _receivable(context, (reference,))
    if any(key.dialog_id != leader.dialog_id for key in keys):
        raise StepFailed(
            f"{reference} is in another dialog ({leader.dialog_id}); a frame holds receipts of one dialog"
        )
    if context.schedule.leads_to(leader, keys, status):
        raise StepFailed(f"the {status} of {reference} waits for this one already; neither would ever go out")
    at_s = context.schedule.plan_with(keys, leader, status, now_s=context.now_s, step=step.number)
    return f"goes out with {reference}" if at_s is None else _planned(context, at_s)


def _receivable(context: StepContext, references: Iterable[str | int]) -> list[MessageId]:
    keys = []
    for reference in references:
        target = target_of(context, reference)
        if isinstance(target, int):
            raise StepFailed(
                f"the message {reference} (frame {target}) has no sequence; no receipt can name it"
            )
        keys.append(target)
    return list(dict.fromkeys(keys))


def _by_dialog(keys: Iterable[MessageId]) -> list[list[MessageId]]:
    """A frame holds receipts of one dialog."""
    together: dict[str, list[MessageId]] = {}
    for key in keys:
        together.setdefault(key.dialog_id, []).append(key)
    return list(together.values())


def _planned(context: StepContext, at_s: float) -> str:
    return (
        "goes out now"
        if at_s <= context.now_s
        else f"goes out in {describe.span(round(at_s - context.now_s, 6))}"
    )
