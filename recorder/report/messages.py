"""The table of messages with their receipts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import IO, NamedTuple

from recorder.counted import counted
from recorder.messaging.events import Proof
from recorder.receipts.delays import Clocks, delay
from recorder.receipts.listing import DialogListing, dialogs_of
from recorder.receipts.participants import PeopleWords, participant_word, people_words
from recorder.receipts.queries import AGENTS_AND_MANAGERS, ReceiptView
from recorder.receipts.queries import MessageView as MessageView
from recorder.receipts.self_facts import KnownPeople as KnownPeople
from recorder.receipts.self_facts import connection_of, people_of

from .cells import ASCII_ELLIPSIS, ELLIPSIS, Cell, fit, shows
from .layout import Column
from .tables import print_line, print_table
from .terminal import safe_text
from .times import clock_time, delay_words, zone_name


class StatusMark(NamedTuple):
    """How a status is drawn: two columns before its word, in a style."""

    mark: str
    ascii: str
    style: str = ""


STATUS_MARKS = {
    "pending": StatusMark("..", ".."),
    "failed": StatusMark("✗ ", "x ", "red"),
    "unknown": StatusMark("? ", "? ", "yellow"),
    "unseen": StatusMark("? ", "? ", "yellow"),
    "sent": StatusMark("✓ ", "V "),
    "accepted": StatusMark("✓✓", "VV"),
    "read": StatusMark("✓✓", "VV", "orange"),
}
"""As the windows of the service draw them: one V, two of them, two in orange."""


def message_columns(*, local: bool = False) -> tuple[str | Column, ...]:
    """The columns of ``message list``."""
    receipts = [Column.read(each)._replace(shortened=shortened) for each in ("ACCEPTED~17", "READ~17")]
    other = Column.read("OTHER+24")._replace(shortened=shortened)
    return ("SEQ", "FROM", "TEXT+30", "STATUS", f"/SENT ({zone_name(local=local)})", *receipts, other)


_RECEIPT = re.compile(r"(.+?)((?: \S+)?)( #[0-9]+(?: \([^)]*\))?)(?:, |$)")
"""The name, the delay and the frame of each receipt in a cell."""
_LEAST_OF_A_NAME = 4
"""Columns of a name; if there are fewer, the delays are left out."""


def shortened(receipts: str, width: int, ellipsis: str) -> str:
    """The receipts of a cell in so many columns, with their frames: names are cut, then delays left out."""
    found = _RECEIPT.findall(receipts)
    for delays in (True, False):
        ends = [delay + frame if delays else frame for _, delay, frame in found]
        room = width - sum(map(len, ends)) - 2 * (len(ends) - 1)
        if found and room >= len(found) * (_LEAST_OF_A_NAME if delays else 1):
            names = [fit(name, room // len(found), ellipsis=ellipsis).rstrip() for name, _, _ in found]
            return ", ".join(map("".join, zip(names, ends, strict=True)))
    return receipts


def print_messages(
    stream: IO[str],
    messages: Sequence[MessageView],
    people: KnownPeople | None = None,
    *,
    local: bool = False,
) -> None:
    """The table of these messages, one block for each dialog.

    ``people``: everybody in the session; else those who have to do with these messages.
    """
    print_listing(stream, dialogs_of(messages), {**people_of(messages), **(people or {})}, local=local)


NO_MESSAGES, NONE_PASS = "no messages in this recording", "no message in this recording is like that"
"""What ``message list`` prints instead of a table: without filters, and with."""


def print_listing(
    stream: IO[str],
    dialogs: Iterable[DialogListing],
    people: KnownPeople,
    *,
    nothing: str = NO_MESSAGES,
    local: bool = False,
) -> None:
    """The table of ``message list``, one block for each dialog, printed while the messages are read.

    ``people``: everybody in the session; ``nothing`` is printed if there are no messages.
    """
    words = people_words(people)
    cells = status_cells(draws=shows(stream, "✓✗"))
    empty = True
    for dialog in dialogs:
        empty = False
        print_line(stream, dialog_line(dialog.dialog_id))
        rows = (
            message_row(message, cells[message.status], dialog.clocks, words, local=local)
            for message in dialog.messages
        )
        print_table(stream, message_columns(local=local), rows)
    if empty:
        print_line(stream, nothing)


def dialog_line(dialog_id: str | None) -> str:
    """What stands above the messages of a dialog."""
    return f"dialog {dialog_id or 'unknown'}"


def status_cells(*, draws: bool = True) -> dict[str, Cell]:
    """How each status is shown; ``draws``: by marks that are not in ASCII."""
    return {
        status: Cell(f"{drawn.mark if draws else drawn.ascii} {status}", drawn.style)
        for status, drawn in STATUS_MARKS.items()
    }


NEWEST = 3
_LEAST_OF_ONE = 26
"""Columns of a message among the latest."""


def newest_cells(messages: Iterable[MessageView], width: int, *, draws: bool = True) -> list[Cell]:
    """The newest messages in one line of so many columns, the last one last: of each its status and text."""
    cells = status_cells(draws=draws)
    newest = sorted(messages, key=_first_seen)[-max(1, min(NEWEST, width // _LEAST_OF_ONE)) :]
    shown: list[Cell] = []
    for message in newest:
        status = cells[message.status]
        room = width // len(newest) - len(status.text) - 1
        text = fit(f" {_place_and_text(message)}", room, ellipsis=ELLIPSIS if draws else ASCII_ELLIPSIS)
        shown += [status, Cell(f"{text} ")]
    return shown


def status_words(message: MessageView, *, draws: bool = True) -> str:
    """What became of a message, and the frame that proves it: ``message 0 "Hi": ✓✓ read, #12``."""
    proof = message.sent if message.decided_by is None else message.decided_by.evidence
    frame = "" if proof is None else f", #{proof.frame}"
    return f"message {_place_and_text(message)}: {status_cells(draws=draws)[message.status].text}{frame}"


def _first_seen(message: MessageView) -> int:
    return message.request_frame or (0 if message.sent is None else message.sent.frame)


def _place_and_text(message: MessageView) -> str:
    place = "" if message.sequence is None else f"{message.sequence} "
    text = content_words(message.type, message.text)
    return safe_text(f'{place}"{text}"' if message.text is not None else f"{place}{text}")


def message_row(
    message: MessageView, status: Cell, clocks: Clocks, words: PeopleWords, *, local: bool = False
) -> tuple[str | Cell, ...]:
    """A row of ``message list``; ``clocks`` are those that the delays of its dialog are measured by."""
    return (
        "-" if message.sequence is None else str(message.sequence),
        sender_word(message, words),
        f"{_marks(message)}{content_words(message.type, message.text)}",
        status,
        _sent_cell(message, local=local),
        _status_cell(message, "ACCEPT", clocks, words),
        _status_cell(message, "READ", clocks, words),
        ", ".join(
            f"{receipt.status} {_receipt_cell(message, receipt, clocks, words)}"
            for receipt in message.receipts
            if receipt.status not in ("ACCEPT", "READ")
        ),
    )


def sender_word(message: MessageView, words: PeopleWords) -> str:
    """What the author of a message is called."""
    where = connection_of(message.sent)
    return participant_word(message.author, message.role, mine=message.mine, connection=where, words=words)


def giver_word(receipt: ReceiptView, words: PeopleWords) -> str:
    """What the giver of a receipt is called."""
    where = receipt.evidence.connection
    return participant_word(
        receipt.participant, receipt.role, mine=receipt.mine, connection=where, words=words
    )


def content_words(content_type: str | None, text: str | None) -> str:
    """The text of a message, or where it has none what it is instead."""
    return text if text is not None else f"[{content_type or 'not seen'}]"


def _marks(message: MessageView) -> str:
    """What is to be known of a text before it is read: not for everybody, not the only one."""
    marks = [f"[{audience_words(message)}] "] if message.is_private else []
    if message.contents:
        marks.append(f"[{counted(len(message.contents), 'content')}] ")
    return "".join(marks)


def audience_words(message: MessageView) -> str:
    """The word for a message that is not for everybody."""
    return "private" if message.audience == AGENTS_AND_MANAGERS else f"for {message.audience}"


def _sent_cell(message: MessageView, *, local: bool) -> str:
    if message.sent is None:
        return "-"
    snapshot = " (snapshot)" if message.sent.snapshot else ""
    return f"{clock_time(message.sent.at_us, local=local)} #{message.sent.frame}{snapshot}"


def _status_cell(message: MessageView, status: str, clocks: Clocks, words: PeopleWords) -> str:
    given = (receipt for receipt in message.receipts if receipt.status == status)
    cells = [_receipt_cell(message, receipt, clocks, words) for receipt in given]
    return ", ".join(cells) or "-"


def _receipt_cell(message: MessageView, receipt: ReceiptView, clocks: Clocks, words: PeopleWords) -> str:
    name = giver_word(receipt, words)
    after = delay_words(delay(message.sent, receipt.evidence, clocks))
    proof = "" if receipt.evidence.proof >= Proof.ACKNOWLEDGED else f" ({receipt.evidence.proof.word})"
    return f"{name} {after} #{receipt.evidence.frame}{proof}"
