"""Publishing messages: sent once, never again after a connection that ended, named by their frame."""

from __future__ import annotations

from collections.abc import Callable

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump

from ..language import verbs
from ..language.script import Step
from .step_context import Course, Scene, answered_with, ask, dialog_of, refusal_expected, tell


def say(scene: Scene, step: Step, says: verbs.Say) -> Course[str]:
    """Publish a text."""
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id)

    def wish(request_id: str) -> Request:
        return requests.publish_text(request_id, dialog_id, says.text, conversation_id=conversation_id)

    return (yield from publish(scene, step, wish, says.as_, says.within))


def publish(
    scene: Scene, step: Step, wish: Callable[[str], Request], name: str | None, within_s: float
) -> Course[str]:
    """Publish a message that last_sent, and its name, stand for from then on."""

    def sent(frame: int) -> None:
        scene.known.last_said = frame
        scene.bind(name, frame, step)

    if refusal_expected(scene, step):  # the next step judges what comes of it, and when
        frame = yield from tell(scene, dump(wish(scene.part.next_id())))
        sent(frame)
        return f"frame {frame}"
    answer = yield from ask(scene, wish, within_s, repeatable=False, sent=sent)
    return f"frame {answer.ask}, {answered_with(answer)}"


def type_(scene: Scene, step: Step, says: verbs.Type) -> Course[str]:
    """Publish a chat state; nobody waits for its answer."""
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id)
    wish = requests.publish_chat_state(
        scene.part.next_id(), dialog_id, says.state, conversation_id=conversation_id
    )
    frame = yield from tell(scene, dump(wish))
    return f"frame {frame}"
