"""The participants of a session on its page: each with a place in a list, and a name that no other has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from recorder.messaging.events import Evidence
from recorder.receipts.participants import own_words, role_word
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.receipts.self_facts import OwnRoles, connection_of

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
        messages: as of the end, for roles and who is one of us.
        givers: everybody there ever was, in the order in which they turn up.
        selves: all of us.
        names: participant → name in a profile; empty to leave names out.
        known_as: connection → who speaks on it, as was learnt in the end.
        ids: whether ids may be shown.
    """

    def __init__(
        self,
        messages: Sequence[MessageView],
        givers: Iterable[Giver],
        selves: OwnRoles,
        names: Mapping[str, str],
        *,
        known_as: Mapping[int, str] | None = None,
        ids: bool = True,
    ) -> None:
        self._selves, self._names, self._ids = selves, names, ids
        self._known_as = known_as or {}
        self._own = own_words(selves)
        self._roles: dict[Giver, str | None] = {who: own.role for who, own in selves.items()}
        for message in messages:
            self._note_all(message)
        listed = dict.fromkeys(map(self._person, (*selves, *givers)))
        self._places = {who: place for place, who in enumerate(listed)}
        self._labels = self._unique_labels()

    def _person(self, who: Giver) -> Giver:
        return self._known_as.get(who, who) if isinstance(who, int) else who

    def _note_all(self, message: MessageView) -> None:
        self._note(author_of(message), message.role)
        for receipt in message.receipts:
            self._note(giver_of(receipt), receipt.role)

    def knows_us(self, messages: Collection[MessageView]) -> bool:
        """Whether all of us who wrote these messages or gave receipts for them were known before."""
        ours = [author_of(each) for each in messages if each.mine]
        ours += [giver_of(receipt) for each in messages for receipt in each.receipts if receipt.mine]
        return all(self._person(each) in self._selves for each in ours)

    def grow(self, messages: Iterable[MessageView]) -> bool:
        """Add who wrote these messages or gave receipts for them; whether the list is another now."""
        roles, places = dict(self._roles), len(self._places)
        for message in messages:
            self._note_all(message)
            if message.sent is not None:
                self.place(author_of(message))
            for receipt in message.receipts:
                self.place(giver_of(receipt))
        if len(self._places) == places and self._roles == roles:
            return False
        self._labels = self._unique_labels()
        return True

    def _note(self, giver: Giver, role: str | None) -> None:
        who = self._person(giver)
        self._roles[who] = role or self._roles.get(who)

    def place(self, giver: Giver) -> int:
        """The place of somebody in the list."""
        who = self._person(giver)
        return self._places[who] if who in self._places else self._added(who)

    def _added(self, who: Giver) -> int:
        self._places[who] = len(self._places)
        self._labels[who] = self._label(who)
        return self._places[who]

    def label(self, giver: Giver) -> str:
        """What somebody is called."""
        who = self._person(giver)
        self.place(who)
        return self._labels[who]

    def _unique_labels(self) -> dict[Giver, str]:
        plain = {who: self._label(who) for who in self._places}
        several = {label for label, count in Counter(plain.values()).items() if count > 1}
        counts: Counter[str] = Counter()
        labels = {}
        for who, label in plain.items():
            counts[label] += 1
            labels[who] = f"{label} {counts[label]}" if label in several else label
        return labels

    def _label(self, who: Giver) -> str:
        role = role_word(self._roles.get(who))
        mine = who in self._selves
        if isinstance(who, int):
            return f"you (connection {who})" if len(self._selves) > 1 else "you"
        if who is None:
            return "somebody unknown"
        name = self._names.get(who)
        if mine and name is None:
            several = f"you ({role})" if role and len(self._selves) > 1 else "you"
            return self._own.get(who, several) if self._ids else several
        label = name or role or (who[:8] if self._ids else "participant")
        return f"{label} (you)" if mine else label

    def rows(self) -> list[dict[str, object]]:
        """The list as the page has it; ``role`` is the service's word."""
        return [
            {
                "label": self._labels[who],
                "id": shown,
                "role": self._roles.get(who),
                "word": role_word(self._roles.get(who)),
                "mine": who in self._selves or isinstance(who, int),
            }
            for who, shown in zip(self._places, self.ids(), strict=True)
        ]

    def ids(self) -> list[str | None]:
        """The id of each in the list, as the page has it."""
        return [who if isinstance(who, str) and self._ids else None for who in self._places]
