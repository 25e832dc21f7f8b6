"""Publishing messages: sent once, never again after a connection that ended, named by their frame."""

from __future__ import annotations

from collections.abc import Callable

from recorder.documents import Delay
from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump

from .language import verbs
from .language.script import Step
from .scene import Course, Rest, Scene, answered_with, ask, dialog_of, refusal_expected, tell


def say(scene: Scene, step: Step, says: verbs.Say) -> Course[str]:
    """Publish a text, when it is time to."""
    yield from _when_due(scene, says.after)
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
    """Publish a chat state, when it is time to; nobody waits for its answer."""
    yield from _when_due(scene, says.after)
    dialog_id = dialog_of(scene, says.dialog)
    conversation_id = scene.known.conversation_of(dialog_id)
    wish = requests.publish_chat_state(
        scene.part.next_id(), dialog_id, says.state, conversation_id=conversation_id
    )
    frame = yield from tell(scene, dump(wish))
    return f"frame {frame}"


def _when_due(scene: Scene, after: Delay | None) -> Course[None]:
    """So long from the arrival of the message last awaited; from now, where none was."""
    if after is None:
        return
    messages = scene.known.messages
    since_s = messages[scene.awaited - 1].at_s if scene.awaited else scene.now_s
    yield Rest(since_s + after.draw(scene.stage.rng))
