"""Rules about receipt delays: missing, late, and faster than a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from recorder.messaging.events import Evidence
from recorder.receipts.delays import MeasuredDelay, local_delay, measured_delay
from recorder.receipts.echoes import MessageKey
from recorder.receipts.queries import ReceiptView

from .dependencies import Kind
from .findings import (
    FRAMES_SHOWN,
    LISTED,
    SATISFIED,
    Observation,
    Severity,
    messages,
    not_observable,
    span,
    violated,
)
from .groups import Group, Part
from .observation import missing_receipt, receipts_of_others
from .rule import Rule
from .session_index import SeenMessage, SessionIndex

_SHOWN_BY = {"ACCEPT": ("ACCEPT", "READ"), "READ": ("READ",)}
"""READ shows that a message arrived, too; that ACCEPT itself is missing is told by read-without-accept."""


def _limits(session: SessionIndex, status: str) -> tuple[float | None, float]:
    """The promised seconds until a receipt of this status, if any are, and the patience without a promise."""
    limits = session.limits
    if status == "READ":
        return limits.read_within_s, limits.read_patience_s
    return limits.accept_within_s, limits.accept_patience_s


def _never(status: str, session: SessionIndex, key: MessageKey) -> Iterator[Observation]:
    within_s, patience_s = _limits(session, status)
    seen = session.seen(key)
    if seen is None:
        return
    if receipts_of_others(seen.message, *_SHOWN_BY[status]):
        yield SATISFIED
    else:
        yield missing_receipt(session, seen, status, patience_s if within_s is None else within_s)


def _late(status: str, session: SessionIndex, key: MessageKey) -> Iterator[Observation]:
    within_s, _ = _limits(session, status)
    if within_s is None:
        return
    seen = session.seen(key)
    if seen is None:
        return
    given = receipts_of_others(seen.message, *_SHOWN_BY[status])
    if given:
        yield _punctual(session, seen, given, within_s)
    else:
        yield missing_receipt(session, seen, status, within_s, within=f" within {span(within_s)}")


def _punctual(
    session: SessionIndex, seen: SeenMessage, given: list[ReceiptView], within_s: float
) -> Observation:
    dialog_id, sequence, sent, _ = seen
    clocks = session.clocks_of(dialog_id)
    timed, untimed = [], []
    for each in given:
        measured = measured_delay(sent, each.evidence, clocks)
        if measured.delay is None:
            untimed.append((each, measured))
        else:
            timed.append((measured.delay, each))
    first = min(timed, key=lambda pair: pair[0].seconds, default=None)
    if first is not None and first[0].seconds <= within_s:
        return SATISFIED
    if untimed and (first is None or untimed[0][0].evidence.frame < first[1].evidence.frame):
        each, measured = untimed[0]
        sentence = _untimed_words(seen, each, measured)
        return not_observable(sentence, sent.frame, each.evidence.frame, dialog=dialog_id, sequence=sequence)
    passed, receipt = min(timed, key=lambda pair: pair[0].seconds)
    sentence = (
        f"{receipt.status} of message {sequence} came after {span(passed.seconds)} ({passed.clock} clock); "
        f"{span(within_s)} are allowed"
    )
    return violated(sentence, sent.frame, receipt.evidence.frame, dialog=dialog_id, sequence=sequence)


def _untimed_words(seen: SeenMessage, receipt: ReceiptView, measured: MeasuredDelay) -> str:
    """Why nobody can tell how long a receipt took."""
    server_s = measured.server_s
    if server_s is None:
        return f"no clock saw message {seen.sequence} before its {receipt.status}"
    return (
        f"the service dates {receipt.status} {span(-server_s)} before message {seen.sequence}, and our clock "
        "did not see both happen"
    )


# --- too soon -------------------------------------------------------------------------------------------


class _ReadDelay(NamedTuple):
    """Delay of one READ, what it is measured from, and the frame that shows it."""

    seconds: float
    sequence: int
    frame: int
    since: str


def _too_fast(session: SessionIndex, key: MessageKey) -> Iterator[Observation | Part]:
    seen = session.seen(key)
    if seen is None:
        return
    for place, receipt in enumerate(receipts_of_others(seen.message, "READ")):
        read_delay = _read_delay(session, seen, receipt)
        if isinstance(read_delay, MeasuredDelay):
            sentence = _untimed_words(seen, receipt, read_delay)
            frame, sequence = receipt.evidence.frame, seen.sequence
            yield not_observable(sentence, frame, dialog=seen.dialog_id, sequence=sequence)
        elif read_delay.seconds >= session.limits.min_read_s:
            yield SATISFIED
        else:
            where = receipt.evidence.connection
            who = session.who(receipt.participant, mine=receipt.mine, connection=where)
            group = (seen.dialog_id, who, read_delay.since)
            yield Part(group, (seen.sequence, place), (read_delay.frame,), seen.sequence, rank=read_delay)


def _read_delay(session: SessionIndex, seen: SeenMessage, receipt: ReceiptView) -> _ReadDelay | MeasuredDelay:
    """Delay of a READ; of our own from the arrival of the message to our request, without the round trip.

    ``MeasuredDelay`` without a delay where no clock can tell.
    """
    own = _read_asked(session, seen, receipt) if receipt.mine else None
    here = local_delay(seen.sent, own)
    if own is not None and here is not None:
        return _ReadDelay(here.seconds, seen.sequence, own.frame, "it arrived")
    measured = measured_delay(seen.sent, receipt.evidence, session.clocks_of(seen.dialog_id))
    if measured.delay is None:
        return measured
    return _ReadDelay(measured.delay.seconds, seen.sequence, receipt.evidence.frame, "it was sent")


def _read_asked(session: SessionIndex, seen: SeenMessage, receipt: ReceiptView) -> Evidence | None:
    """Our own first request for a READ of a message, but for those that were refused."""
    giver = receipt.participant or receipt.evidence.connection
    given = session.receipts.of((seen.dialog_id, giver, seen.sequence), "READ")
    return next((each.claim for each in given if each.proven and each.claim is not None), None)


def _read_too_fast(session: SessionIndex, group: Any, reads: Group) -> Iterator[Observation]:
    dialog_id, who, since = group
    seconds, fastest, *_ = reads.lowest
    named, count = reads.first(LISTED), len(reads)
    too_soon = f"less than {span(session.limits.min_read_s)} after {since}"
    sentence = (
        f"{who} gave READ for {messages(named, count)} {too_soon} "
        f"(message {fastest}: {span(seconds)}): it was hardly shown to anybody"
    )
    only = named[0] if count == 1 else None
    yield violated(sentence, *reads.frames(FRAMES_SHOWN), dialog=dialog_id, sequence=only)


# --- our own clock ---------------------------------------------------------------------------------------


def _clock_step(session: SessionIndex, _: None) -> Iterator[Observation]:
    back = session.facts.get("clock-step")
    if back is not None:
        again = "" if back.times == 1 else f", the farthest of {back.times} times"
        sentence = (
            f"our clock was set back by {span(back.by_us / 1_000_000)}{again}; the frames keep their order"
        )
        yield violated(sentence, back.before, back.frame)
    elif session.facts.get("timed"):
        yield SATISFIED


RULES = (
    Rule(
        "never-accepted",
        Severity.WARNING,
        "Every message is accepted or read by somebody else",
        "Looks for an ACCEPT or READ, acknowledged or announced, by anybody but the author of each message. "
        "Its absence counts only if somebody else was there, and if the recording, the connection and the "
        "dialog went on for 10 s (or --accept-within) after that; else it is not observable. Even then it "
        "is an absence in this recording: receipts of others may not be shown to you. Of a private message a "
        "consumer's receipt does not count and is not missed; of one that only a snapshot shows, it may be "
        "older than the recording.",
        looks=((Kind.MESSAGE, partial(_never, "ACCEPT")),),
    ),
    Rule(
        "never-read",
        Severity.WARNING,
        "Every message is read by somebody else",
        "As never-accepted, for READ alone, with a patience of 60 s (or --read-within). Receipts are looked "
        "for per message: READ of a later one says nothing of this one. It never means that nobody read the "
        "message, only that no READ was seen in this recording.",
        looks=((Kind.MESSAGE, partial(_never, "READ")),),
    ),
    Rule(
        "late-accept",
        Severity.ERROR,
        "Every message is accepted in time (--accept-within)",
        "Looks only if --accept-within is given. Measures from message to the first ACCEPT or READ by "
        "anybody else, on the service's clock if it saw both, else on ours, never across both. A missing one "
        "is late if somebody else was there and the recording, the connection and the dialog went on long "
        "enough.",
        looks=((Kind.MESSAGE, partial(_late, "ACCEPT")),),
        only_within="accept_within_s",
    ),
    Rule(
        "late-read",
        Severity.ERROR,
        "Every message is read in time (--read-within)",
        "Looks only if --read-within is given. As late-accept, for READ alone.",
        looks=((Kind.MESSAGE, partial(_late, "READ")),),
        only_within="read_within_s",
    ),
    Rule(
        "read-too-fast",
        Severity.INFO,
        "A message is shown before it is read (--min-read)",
        "READ is to be given when a message is presented. One that comes within 100 ms (--min-read) of the "
        "message was given by a program on arrival, as many samples do; then a tick says nothing about a "
        "person. One finding for each reader and dialog. Yours are timed on our clock, from the arrival of "
        "the message to the request; those of others on the service's, where it saw both ends.",
        looks=((Kind.MESSAGE, _too_fast),),
        together=_read_too_fast,
    ),
    Rule(
        "local-clock-backwards",
        Severity.INFO,
        "Our own clock runs forward",
        "Looks for a frame that is timed before the one that came before it on its connection: the clock of "
        "the recording machine was set back. Everything is in the order of the frames all the same, and "
        "delays are taken on a monotonic clock, where the capture has one. It is told once, for the largest "
        "step.",
        looks=((Kind.SESSION, _clock_step),),
    ),
)  # fmt: skip
