"""A session as a sequence diagram of Mermaid: messages are arrows, receipts dashed ones, reconnects notes.

Everything but letters, digits, blanks and some punctuation is written as a character reference (``#35;``), so
that no text is read as a part of the diagram.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recorder.checks.input import ConnectionFact
from recorder.messaging.events import Proof
from recorder.receipts.delays import Clocks, clocks_by_dialog, delay
from recorder.receipts.queries import MessageView, ReceiptView

from .messages import content_words
from .session_view import SessionView, completeness_lines
from .terminal import safe_text
from .times import delay_words

TEXT_SHOWN = 60
"""Characters of a text on an arrow."""

LONGEST_DIAGRAM = 50_000
"""Characters that Mermaid draws unless its ``maxTextSize`` is raised."""

_HARMLESS = " .,()?!+'"
_EVERYBODY = "everybody else"
_SOLID, _DASHED = "-", "--"
_ARRIVES, _IS_REFUSED, _IS_OPEN = ">>", "x", ")"
_HEADS = {"failed": _IS_REFUSED, "pending": _IS_OPEN, "unknown": _IS_OPEN}


class _Line(NamedTuple):
    """An arrow or a note, with the frame that it stands at; a note comes before the arrows of its frame."""

    frame: int
    rank: int
    words: str


def sequence_diagram(view: SessionView) -> Iterator[str]:
    """The lines of the diagram, without their ends."""
    people = _People(view)
    clocks = clocks_by_dialog(view.messages)
    lines = [
        line
        for message in view.messages
        for line in _message_lines(view, message, people, clocks[message.dialog_id])
    ]
    lines += _connection_notes(view, people)
    yield "sequenceDiagram"
    yield from (f"    participant {name} as {diagram_text(word)}" for word, name in people.names.items())
    if people.names:
        for sentence in completeness_lines(view):
            yield f"    Note over {people.all}: {diagram_text(sentence)}"
    yield from (f"    {line.words}" for line in sorted(lines))


class _People:
    """The participants of the diagram: what they are called → the name of their column."""

    def __init__(self, view: SessionView) -> None:
        self._by_dialog: dict[str | None, set[str]] = {}
        called: dict[str, int] = {}
        for message in view.messages:
            for word, frame in _appearances(view, message):
                self._by_dialog.setdefault(message.dialog_id, set()).add(word)
                called[word] = min(frame, called.get(word, frame))
        ordered = sorted(called, key=lambda word: (called[word], word))
        if any(len(people) != 2 for people in self._by_dialog.values()):
            ordered.append(_EVERYBODY)
        self.names = {word: f"p{number}" for number, word in enumerate(ordered, 1)}

    @property
    def all(self) -> str:
        """The columns that a note over everything stands over."""
        names = list(self.names.values())
        return names[0] if len(names) == 1 else f"{names[0]},{names[-1]}"

    def opposite(self, word: str, dialog: str | None) -> str:
        """Who else is in the dialog: the one other, else everybody."""
        others = self._by_dialog[dialog] - {word}
        if len(others) == 1 and len(self._by_dialog[dialog]) == 2:
            return self.names[next(iter(others))]
        return self.names[_EVERYBODY]


def _appearances(view: SessionView, message: MessageView) -> Iterator[tuple[str, int]]:
    if message.sent is not None:
        yield view.author(message), message.sent.frame
    for receipt in message.receipts:
        yield view.giver(receipt), receipt.evidence.frame


def _message_lines(
    view: SessionView, message: MessageView, people: _People, clocks: Clocks
) -> Iterator[_Line]:
    number = "" if message.sequence is None else f"{message.sequence}: "
    if message.sent is not None:
        word = view.author(message)
        arrow = _SOLID + _HEADS.get(message.status, _ARRIVES)
        text = safe_text(content_words(message.type, message.text))
        text = text if len(text) <= TEXT_SHOWN else f"{text[: TEXT_SHOWN - 1]}…"
        shown = f"{number}{text} ({message.status})"
        ends = f"{people.names[word]}{arrow}{people.opposite(word, message.dialog_id)}"
        yield _Line(message.sent.frame, 1, f"{ends}: {diagram_text(shown)}")
    for receipt in message.receipts:
        passed = delay(message.sent, receipt.evidence, clocks)
        after = "" if passed is None else f" {delay_words(passed)}"
        yield _receipt_line(view, message, receipt, people, f"{number}{receipt.status}{after}")


def _receipt_line(
    view: SessionView, message: MessageView, receipt: ReceiptView, people: _People, words: str
) -> _Line:
    word, frame = view.giver(receipt), receipt.evidence.frame
    author = view.author(message)
    known = message.sent is not None and author != word
    target = people.names[author] if known else people.opposite(word, message.dialog_id)
    arrow = _DASHED + (_IS_REFUSED if receipt.evidence.proof is Proof.REFUSED else _ARRIVES)
    return _Line(frame, 2, f"{people.names[word]}{arrow}{target}: {diagram_text(f'{words} #{frame}')}")


def _connection_notes(view: SessionView, people: _People) -> Iterator[_Line]:
    """Where a connection after the first begins, and where one ended that was not the last."""
    if not people.names:
        return
    facts = [fact for fact in view.connection_facts if fact.first_frame is not None]
    for place, fact in enumerate(facts):
        first, last = fact.first_frame or 0, fact.last_frame or 0
        if place > 0:
            yield _Line(first, 0, f"Note over {people.all}: connection {fact.connection} opened")
        if place < len(facts) - 1 and fact.how is not None:
            yield _Line(last, 3, f"Note over {people.all}: {diagram_text(_ending(fact))}")


def _ending(fact: ConnectionFact) -> str:
    with_code = "" if fact.close_code is None else f" with {fact.close_code}"
    return f"connection {fact.connection} {fact.how}{with_code}"


def diagram_text(text: str) -> str:
    """The text on one line, with what Mermaid could read as its own as character references."""
    return "".join(
        each if each.isalnum() or each in _HARMLESS else f"#{ord(each)};" for each in safe_text(text)
    )


def is_too_long(lines: Sequence[str]) -> bool:
    """Whether Mermaid refuses to draw so much unless told otherwise."""
    return sum(len(line) + 1 for line in lines) > LONGEST_DIAGRAM
