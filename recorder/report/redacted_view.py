"""Takes texts, or ids and names of people, out of a session's view: the same types, with less in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from recorder.receipts.participants import PeopleWords, people_words
from recorder.receipts.queries import ContentView, MessageView, ReceiptView
from recorder.redaction.people import Part, withheld_text, word_substitute

from .session_view import SessionView

_START_OF_ID = 8
"""Sentences call people of no known role by so many characters of their ids."""

_SHORTEST_ID, _SHORTEST_NAME, _SHORTEST_TEXT = 4, 2, 8
"""Shorter ones are not looked for in sentences and texts: they stand in words that mean something else."""


def redacted_view(view: SessionView, parts: Collection[Part]) -> SessionView:
    """The view without these parts; it can be shown to whom they do not concern.

    A text becomes ``text of 12 characters``. An id becomes what the participant is called without it
    (``agent``), and so does its name, also where texts or sentences hold it as a word. Ids of dialogs and
    conversations stay.
    """
    if not parts:
        return view
    anonymous = people_words(view.people, ids=False)
    sentence = word_substitute(dict(_words(view, parts, anonymous)))

    def text(written: str | None) -> str | None:
        if written is None:
            return None
        return withheld_text(written) if "text" in parts else sentence(written)

    def person(participant: str | None) -> str | None:
        return anonymous.get(participant) if participant and "names" in parts else participant

    people, names = view.people, view.names
    if "names" in parts:
        people = {anonymous[who]: one._replace(name=None) for who, one in view.people.items()}
        names = {called: called for called in anonymous.values()}

    return replace(
        view,
        messages=[_message(message, text, person) for message in view.messages],
        people=people,
        names=names,
        findings=[each._replace(sentence=sentence(each.sentence)) for each in view.findings],
        left_out=view.left_out | frozenset(parts),
    )


def _words(view: SessionView, parts: Collection[Part], anonymous: PeopleWords) -> Iterator[tuple[str, str]]:
    """What is replaced wherever it stands, and by what."""
    if "text" in parts:
        yield from ((text, withheld_text(text)) for text in _texts_in_sentences(view))
    if "names" in parts:
        for participant, called in anonymous.items():
            if isinstance(participant, str):
                ids = (participant, participant[:_START_OF_ID])
                yield from ((each, called) for each in ids if len(each) >= _SHORTEST_ID)
        for participant, one in view.people.items():
            if one.name is not None and len(one.name) >= _SHORTEST_NAME:
                yield one.name, anonymous[participant]


def _texts_in_sentences(view: SessionView) -> Iterator[str]:
    """The texts of messages that sentences of findings repeat, as the reason of a refusal may.

    Found by their beginnings: the time grows with what is written, not with texts times sentences.
    """
    beginnings: dict[str, set[str]] = {}
    for message in view.messages:
        for text in (message.text, *(content.text for content in message.contents)):
            if text is not None and len(text) >= _SHORTEST_TEXT:
                beginnings.setdefault(text[:_SHORTEST_TEXT], set()).add(text)
    for finding in view.findings:
        sentence = finding.sentence
        for place in range(len(sentence) - _SHORTEST_TEXT + 1):
            texts = beginnings.get(sentence[place : place + _SHORTEST_TEXT], ())
            yield from (text for text in texts if sentence.startswith(text, place))


_Replace = Callable[[str | None], str | None]


def _message(message: MessageView, text: _Replace, person: _Replace) -> MessageView:
    decided_by = message.decided_by
    return message._replace(
        author=person(message.author),
        text=text(message.text),
        receipts=tuple(_receipt(each, person) for each in message.receipts),
        decided_by=None if decided_by is None else _receipt(decided_by, person),
        contents=tuple(_content(each, text, person) for each in message.contents),
    )


def _receipt(receipt: ReceiptView, person: _Replace) -> ReceiptView:
    return receipt._replace(participant=person(receipt.participant))


def _content(content: ContentView, text: _Replace, person: _Replace) -> ContentView:
    return content._replace(author=person(content.author), text=text(content.text))
