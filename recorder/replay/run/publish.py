"""The verbs ``say`` and ``type``. A publish is sent once, and never repeated after a reconnect."""

from __future__ import annotations

from collections.abc import Callable

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump

from ..language import verbs
from ..language.script import Step
from .step_context import (
    StepContext,
    StepCoroutine,
    answered_with,
    dialog_of,
    refusal_expected,
    send_request,
    send_text,
)


def say(context: StepContext, step: Step, args: verbs.SayVerb) -> StepCoroutine[str]:
    """Publish a text."""
    dialog_id = dialog_of(context, args.dialog)
    conversation_id = context.view.conversation_of(dialog_id)

    def make_request(request_id: str) -> Request:
        return requests.publish_text(request_id, dialog_id, args.text, conversation_id=conversation_id)

    return (yield from publish(context, step, make_request, args.as_, args.within))


def publish(
    context: StepContext,
    step: Step,
    make_request: Callable[[str], Request],
    name: str | None,
    within_s: float,
) -> StepCoroutine[str]:
    """Publish a message that last_sent, and its name, stand for from then on."""

    def sent(frame: int) -> None:
        context.view.last_publish = frame
        context.bind(name, frame, step)

    if refusal_expected(context, step):  # the next step judges what comes of it, and when
        frame = yield from send_text(context, dump(make_request(context.consumer.next_id())))
        sent(frame)
        return f"frame {frame}"
    answer = yield from send_request(context, make_request, within_s, repeatable=False, sent=sent)
    return f"frame {answer.request_frame}, {answered_with(answer)}"


def type_(context: StepContext, step: Step, args: verbs.TypeVerb) -> StepCoroutine[str]:
    """Publish a chat state; nobody waits for its answer."""
    dialog_id = dialog_of(context, args.dialog)
    conversation_id = context.view.conversation_of(dialog_id)
    make_request = requests.publish_chat_state(
        context.consumer.next_id(), dialog_id, args.state, conversation_id=conversation_id
    )
    frame = yield from send_text(context, dump(make_request))
    return f"frame {frame}"
