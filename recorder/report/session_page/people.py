"""The participants of a session on its page: each with a place in a list, and a name that no other has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from recorder.messaging.events import Evidence
from recorder.receipts.participants import NOBODY_KNOWN, KnownParticipant, people_words, role_word
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.receipts.self_facts import KnownPeople, connection_of

Giver = str | int | None
"""Id; the connection of one of us whose id is not known; None: nobody knows who."""


def giver_of(receipt: ReceiptView) -> Giver:
    """Who gave a receipt."""
    return _key(receipt.participant, mine=receipt.mine, evidence=receipt.evidence)


def author_of(message: MessageView) -> Giver:
    """Who wrote a message."""
    return _key(message.author, mine=message.mine, evidence=message.sent)


def _key(participant: str | None, *, mine: bool | None, evidence: Evidence | None) -> Giver:
    if participant is not None or not mine:
        return participant
    return connection_of(evidence)


class People:
    """Everybody who wrote or gave a receipt, in the order of their first frames.

    Args:
        known: everybody whose role or name is known, and all of us.
        givers: everybody there ever was, in the order in which they turn up.
        known_as: connection → who speaks on it, as was learnt in the end.
        ids: whether ids and names may be shown.
    """

    def __init__(
        self,
        known: KnownPeople,
        givers: Iterable[Giver],
        *,
        known_as: Mapping[int, str] | None = None,
        ids: bool = True,
    ) -> None:
        self._known, self._ids, self._known_as = known, ids, known_as or {}
        self._selves = [who for who, one in known.items() if one.mine]
        listed = dict.fromkeys(map(self._person, (*self._selves, *givers)))
        self._places = {who: place for place, who in enumerate(listed)}
        self._labels: dict[Giver, str] = {}

    def _person(self, who: Giver) -> Giver:
        return self._known_as.get(who, who) if isinstance(who, int) else who

    def knows_us(self, messages: Collection[MessageView]) -> bool:
        """Whether all of us who wrote these messages or gave receipts for them were known before."""
        ours = [author_of(each) for each in messages if each.mine]
        ours += [giver_of(receipt) for each in messages for receipt in each.receipts if receipt.mine]
        return all(self._person(each) in self._selves for each in ours)

    def grow(self, known: KnownPeople, messages: Iterable[MessageView]) -> bool:
        """Add who wrote these messages or gave receipts for them; whether the list is another now.

        ``known`` are those whose role or name is known by now.
        """
        rows = self.rows()
        self._known = known
        for message in messages:
            if message.sent is not None:
                self.place(author_of(message))
            for receipt in message.receipts:
                self.place(giver_of(receipt))
        self._labels = {}
        return self.rows() != rows

    def place(self, giver: Giver) -> int:
        """The place of somebody in the list."""
        who = self._person(giver)
        return self._places[who] if who in self._places else self._added(who)

    def _added(self, who: Giver) -> int:
        self._places[who] = len(self._places)
        self._labels = {}  # who is called the same needs more to be told apart
        return self._places[who]

    def label(self, giver: Giver) -> str:
        """What somebody is called."""
        who = self._person(giver)
        self.place(who)
        return self._all_labels()[who]

    def _all_labels(self) -> dict[Giver, str]:
        if self._labels:
            return self._labels
        everybody = dict(self._known)
        for who in self._places:
            if who is not None:
                everybody.setdefault(who, KnownParticipant(None, mine=isinstance(who, int)))
        self._labels = {None: NOBODY_KNOWN}
        self._labels.update(people_words(everybody, ids=self._ids).items())
        return self._labels

    def _role(self, who: Giver) -> str | None:
        known = None if who is None else self._known.get(who)
        return None if known is None else known.role

    def rows(self) -> list[dict[str, object]]:
        """The list as the page has it; ``role`` is the service's word."""
        labels = self._all_labels()
        return [
            {
                "label": labels[who],
                "id": shown,
                "role": self._role(who),
                "word": role_word(self._role(who)),
                "mine": who in self._selves or isinstance(who, int),
            }
            for who, shown in zip(self._places, self.ids(), strict=True)
        ]

    def ids(self) -> list[str | None]:
        """The id of each in the list, as the page has it."""
        return [who if isinstance(who, str) and self._ids else None for who in self._places]
