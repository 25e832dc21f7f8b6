"""Pair the messages of two sessions, and name their participants alike.

Participants are named by role and order of appearance. A message is paired by author, type and text, the
first "hi" with the first "hi"; one that remains between the same neighbours on both sides is paired with
another of the same author and type. The recordings of both sides of one conversation have ids and sequences
in common: there these decide, and nobody is "you", who would be somebody else on either side.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import zip_longest
from operator import itemgetter
from typing import NamedTuple

from recorder.messaging.events import Evidence

from .participants import role_word
from .queries import MessageView, ReceiptView


class Entry(NamedTuple):
    """A message, with the key that pairs it, and its receipts by participant and status."""

    message: MessageView
    author: str
    key: Hashable
    receipts: Mapping[tuple[str, str], ReceiptView]


def by_dialog(messages: Sequence[MessageView]) -> list[list[MessageView]]:
    """The messages of each dialog, dialogs in their order of appearance."""
    dialogs: dict[str | None, list[MessageView]] = {}
    for message in messages:
        dialogs.setdefault(message.dialog_id, []).append(message)
    return list(dialogs.values())


def names_of(messages: Sequence[MessageView]) -> dict[str, str]:
    """Participant → "you", "agent 1", …, counted for each role in the order of first frames.

    With more than one self, each has its role: "you (consumer 1)", "you (agent 1)".
    """
    roles: dict[str, str | None] = {}
    mine: set[str] = set()
    for _, participant, role, is_mine in sorted(_everybody(messages), key=itemgetter(0)):
        roles[participant] = roles.get(participant) or role
        if is_mine:
            mine.add(participant)
    count: Counter[str] = Counter()
    names = {}
    for participant, role in roles.items():
        word = role_word(role) or "participant"
        if participant not in mine or len(mine) > 1:
            count[word] += 1
        name = f"{word} {count[word]}"
        names[participant] = name if participant not in mine else f"you ({name})" if len(mine) > 1 else "you"
    return names


class DialogPair(NamedTuple):
    """One dialog in two sessions: its messages in each, none where it is not there, and their entries."""

    messages: tuple[Sequence[MessageView], Sequence[MessageView]]
    entries: tuple[list[Entry], list[Entry]]


def is_same_conversation(first: Sequence[MessageView], second: Sequence[MessageView]) -> bool:
    """Whether two sessions recorded one dialog, and who is one of us in one is another in the other."""
    dialogs = [{message.dialog_id for message in messages} - {None} for messages in (first, second)]
    if dialogs[0].isdisjoint(dialogs[1]):
        return False
    one, other = (
        {participant: is_mine is True for _, participant, _, is_mine in _everybody(messages)}
        for messages in (first, second)
    )
    return any(one[participant] is not other[participant] for participant in one.keys() & other.keys())


def dialog_pairs(first: Sequence[MessageView], second: Sequence[MessageView]) -> list[DialogPair]:
    """The dialogs of two sessions side by side: of two sides those of one id, else in their order."""
    same = is_same_conversation(first, second)
    listed = (by_dialog(first), by_dialog(second))
    if same:
        names = (_names_in_both(first, second),) * 2
        ids = list(dict.fromkeys(messages[0].dialog_id for messages in (*listed[0], *listed[1])))
        of_id = [{messages[0].dialog_id: messages for messages in each} for each in listed]
        sides = [(of_id[0].get(dialog, []), of_id[1].get(dialog, [])) for dialog in ids]
    else:
        names = (names_of(first), names_of(second))
        sides = list(zip_longest(*listed, fillvalue=[]))
    return [
        DialogPair(
            (one, other),
            (entries_of(one, names[0], by_sequence=same), entries_of(other, names[1], by_sequence=same)),
        )
        for one, other in sides
    ]


def _names_in_both(first: Sequence[MessageView], second: Sequence[MessageView]) -> dict[str, str]:
    """Participant → "consumer 1", "agent 1", …: the same in both sessions."""
    roles: dict[str, str | None] = {}
    for messages in (first, second):
        for _, participant, role, _mine in sorted(_everybody(messages), key=itemgetter(0)):
            roles[participant] = roles.get(participant) or role
    count: Counter[str] = Counter()
    names = {}
    for participant, role in roles.items():
        word = role_word(role) or "participant"
        count[word] += 1
        names[participant] = f"{word} {count[word]}"
    return names


def _everybody(messages: Sequence[MessageView]) -> Iterator[tuple[int, str, str | None, bool | None]]:
    """Frame, participant, role, and whether it is us, of every message and receipt."""
    for message in messages:
        if message.author is not None:
            frame = 0 if message.sent is None else message.sent.frame
            yield frame, message.author, message.role, message.mine
        for receipt in message.receipts:
            if receipt.participant is not None:
                yield receipt.evidence.frame, receipt.participant, receipt.role, receipt.mine


def entries_of(
    messages: Sequence[MessageView], names: Mapping[str, str], *, by_sequence: bool = False
) -> list[Entry]:
    """The messages of one dialog, each with the key that pairs it: its sequence, or what it says."""
    count: Counter[Hashable] = Counter()
    entries = []
    for message in messages:
        author = name_in(message.author, names, mine=message.mine, evidence=message.sent)
        numbered = by_sequence and message.sequence is not None
        content: tuple[Hashable, ...] = (
            (message.sequence,) if numbered else (author, message.type, message.text, message.sent is None)
        )
        count[content] += 1
        receipts = {
            (
                name_in(receipt.participant, names, mine=receipt.mine, evidence=receipt.evidence),
                receipt.status,
            ): receipt
            for receipt in message.receipts
        }
        entries.append(Entry(message, author, (*content, count[content]), receipts))
    return entries


def name_in(
    participant: str | None, names: Mapping[str, str], *, mine: bool | None, evidence: Evidence | None
) -> str:
    """What somebody is called among these names of ``names_of``; one of unknown id by the connection."""
    if participant is not None:
        return names[participant]
    if not mine:
        return "unknown"
    several = evidence is not None and (evidence.connection > 1 or "you" in names.values())
    return f"you (connection {evidence.connection})" if several and evidence is not None else "you"


# --- pairs ----------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """Messages of one dialog in both sessions. ``moved`` are pairs in another order."""

    pairs: list[tuple[Entry, Entry]]
    moved: list[tuple[Entry, Entry]]
    vanished: list[Entry]
    appeared: list[Entry]


def paired(first: Sequence[Entry], second: Sequence[Entry]) -> Pairs:
    """Pair the messages of one dialog; each is in one pair, or vanished, or appeared."""
    place = {entry.key: number for number, entry in enumerate(second)}
    common = [entry for entry in first if entry.key in place]
    steady = longest_rise([place[entry.key] for entry in common])
    pairs = [(entry, second[place[entry.key]]) for entry in common]
    anchors = {pairs[number][0].key for number in steady}
    known = {entry.key for entry in common}
    changed = _changed_texts(first, second, anchors, known)
    taken = {id(entry) for pair in changed for entry in pair}
    return Pairs(
        pairs + changed,
        [pair for pair in pairs if pair[0].key not in anchors],
        [entry for entry in first if entry.key not in known and id(entry) not in taken],
        [entry for entry in second if entry.key not in known and id(entry) not in taken],
    )


def _changed_texts(
    first: Sequence[Entry], second: Sequence[Entry], anchors: set[Hashable], known: set[Hashable]
) -> list[tuple[Entry, Entry]]:
    """Messages of one author between the same neighbours, whose text is another now."""
    waiting: defaultdict[Hashable, deque[Entry]] = defaultdict(deque)
    for gap, entry in _with_gap(second, anchors):
        if entry.key not in known:
            waiting[(gap, entry.author, entry.message.type)].append(entry)
    pairs = []
    for gap, entry in _with_gap(first, anchors):
        same = waiting.get((gap, entry.author, entry.message.type))
        if entry.key not in known and same:
            pairs.append((entry, same.popleft()))
    return pairs


def _with_gap(entries: Sequence[Entry], anchors: set[Hashable]) -> Iterator[tuple[int, Entry]]:
    """Each entry with the number of anchors before it."""
    gap = 0
    for entry in entries:
        gap += entry.key in anchors
        yield gap, entry


def longest_rise(numbers: Sequence[int]) -> list[int]:
    """Indices of the longest rising run of different numbers (patience sorting)."""
    tops: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        before.append(at[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        at[pile : pile + 1] = [index]
    run = []
    index = at[-1] if at else -1
    while index >= 0:
        run.append(index)
        index = before[index]
    return run[::-1]
