"""Split the frames of a session by dialog, for processes that fold it together.

Dialogs know nothing of each other, so each process folds its own and skips what tells of others alone.
Skipping must be cheap, and never wrong: it is decided on the bytes of a payload, before anything is
parsed, and only where those leave no doubt. Everything in doubt is read by every process, and so are all
requests and answers, which must be paired by all alike. Facts without a dialog are kept by everyone who
hears them: hearing a fact twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

from recorder.messaging.events import Event
from recorder.wire.frames import Opcode

from .hearing import Skimmed

_NOTIFICATION = b'{"kind":"notification"'
# Searched for by its beginning: it ends in a letter that is rare, which makes the search twice as fast.
_DIALOG, _REST = b'"dialogI', b'd":"'
_TEXT = int(Opcode.TEXT)


class Share(NamedTuple):
    """The dialogs of one process: number ``place`` (from 0) of ``shares``."""

    place: int
    shares: int

    def has(self, dialog_id: str) -> bool:
        """Whether this dialog belongs to this share. Every dialog belongs to exactly one."""
        return self._has(dialog_id.encode("utf-8", "surrogatepass"))

    def _has(self, dialog_id: bytes) -> bool:
        return crc32(dialog_id) % self.shares == self.place

    def frames(self, frames: Iterable[Skimmed]) -> Iterator[Skimmed]:
        """The frames without those that certainly tell of other shares' dialogs alone."""
        known: dict[bytes | None, bool] = {None: True}
        for frame in frames:
            if frame[4] and frame[5] == _TEXT and frame[6] and frame[7] is None:
                dialog_id = sole_dialog(frame[8])
                mine = known.get(dialog_id)
                if mine is None and dialog_id is not None:
                    mine = known[dialog_id] = self._has(dialog_id)
                if not mine:
                    continue
            yield frame

    def events(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events without those of other shares' dialogs."""
        known: dict[str, bool] = {}
        for event in events:
            dialog_id = getattr(event, "dialog_id", None)
            if dialog_id is None:
                yield event
                continue
            mine = known.get(dialog_id)
            if mine is None:
                mine = known[dialog_id] = self.has(dialog_id)
            if mine:
                yield event


def sole_dialog(payload: bytes) -> bytes | None:
    """The id of the only dialog a notification can tell of; None where the bytes leave any doubt.

    Doubt is: it does not begin as a notification does, or says twice what it is; it names a dialog more
    than once, or not as a plain string; or there are escapes that may spell any key.
    """
    at = payload.find(_DIALOG)
    begin = at + len(_DIALOG)
    if at < 0 or not payload.startswith(_NOTIFICATION) or not payload.startswith(_REST, begin):
        return None
    if payload.find(_DIALOG, begin) >= 0 or payload.find(b'"kind"', len(_NOTIFICATION)) >= 0:
        return None
    begin += len(_REST)
    end = payload.find(b'"', begin)
    dialog_id = payload[begin:end]
    if end < 0:
        return None
    if b"\\" in payload and (b"\\" in dialog_id or b"\\u" in payload):
        return None
    return dialog_id
