"""Rules about receipt delays: missing, late, and faster than a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from recorder.messaging.events import Evidence
from recorder.receipts.echoes import MessageKey
from recorder.receipts.queries import Delay, ReceiptView, delay

from .findings import SATISFIED, Observation, Severity, messages, not_observable, span, violated
from .observation import local_delay, missing_receipt, receipts_of_others
from .session_index import Rule, SeenMessage, SessionIndex

_SHOWN_BY = {"ACCEPT": ("ACCEPT", "READ"), "READ": ("READ",)}
"""READ shows that a message arrived, too; that ACCEPT itself is missing is told by read-without-accept."""


def _limits(session: SessionIndex, status: str) -> tuple[float | None, float]:
    """The promised seconds until a receipt of this status, if any are, and the patience without a promise."""
    limits = session.limits
    if status == "READ":
        return limits.read_within_s, limits.read_patience_s
    return limits.accept_within_s, limits.accept_patience_s


def _never(status: str, session: SessionIndex) -> Iterator[Observation]:
    within_s, patience_s = _limits(session, status)
    for seen in session.seen_messages:
        if receipts_of_others(seen.message, *_SHOWN_BY[status]):
            yield SATISFIED
        else:
            yield missing_receipt(session, seen, status, patience_s if within_s is None else within_s)


def _late(status: str, session: SessionIndex) -> Iterator[Observation]:
    within_s, _ = _limits(session, status)
    if within_s is None:
        return
    for seen in session.seen_messages:
        given = receipts_of_others(seen.message, *_SHOWN_BY[status])
        if given:
            yield _punctual(seen, given, within_s)
        else:
            yield missing_receipt(session, seen, f"{status} within {span(within_s)}", within_s)


def _punctual(seen: SeenMessage, given: list[ReceiptView], within_s: float) -> Observation:
    timed = [(passed, each) for each in given if (passed := delay(seen.sent, each.evidence)) is not None]
    first = min(timed, key=lambda pair: pair[0].seconds, default=None)
    dialog_id, sequence, sent, _ = seen
    if first is None:
        sentence = f"no clock saw both message {sequence} and its {given[0].status}"
        return not_observable(
            sentence, sent.frame, given[0].evidence.frame, dialog=dialog_id, sequence=sequence
        )
    passed, receipt = first
    if passed.seconds <= within_s:
        return SATISFIED
    sentence = (
        f"{receipt.status} of message {sequence} came after {span(passed.seconds)} ({passed.clock} clock); "
        f"{span(within_s)} are allowed"
    )
    return violated(sentence, sent.frame, receipt.evidence.frame, dialog=dialog_id, sequence=sequence)


# --- too soon -------------------------------------------------------------------------------------------


class _ReadDelay(NamedTuple):
    """Delay of one READ, what it is measured from, and the frame that shows it."""

    seconds: float
    sequence: int
    frame: int
    since: str


def _too_fast(session: SessionIndex) -> Iterator[Observation]:
    asked = _reads_asked(session)
    too_fast: defaultdict[tuple[str, str, str], list[_ReadDelay]] = defaultdict(list)
    for seen in session.seen_messages:
        for receipt in receipts_of_others(seen.message, "READ"):
            read_delay = _read_delay(seen, receipt, asked)
            if read_delay is None:
                yield _untimed(seen, receipt)
            elif read_delay.seconds >= session.limits.min_read_s:
                yield SATISFIED
            else:
                who = session.who(receipt.participant, mine=receipt.mine)
                too_fast[seen.dialog_id, who, read_delay.since].append(read_delay)
    for (dialog_id, who, _), reads in too_fast.items():
        yield _read_too_fast(session, dialog_id, who, reads)


def _reads_asked(session: SessionIndex) -> dict[MessageKey, Evidence]:
    """Our own first request for a READ of each message, but for those that were refused."""
    asked: dict[MessageKey, Evidence] = {}
    for receipt in session.own_receipts:
        if receipt.status == "READ" and receipt.proven and receipt.claim is not None:
            for sequence in receipt.sequences:
                asked.setdefault((receipt.dialog_id, sequence), receipt.claim)
    return asked


def _read_delay(
    seen: SeenMessage, receipt: ReceiptView, asked: dict[MessageKey, Evidence]
) -> _ReadDelay | None:
    """Delay of a READ; of our own from the arrival of the message to our request, without the round trip."""
    own = asked.get((seen.dialog_id, seen.sequence)) if receipt.mine else None
    here_s = None if own is None else local_delay(seen.sent, own)
    if own is not None and here_s is not None and here_s >= 0:
        return _ReadDelay(here_s, seen.sequence, own.frame, "it arrived")
    passed = delay(seen.sent, receipt.evidence)
    if passed is None or _is_meaningless(passed):
        return None
    return _ReadDelay(passed.seconds, seen.sequence, receipt.evidence.frame, "it was sent")


def _is_meaningless(passed: Delay) -> bool:
    """Whether a receipt arrived before its message on our clock, which is no delay at all."""
    return passed.clock == "local" and passed.seconds < 0


def _untimed(seen: SeenMessage, receipt: ReceiptView) -> Observation:
    sentence = f"no clock saw message {seen.sequence} before its READ"
    return not_observable(sentence, receipt.evidence.frame, dialog=seen.dialog_id, sequence=seen.sequence)


def _read_too_fast(session: SessionIndex, dialog_id: str, who: str, reads: list[_ReadDelay]) -> Observation:
    fastest = min(reads)
    named = tuple(read.sequence for read in reads)
    too_soon = f"less than {span(session.limits.min_read_s)} after {fastest.since}"
    sentence = (
        f"{who} gave READ for {messages(named)} {too_soon} "
        f"(message {fastest.sequence}: {span(fastest.seconds)}): it was hardly shown to anybody"
    )
    only = named[0] if len(named) == 1 else None
    return violated(sentence, *(read.frame for read in reads), dialog=dialog_id, sequence=only)


RULES = (
    Rule(
        "never-accepted",
        Severity.WARNING,
        "Every message is accepted or read by somebody else",
        "Looks for an ACCEPT or READ, acknowledged or announced, by anybody but the author of each message. "
        "Its absence counts only if somebody else was there, and if the recording, the connection and the "
        "dialog went on for 10 s (or --accept-within) after that; else it is not observable. Even then it "
        "is an absence in this recording: receipts of others may not be shown to us.",
        partial(_never, "ACCEPT"),
    ),
    Rule(
        "never-read",
        Severity.WARNING,
        "Every message is read by somebody else",
        "As never-accepted, for READ alone, with a patience of 60 s (or --read-within). Receipts are looked "
        "for per message: READ of a later one says nothing of this one. It never means that nobody read the "
        "message, only that no READ was seen in this recording.",
        partial(_never, "READ"),
    ),
    Rule(
        "late-accept",
        Severity.ERROR,
        "Every message is accepted in time (--accept-within)",
        "Looks only if --accept-within is given. Measures from message to the first ACCEPT or READ by "
        "anybody else, on the service's clock if it saw both, else on ours, never across both. A missing one "
        "is late if somebody else was there and the recording, the connection and the dialog went on long "
        "enough.",
        partial(_late, "ACCEPT"),
    ),
    Rule(
        "late-read",
        Severity.ERROR,
        "Every message is read in time (--read-within)",
        "Looks only if --read-within is given. As late-accept, for READ alone.",
        partial(_late, "READ"),
    ),
    Rule(
        "read-too-fast",
        Severity.INFO,
        "A message is shown before it is read (--min-read)",
        "READ is to be given when a message is presented. One that comes within 100 ms (--min-read) of the "
        "message was given by a program on arrival, as many samples do; then a tick says nothing about a "
        "person. One finding for each reader and dialog. Our own are timed on our clock, from the arrival of "
        "the message to the request; those of others on the service's, where it saw both ends.",
        _too_fast,
    ),
)  # fmt: skip
