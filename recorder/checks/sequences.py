"""Rules about the sequences of a dialog: shared by messages and receipts, each used once, in order.

Repeated announcements are not counted: a notification does not name its subscription, so a second
subscription cannot be told from a replayed history. ``message show`` marks each repetition.
"""

from __future__ import annotations

from collections.abc import Iterator

from recorder.counted import counted, counted_was
from recorder.receipts.delays import MeasuredDelay, measured_delay
from recorder.receipts.echoes import MessageKey
from recorder.receipts.queries import ReceiptView

from .dependencies import Kind
from .dialog_numbers import NumberRow
from .findings import SATISFIED, Observation, Severity, not_observable, numbers, span, violated
from .rule import Rule
from .session_index import SeenMessage, SessionIndex

_SHOWN = 8


# --- one content for one number -------------------------------------------------------------------------


def _conflicting(session: SessionIndex, key: MessageKey) -> Iterator[Observation]:
    contents = session.numbers.contents[key]
    if len(contents) == 1:
        yield SATISFIED
        return
    dialog_id, number = key
    sentence = f"{number} was announced with {counted(len(contents), 'different content')}: " + ", ".join(
        f"{content[0]} in frame #{frame}" for content, frame in contents[:_SHOWN]
    )
    yield violated(sentence, *(frame for _, frame in contents), dialog=dialog_id, sequence=number)


def _echo_differs(session: SessionIndex, place: int) -> Iterator[Observation]:
    message = session.publishes[place]
    echo = session.first_echo.get((message.dialog_id, message.sequence))
    if message.request_frame is None or echo is None:
        return
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


def _gaps(session: SessionIndex, dialog_id: str) -> Iterator[Observation]:
    """Looks at what was taken between the first and last numbers that came as events.

    A snapshot shows the last message alone; that those around it were not seen is no gap.
    """
    row = session.taken.rows[dialog_id]
    if row.span is None:
        return
    gaps = row.gaps()
    first_is_missing = row.span[0] == 1 and dialog_id in session.fetched
    if first_is_missing:
        yield _without_first(session, dialog_id)
    if gaps or not first_is_missing:
        yield _gap(session, dialog_id, row, gaps) if gaps else SATISFIED


def _without_first(session: SessionIndex, dialog_id: str) -> Observation:
    sentence = (
        "0 was not seen, and the history was fetched with QueryMessages: what is newer than 0 may leave 0 "
        "out; fetching it by a subscription would tell"
    )
    return violated(sentence, _taken_in(session, dialog_id, 1), dialog=dialog_id, sequence=0)


def _taken_in(session: SessionIndex, dialog_id: str, number: int) -> int:
    return session.taken.taken.values[dialog_id, number].frame


def _gap(session: SessionIndex, dialog_id: str, row: NumberRow, gaps: list[tuple[int, int]]) -> Observation:
    first, last = row.span or (0, 0)
    missing = sum(last - first + 1 for first, last in gaps)
    shown = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in gaps[:_SHOWN])
    shown += f" and {counted(len(gaps) - _SHOWN, 'gap')} more" if len(gaps) > _SHOWN else ""
    receipts, count = row.receipts_between()
    named = row.unsent_in(gaps)
    were = counted_was(missing, "number")
    also = f"; receipts name {numbers(named)}" if named else ""
    sentence = (
        f"between {first} and {last}, {were} not seen: {shown}; of those seen, receipts took "
        f"{numbers(receipts, count) or 'none'}{also}. Private messages are possible, and events before a "
        "subscription, or lost; fetching again from there would tell"
    )
    frames = [_taken_in(session, dialog_id, first - 1) for first, _ in gaps]
    return violated(sentence, *frames, dialog=dialog_id)


# --- order ----------------------------------------------------------------------------------------------


def _late(session: SessionIndex, place: int) -> Iterator[Observation]:
    dialog_id, number, frame, behind, earlier = session.numbers.late[place]
    sentence = f"{number} arrived after {behind}, {behind - number} behind"
    yield violated(sentence, earlier, frame, dialog=dialog_id, sequence=number)


def _in_order(session: SessionIndex) -> int:
    return session.numbers.in_order


def _believed(session: SessionIndex, key: MessageKey) -> Iterator[Observation]:
    """The receipts whose delay on the service's clock cannot be true, unless their numbers tell it."""
    seen = session.seen(key)
    if seen is None:
        return
    for receipt in seen.message.receipts:
        measured = measured_delay(seen.sent, receipt.evidence, session.clocks_of(seen.dialog_id))
        frames = (seen.sent.frame, receipt.evidence.frame)
        if measured.server_s is not None and not session.told.get(frames):
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


def _dated(session: SessionIndex, key: MessageKey) -> Iterator[Observation]:
    dialog_id, number = key
    before, first, told = session.numbers.before(key), True, None
    for frame, time in session.numbers.dated.get(key, ()):
        if time is None:
            sentence = f"{number} carries no time of the service's"
            yield not_observable(sentence, frame, dialog=dialog_id, sequence=number)
            continue
        # Another content under this number, perhaps of a second numbering, is no measure of the next.
        if first and before is not None and time < before[1]:
            sentence = f"{number} is dated {span((before[1] - time) / 1_000)} before {before[0]}"
            told = (before[2], frame)
            yield violated(sentence, *told, dialog=dialog_id, sequence=number)
        else:
            yield SATISFIED
        first = False
    session.tell(key, told)


RULES = (
    Rule(
        "conflicting-content",
        Severity.ERROR,
        "One number in a dialog means one thing",
        "Looks at everything that was announced under the same number of the same dialog, replays included. "
        "Author, type and text of a message, or author, status and list of a receipt, must be the same each "
        "time. If they are not, both are kept, and which of them is true cannot be known.",
        looks=((Kind.NUMBER, _conflicting),),
    ),
    Rule(
        "echo-differs",
        Severity.WARNING,
        "A message comes back as it was published",
        "Compares type and text of each own publish with the announcement of the number it was answered "
        "with. The service may rewrite texts, for example to mask card numbers; a mismatch may also mean "
        "that an answer was paired with the wrong question (see request-id-reused).",
        looks=((Kind.PUBLISH, _echo_differs),),
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
        looks=((Kind.DIALOG, _gaps),),
    ),
    Rule(
        "out-of-order",
        Severity.INFO,
        "Numbers arrive rising",
        "Looks for a number that is announced for the first time after a higher one of its dialog. Order is "
        "promised only in the numbers, not in the arrival, so this is no fault of anybody's; clients that "
        "append what arrives show it wrongly. A new subscription or connection starts afresh, because it may "
        "bring older events.",
        looks=((Kind.ARRIVAL, _late),),
        also_satisfied=_in_order,
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
        looks=((Kind.NUMBER, _dated), (Kind.MESSAGE, _believed)),
    ),
)  # fmt: skip
