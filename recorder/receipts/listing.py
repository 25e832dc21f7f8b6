"""The messages of a session dialog by dialog, each with what its delays are measured by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from .delays import Clocks, DialogClocks, LazyClocks, clocks_of
from .queries import MessageView
from .self_facts import KnownPeople


class DialogListing(NamedTuple):
    """The messages of one dialog, to be iterated over once; publishes without a sequence come last."""

    dialog_id: str | None
    messages: Iterable[MessageView]
    clocks: Clocks


class MessageListing(NamedTuple):
    """The messages of a session, or of one dialog, read while they are iterated over: once, either way.

    Attributes:
        session: the session's id.
        messages: in the order of ``receipts.queries.view``.
        dialogs: the same dialog by dialog.
        people: everybody in the session.
        maybe_one_person: whether a consumer may stand there under two ids, which nobody has looked at yet.
    """

    session: str
    messages: Iterable[MessageView]
    dialogs: Iterable[DialogListing]
    people: KnownPeople
    maybe_one_person: bool = False


def dialogs_of(messages: Iterable[MessageView]) -> Iterator[DialogListing]:
    """These messages by dialog, in the order that the dialogs turn up in."""
    by_dialog: dict[str | None, list[MessageView]] = {}
    for message in messages:
        by_dialog.setdefault(message.dialog_id, []).append(message)
    for dialog_id, listed in by_dialog.items():
        yield DialogListing(dialog_id, listed, LazyClocks(_finding(listed)))


def _finding(messages: Iterable[MessageView]) -> Callable[[], DialogClocks]:
    return lambda: clocks_of(messages)
