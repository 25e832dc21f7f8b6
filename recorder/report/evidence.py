"""The life of one message, and what one frame proves: why we believe what we say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.text import Text

from recorder.receipts.delays import delay
from recorder.receipts.echoes import Echo
from recorder.receipts.evidence import Rung
from recorder.receipts.people import who
from recorder.receipts.proofs import Proven
from recorder.receipts.queries import MessageView

from .tables import clock_time, console, delay_words, print_line, print_table
from .terminal import safe_text


def print_life(stream: IO[str], message: MessageView, rungs: Sequence[Rung]) -> None:
    """One message as a ladder: every frame that bears on it, with both clocks and the proof level."""
    output = console(stream)
    named = "without a sequence" if message.sequence is None else str(message.sequence)
    output.print(Text(f"message {named} in dialog {safe_text(message.dialog_id or 'unknown')}"))
    if message.sent is not None:
        author = who(message.author, message.role, mine=message.mine)
        output.print(Text(f"from     {safe_text(author)} ({safe_text(message.author or 'id unknown')})"))
        text = message.text if message.text is not None else f"[{message.type}]"
        output.print(Text(f"text     {safe_text(text)}"))
    output.print(Text(f"status   {message.status}{_because(message)}"))
    if message.echo is not None:
        print_line(stream, f"stored   {_probably(message.echo)}")
    output.print()
    print_table(stream, LIFE_COLUMNS, (_life_row(message, rung) for rung in rungs))


LIFE_COLUMNS = ("FRAME", "TIME", "AFTER", "WHAT", "BY", "PROOF", "SERVER TIME")


def _probably(echo: Echo) -> str:
    return (
        f"probably: the same text by us was announced later, in frame #{echo.announced.frame}; "
        f"the answer to our publish of frame #{echo.ask} never came"
    )


def _because(message: MessageView) -> str:
    decided_by = message.decided_by
    if decided_by is None:
        return _NO_RECEIPT.get(message.status, "")
    name = who(decided_by.participant, decided_by.role, mine=decided_by.mine)
    evidence = decided_by.evidence
    return f", by {safe_text(name)}: {decided_by.status} {evidence.proof.word} in frame #{evidence.frame}"


_NO_RECEIPT = {
    "sent": "; no ACCEPT or READ by anybody else was seen in this recording",
    "pending": "; asked for, and no answer was seen that says where it stands",
    "failed": "; the service refused it",
    "unknown": "; the connection ended before an answer",
    "unseen": "; only receipts name it, the message itself was not seen in this recording",
}


def _life_row(message: MessageView, rung: Rung) -> tuple[str, ...]:
    evidence = rung.evidence
    return (
        f"#{evidence.frame}",
        clock_time(evidence.at_us),
        delay_words(delay(message.sent, evidence)),
        rung.says,
        who(rung.participant, rung.role, mine=rung.mine),
        evidence.proof.word,
        clock_time(None if evidence.server_ms is None else evidence.server_ms * 1_000),
    )


PROOFS_SHOWN = 40
"""A receipt may name ten thousand messages; ``--json`` lists them all."""


def print_proofs(stream: IO[str], proofs: Sequence[Proven]) -> None:
    """What a frame proves, one fact a line, each with the frame that proves it better if there is one."""
    for fact in proofs[:PROOFS_SHOWN]:
        better = "" if fact.better is None else f", best proven by frame #{fact.better}"
        print_line(stream, f"proves: {fact.says} ({fact.proof.word}{better})")
    if len(proofs) > PROOFS_SHOWN:
        print_line(stream, f"proves: and {len(proofs) - PROOFS_SHOWN} facts more")
