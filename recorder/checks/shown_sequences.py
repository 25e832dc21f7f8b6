"""The sequences of the messages that came in each dialog, and who wrote them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict

from recorder.receipts.echoes import MessageKey
from recorder.receipts.queries import MessageView, first_frame

from .dependencies import Dependencies, Facts
from .dialog_numbers import set_member


class ShownSequences:
    """Those that only a snapshot shows are left out: it shows no more than the last one.

    Attributes:
        least: the lowest sequence of each dialog.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self.least: Facts[str, int] = Facts(dependencies)
        self._rising: defaultdict[str, list[int]] = defaultdict(list)
        self._dialogs: Facts[int, set[str]] = Facts(dependencies)
        self._several: Facts[None, bool] = Facts(dependencies)
        self._order: Facts[None, int] = Facts(dependencies)
        self._first: defaultdict[str, list[float]] = defaultdict(list)
        self._first_of: dict[MessageKey, float] = {}

    def see(self, key: MessageKey, view: MessageView | None) -> None:
        """A message has changed; None: it is not there any more."""
        self._see_first(key, view)
        dialog_id, sequence = key
        shown = view is not None and view.sent is not None and not view.sent.snapshot
        rising = self._rising[dialog_id]
        if not set_member(rising, sequence, there=shown):
            return
        dialogs = self._dialogs.values.setdefault(sequence, set())
        if shown:
            dialogs.add(dialog_id)
        else:
            dialogs.discard(dialog_id)
        self._dialogs.touch(sequence)
        if rising:
            self.least.put(dialog_id, rising[0])
        elif dialog_id in self.least.values:
            del self.least.values[dialog_id]
            self.least.touch(dialog_id)
        self._several.put(None, len(self.least.values) > 1)

    def _see_first(self, key: MessageKey, view: MessageView | None) -> None:
        frames = self._first[key[0]]
        least = frames[0] if frames else None
        known = self._first_of.pop(key, None)
        if known is not None:
            del frames[bisect_left(frames, known)]
        if view is not None:
            self._first_of[key] = first_frame((view,))
            insort(frames, self._first_of[key])
        if (frames[0] if frames else None) != least:
            self._order.touch(None)

    @property
    def several(self) -> bool:
        """Whether messages of several dialogs came."""
        return self._several.get(None) is True

    def dialogs_with(self, sequence: int) -> list[str]:
        """The dialogs in which a message of this sequence came, in the order in which they appeared."""
        dialogs = self._dialogs.get(sequence) or ()
        if len(dialogs) > 1:
            self._order.note(None)
        return sorted(dialogs, key=lambda dialog_id: (self._first[dialog_id][0], dialog_id))
