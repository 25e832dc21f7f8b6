"""Tables for people. Everything that came from a peer passes ``safe_text`` before it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.evidence import Rung
from recorder.receipts.queries import Delay, MessageView, ReceiptView, delay
from recorder.wire.frames import Opcode
from recorder.wire.records import RecordedFrame, iso_utc

from .terminal import safe_text
from .view import SessionFacts, payload_text

WIDTH_IN_A_PIPE = 120
"""Columns when the output is not a terminal, so that it looks the same wherever it is captured."""

_STYLE_OF = {"read": "green", "accepted": "cyan", "failed": "red", "unknown": "yellow", "unseen": "yellow"}


def console(stream: IO[str]) -> Console:
    """A console that obeys NO_COLOR, never interprets text as markup, and has a fixed width in a pipe."""
    width = None if stream.isatty() else WIDTH_IN_A_PIPE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def print_table(stream: IO[str], columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Columns under upper-case headings. Only a column whose name ends in "+" is cut to fit the width."""
    laid = [[cell if isinstance(cell, Text) else Text(safe_text(cell)) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for place, column in enumerate(columns):
        heading = column.removesuffix("+")
        widest = max((row[place].cell_len for row in laid), default=0)
        cut = column.endswith("+")
        least = len(heading) if cut else max(len(heading), widest)
        table.add_column(Text(heading), no_wrap=True, overflow="ellipsis", min_width=least)
    for row in laid:
        table.add_row(*row)
    output = console(stream)
    with output.capture() as laid_out:
        output.print(table, no_wrap=True, crop=False)
    for line in laid_out.get().splitlines():
        stream.write(line.rstrip() + "\n")


def print_pairs(stream: IO[str], pairs: Mapping[str, object]) -> None:
    """One ``name  value`` a line; what is None is left out."""
    output = console(stream)
    shown = {name: value for name, value in pairs.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        output.print(Text(f"{name:<{width}}  {safe_text(str(value))}"), soft_wrap=True)


# --- sessions and frames --------------------------------------------------------------------------------

SESSION_COLUMNS = ("SESSION", "NAME+", "SOURCE", "STATE", "STARTED", "CONNECTIONS", "FRAMES")


def print_sessions(stream: IO[str], sessions: Iterable[SessionFacts]) -> None:
    """The table of ``session list``."""
    print_table(
        stream,
        SESSION_COLUMNS,
        (
            (
                session.session,
                session.name or "-",
                session.source,
                session.state,
                clock_time(session.started_at_us, with_date=True),
                str(session.connections),
                str(session.frames),
            )
            for session in sessions
        ),
    )


VERDICT_COLUMNS = ("SESSION", "NAME+", "VERDICT", "FRAMES", "PROBLEMS")


class Verdict(Protocol):
    """What verifying one session found."""

    @property
    def session(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


def print_verdicts(stream: IO[str], verdicts: Sequence[Verdict]) -> None:
    """The table of ``archive verify``, and every problem in full below it."""
    rows = (
        (v.session or "(file)", v.name or "-", v.state, str(v.frames), str(len(v.problems) or "-"))
        for v in verdicts
    )
    print_table(stream, VERDICT_COLUMNS, rows)
    for verdict in verdicts:
        for problem in verdict.problems:
            console(stream).print(
                Text(f"{verdict.session or 'the file'}: {safe_text(problem)}"), soft_wrap=True
            )


FRAME_LINE = "{:>8} {:>4}  {:<12}  {:<7}  {:<13} {:>8}  {}"


def print_frames(stream: IO[str], frames: Iterable[RecordedFrame]) -> None:
    """The table of ``frame list``; line by line, because a session may hold millions."""
    output = console(stream)
    heading = FRAME_LINE.format("FRAME", "CONN", "TIME", "SENDER", "KIND", "BYTES", "PAYLOAD")
    stream.write(heading + "\n")
    for frame in frames:
        stream.write(_frame_line(frame, output.width) + "\n")


def _frame_line(frame: RecordedFrame, width: int) -> str:
    note = frame_note(frame)
    start = FRAME_LINE.format(
        f"#{frame.number}",
        frame.connection,
        clock_time(frame.at_us),
        frame.sender.value,
        opcode_word(frame),
        len(frame.payload),
        f"[{safe_text(note)}] " if note else "",
    )
    room = max(width - len(start), 20)
    shown = safe_text(payload_line(frame))
    return (start + (shown if len(shown) <= room else shown[: room - 1] + "…")).rstrip()


def opcode_word(frame: RecordedFrame) -> str:
    """``text``, ``close``, ``0x3``; with a plus where the payload goes on in another frame."""
    known = frame.opcode in Opcode._value2member_map_
    word = Opcode(frame.opcode).name.lower() if known else f"{frame.opcode:#x}"
    return word if frame.fin else f"{word}+"


def payload_line(frame: RecordedFrame) -> str:
    """The payload on one line: text as text, anything else in hex, cut after 200 characters."""
    text = payload_text(frame)
    if text is None:
        text = frame.payload[:100].hex(" ")
    return text[:200]


def frame_note(frame: RecordedFrame) -> str:
    """What is special about a frame."""
    notes = [] if frame.violation is None else [frame.violation]
    return "; ".join([*notes, "redacted"] if frame.redacted else notes)


# --- messages -------------------------------------------------------------------------------------------

MESSAGE_COLUMNS = ("SEQ", "FROM", "TEXT+", "STATUS", "SENT", "ACCEPTED", "READ", "OTHER+")


def print_messages(stream: IO[str], messages: Sequence[MessageView]) -> None:
    """The table of ``message list``, one block for each dialog."""
    if not messages:
        console(stream).print(Text("no messages in this recording"))
    for dialog_id in dict.fromkeys(message.dialog_id for message in messages):
        console(stream).print(Text(f"dialog {safe_text(dialog_id or 'unknown')}"))
        rows = (_message_row(message) for message in messages if message.dialog_id == dialog_id)
        print_table(stream, MESSAGE_COLUMNS, rows)


def _message_row(message: MessageView) -> tuple[str | Text, ...]:
    return (
        "-" if message.sequence is None else str(message.sequence),
        who(message.author, message.role, mine=message.mine),
        message.text if message.text is not None else f"[{message.type or 'not seen'}]",
        Text(message.status, style=_STYLE_OF.get(message.status, "")),
        _sent_cell(message),
        _rung_cell(message, "ACCEPT"),
        _rung_cell(message, "READ"),
        ", ".join(_other_cell(message, receipt) for receipt in message.receipts if _is_other(receipt)),
    )


def _sent_cell(message: MessageView) -> str:
    if message.sent is None:
        return "-"
    return f"{clock_time(message.sent.at_us)} #{message.sent.frame}"


def _rung_cell(message: MessageView, status: str) -> str:
    cells = [_receipt_cell(message, receipt) for receipt in message.receipts if receipt.status == status]
    return ", ".join(cells) or "-"


def _receipt_cell(message: MessageView, receipt: ReceiptView) -> str:
    name = who(receipt.participant, receipt.role, mine=receipt.mine)
    after = delay_words(delay(message.sent, receipt.evidence))
    doubt = "" if receipt.evidence.proof >= Proof.ACKNOWLEDGED else f" ({receipt.evidence.proof.word})"
    return f"{name} {after} #{receipt.evidence.frame}{doubt}"


def _is_other(receipt: ReceiptView) -> bool:
    return receipt.status not in ("ACCEPT", "READ")


def _other_cell(message: MessageView, receipt: ReceiptView) -> str:
    return f"{receipt.status} {_receipt_cell(message, receipt)}"


def print_life(stream: IO[str], message: MessageView, rungs: Sequence[Rung]) -> None:
    """One message and why we believe what we say of it."""
    output = console(stream)
    named = "without a sequence" if message.sequence is None else str(message.sequence)
    output.print(Text(f"message {named} in dialog {safe_text(message.dialog_id or 'unknown')}"))
    if message.sent is not None:
        author = who(message.author, message.role, mine=message.mine)
        output.print(Text(f"from     {safe_text(author)} ({safe_text(message.author or 'id unknown')})"))
        text = message.text if message.text is not None else f"[{message.type}]"
        output.print(Text(f"text     {safe_text(text)}"))
    output.print(Text(f"status   {message.status}{_because(message)}"))
    output.print()
    print_table(stream, LIFE_COLUMNS, (_life_row(message, rung) for rung in rungs))


LIFE_COLUMNS = ("FRAME", "TIME", "AFTER", "WHAT", "BY", "PROOF", "SERVER TIME")


def _because(message: MessageView) -> str:
    decided_by = message.decided_by
    if decided_by is None:
        return _NO_RECEIPT.get(message.status, "")
    name = who(decided_by.participant, decided_by.role, mine=decided_by.mine)
    evidence = decided_by.evidence
    return f", by {safe_text(name)}: {decided_by.status} {evidence.proof.word} in frame #{evidence.frame}"


_NO_RECEIPT = {
    "sent": "; no ACCEPT or READ by anybody else was seen in this recording",
    "pending": "; asked for, and no answer was seen",
    "failed": "; the service refused it",
    "unknown": "; the connection ended before an answer",
    "unseen": "; only receipts name it, the message itself was not seen in this recording",
}


def _life_row(message: MessageView, rung: Rung) -> tuple[str, ...]:
    evidence = rung.evidence
    mine = message.mine if rung.participant == message.author else None
    return (
        f"#{evidence.frame}",
        clock_time(evidence.at_us),
        delay_words(delay(message.sent, evidence)),
        rung.says,
        _rung_author(message, rung, mine),
        evidence.proof.word,
        clock_time(None if evidence.server_ms is None else evidence.server_ms * 1_000),
    )


def _rung_author(message: MessageView, rung: Rung, mine: bool | None) -> str:
    for receipt in message.receipts:
        if receipt.participant == rung.participant:
            return who(receipt.participant, receipt.role, mine=receipt.mine)
    if rung.evidence.proof in (Proof.CLAIMED, Proof.ACKNOWLEDGED):
        return "you"
    return who(rung.participant, message.role if rung.participant == message.author else None, mine=mine)


# --- small words ----------------------------------------------------------------------------------------

_ROLE_WORDS = {"ASSIGNED_AGENT": "agent", "CONSUMER": "consumer", "AGENT": "bot", "MANAGER": "manager"}


def who(participant: str | None, role: str | None, *, mine: bool | None) -> str:
    """``you``, ``agent``, ``manager 3d834d4d``; a participant of no known role by the start of its id."""
    if mine:
        return "you"
    word = _ROLE_WORDS.get(role or "", (role or "").lower())
    return word or (participant[:8] if participant else "unknown")


def clock_time(at_us: int | None, *, with_date: bool = False) -> str:
    """``22:04:01.507`` in UTC, or ``-``."""
    stamp = iso_utc(at_us)
    if stamp is None:
        return "-"
    if "T" not in stamp:
        return stamp
    date, time = stamp.split("T")
    return f"{date} {time[:8]}" if with_date else time[:12]


def delay_words(passed: Delay | None) -> str:
    """``+1.502s``, with a ``~`` where it is local time and not the service's."""
    if passed is None:
        return "-"
    return f"{passed.seconds:+.3f}s" + ("~" if passed.clock == "local" else "")


def evidence_words(evidence: Evidence) -> str:
    """``#41 announced``."""
    return f"#{evidence.frame} {evidence.proof.word}"
