"""What each verb does, as a step coroutine. The table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recorder.messaging import requests
from recorder.messaging.envelopes import Request

from ..language import verbs
from ..language.script import Step
from . import describe
from .await_message import await_message
from .connect import disconnect, reconnect, subscription
from .consumer_view import POST_SURVEY
from .expect import expect
from .publish import say, type_
from .raw_send import send, send_file, send_frame
from .receipts import accept_or_read, receipt
from .step_context import (
    SleepUntil,
    StepContext,
    StepCoroutine,
    StepFailed,
    answered_with,
    dialog_of,
    refusal_expected,
    send_request,
    wait_for,
)

_RequestVerb = verbs.SubscribeVerb | verbs.KeepAliveVerb | verbs.CloseDialogVerb | verbs.CloseConversationVerb


def perform(context: StepContext, step: Step) -> StepCoroutine[str]:
    """Run one step, after the delay of its ``after``."""
    if isinstance(step.arguments, verbs.TimedVerb) and step.arguments.after is not None:
        yield SleepUntil(_counted_from_s(context) + step.arguments.after.draw(context.run.rng))
    args = context.filled(step)
    return (yield from _VERBS[type(args)](context, step, args))


def _counted_from_s(context: StepContext) -> float:
    """The arrival of the message awaited last; now, if none was awaited."""
    return context.view.messages[context.awaited - 1].at_s if context.awaited else context.now_s


# --- the verbs that ask for conversations, and some small ones ------------------------------------------


def _open_conversation(
    context: StepContext, step: Step, args: verbs.OpenConversationVerb
) -> StepCoroutine[str]:
    """As a web client does: subscribe to conversations, request one, subscribe to its main dialog."""
    refusable = refusal_expected(context, step)
    if not context.consumer.subscriptions.conversations:
        yield from send_request(context, requests.subscribe_conversations, args.within)
    consumer = context.consumer.declaration

    def make_request(request_id: str) -> Request:
        return requests.request_conversation(
            request_id,
            ttr=args.ttr,
            skill_id=args.skill,
            brand_id=consumer.brand,
            campaign=consumer.campaign,
            context=consumer.context,
        )

    answer = yield from send_request(
        context, make_request, args.within, refusable=refusable, repeatable=False
    )
    context.bind_answer(args.as_, answer)
    conversation_id = (
        context.view.opened_by(answer.request_frame) if answer.request_frame is not None else None
    )
    if conversation_id is None:
        if refusable:
            return answered_with(answer)
        raise StepFailed(f"the answer (frame {answer.evidence.frame}) names no conversation")
    context.view.conversation_id = conversation_id
    yield from send_request(
        context,
        lambda request_id: requests.subscribe_messages(
            request_id, conversation_id, conversation_id=conversation_id
        ),
        args.within,
    )
    context.view.last_request = answer.request_frame
    return f"conversation {conversation_id}"


def _subscribe(context: StepContext, step: Step, args: verbs.SubscribeVerb) -> StepCoroutine[str]:
    if args.dialog == "conversations":
        return (yield from _ask(context, step, args, requests.subscribe_conversations))
    view = context.view
    if args.dialog == POST_SURVEY:  # the answer to closing comes before anybody tells of the survey
        yield from wait_for(context, lambda: view.dialog(POST_SURVEY), context.now_s + args.within)
    dialog_id = dialog_of(context, args.dialog)
    answer = yield from _ask(context, step, args, subscription(context, dialog_id, args.from_sequence))
    if view.conversation() is None and dialog_id in context.consumer.subscriptions.dialogs:
        view.conversation_id = dialog_id  # somebody else opened it: from now on it is meant
    return answer


def _wait(context: StepContext, step: Step, args: verbs.WaitVerb) -> StepCoroutine[str]:
    duration_s = args.duration.draw(context.run.rng)
    yield SleepUntil(context.now_s + duration_s)
    return describe.span(round(duration_s, 6))


def _keep_alive(context: StepContext, step: Step, args: verbs.KeepAliveVerb) -> StepCoroutine[str]:
    return (yield from _ask(context, step, args, requests.get_clock))


def _change_rate(context: StepContext, step: Step, args: verbs.ChangeRateVerb) -> StepCoroutine[str]:
    yield from ()
    context.consumer.spacing_s = args.rate
    return "no limit" if not args.rate else f"at least {describe.span(args.rate)} apart"


def _close_dialog(context: StepContext, step: Step, args: verbs.CloseDialogVerb) -> StepCoroutine[str]:
    dialog_id = dialog_of(context, args.dialog)
    conversation_id = context.view.conversation_of(dialog_id) or dialog_id
    yield from _after_planned_receipts(context)
    answer = yield from _ask(
        context,
        step,
        args,
        lambda request_id: requests.close_dialog(request_id, conversation_id, dialog_id),
    )
    context.schedule.close_dialog(dialog_id)
    return answer


def _close_conversation(
    context: StepContext, step: Step, args: verbs.CloseConversationVerb
) -> StepCoroutine[str]:
    conversation_id = dialog_of(context, None)
    yield from _after_planned_receipts(context)
    answer = yield from _ask(
        context, step, args, lambda request_id: requests.close_conversation(request_id, conversation_id)
    )
    for dialog_id in context.view.dialogs_of(conversation_id):
        context.schedule.close_dialog(dialog_id)
    return answer


def _ask(
    context: StepContext, step: Step, args: _RequestVerb, make_request: Callable[[str], Request]
) -> StepCoroutine[str]:
    """Send the request of a verb, which the next step may expect to be refused; name its answer."""
    refusable = refusal_expected(context, step)
    answer = yield from send_request(context, make_request, args.within, refusable=refusable)
    context.bind_answer(args.as_, answer)
    return answered_with(answer)


def _after_planned_receipts(context: StepContext) -> StepCoroutine[None]:
    """A closed dialog takes no receipts: wait for those that are planned now."""
    last_at_s = context.schedule.last_at_s()
    if last_at_s is not None:
        yield SleepUntil(last_at_s)


_VERBS: dict[type[verbs.Verb], Callable[[StepContext, Step, Any], StepCoroutine[str]]] = {
    verbs.OpenConversationVerb: _open_conversation,
    verbs.SubscribeVerb: _subscribe,
    verbs.SayVerb: say,
    verbs.SendFileVerb: send_file,
    verbs.TypeVerb: type_,
    verbs.AcceptVerb: accept_or_read,
    verbs.ReadVerb: accept_or_read,
    verbs.ReceiptVerb: receipt,
    verbs.AwaitVerb: await_message,
    verbs.ExpectVerb: expect,
    verbs.WaitVerb: _wait,
    verbs.KeepAliveVerb: _keep_alive,
    verbs.SendEnvelopeVerb: send,
    verbs.SendFrameVerb: send_frame,
    verbs.DisconnectVerb: disconnect,
    verbs.ReconnectVerb: reconnect,
    verbs.ChangeRateVerb: _change_rate,
    verbs.CloseDialogVerb: _close_dialog,
    verbs.CloseConversationVerb: _close_conversation,
}
