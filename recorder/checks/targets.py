"""Rules about what a receipt names: a message that was there, somebody else's, in this dialog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from .findings import FINE, Look, Severity, broken, messages, numbers, unknowable
from .given_receipts import Act
from .session_index import Ground, Rule


def _unseen(ground: Ground, act: Act) -> list[int]:
    """Those it names under which nothing at all was seen in its dialog."""
    return [sequence for sequence in act.sequences if (act.dialog_id, sequence) not in ground.taken]


# --- in the dialog, or in another -----------------------------------------------------------------------


def _unknown_message(ground: Ground) -> Iterator[Look]:
    elsewhere = _Elsewhere(ground)
    highest = _highest(ground)
    for act in ground.acts:
        unseen = [sequence for sequence in _unseen(ground, act) if not elsewhere.meant(act, sequence)]
        wrong = tuple(s for s in unseen if _cannot_be(ground, act, s, highest))
        maybe = tuple(sequence for sequence in unseen if sequence not in wrong)
        said = _giving(ground, act)
        if wrong:
            says = f"{said} {messages(wrong)}, which was not seen in this recording"
            yield _about(broken, act, wrong, says)
        if maybe:
            says = f"{said} {messages(maybe)}, not in this recording: it may be older, or not for our eyes"
            yield _about(unknowable, act, maybe, says)
        if not unseen:
            yield FINE


def _highest(ground: Ground) -> dict[str, int]:
    highest: defaultdict[str, int] = defaultdict(lambda: -1)
    for dialog_id, sequence in ground.taken:
        highest[dialog_id] = max(highest[dialog_id], sequence)
    return highest


def _cannot_be(ground: Ground, act: Act, sequence: int, highest: dict[str, int]) -> bool:
    """A number that nobody can have reached; or, in a receipt of ours, one we should have been shown."""
    if sequence > (highest[act.dialog_id] if act.number is None else act.number):
        return act.dialog_id in ground.sequences
    shown = ground.sequences.get(act.dialog_id, [])
    return act.claim is not None and sequence > min(shown, default=sequence)


def _another_dialog(ground: Ground) -> Iterator[Look]:
    elsewhere = _Elsewhere(ground)
    if len(ground.sequences) < 2:
        return
    for act in ground.acts:
        meant = {s: other for s in _unseen(ground, act) if (other := elsewhere.meant(act, s)) is not None}
        if not meant:
            yield FINE
            continue
        named = tuple(meant)
        says = (
            f"{_giving(ground, act)} {messages(named)} in a dialog where it was not seen; dialog "
            f"{meant[named[0]]} has it, without such a receipt"
        )
        yield _about(broken, act, named, says)


class _Elsewhere:
    """Where else a receipt may have belonged: sequences restart in every dialog."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._dialogs: defaultdict[int, list[str]] = defaultdict(list)
        if len(ground.sequences) > 1:
            for dialog_id, sequences in ground.sequences.items():
                for sequence in sequences:
                    self._dialogs[sequence].append(dialog_id)
        self._given = {
            (act.dialog_id, sequence, act.participant, act.status)
            for act in ground.acts
            for sequence in act.sequences
        }

    def meant(self, act: Act, sequence: int) -> str | None:
        """The dialog with a message of that number by somebody else, who got no such receipt."""
        for dialog_id in self._dialogs.get(sequence, ()):
            author = self._ground.messages[dialog_id, sequence].author
            given = (dialog_id, sequence, act.participant, act.status) in self._given
            if dialog_id != act.dialog_id and not given and author != act.participant:
                return dialog_id
        return None


# --- whose message, and whether it is one ---------------------------------------------------------------


def _own_message(ground: Ground) -> Iterator[Look]:
    for act in ground.acts:
        authors = {
            sequence: _by_author(ground, act, sequence)
            for sequence in act.sequences
            if (act.dialog_id, sequence) in ground.taken and (act.dialog_id, sequence) in ground.messages
        }
        own = tuple(sequence for sequence, by_author in authors.items() if by_author)
        if own:
            giving = _giving(ground, act)
            whose = "your" if giving.startswith("you ") else "their"
            yield _about(broken, act, own, f"{giving} {messages(own)} of {whose} own")
        elif None in authors.values():
            says = f"whether {act.status} of {messages(act.sequences)} is by its own author is not known"
            yield _about(unknowable, act, act.sequences, says)
        elif authors:
            yield FINE


def _by_author(ground: Ground, act: Act, sequence: int) -> bool | None:
    message = ground.messages[act.dialog_id, sequence]
    if message.sent is None:
        return False
    if act.mine and message.mine is not None:
        return message.mine
    if act.participant is None or message.author is None:
        return None
    return act.participant == message.author


def _for_a_receipt(ground: Ground) -> Iterator[Look]:
    for act in ground.acts:
        wrong = tuple(s for s in act.sequences if _is_receipt(ground, act, s))
        if not wrong:
            if len(_unseen(ground, act)) < len(act.sequences):
                yield FINE
            continue
        itself = " (itself)" if act.number in wrong else ""
        says = f"{_giving(ground, act)} {numbers(wrong)}, which is no message but a receipt{itself}"
        yield _about(broken, act, wrong, says)


def _is_receipt(ground: Ground, act: Act, sequence: int) -> bool:
    taken = ground.taken.get((act.dialog_id, sequence))
    return taken is not None and taken.status is not None


def _sequence_list(ground: Ground) -> Iterator[Look]:
    for oddity in ground.oddities("malformed-sequence-list", "malformed-receipt"):
        yield broken(f"{oddity.detail}", oddity.evidence.frame)
    for _ in ground.acts:
        yield FINE


def _giving(ground: Ground, act: Act) -> str:
    return f"{ground.who(act.participant, mine=act.mine)} gave {act.status} for"


def _about(kind: Callable[..., Look], act: Act, sequences: tuple[int, ...], says: str) -> Look:
    only = sequences[0] if len(sequences) == 1 else None
    return kind(says, act.first.frame, dialog=act.dialog_id, sequence=only)


RULES = (
    Rule(
        "receipt-for-unknown-message",
        Severity.WARNING,
        "A receipt names messages that were seen",
        "Looks at every receipt and the numbers it lists. Violated by a number that was not reached in its "
        "dialog yet, and by a receipt of the recording client's own for a number between those it was shown. "
        "A recording that began late, or that may not show private messages, cannot tell for the others: "
        "those are not observable. A number that stands in another dialog is left to "
        "receipt-in-another-dialog.",
        _unknown_message,
    ),
    Rule(
        "receipt-in-another-dialog",
        Severity.WARNING,
        "A receipt goes to the dialog its message stands in",
        "Sequences restart at 0 in every dialog, so a client that looks messages up by number alone sends "
        "receipts to the wrong one, typically around the survey. Violated where nothing of that number was "
        "seen in the receipt's dialog, while another dialog has a message of that number that the same "
        "participant gave no such receipt for. What was meant is a guess: the recording only has the number.",
        _another_dialog,
    ),
    Rule(
        "receipt-for-own-message",
        Severity.WARNING,
        "Nobody gives receipts for their own messages",
        "Compares who gave a receipt with who wrote the message. Nothing published says that the service "
        "refuses such a receipt; it never counts for the status of a message here. Not observable where the "
        "recording does not tell who we are, or who the author was.",
        _own_message,
    ),
    Rule(
        "receipt-for-receipt",
        Severity.WARNING,
        "A receipt names messages, not receipts",
        "Receipts take numbers of the same row as messages. Looks for receipts that name a number which a "
        "receipt took, be it itself: a client that counts everything it hears, or that acknowledges echoes. "
        "Only numbers that the recording saw taken can be judged; the others are left to "
        "receipt-for-unknown-message.",
        _for_a_receipt,
    ),
    Rule(
        "malformed-sequence-list",
        Severity.ERROR,
        "A receipt has a status and a list of distinct numbers",
        "Looks at status and sequenceList of every receipt, asked or announced. Violated by an empty or "
        "missing list, by elements that are no sequence, repeated ones, and a missing status. One number in "
        "place of a list of one is allowed by the protocol and is no violation. What the service does with "
        "such a receipt is not published.",
        _sequence_list,
    ),
)  # fmt: skip
