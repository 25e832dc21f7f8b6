"""Rules about the sequences of a dialog: shared by messages and receipts, each used once, in order.

Repeated announcements are not counted: a notification does not name its subscription, so a second
subscription cannot be told from a replayed history. ``message show`` marks each repetition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from recorder.counted import counted, counted_was
from recorder.messaging import typenames
from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported
from recorder.receipts.delays import MeasuredDelay, measured_delay
from recorder.receipts.queries import MessageView, ReceiptView

from .findings import SATISFIED, Observation, Severity, not_observable, numbers, span, violated
from .session_index import Rule, SeenMessage, SessionIndex

_Numbered = MessagePublished | ReceiptReported
_Content = tuple[object, ...]

_SHOWN = 8


def _announced(session: SessionIndex, *, snapshots: bool = False) -> list[tuple[str, int, _Numbered]]:
    """Announced messages and receipts with a sequence of their own, in the order of arrival.

    ``snapshots``: those too that a conversation's snapshot shows, at any later time.
    """
    numbered: list[tuple[str, int, _Numbered]] = [
        (message.dialog_id, message.sequence, message)
        for message in session.of(MessagePublished)
        if message.evidence.proof is Proof.ANNOUNCED and (snapshots or not message.evidence.snapshot)
    ]
    numbered += [
        (receipt.dialog_id, receipt.own_sequence, receipt)
        for receipt in session.of(ReceiptReported)
        if receipt.evidence.proof is Proof.ANNOUNCED and receipt.own_sequence is not None
    ]
    # Events of one frame arrived together: their sequences decide.
    return sorted(numbered, key=lambda each: (each[2].evidence.frame, each[0], each[1]))


# --- one content for one number -------------------------------------------------------------------------


def _conflicting(session: SessionIndex) -> Iterator[Observation]:
    numbered: defaultdict[tuple[str, int], dict[_Content, int]] = defaultdict(dict)
    for dialog_id, number, each in _announced(session, snapshots=True):
        numbered[dialog_id, number].setdefault(_content(each), each.evidence.frame)
    for (dialog_id, number), contents in numbered.items():
        if len(contents) == 1:
            yield SATISFIED
            continue
        sentence = f"{number} was announced with {counted(len(contents), 'different content')}: " + ", ".join(
            f"{content[0]} in frame #{frame}" for content, frame in list(contents.items())[:_SHOWN]
        )
        yield violated(sentence, *contents.values(), dialog=dialog_id, sequence=number)


def _content(each: _Numbered) -> _Content:
    if isinstance(each, MessagePublished):
        return ("a message", each.author, each.type, each.text)
    return (f"a receipt ({each.status[:32]})", each.participant, each.status, each.sequences)


def _echo_differs(session: SessionIndex) -> Iterator[Observation]:
    echoes: dict[tuple[str, int], MessagePublished] = {}
    for message in session.of(MessagePublished):
        if message.evidence.proof is Proof.ANNOUNCED:
            echoes.setdefault((message.dialog_id, message.sequence), message)
    for message in session.of(MessagePublished):
        echo = echoes.get((message.dialog_id, message.sequence))
        if message.request_frame is None or echo is None:
            continue
        if (message.type, message.text) == (echo.type, echo.text):
            yield SATISFIED
        else:
            yield violated(
                f"message {message.sequence} was announced with another content than was published",
                message.request_frame,
                echo.evidence.frame,
                dialog=message.dialog_id,
                sequence=message.sequence,
            )


# --- gaps -----------------------------------------------------------------------------------------------


def _gaps(session: SessionIndex) -> Iterator[Observation]:
    fetched = _fetched(session)
    for dialog_id, rising in _taken_between(session).items():
        gaps = [(low + 1, high - 1) for low, high in pairwise(rising) if high > low + 1]
        first_is_missing = rising[0] == 1 and dialog_id in fetched
        if first_is_missing:
            yield _without_first(session, dialog_id)
        if gaps or not first_is_missing:
            yield _gap(session, dialog_id, rising, gaps) if gaps else SATISFIED


def _taken_between(session: SessionIndex) -> dict[str, list[int]]:
    """The numbers taken in each dialog, rising, between the first and last that came as events.

    A snapshot shows the last message alone; that those around it were not seen is no gap.
    """
    came: defaultdict[str, set[int]] = defaultdict(set)
    taken: defaultdict[str, list[int]] = defaultdict(list)
    for dialog_id, number in session.taken:
        taken[dialog_id].append(number)
        message = session.messages.get((dialog_id, number))
        if session.taken[dialog_id, number].status is not None or not _is_from_snapshot(message):
            came[dialog_id].add(number)
    spans = {dialog_id: (min(numbers), max(numbers)) for dialog_id, numbers in came.items()}
    return {
        dialog_id: sorted(number for number in taken[dialog_id] if first <= number <= last)
        for dialog_id, (first, last) in spans.items()
    }


def _is_from_snapshot(message: MessageView | None) -> bool:
    return message is not None and message.sent is not None and message.sent.snapshot


def _fetched(session: SessionIndex) -> set[str]:
    """The dialogs whose history was fetched with QueryMessages, as v2 does it."""
    asked = {frame for frame, request in session.asked.items() if request.type == typenames.QUERY_MESSAGES}
    frames = {
        answer.evidence.frame for request_frame, answer in session.answers.items() if request_frame in asked
    }
    numbered: list[_Numbered] = [*session.of(MessagePublished), *session.of(ReceiptReported)]
    return {each.dialog_id for each in numbered if each.evidence.frame in frames}


def _without_first(session: SessionIndex, dialog_id: str) -> Observation:
    sentence = (
        "0 was not seen, and the history was fetched with QueryMessages: what is newer than 0 may leave 0 "
        "out; fetching it by a subscription would tell"
    )
    return violated(sentence, session.taken[dialog_id, 1].frame, dialog=dialog_id, sequence=0)


def _gap(
    session: SessionIndex, dialog_id: str, rising: list[int], gaps: list[tuple[int, int]]
) -> Observation:
    missing = sum(last - first + 1 for first, last in gaps)
    shown = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in gaps[:_SHOWN])
    shown += f" and {counted(len(gaps) - _SHOWN, 'gap')} more" if len(gaps) > _SHOWN else ""
    receipts = tuple(number for number in rising if session.taken[dialog_id, number].status is not None)
    named = tuple(
        sequence
        for (dialog, sequence), message in session.messages.items()
        if dialog == dialog_id and message.sent is None and _inside(sequence, gaps)
    )
    were = counted_was(missing, "number")
    also = f"; receipts name {numbers(named)}" if named else ""
    sentence = (
        f"between {rising[0]} and {rising[-1]}, {were} not seen: {shown}; of those seen, receipts took "
        f"{numbers(receipts) or 'none'}{also}. Private messages are possible, and events before a "
        "subscription, or lost; fetching again from there would tell"
    )
    frames = [session.taken[dialog_id, first - 1].frame for first, _ in gaps]
    return violated(sentence, *frames, dialog=dialog_id)


def _inside(sequence: int, gaps: list[tuple[int, int]]) -> bool:
    return any(first <= sequence <= last for first, last in gaps)


# --- order ----------------------------------------------------------------------------------------------


def _out_of_order(session: SessionIndex) -> Iterator[Observation]:
    subscriptions = session.subscription_frames
    highest: dict[str, tuple[int, Evidence]] = {}
    known: set[tuple[str, int]] = set()
    passed = 0
    for dialog_id, number, each in _announced(session):
        while passed < len(subscriptions) and subscriptions[passed] < each.evidence.frame:
            highest, passed = {}, passed + 1
        if (dialog_id, number) in known:
            continue
        known.add((dialog_id, number))
        before = highest.get(dialog_id)
        if before is None or before[1].connection != each.evidence.connection or number > before[0]:
            highest[dialog_id] = (number, each.evidence)
            yield SATISFIED
        else:
            yield _late(dialog_id, number, each.evidence, before)


def _late(dialog_id: str, number: int, evidence: Evidence, before: tuple[int, Evidence]) -> Observation:
    behind, earlier = before
    sentence = f"{number} arrived after {behind}, {behind - number} behind"
    return violated(sentence, earlier.frame, evidence.frame, dialog=dialog_id, sequence=number)


def _server_time(session: SessionIndex) -> Iterator[Observation]:
    told: set[tuple[int, ...]] = set()
    for observation in _dated_by_number(session):
        told.add(observation.frames)
        yield observation
    for seen in session.seen_messages:
        for receipt in seen.message.receipts:
            measured = measured_delay(seen.sent, receipt.evidence, session.clocks[seen.dialog_id])
            if measured.server_s is not None and (seen.sent.frame, receipt.evidence.frame) not in told:
                yield _not_believed(seen, receipt, measured, measured.server_s)


def _not_believed(
    seen: SeenMessage, receipt: ReceiptView, measured: MeasuredDelay, server_s: float
) -> Observation:
    """A receipt whose delay on the service's clock cannot be true."""
    dated = f"{span(abs(server_s))} {'before' if server_s < 0 else 'after'} it"
    sentence = f"{receipt.status} of message {seen.sequence} is dated {dated}"
    if measured.delay is not None:
        sentence += f", and came {span(measured.delay.seconds)} after it on our clock"
    frames = (seen.sent.frame, receipt.evidence.frame)
    return violated(sentence, *frames, dialog=seen.dialog_id, sequence=seen.sequence)


def _dated_by_number(session: SessionIndex) -> Iterator[Observation]:
    last: dict[str, tuple[int, int, int]] = {}
    for dialog_id, number, each in sorted(
        _announced(session), key=lambda e: (e[0], e[1], e[2].evidence.frame)
    ):
        time = each.evidence.server_ms
        if time is None:
            sentence = f"{number} carries no time of the service's"
            yield not_observable(sentence, each.evidence.frame, dialog=dialog_id, sequence=number)
            continue
        before = last.get(dialog_id)
        if before is not None and before[0] < number and time < before[1]:
            sentence = f"{number} is dated {span((before[1] - time) / 1_000)} before {before[0]}"
            yield violated(sentence, before[2], each.evidence.frame, dialog=dialog_id, sequence=number)
        else:
            yield SATISFIED
        if before is None or before[0] != number:
            # Another content under this number, perhaps of a second numbering, is no measure of the next.
            last[dialog_id] = (number, time, each.evidence.frame)


RULES = (
    Rule(
        "conflicting-content",
        Severity.ERROR,
        "One number in a dialog means one thing",
        "Looks at everything that was announced under the same number of the same dialog, replays included. "
        "Author, type and text of a message, or author, status and list of a receipt, must be the same each "
        "time. If they are not, both are kept, and which of them is true cannot be known.",
        _conflicting,
    ),
    Rule(
        "echo-differs",
        Severity.WARNING,
        "A message comes back as it was published",
        "Compares type and text of each own publish with the announcement of the number it was answered "
        "with. The service may rewrite texts, for example to mask card numbers; a mismatch may also mean "
        "that an answer was paired with the wrong question (see request-id-reused).",
        _echo_differs,
    ),
    Rule(
        "sequence-gap",
        Severity.INFO,
        "All numbers of a dialog were seen",
        "Messages and receipts of all participants take numbers from one row. Lists the intervals in which "
        "neither was seen, one finding for each dialog, with the numbers that receipts explain. A gap is "
        "never proof of a loss: private messages leave one. What lies before the first and after the last "
        "number seen is not judged, but for a missing 0 where the history was fetched with QueryMessages "
        "(v2): \"newer than 0\" may leave it out.",
        _gaps,
    ),
    Rule(
        "out-of-order",
        Severity.INFO,
        "Numbers arrive rising",
        "Looks for a number that is announced for the first time after a higher one of its dialog. Order is "
        "promised only in the numbers, not in the arrival, so this is no fault of anybody's; clients that "
        "append what arrives show it wrongly. A new subscription or connection starts afresh, because it may "
        "bring older events.",
        _out_of_order,
    ),
    Rule(
        "server-time-backwards",
        Severity.INFO,
        "The service's times rise with its numbers",
        "Compares the service's own times in the order of the numbers of each dialog, and of each receipt "
        "with its message: one that is dated before it, or that came at another time on our clock by more "
        "than the clocks of the dialog differ otherwise (at least 1 s), is told by how much. Such a delay is "
        "not used anywhere: our own clock decides, if both arrived as they happened, else nobody can tell. "
        "Events without a time are not observable.",
        _server_time,
    ),
)  # fmt: skip
