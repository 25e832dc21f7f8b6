"""The messages of a session as of any frame, one moment after another, from the changes of their states.

A step costs what changed between two moments, not the length of the session.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain

from .queries import MessageView, first_frame
from .state_changes import StateChange, ViewKey

_History = tuple[list[int], list[MessageView | None]]
"""The frames at which a message changed, and what it was from each on."""


class MomentStates:
    """Moves to a frame, and lists the messages as ``view`` does of the fold up to it.

    Args:
        changes: those of ``state_changes``, with roles, in the order of frames.
    """

    def __init__(self, changes: Iterable[StateChange]) -> None:
        self._changes = list(changes)
        self._frames = [change.frame for change in self._changes]
        self._histories: dict[ViewKey, _History] = {}
        for frame, key, message in self._changes:
            frames, messages = self._histories.setdefault(key, ([], []))
            frames.append(frame)
            messages.append(message)
        self._shown: dict[str | None, dict[int, MessageView]] = {}
        self._first: dict[str | None, dict[int, float]] = {}
        self._listed: dict[str, tuple[float, Sequence[MessageView]]] = {}
        self._done = 0

    def as_of(self, frame: int) -> list[MessageView]:
        """The messages as of this frame, in the order of ``view``. Unchanged ones are the same objects."""
        done = bisect_right(self._frames, frame)
        between = self._changes[min(done, self._done) : max(done, self._done)]
        self._done = done
        touched = set()
        for key in {change.key for change in between}:
            self._put(key, self._last(key, frame))
            touched.add(key[0])
        for dialog_id in touched - {None}:
            self._list_dialog(str(dialog_id))
        dialogs = (self._listed[each] for each in sorted(self._listed))
        by_first = (messages for _, messages in sorted(dialogs, key=lambda listed: listed[0]))
        publishes = (message for _, message in sorted(self._shown.get(None, {}).items()))
        return [*chain.from_iterable(by_first), *publishes]

    def _last(self, key: ViewKey, frame: int) -> MessageView | None:
        frames, messages = self._histories[key]
        place = bisect_right(frames, frame)
        return messages[place - 1] if place else None

    def _put(self, key: ViewKey, message: MessageView | None) -> None:
        shown, first = self._shown.setdefault(key[0], {}), self._first.setdefault(key[0], {})
        if message is None:
            shown.pop(key[1], None)
            first.pop(key[1], None)
        else:
            shown[key[1]] = message
            first[key[1]] = first_frame((message,))

    def _list_dialog(self, dialog_id: str) -> None:
        messages = [message for _, message in sorted(self._shown[dialog_id].items())]
        if messages:
            self._listed[dialog_id] = (min(self._first[dialog_id].values()), messages)
        else:
            self._listed.pop(dialog_id, None)
