"""What each verb does, as a course of wants. The table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recorder.messaging import requests
from recorder.messaging.envelopes import dump

from . import seen, verbs
from .awaiting import await_message, expect
from .receipts_plan import MessageKey
from .scene import (
    Course,
    Rest,
    Scene,
    StepFailed,
    answer_to,
    answered_with,
    ask,
    dialog_of,
    refusal_expected,
    target_of,
    tell,
)
from .script import Step


def perform(scene: Scene, step: Step) -> Course[str]:
    """The course of one step."""
    return _COURSES[type(step.says)](scene, step, step.says)


# --- the verbs ------------------------------------------------------------------------------------------


def _open_conversation(scene: Scene, step: Step, says: verbs.OpenConversation) -> Course[str]:
    """As a real window does: hear of conversations, ask for one, hear its main dialog."""
    refusable = refusal_expected(scene, step)
    if not scene.listening:
        yield from ask(scene, requests.subscribe_conversations(scene.next_id()), says.within)
        scene.listening = True
    wish = requests.request_conversation(scene.next_id(), ttr=says.ttr, skill_id=says.skill)
    answer = yield from ask(scene, wish, says.within, refusable=refusable)
    conversation_id = scene.known.opened_by(answer.ask) if answer.ask is not None else None
    if conversation_id is None:
        if refusable:
            return answered_with(answer)
        raise StepFailed(f"the answer (frame {answer.evidence.frame}) names no conversation")
    scene.known.conversation_id = conversation_id
    wish = requests.subscribe_messages(scene.next_id(), conversation_id, conversation_id=conversation_id)
    yield from ask(scene, wish, says.within)
    scene.known.last_request = answer.ask
    return f"conversation {conversation_id}"


def _subscribe(scene: Scene, step: Step, says: verbs.Subscribe) -> Course[str]:
    if says.dialog == "conversations":
        wish = requests.subscribe_conversations(scene.next_id())
    else:
        dialog_id = dialog_of(scene, says.dialog)
        last = scene.known.last_sequence(dialog_id)
        wish = requests.subscribe_messages(
            scene.next_id(),
            dialog_id,
            from_seq=last if says.from_sequence == "last" else says.from_sequence,
            conversation_id=scene.known.conversation_of(dialog_id),
        )
    answer = yield from ask(scene, wish, says.within, refusable=refusal_expected(scene, step))
    scene.listening = scene.listening or says.dialog == "conversations"
    return answered_with(answer)


def _say(scene: Scene, step: Step, says: verbs.Say) -> Course[str]:
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id)
    wish = requests.publish_text(scene.next_id(), dialog_id, says.text, conversation_id=conversation_id)
    frame = yield from tell(scene, dump(wish))
    scene.known.last_said = frame
    scene.bind(says.as_, frame, step)
    if refusal_expected(scene, step):  # the next step judges what comes of it, and when
        return f"frame {frame}"
    answer = yield from answer_to(scene, frame, wish.type, says.within, refusable=False)
    return f"frame {frame}, {answered_with(answer)}"


def _type(scene: Scene, step: Step, says: verbs.Type) -> Course[str]:
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id)
    wish = requests.publish_chat_state(
        scene.next_id(), dialog_id, says.state, conversation_id=conversation_id
    )
    frame = yield from tell(scene, dump(wish))
    return f"frame {frame}"


def _accept_or_read(scene: Scene, step: Step, says: verbs.Accept | verbs.Read) -> Course[str]:
    yield from ()
    key, status = _receivable(scene, says.message), step.verb.upper()
    if scene.plan.is_given(key, status):
        return "given already"
    if says.after == "never":
        scene.plan.suspend(key, status)
        return "will not be given"
    at_s = scene.plan.ask(key, status, after_s=says.after or 0.0, now_s=scene.now_s, step=step.number)
    return _planned(scene, at_s)


def _receipt(scene: Scene, step: Step, says: verbs.Receipt) -> Course[str]:
    yield from ()
    key = _receivable(scene, says.message)
    at_s = scene.plan.ask_again(
        key, says.status, after_s=says.after or 0.0, now_s=scene.now_s, step=step.number
    )
    return _planned(scene, at_s)


def _receivable(scene: Scene, reference: str | int) -> MessageKey:
    target = target_of(scene, reference)
    if isinstance(target, int):
        raise StepFailed(f"the message {reference} (frame {target}) has no sequence; no receipt can name it")
    return target


def _planned(scene: Scene, at_s: float) -> str:
    return "goes out now" if at_s <= scene.now_s else f"goes out in {seen.span(round(at_s - scene.now_s, 6))}"


def _wait(scene: Scene, step: Step, says: verbs.Wait) -> Course[str]:
    yield Rest(scene.now_s + says.duration)
    return seen.span(says.duration)


def _keep_alive(scene: Scene, step: Step, says: verbs.KeepAlive) -> Course[str]:
    wish = requests.get_clock(scene.next_id())
    return answered_with((yield from ask(scene, wish, says.within, refusable=refusal_expected(scene, step))))


def _send(scene: Scene, step: Step, says: verbs.SendEnvelope) -> Course[str]:
    envelope = says.envelope
    text = envelope if isinstance(envelope, str) else dump(envelope)
    frame = yield from tell(scene, text)
    return f"frame {frame}"


def _close_dialog(scene: Scene, step: Step, says: verbs.CloseDialog) -> Course[str]:
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id) or dialog_id
    yield from _after_planned_receipts(scene)
    wish = requests.close_dialog(scene.next_id(), conversation_id, dialog_id)
    answer = yield from ask(scene, wish, says.within, refusable=refusal_expected(scene, step))
    scene.plan.close_dialog(dialog_id)
    return answered_with(answer)


def _close_conversation(scene: Scene, step: Step, says: verbs.CloseConversation) -> Course[str]:
    conversation_id = dialog_of(scene, None)
    yield from _after_planned_receipts(scene)
    wish = requests.close_conversation(scene.next_id(), conversation_id)
    answer = yield from ask(scene, wish, says.within, refusable=refusal_expected(scene, step))
    for dialog_id in scene.known.dialogs_of(conversation_id):
        scene.plan.close_dialog(dialog_id)
    return answered_with(answer)


def _after_planned_receipts(scene: Scene) -> Course[None]:
    """What is closed takes no receipts: those that are planned by now go out first."""
    last_at_s = scene.plan.last_at_s()
    if last_at_s is not None:
        yield Rest(last_at_s)


_COURSES: dict[type[verbs.Verb], Callable[[Scene, Step, Any], Course[str]]] = {
    verbs.OpenConversation: _open_conversation,
    verbs.Subscribe: _subscribe,
    verbs.Say: _say,
    verbs.Type: _type,
    verbs.Accept: _accept_or_read,
    verbs.Read: _accept_or_read,
    verbs.Receipt: _receipt,
    verbs.Await: await_message,
    verbs.Expect: expect,
    verbs.Wait: _wait,
    verbs.KeepAlive: _keep_alive,
    verbs.SendEnvelope: _send,
    verbs.CloseDialog: _close_dialog,
    verbs.CloseConversation: _close_conversation,
}
