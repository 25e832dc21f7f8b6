"""The receipts of a session that grows, by who gave them for which message."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence

from recorder.messaging.events import Event, ReceiptRefused, ReceiptReported
from recorder.receipts.selves import Selves
from recorder.receipts.state import Giver

from .dependencies import Dependencies, Facts, Kind
from .given_receipts import GivenReceipt, ReceiptCollector

Person = tuple[str, Giver, int]
"""Dialog, who gave a receipt, and for which message."""

_Given = tuple[str, int, str | None, str]


class ReceiptIndex:
    """All receipts, each once, however often it was announced.

    Attributes:
        of_person: by person and status, in the order of their first evidence.
        requested: dialog, sequence and status of the receipts that we requested, taken or not.
        request_frames: the frames of our requests for receipts.
        echoing: the dialogs in which a receipt of ours was echoed.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._events: list[ReceiptReported | ReceiptRefused] = []
        self._selves = Selves({}, frozenset())
        self._collector = ReceiptCollector(self._selves)
        self._begin()

    def _begin(self) -> None:
        dependencies = self._dependencies
        self.of_person: Facts[tuple[Person, str], list[GivenReceipt]] = Facts(dependencies)
        self.requested: Facts[tuple[str, int, str], bool] = Facts(dependencies)
        self.request_frames: Facts[int, bool] = Facts(dependencies)
        self.echoing: Facts[str, bool] = Facts(dependencies)
        self._given: Facts[_Given, bool] = Facts(dependencies)
        self._counts: Counter[_Given] = Counter()
        self._keys: dict[GivenReceipt, tuple[list[tuple[Person, str]], list[_Given]]] = {}

    def advance(self, events: Iterable[Event], selves: Selves, *, others: bool) -> None:
        """Take further events; ``others``: who we are in what was heard before has changed."""
        new = [event for event in events if isinstance(event, ReceiptReported | ReceiptRefused)]
        speaking = set(selves.by_connection.values()) != set(self._selves.by_connection.values())
        self._selves = selves
        if others or speaking:
            for receipt in list(self._dependencies.items[Kind.RECEIPT]):
                self._dependencies.vanish(Kind.RECEIPT, receipt)
            self._collector = ReceiptCollector(selves)
            self._begin()
            self._feed(self._events)
        self._collector.learn(selves)
        self._events += new
        self._feed(new)

    def _feed(self, events: Sequence[Event]) -> None:
        for event in events:
            self._collector.feed(event)
        for receipt in self._collector.touched:
            self._note(receipt)
        self._collector.touched.clear()

    def _note(self, receipt: GivenReceipt) -> None:
        persons, given = self._keys.pop(receipt, ((), ()))
        now = self._keys_of(receipt) if receipt.exists else ([], [])
        for key in persons:
            if key not in now[0]:
                self.of_person.values[key].remove(receipt)
                self.of_person.touch(key)
        for each in given:
            self._counts[each] -= 1
        for key in now[0]:
            listed = self.of_person.values.setdefault(key, [])
            if key not in persons:
                insort(listed, receipt, key=lambda other: other.place)
            self.of_person.touch(key)
        for each in now[1]:
            self._counts[each] += 1
        for each in {*given, *now[1]}:
            self._given.put(each, self._counts[each] > 0)
        if not receipt.exists:
            self._dependencies.vanish(Kind.RECEIPT, receipt)
            return
        self._keys[receipt] = now
        self._note_own(receipt)
        self._dependencies.appear(Kind.RECEIPT, receipt)
        self._dependencies.touch(Kind.RECEIPT, receipt)

    def _note_own(self, receipt: GivenReceipt) -> None:
        if receipt.claim is None:
            return
        for sequence in receipt.sequences:
            self.requested.put((receipt.dialog_id, sequence, receipt.status), True)
        self.request_frames.put(receipt.claim.frame, True)
        if receipt.announcements:
            self.echoing.put(receipt.dialog_id, True)

    def _keys_of(self, receipt: GivenReceipt) -> tuple[list[tuple[Person, str]], list[_Given]]:
        dialog_id, giver, status = receipt.dialog_id, receipt.giver, receipt.status
        sequences = dict.fromkeys(receipt.sequences)
        return (
            [((dialog_id, giver, sequence), status) for sequence in sequences],
            [(dialog_id, sequence, receipt.participant, status) for sequence in sequences],
        )

    def of(self, person: Person, status: str) -> Sequence[GivenReceipt]:
        """The receipts of this status that somebody gave for a message, in the order of their evidence."""
        return self.of_person.get((person, status)) or ()

    def is_given(self, dialog_id: str, sequence: int, participant: str | None, status: str) -> bool:
        """Whether this participant gave such a receipt for a message."""
        return self._given.get((dialog_id, sequence, participant, status)) is True
