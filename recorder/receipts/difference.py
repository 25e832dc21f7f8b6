"""Two sessions, message by message: what appeared, vanished, changed, came in another order, took longer.

Nothing is compared by ids and sequences, which the service chooses, unless both sides of one conversation
were recorded. Dialogs and messages are paired as ``pairing`` does it; one whose text changed is reported as
changed.

* A sequence that differs is no difference: a receipt that is missing shifts all that follow.
* Receipts are in another order when one person gave them in another order, across all messages of the
  dialog. In one frame there is no order.
* A delay is from the message to the receipt, in milliseconds, on the same clock in both sessions (see
  ``delays``); where neither clock timed both sessions it is not compared. One that moved by
  ``NOTICEABLE_S`` is listed, but is a difference only beyond ``delays_over_s``, if that is given: no two
  runs are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .delays import Delay, DialogClocks, clocks_of, delay, local_delay
from .pairing import Entry, dialog_pairs, is_same_conversation, longest_rise, paired
from .queries import MessageView, ReceiptView
from .state import STATUS_ORDER

NOTICEABLE_S = 0.050
"""A delay that moved by less is not worth a line, unless ``delays_over_s`` asks for less."""


class Occurrence(NamedTuple):
    """A message or receipt in one of the sessions: where it stands, its status, proof or text, its delay."""

    dialog_id: str | None
    sequence: int | None
    frame: int | None
    value: str | None = None
    delay: Delay | None = None


class Change(NamedTuple):
    """One difference.

    Attributes:
        kind: message-appeared, -vanished, -changed, -moved; receipt-appeared, -vanished, -changed,
            -moved; delay-moved.
        differs: whether it makes the sessions different; a delay that moved a little does not.
        dialog: which, counted from 1 in order of appearance.
        sequence: of the message in the first session, if it is there, else in the second.
        participant, status: of a receipt; a participant by role and order, not by id.
        first, second: where it stands in each session; None where it does not.
        sentence: one line for people.
    """

    kind: str
    differs: bool
    dialog: int
    sequence: int | None
    participant: str | None
    status: str | None
    first: Occurrence | None
    second: Occurrence | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from the first session to the second, in the order of dialogs and messages."""

    changes: tuple[Change, ...]

    @property
    def differs(self) -> bool:
        """Whether any change makes a difference."""
        return any(change.differs for change in self.changes)


def difference(
    first: Sequence[MessageView], second: Sequence[MessageView], *, delays_over_s: float | None = None
) -> Difference:
    """Compare the messages of two sessions. Of a session with itself, there is none."""
    changes: list[Change] = []
    same = is_same_conversation(first, second)
    for number, dialog in enumerate(dialog_pairs(first, second), 1):
        one, other = dialog.messages
        clocks = (clocks_of(one), clocks_of(other))
        compared = _Dialog(
            number, *dialog.entries, clocks=clocks, delays_over_s=delays_over_s, two_sides=same
        )
        changes += sorted(compared.changes(), key=_order)
    return Difference(tuple(changes))


# What is said of what is in the second session alone, and in the first alone.
_TWO_CONVERSATIONS = ("appeared", "vanished")
_TWO_RECORDINGS = ("is in the second recording only", "is in the first recording only")


def _order(change: Change) -> tuple[bool, int]:
    return (change.sequence is None, change.sequence or 0)


# --- what changed ---------------------------------------------------------------------------------------


class _Dialog:
    """One dialog of both sessions, side by side."""

    def __init__(
        self,
        number: int,
        first: Sequence[Entry],
        second: Sequence[Entry],
        *,
        clocks: tuple[DialogClocks, DialogClocks],
        delays_over_s: float | None,
        two_sides: bool,
    ) -> None:
        self._number = number
        self._two_sides = two_sides
        self._appeared, self._vanished = _TWO_RECORDINGS if two_sides else _TWO_CONVERSATIONS
        self._clocks = clocks
        self._paired = paired(first, second)
        self._delays_over_s = delays_over_s

    def changes(self) -> Iterator[Change]:
        for entry in self._paired.vanished:
            yield self._unpaired(entry, appeared=False)
        for entry in self._paired.appeared:
            yield self._unpaired(entry, appeared=True)
        for first, second in self._paired.moved:
            yield self._message("message-moved", first, second, "stands in another order")
        for first, second in self._paired.pairs:
            yield from self._compared(first, second)
        yield from self._receipts_moved()

    def _unpaired(self, entry: Entry, *, appeared: bool) -> Change:
        verb = "appeared" if appeared else "vanished"
        status = entry.message.status
        said = self._appeared if appeared else self._vanished
        sentence = f"{message_title(entry, entry)} {said} ({status})"
        place = _place(entry, status)
        first, second = (None, place) if appeared else (place, None)
        return Change(
            f"message-{verb}", True, self._number, place.sequence, None, None, first, second, sentence
        )

    def _message(
        self,
        kind: str,
        first: Entry,
        second: Entry,
        words: str,
        was: str | None = None,
        now: str | None = None,
    ) -> Change:
        sentence = f"{message_title(first, second)}: {words}"
        places = (_place(first, was), _place(second, now))
        return Change(kind, True, self._number, _sequence(first, second), None, None, *places, sentence)

    def _compared(self, first: Entry, second: Entry) -> Iterator[Change]:
        for what, was, now in _values(first, second):
            if self._two_sides and what == "proof":
                continue  # the own answer proves to one side what the other is told
            words = (
                f"{what} {was} in the first recording, {now} in the second"
                if self._two_sides
                else f"{what} {was} became {now}"
            )
            yield self._message("message-changed", first, second, words, was, now)
        for key in sorted(first.receipts.keys() | second.receipts.keys(), key=_receipt_order):
            yield from self._receipt(first, second, key)

    def _receipt(self, first: Entry, second: Entry, key: tuple[str, str]) -> Iterator[Change]:
        was, now = first.receipts.get(key), second.receipts.get(key)
        if was is None or now is None:
            kind = "receipt-appeared" if was is None else "receipt-vanished"
            one, other = self._clocks
            how = _how(first, was, one) if now is None else _how(second, now, other)
            words = f"{self._appeared if was is None else self._vanished}{how}"
            yield self._of_receipt(kind, first, second, key, words)
            return
        if was.evidence.proof is not now.evidence.proof and not self._two_sides:
            words = f"{was.evidence.proof.word} became {now.evidence.proof.word}"
            yield self._of_receipt("receipt-changed", first, second, key, words)
        delays = self._delays(first, was, second, now)
        if delays is not None and self._is_reported(*delays):
            yield self._delay(first, second, key, *delays)

    def _delays(
        self, first: Entry, was: ReceiptView, second: Entry, now: ReceiptView
    ) -> tuple[Delay, Delay] | None:
        """Both delays in whole milliseconds on one clock, if they can be compared and differ."""
        ends = ((first.message.sent, was.evidence), (second.message.sent, now.evidence))
        one, other = (delay(*each, clocks) for each, clocks in zip(ends, self._clocks, strict=True))
        if one is not None and other is not None and one.clock != other.clock:
            one, other = (local_delay(*each) for each in ends)
        if one is None or other is None:
            return None
        one, other = (each._replace(seconds=round(each.seconds, 3)) for each in (one, other))
        return None if one.seconds == other.seconds else (one, other)

    def _is_reported(self, was: Delay, now: Delay) -> bool:
        moved_ms, over_s = _moved_ms(was, now), self._delays_over_s
        return moved_ms >= NOTICEABLE_S * 1_000 or (over_s is not None and moved_ms > over_s * 1_000)

    def _of_receipt(self, kind: str, first: Entry, second: Entry, key: tuple[str, str], words: str) -> Change:
        name, status = key
        sentence = f"{message_title(first, second)}: {status} by {name} {words}"
        one, other = (
            _receipt_place(entry, entry.receipts.get(key), clocks)
            for entry, clocks in zip((first, second), self._clocks, strict=True)
        )
        sequence = _sequence(first, second)
        return Change(kind, True, self._number, sequence, name, status, one, other, sentence)

    def _delay(self, first: Entry, second: Entry, key: tuple[str, str], was: Delay, now: Delay) -> Change:
        by_s = now.seconds - was.seconds
        words = f"{was.seconds:+.3f}s became {now.seconds:+.3f}s ({by_s:+.3f}s, {was.clock} clock)"
        change = self._of_receipt("delay-moved", first, second, key, words)
        return change._replace(
            differs=self._delays_over_s is not None and _moved_ms(was, now) > self._delays_over_s * 1_000,
            first=change.first and change.first._replace(delay=was),
            second=change.second and change.second._replace(delay=now),
        )

    # --- the order of receipts ---

    def _receipts_moved(self) -> Iterator[Change]:
        """Each person's receipts on all messages, in the order they were given, on both sides."""
        for name in sorted({name for pair in self._paired.pairs for name, _ in pair[0].receipts}):
            given = [self._given(name, side) for side in (0, 1)]
            common = set(given[0]) & set(given[1])
            was, now = ([each for each in side if each in common] for side in given)
            place = {each: number for number, each in enumerate(now)}
            steady = set(longest_rise([place[each] for each in was]))
            for number, each in enumerate(was):
                if number not in steady:
                    yield self._receipt_moved(name, each, was, now)

    def _given(self, name: str, side: int) -> list[tuple[int, str]]:
        """(pair, status) of everybody's receipts by that name, by frame; within one frame, as listed."""
        given = [
            (receipt.evidence.frame, number, _status_order(status), status)
            for number, pair in enumerate(self._paired.pairs)
            for (participant, status), receipt in pair[side].receipts.items()
            if participant == name
        ]
        return [(number, status) for _, number, _, status in sorted(given)]

    def _receipt_moved(
        self, name: str, moved: tuple[int, str], was: list[tuple[int, str]], now: list[tuple[int, str]]
    ) -> Change:
        pair, status = moved
        before = [self._words_before(moved, side) for side in (was, now)]
        words = f"came {before[0]}, now {before[1]}"
        return self._of_receipt("receipt-moved", *self._paired.pairs[pair], (name, status), words)

    def _words_before(self, moved: tuple[int, str], given: list[tuple[int, str]]) -> str:
        place = given.index(moved)
        if not place:
            return "first"
        pair, status = given[place - 1]
        sequence = _sequence(*self._paired.pairs[pair])
        return f"after {status} of message {'without a sequence' if sequence is None else sequence}"


def _values(first: Entry, second: Entry) -> Iterator[tuple[str, str, str]]:
    """What of a message is compared: name, value in the first, value in the second, where they differ."""
    one, other = first.message, second.message
    pairs = (
        ("text", _quoted(one.text), _quoted(other.text), one.text != other.text),
        ("status", one.status, other.status, one.status != other.status),
        ("proof", _proof(one), _proof(other), _proof(one) != _proof(other)),
    )
    return ((what, was, now) for what, was, now, differs in pairs if differs)


def _proof(message: MessageView) -> str:
    return "none" if message.sent is None else message.sent.proof.word


def _moved_ms(was: Delay, now: Delay) -> int:
    return abs(round((now.seconds - was.seconds) * 1_000))


def _how(entry: Entry, receipt: ReceiptView | None, clocks: DialogClocks) -> str:
    if receipt is None:
        return ""
    after = delay(entry.message.sent, receipt.evidence, clocks)
    words = "" if after is None else f", {after.seconds:+.3f}s"
    return f" ({receipt.evidence.proof.word} in #{receipt.evidence.frame}{words})"


def _place(entry: Entry, value: str | None = None) -> Occurrence:
    message = entry.message
    frame = None if message.sent is None else message.sent.frame
    return Occurrence(message.dialog_id, message.sequence, frame, value)


def _receipt_place(entry: Entry, receipt: ReceiptView | None, clocks: DialogClocks) -> Occurrence | None:
    if receipt is None:
        return None
    evidence, message = receipt.evidence, entry.message
    after = delay(message.sent, evidence, clocks)
    return Occurrence(message.dialog_id, message.sequence, evidence.frame, evidence.proof.word, after)


def _sequence(first: Entry, second: Entry) -> int | None:
    one = first.message.sequence
    return second.message.sequence if one is None else one


def message_title(first: Entry, second: Entry) -> str:
    """What a sentence on a pair of messages begins with."""
    one, other = (_number(entry.message.sequence) for entry in (first, second))
    number = one if one == other else f"{one} (now {other})"
    return f"message {number} by {first.author} {_quoted(first.message.text)}"


def _number(sequence: int | None) -> str:
    return "without a sequence" if sequence is None else str(sequence)


def _quoted(text: str | None) -> str:
    if text is None:
        return "(no text)"
    return f'"{text}"' if len(text) <= 40 else f'"{text[:37]}…"'


def _status_order(status: str) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else len(STATUS_ORDER)


def _receipt_order(key: tuple[str, str]) -> tuple[str, int, str]:
    return (key[0], _status_order(key[1]), key[1])
