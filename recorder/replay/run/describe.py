"""Texts about messages, as failed steps show them, with the frames that prove them."""

from __future__ import annotations

from recorder.messaging.events import Proof
from recorder.receipts.queries import MessageView, ReceiptView, view
from recorder.receipts.state import Transcript

LINES_SHOWN = 8
QUOTED = 60


def span(seconds: float) -> str:
    """``0.25`` → ``250ms``, ``90`` → ``90s``: as a script would write it."""
    return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else f"{seconds:g}s"


def lines(transcript: Transcript) -> tuple[str, ...]:
    """The last messages, one line each; empty if there are none."""
    newest_last = sorted(view(transcript), key=_first_frame)
    return tuple(line(message) for message in newest_last[-LINES_SHOWN:])


def line(message: MessageView) -> str:
    """``frame 41: agent-1 (ASSIGNED_AGENT), #2 "Hello", read (ACCEPT by you, frame 44)``."""
    frame = f"frame {message.sent.frame}" if message.sent is not None else "no frame"
    number = f"#{message.sequence}" if message.sequence is not None else "without a sequence"
    return f"{frame}: {_author(message)}, {number} {quoted(message.text)}, {state(message)}"


def state(message: MessageView) -> str:
    """Its status and every receipt for it."""
    receipts = "; ".join(receipt(given) for given in message.receipts)
    return f"{message.status} ({receipts})" if receipts else message.status


def receipt(given: ReceiptView) -> str:
    """``READ by agent-1, frame 52``; a proof weaker than an answer is named."""
    who = "you" if given.mine else given.participant or "somebody"
    proof = given.evidence.proof
    weak = f", only {proof.word}" if proof < Proof.ACKNOWLEDGED else ""
    return f"{given.status} by {who}, frame {given.evidence.frame}{weak}"


def _first_frame(message: MessageView) -> int:
    return message.sent.frame if message.sent is not None else 0


def _author(message: MessageView) -> str:
    name = "you" if message.mine else message.author or "somebody"
    return f"{name} ({message.role})" if message.role and not message.mine else name


def quoted(text: str | None, longest: int = QUOTED) -> str:
    """The text in quotes, shortened to that many characters."""
    if text is None:
        return "(no text)"
    if len(text) <= longest:
        return f'"{text}"'
    # Cut between words: half a secret would not be recognised as one by whoever blanks them.
    return f'"{text[: longest - 3].rpartition(" ")[0]}…"'
