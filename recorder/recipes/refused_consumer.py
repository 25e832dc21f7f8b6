"""Whether the service would not have a consumer of a script: never let in, or put out over its token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from recorder.capture.options import ConnectOptions
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.replay.language.script import Script
from recorder.replay.language.verbs import ExpectVerb
from recorder.replay.run.driver import Driver
from recorder.replay.run.outcome import FAILED, ScriptOutcome, StepResult
from recorder.store.archive import Archive
from recorder.wire.frames import authentication_hint
from recorder.wire.records import RecordedFrame

from .record_ending import admitted
from .record_session import redact_error

FramesOf = Callable[[int | None], Iterable[RecordedFrame]]
"""The recorded frames of one connection; of all for None."""


class ConsumerRefused(NamedTuple):
    """A consumer was without a connection at the end, because the service would not have it.

    Attributes:
        error: says so: it was not let in, or it was, and what is missing is the rest of the script.
        failed: whether the script failed over it, so that the session is not complete.
        let_in: whether the service had let in anybody of the session: then it is incomplete, else refused.
    """

    error: CannotConnect | RecordingIncomplete
    failed: bool
    let_in: bool


def find_refusal(
    driver: Driver,
    outcome: ScriptOutcome,
    script: Script,
    connect: Mapping[str, ConnectOptions],
    *,
    opened: Archive,
    session: str,
    redact: Callable[[str], str],
) -> ConsumerRefused | None:
    """Whether the service would not have a consumer, once its script is over.

    Args:
        connect: where each consumer connected, by its name.
        redact: takes the secrets out of what the service said.
    """

    def frames_of(connection: int | None) -> Iterable[RecordedFrame]:
        return opened.frames(session, connection=connection)

    error = _error(driver, outcome, script, connect, frames_of)
    if error is None:
        return None
    redact_error(error, redact)
    return ConsumerRefused(error, outcome.failure is not None, admitted(frames_of(None)))


def _error(
    driver: Driver,
    outcome: ScriptOutcome,
    script: Script,
    connect: Mapping[str, ConnectOptions],
    frames_of: FramesOf,
) -> CannotConnect | RecordingIncomplete | None:
    if driver.refused is not None:
        return driver.refused
    failed = next((result for result in outcome.results if result.outcome == FAILED), None)
    if failed is not None and _is_about_the_end(script, failed):
        return None
    last = {ending.consumer: ending for ending in outcome.endings}
    for consumer, ending in last.items():
        ended = ending.ended
        hint = authentication_hint(ended.code)
        if ended.by == "service" and hint is not None:
            reason = f" ({ended.reason})" if ended.reason else ""
            during = f", in {failed.place}" if failed is not None else ""
            problem = f"the service closed the connection with {ended.code}{reason}{during}"
            if admitted(frames_of(ending.connection)):
                return RecordingIncomplete(problem, hint=hint)
            return CannotConnect(connect[consumer].base_url, problem, hint=hint)
    return None


def _is_about_the_end(script: Script, result: StepResult) -> bool:
    """Whether the step expects how the connection ends, or that it does not: that it did is its verdict."""
    arguments = next((step.arguments for step in script.steps if step.number == result.number), None)
    if not isinstance(arguments, ExpectVerb):
        return False
    return arguments.close is not None or (arguments.not_ is not None and arguments.not_.close is not None)
