"""Connecting, being let in, listening again after the connection was lost, and leaving."""

from __future__ import annotations

from typing import Literal

from recorder.messaging import requests
from recorder.messaging.envelopes import Request
from recorder.wire.frames import AUTHENTICATION_CLOSES, CloseCode

from ..language import verbs
from ..language.script import Step
from . import describe
from .actions import Abort, Ended, HangUp
from .reconnect_policy import Again
from .step_context import Course, Join, Leave, Rest, Scene, StepFailed, Until, answered_with, ask

LET_IN_WITHIN_S = 10.0
"""How long answers are waited for that no step set a time for."""


def introduce(scene: Scene, within_s: float = LET_IN_WITHIN_S) -> Course[str]:
    """Show the token in an InitConnection request, if that is how it is shown."""
    token = scene.part.token or ""
    yield from ask(
        scene, lambda request_id: requests.init_connection(request_id, token), within_s, repeatable=False
    )
    return "let in"


def tell_profile(scene: Scene) -> Course[str]:
    """Say who we are, as the script's ``properties`` have it."""
    properties = scene.part.consumer.properties or {}
    answer = yield from ask(
        scene, lambda request_id: requests.set_user_profile(request_id, properties), LET_IN_WITHIN_S
    )
    return answered_with(answer)


def mend(scene: Scene) -> Course[str]:
    """Connect again as ``part.mending`` says, until it succeeds or there is no more trying."""
    part = scene.part
    while part.mending is not None:
        again: Again = part.mending
        yield Rest(again.at_s)
        try:
            yield Join(part, again.fresh_token)
        except StepFailed as failed:
            part.mending = part.reconnecting.after_refusal(scene.now_s)
            if part.mending is None:
                raise StepFailed(f"it could not connect again: {failed.says}") from None
            continue
        return (yield from _go_on(scene, "last", LET_IN_WITHIN_S))
    return ""


def reconnect(scene: Scene, step: Step, says: verbs.Reconnect) -> Course[str]:
    """Connect again because the script says so."""
    part = scene.part
    part.mending = None
    if part.connection is not None:
        yield Leave(part, HangUp(connection=part.connection))
    if says.after is not None:
        yield Rest(scene.now_s + says.after.draw(scene.stage.rng))
    yield Join(part, part.ended is not None and part.ended.code in AUTHENTICATION_CLOSES)
    listened = yield from _go_on(scene, says.from_sequence, says.within)
    return f"connection {part.connection}{listened}"


def _go_on(scene: Scene, from_sequence: int | Literal["last"], within_s: float) -> Course[str]:
    part = scene.part
    if part.init_connection:
        yield from introduce(scene, within_s)
    if part.listening.conversations:
        yield from ask(scene, requests.subscribe_conversations, within_s, repeatable=False)
    dialogs = tuple(part.listening.dialogs)
    for dialog_id in dialogs:
        yield from _listen_again(scene, dialog_id, from_sequence, within_s)
    part.settle(scene.now_s)
    return f", {len(dialogs)} dialog{'' if len(dialogs) == 1 else 's'} listened to again" if dialogs else ""


def _listen_again(
    scene: Scene, dialog_id: str, from_sequence: int | Literal["last"], within_s: float
) -> Course[None]:
    known = scene.known
    from_seq = known.last_sequence(dialog_id) if from_sequence == "last" else from_sequence

    def wish(request_id: str) -> Request:
        return requests.subscribe_messages(
            request_id, dialog_id, from_seq=from_seq, conversation_id=known.conversation_of(dialog_id)
        )

    closed = known.is_closed(dialog_id)
    answer = yield from ask(scene, wish, within_s, refusable=closed, repeatable=False)
    if closed and answer.code is not None and answer.code >= 400:
        scene.stage.notes.append(f"the closed dialog {dialog_id} is not told again: {answered_with(answer)}")


def disconnect(scene: Scene, step: Step, says: verbs.Disconnect) -> Course[str]:
    """End the connection because the script says so."""
    part = scene.part
    part.mending = None
    if part.connection is None:
        raise StepFailed(f"there is no connection to end: {part.over_says or 'it was never opened'}")
    action = HangUp(says.code, says.reason, part.connection)
    if says.how == "clean":
        ended: Ended = yield Leave(part, action)
    else:
        ended = yield Leave(part, Abort(says.how == "mid-frame", part.connection))
    return ended.says or ended.how


def expect_close(scene: Scene, expected: verbs.ExpectedClose, within_s: float) -> Course[str]:
    """Wait for the end of the present connection, or look at that of the last one."""
    part = scene.part
    if part.connection is None and part.ended is None:
        raise StepFailed("there was no connection yet")
    ended: Ended | None = yield Until(lambda: part.ended, scene.now_s + within_s, None)
    if ended is None:
        raise StepFailed(
            f"{_wished(expected)} was expected within {describe.span(within_s)},"
            " but the connection is still open",
            describe.lines(scene.known.transcript),
        )
    if not _is_expected(ended, expected):
        raise StepFailed(f"{_wished(expected)} was expected, but it is over: {ended.says or ended.how}")
    return ended.says or ended.how


def _is_expected(ended: Ended, expected: verbs.ExpectedClose) -> bool:
    code = ended.code
    if code is None:
        code = CloseCode.NO_STATUS if ended.how == "closed" else CloseCode.ABNORMAL
    return expected.code in (None, code) and expected.by in (None, ended.by)


def _wished(expected: verbs.ExpectedClose) -> str:
    by = f" by the {expected.by}" if expected.by is not None else ""
    return f"the end of the connection{by}" if expected.code is None else f"close code {expected.code}{by}"
