"""What the names of a script refer to while it is played: messages, answers, and their content.

Names are the script's: whichever consumer gave one, all may use it. ``last_sent``, ``last_received`` and
bare sequences are each consumer's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..language.references import Reference
from ..language.verb_model import LAST_RECEIVED, LAST_SENT
from .consumer_view import ConsumerView, Target
from .receipt_batches import MessageId


class _Named(NamedTuple):
    by: ConsumerView
    target: Target


class _Answer(NamedTuple):
    by: ConsumerView
    frame: int


class UnresolvedReference(Exception):
    """A reference that cannot be resolved; the text says what there is instead."""


class Names:
    """The messages and answers named with ``as:``. Assigning a name again replaces what it refers to."""

    def __init__(self) -> None:
        self._given: dict[str, _Named | _Answer] = {}

    def assign(self, name: str, target: Target, *, by: ConsumerView) -> None:
        """Name a message, by its id, or, while it has no sequence, by the frame of its publish."""
        self._given[name] = _Named(by, target)

    def assign_answer(self, name: str, frame: int, *, by: ConsumerView) -> None:
        """Name the answer to the request in this frame."""
        self._given[name] = _Answer(by, frame)

    def target(self, reference: str | int, view: ConsumerView) -> Target | None:
        """The message a reference means; None if there is none yet."""
        if isinstance(reference, int):
            dialog_id = view.dialog(None)
            return MessageId(dialog_id, reference) if dialog_id is not None else None
        if reference == LAST_RECEIVED:
            return next(view.received(), None)
        if reference == LAST_SENT:
            return None if view.last_publish is None else view.answered(view.last_publish)
        named = self._given.get(reference)
        if not isinstance(named, _Named):
            return None
        return named.by.answered(named.target) if isinstance(named.target, int) else named.target

    def find(self, reference: Reference, *, view: ConsumerView, round_number: int | None) -> object:
        """The JSON value that ``${name.path}`` stands for.

        Raises:
            NotThere: it leads nowhere; the message is made for people.
        """
        given = self._given.get(reference.name)
        if given is None:
            found: object = _built_in(reference, view, round_number)
        elif isinstance(given, _Answer):
            found = _of_answer(given)
        else:
            found = self._of_message(reference.name, given)
        for place, part in enumerate(reference.path):
            found = _inside(found, part, reference, place)
        return found

    def _of_message(self, name: str, given: _Named) -> dict[str, object]:
        target = self.target(name, given.by)
        if not isinstance(target, MessageId):
            raise UnresolvedReference(
                f"the message {name} (frame {target}) has no sequence; its publish is not answered"
            )
        message = given.by.message(target)
        return {
            "text": message.text,
            "sequence": target.sequence,
            "dialog": target.dialog_id,
            "author": message.author,
            "type": message.type,
        }


def _of_answer(given: _Answer) -> dict[str, object]:
    answer = given.by.answers[given.frame]
    return {"code": answer.code, "type": answer.type, "body": given.by.bodies.get(given.frame)}


def _built_in(reference: Reference, view: ConsumerView, round_number: int | None) -> dict[str, object]:
    value: dict[str, object]
    match reference.name:
        case "conversation":
            value = {"id": view.conversation()}
        case "dialog":
            value = {"id": view.dialog(None)}
        case "consumer":
            value = {"id": min(view.own_ids, default=None)}
        case "round":
            value = {"number": round_number}
        case name:
            raise UnresolvedReference(f"{reference}: nothing is called {name} yet")
    if None in value.values():
        raise UnresolvedReference(f"{reference}: {_MISSING[reference.name]}")
    return value


_MISSING = {
    "conversation": "there is no conversation yet; open_conversation comes first",
    "dialog": "there is no conversation yet; open_conversation comes first",
    "consumer": "who we are is not known: no token and no echo told it",
    "round": "this step is in no repeat",
}


def _inside(value: object, part: str, reference: Reference, place: int) -> object:
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    so_far = ".".join((reference.name, *reference.path[:place]))
    raise UnresolvedReference(f"{reference}: there is no {part} in {so_far}; {_what_there_is(value)}")


def _what_there_is(value: object) -> str:
    if isinstance(value, Mapping):
        return f"there is {', '.join(map(str, value))}" if value else "it is empty"
    if isinstance(value, list):
        return f"it is a list of {len(value)}"
    return "there is nothing" if value is None else "it is a plain value"
