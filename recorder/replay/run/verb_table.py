"""What each verb does, as a course of wants. The table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recorder.messaging import requests
from recorder.messaging.envelopes import Request

from ..language import verbs
from ..language.script import Step
from . import describe
from .await_message import await_message
from .connect import disconnect, reconnect
from .consumer_view import POST_SURVEY
from .expect import expect
from .publish import say, type_
from .raw_send import send, send_file, send_frame
from .receipts import accept_or_read, receipt
from .step_context import (
    Course,
    Rest,
    Scene,
    StepFailed,
    answered_with,
    ask,
    dialog_of,
    refusal_expected,
    until,
)


def perform(scene: Scene, step: Step) -> Course[str]:
    """The course of one step, from when it is time for it."""
    if isinstance(step.says, verbs.Timed) and step.says.after is not None:
        yield Rest(_counted_from_s(scene) + step.says.after.draw(scene.stage.rng))
    says = scene.filled(step)
    return (yield from _COURSES[type(says)](scene, step, says))


def _counted_from_s(scene: Scene) -> float:
    """When the message last awaited arrived; now, where none was."""
    return scene.known.messages[scene.awaited - 1].at_s if scene.awaited else scene.now_s


# --- the verbs that ask for conversations, and some small ones ------------------------------------------


def _open_conversation(scene: Scene, step: Step, says: verbs.OpenConversation) -> Course[str]:
    """As a real window does: hear of conversations, ask for one, hear its main dialog."""
    refusable = refusal_expected(scene, step)
    if not scene.part.listening.conversations:
        yield from ask(scene, requests.subscribe_conversations, says.within)
    consumer = scene.part.consumer

    def wish(request_id: str) -> Request:
        return requests.request_conversation(
            request_id,
            ttr=says.ttr,
            skill_id=says.skill,
            brand_id=consumer.brand,
            campaign=consumer.campaign,
            context=consumer.context,
        )

    answer = yield from ask(scene, wish, says.within, refusable=refusable, repeatable=False)
    scene.bind_answer(says.as_, answer)
    conversation_id = scene.known.opened_by(answer.ask) if answer.ask is not None else None
    if conversation_id is None:
        if refusable:
            return answered_with(answer)
        raise StepFailed(f"the answer (frame {answer.evidence.frame}) names no conversation")
    scene.known.conversation_id = conversation_id
    yield from ask(
        scene,
        lambda request_id: requests.subscribe_messages(
            request_id, conversation_id, conversation_id=conversation_id
        ),
        says.within,
    )
    scene.known.last_request = answer.ask
    return f"conversation {conversation_id}"


def _subscribe(scene: Scene, step: Step, says: verbs.Subscribe) -> Course[str]:
    refusable = refusal_expected(scene, step)
    if says.dialog == "conversations":
        answer = yield from ask(scene, requests.subscribe_conversations, says.within, refusable=refusable)
        scene.bind_answer(says.as_, answer)
        return answered_with(answer)
    known = scene.known
    if says.dialog == POST_SURVEY:  # the answer to closing comes before anybody tells of the survey
        yield from until(scene, lambda: known.dialog(POST_SURVEY), scene.now_s + says.within)
    dialog_id = dialog_of(scene, says.dialog)
    from_seq = known.last_sequence(dialog_id) if says.from_sequence == "last" else says.from_sequence

    def wish(request_id: str) -> Request:
        return requests.subscribe_messages(
            request_id, dialog_id, from_seq=from_seq, conversation_id=known.conversation_of(dialog_id)
        )

    answer = yield from ask(scene, wish, says.within, refusable=refusable)
    scene.bind_answer(says.as_, answer)
    if known.conversation() is None and dialog_id in scene.part.listening.dialogs:
        known.conversation_id = dialog_id  # somebody else opened it: from now on it is meant
    return answered_with(answer)


def _wait(scene: Scene, step: Step, says: verbs.Wait) -> Course[str]:
    duration_s = says.duration.draw(scene.stage.rng)
    yield Rest(scene.now_s + duration_s)
    return describe.span(round(duration_s, 6))


def _keep_alive(scene: Scene, step: Step, says: verbs.KeepAlive) -> Course[str]:
    refusable = refusal_expected(scene, step)
    answer = yield from ask(scene, requests.get_clock, says.within, refusable=refusable)
    scene.bind_answer(says.as_, answer)
    return answered_with(answer)


def _change_rate(scene: Scene, step: Step, says: verbs.ChangeRate) -> Course[str]:
    yield from ()
    scene.part.spacing_s = says.rate
    return "no limit" if not says.rate else f"at least {describe.span(says.rate)} apart"


def _close_dialog(scene: Scene, step: Step, says: verbs.CloseDialog) -> Course[str]:
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id) or dialog_id
    yield from _after_planned_receipts(scene)
    answer = yield from ask(
        scene,
        lambda request_id: requests.close_dialog(request_id, conversation_id, dialog_id),
        says.within,
        refusable=refusal_expected(scene, step),
    )
    scene.bind_answer(says.as_, answer)
    scene.plan.close_dialog(dialog_id)
    return answered_with(answer)


def _close_conversation(scene: Scene, step: Step, says: verbs.CloseConversation) -> Course[str]:
    conversation_id = dialog_of(scene, None)
    yield from _after_planned_receipts(scene)
    answer = yield from ask(
        scene,
        lambda request_id: requests.close_conversation(request_id, conversation_id),
        says.within,
        refusable=refusal_expected(scene, step),
    )
    scene.bind_answer(says.as_, answer)
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
    verbs.Say: say,
    verbs.SendFile: send_file,
    verbs.Type: type_,
    verbs.Accept: accept_or_read,
    verbs.Read: accept_or_read,
    verbs.Receipt: receipt,
    verbs.Await: await_message,
    verbs.Expect: expect,
    verbs.Wait: _wait,
    verbs.KeepAlive: _keep_alive,
    verbs.SendEnvelope: send,
    verbs.SendFrame: send_frame,
    verbs.Disconnect: disconnect,
    verbs.Reconnect: reconnect,
    verbs.ChangeRate: _change_rate,
    verbs.CloseDialog: _close_dialog,
    verbs.CloseConversation: _close_conversation,
}
