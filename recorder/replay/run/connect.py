"""Connecting, authenticating, subscribing again after a connection was lost, and disconnecting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from recorder.messaging import requests
from recorder.messaging.envelopes import Request
from recorder.wire.frames import AUTHENTICATION_CLOSES, CloseCode

from ..language import verbs
from ..language.script import Step
from . import describe
from .actions import Abort, CloseConnection, Ended
from .reconnect_policy import ReconnectAttempt
from .step_context import (
    ConsumerAction,
    SleepUntil,
    StepContext,
    StepCoroutine,
    StepFailed,
    WaitFor,
    answered_with,
    open_connection,
    send_request,
)

LOGIN_TIMEOUT_S = 10.0
"""How long to wait for answers that no step sets a timeout for."""


def send_init_connection(context: StepContext, within_s: float = LOGIN_TIMEOUT_S) -> StepCoroutine[str]:
    """Authenticate with an InitConnection request."""
    token = context.consumer.token or ""
    yield from send_request(
        context, lambda request_id: requests.init_connection(request_id, token), within_s, repeatable=False
    )
    return "let in"


def set_profile(context: StepContext) -> StepCoroutine[str]:
    """Send the script's ``properties`` as the user profile."""
    properties = context.consumer.declaration.properties or {}
    answer = yield from send_request(
        context, lambda request_id: requests.set_user_profile(request_id, properties), LOGIN_TIMEOUT_S
    )
    return answered_with(answer)


def reconnect_automatically(context: StepContext) -> StepCoroutine[str]:
    """Connect again at ``consumer.next_attempt``, until it succeeds or the policy gives up."""
    consumer = context.consumer
    while consumer.next_attempt is not None:
        again: ReconnectAttempt = consumer.next_attempt
        yield SleepUntil(again.at_s)
        try:
            yield from open_connection(context, fresh_token=again.fresh_token)
        except StepFailed as failed:
            consumer.next_attempt = consumer.reconnect_policy.after_refusal(context.now_s)
            if consumer.next_attempt is None:
                raise StepFailed(f"it could not connect again: {failed.sentence}") from None
            continue
        return (yield from _restore_session(context, "last", LOGIN_TIMEOUT_S))
    return ""


def reconnect(context: StepContext, step: Step, args: verbs.ReconnectVerb) -> StepCoroutine[str]:
    """The verb ``reconnect``: close what is open, connect again, restore the subscriptions."""
    consumer = context.consumer
    consumer.next_attempt = None
    if consumer.connection is not None:
        yield ConsumerAction(consumer, CloseConnection())
    if args.after is not None:
        yield SleepUntil(context.now_s + args.after.draw(context.run.rng))
    refused = consumer.ended is not None and consumer.ended.code in AUTHENTICATION_CLOSES
    yield from open_connection(context, fresh_token=refused)
    listened = yield from _restore_session(context, args.from_sequence, args.within)
    return f"connection {consumer.connection}{listened}"


def _restore_session(
    context: StepContext, from_sequence: int | Literal["last"], within_s: float
) -> StepCoroutine[str]:
    consumer = context.consumer
    if consumer.init_connection:
        yield from send_init_connection(context, within_s)
    if consumer.subscriptions.conversations:
        yield from send_request(context, requests.subscribe_conversations, within_s, repeatable=False)
    dialogs = tuple(consumer.subscriptions.dialogs)
    for dialog_id in dialogs:
        yield from _resubscribe(context, dialog_id, from_sequence, within_s)
    consumer.become_ready(context.now_s)
    return f", {len(dialogs)} dialog{'' if len(dialogs) == 1 else 's'} listened to again" if dialogs else ""


def subscription(
    context: StepContext, dialog_id: str, from_sequence: int | Literal["last"]
) -> Callable[[str], Request]:
    """Makes a request for the events of a dialog; "last": from the highest sequence that was pushed."""
    from_seq = context.view.last_sequence(dialog_id) if from_sequence == "last" else from_sequence
    conversation_id = context.view.conversation_of(dialog_id)
    return lambda request_id: requests.subscribe_messages(
        request_id, dialog_id, from_seq=from_seq, conversation_id=conversation_id
    )


def _resubscribe(
    context: StepContext, dialog_id: str, from_sequence: int | Literal["last"], within_s: float
) -> StepCoroutine[None]:
    closed = context.view.is_closed(dialog_id)
    make_request = subscription(context, dialog_id, from_sequence)
    answer = yield from send_request(context, make_request, within_s, refusable=closed, repeatable=False)
    if closed and answer.code is not None and answer.code >= 400:
        context.run.notes.append(f"the closed dialog {dialog_id} is not told again: {answered_with(answer)}")


def disconnect(context: StepContext, step: Step, args: verbs.DisconnectVerb) -> StepCoroutine[str]:
    """The verb ``disconnect``."""
    consumer = context.consumer
    consumer.next_attempt = None
    if consumer.connection is None:
        raise StepFailed(f"there is no connection to end: {consumer.end_sentence or 'it was never opened'}")
    clean = args.how == "clean"
    action = CloseConnection(args.code, args.reason) if clean else Abort(args.how == "mid-frame")
    ended: Ended = yield ConsumerAction(consumer, action)
    return ended.description


def expect_close(context: StepContext, expected: verbs.ExpectedClose, within_s: float) -> StepCoroutine[str]:
    """Wait until the connection ends, and check its close code and who closed it."""
    consumer = context.consumer
    if consumer.connection is None and consumer.ended is None:
        raise StepFailed("there was no connection yet")
    ended: Ended | None = yield WaitFor(lambda: consumer.ended, context.now_s + within_s, None)
    if ended is None:
        raise StepFailed(
            f"{_expectation_text(expected)} was expected within {describe.span(within_s)},"
            " but the connection is still open",
            describe.lines(context.view.transcript),
        )
    if not _is_expected(ended, expected):
        raise StepFailed(f"{_expectation_text(expected)} was expected, but it is over: {ended.description}")
    return ended.description


def _is_expected(ended: Ended, expected: verbs.ExpectedClose) -> bool:
    code = ended.code
    if code is None:
        code = CloseCode.NO_STATUS if ended.how == "closed" else CloseCode.ABNORMAL
    return expected.code in (None, code) and expected.by in (None, ended.by)


def _expectation_text(expected: verbs.ExpectedClose) -> str:
    by = f" by the {expected.by}" if expected.by is not None else ""
    return f"the end of the connection{by}" if expected.code is None else f"close code {expected.code}{by}"
