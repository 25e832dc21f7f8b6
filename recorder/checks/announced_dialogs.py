"""The open dialogs of our own conversations, as requests, snapshots and accepted rings name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from recorder.messaging.events import (
    ConversationChanged,
    ConversationOpened,
    ConversationTaken,
    Dialog,
    Event,
    Evidence,
)
from recorder.receipts.selves import Selves

from .dependencies import Dependencies, Facts, Kind

_CLOSED = "CLOSE"
_MESSAGING = "MESSAGING"


class AnnouncedDialog(NamedTuple):
    """A dialog that was open when it was first heard of. ``name`` says which, in words.

    ``conversation_id`` is that of its conversation where no dialog goes by it: a subscription to it is one
    to all of its dialogs.
    """

    name: str
    evidence: Evidence
    conversation_id: str | None = None


class AnnouncedDialogs:
    """Follows the events of a session; ``of`` are the dialogs by id."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self.of: Facts[str, AnnouncedDialog] = Facts(dependencies)
        self._opened: list[ConversationOpened] = []
        self._taken: list[ConversationTaken] = []
        self._changes: list[ConversationChanged] = []
        self._apart: set[str] = set()

    def advance(self, events: Sequence[Event], selves: Selves, *, others: bool) -> None:
        """Take further events; ``others``: who we are has changed."""
        new = [event for event in events if isinstance(event, ConversationChanged)]
        for event in events:
            if isinstance(event, ConversationOpened):
                self._opened.append(event)
                others = others or self._is_known(event.conversation_id)
                if not others:
                    self._put(event.conversation_id, _opened(event))
            elif isinstance(event, ConversationTaken):
                self._taken.append(event)
                others = others or self._is_known(event.conversation_id)
                if not others:
                    self._put(event.conversation_id, _taken(event))
        self._changes += new
        if others:
            self._begin_again(selves)
        else:
            for event in new:
                self._change(event, selves)

    def _is_known(self, conversation_id: str) -> bool:
        return conversation_id in self.of.values or conversation_id in self._apart

    def _begin_again(self, selves: Selves) -> None:
        """Requests and rings come before the snapshots, whenever they came."""
        for dialog_id in list(self.of.values):
            self._take_out(dialog_id)
        for opened in self._opened:
            self._put(opened.conversation_id, _opened(opened))
        for taken in self._taken:
            self._put(taken.conversation_id, _taken(taken))
        for change in self._changes:
            self._change(change, selves)

    def _put(self, dialog_id: str, announced: AnnouncedDialog) -> None:
        if dialog_id not in self.of.values:
            self.of.put(dialog_id, announced)
            self._dependencies.appear(Kind.ANNOUNCED_DIALOG, dialog_id)

    def _take_out(self, dialog_id: str) -> None:
        if self.of.values.pop(dialog_id, None) is not None:
            self.of.touch(dialog_id)
            self._dependencies.vanish(Kind.ANNOUNCED_DIALOG, dialog_id)

    def _change(self, change: ConversationChanged, selves: Selves) -> None:
        if change.left_subscription or not _is_ours(selves, change):
            return
        apart = all(each.dialog_id != change.conversation_id for each in change.dialogs)
        whole = change.conversation_id if change.dialogs and apart else None
        for dialog in _messaging_dialogs(change):
            name = f"dialog {dialog.dialog_id[:64]} was announced"
            self._put(dialog.dialog_id, AnnouncedDialog(name, change.evidence, whole))
        if whole is not None:
            self._apart.add(whole)
            self._take_out(whole)  # its main dialog goes by another id


def _opened(event: ConversationOpened) -> AnnouncedDialog:
    return AnnouncedDialog(f"conversation {event.conversation_id[:64]} was opened", event.evidence)


def _taken(event: ConversationTaken) -> AnnouncedDialog:
    return AnnouncedDialog(f"conversation {event.conversation_id[:64]} was accepted", event.evidence)


def _messaging_dialogs(change: ConversationChanged) -> list[Dialog]:
    dialogs = change.dialogs or (Dialog(change.conversation_id, None, None, change.state),)
    return [each for each in dialogs if each.state != _CLOSED and each.channel in (None, _MESSAGING)]


def _is_ours(selves: Selves, change: ConversationChanged) -> bool:
    """Whether we take part, as far as that is known: managers hear of conversations that are not theirs."""
    present = {each.participant for each in change.participants if each.state != "SUGGESTED"}
    return not selves.ids or not present or bool(selves.ids & present)
