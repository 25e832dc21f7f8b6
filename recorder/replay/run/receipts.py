"""Steps about receipts: they plan; what is planned goes out beside the steps."""

from __future__ import annotations

from collections.abc import Iterable

from ..language import verbs
from ..language.script import Step
from . import describe
from .receipt_schedule import MessageKey
from .step_context import Course, Scene, StepFailed, target_of


def accept_or_read(scene: Scene, step: Step, says: verbs.Accept | verbs.Read) -> Course[str]:
    """Plan these receipts in place of what was planned for them; or see to it that they never go out."""
    yield from ()
    plan, status = scene.plan, step.verb.upper()
    keys = _receivable(scene, says.messages)
    if says.after == "never":
        for key in keys:
            plan.suspend(key, status)
        return "will not be given"
    left = [key for key in keys if not plan.is_given(key, status)]
    if not left:
        return "given already"
    if says.with_ is not None:
        return _join(scene, step, left, says.with_)
    delay = says.after if says.after is not None else 0.0
    times = [
        plan.ask(together, status, after=delay, now_s=scene.now_s, step=step.number)
        for together in _by_dialog(left)
    ]
    return _planned(scene, max(times))


def receipt(scene: Scene, step: Step, says: verbs.Receipt) -> Course[str]:
    """Plan a receipt of any status, also one that was given before."""
    yield from ()
    delay = says.after if says.after is not None else 0.0
    times = [
        scene.plan.ask_again(
            together,
            says.status,
            after=delay,
            now_s=scene.now_s,
            step=step.number,
            metadata=says.metadata,
        )
        for together in _by_dialog(_receivable(scene, says.messages))
    ]
    return _planned(scene, max(times))


def _join(scene: Scene, step: Step, keys: list[MessageKey], reference: str | int) -> str:
    status = step.verb.upper()
    (leader,) = _receivable(scene, (reference,))
    if any(key.dialog_id != leader.dialog_id for key in keys):
        raise StepFailed(
            f"{reference} is in another dialog ({leader.dialog_id}); a frame holds receipts of one dialog"
        )
    if scene.plan.leads_to(leader, keys, status):
        raise StepFailed(f"the {status} of {reference} waits for this one already; neither would ever go out")
    at_s = scene.plan.join(keys, leader, status, now_s=scene.now_s, step=step.number)
    return f"goes out with {reference}" if at_s is None else _planned(scene, at_s)


def _receivable(scene: Scene, references: Iterable[str | int]) -> list[MessageKey]:
    keys = []
    for reference in references:
        target = target_of(scene, reference)
        if isinstance(target, int):
            raise StepFailed(
                f"the message {reference} (frame {target}) has no sequence; no receipt can name it"
            )
        keys.append(target)
    return list(dict.fromkeys(keys))


def _by_dialog(keys: Iterable[MessageKey]) -> list[list[MessageKey]]:
    """A frame holds receipts of one dialog."""
    together: dict[str, list[MessageKey]] = {}
    for key in keys:
        together.setdefault(key.dialog_id, []).append(key)
    return list(together.values())


def _planned(scene: Scene, at_s: float) -> str:
    return (
        "goes out now"
        if at_s <= scene.now_s
        else f"goes out in {describe.span(round(at_s - scene.now_s, 6))}"
    )
