"""Rules about the sequences in a receipt: they must be messages of others, in this dialog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging import typenames
from recorder.messaging.events import Evidence, Proof
from recorder.messaging.statuses import MISSPELT_STATUS

from .findings import SATISFIED, Observation, Severity, messages, not_observable, numbers, violated
from .given_receipts import GivenReceipt
from .observation import about
from .session_index import Rule, SessionIndex


def _unseen(session: SessionIndex, receipt: GivenReceipt) -> list[int]:
    """Sequences of the receipt that neither a message nor a receipt took in its dialog."""
    return [sequence for sequence in receipt.sequences if (receipt.dialog_id, sequence) not in session.taken]


# --- in the dialog, or in another -----------------------------------------------------------------------


def _unknown_message(session: SessionIndex) -> Iterator[Observation]:
    other_dialogs = _OtherDialogs(session)
    highest = _highest(session)
    for receipt in session.given_receipts:
        unseen = [
            sequence
            for sequence in _unseen(session, receipt)
            if not other_dialogs.intended_dialog(receipt, sequence)
        ]
        beyond = [s for s in unseen if _is_beyond(session, receipt, s, highest)]
        wrong = tuple(s for s in unseen if s not in beyond and _cannot_be(session, receipt, s, highest))
        maybe = tuple(sequence for sequence in unseen if sequence not in (*beyond, *wrong))
        said = _giving(session, receipt)
        if wrong:
            sentence = f"{said} {messages(wrong)}, which was not seen in this recording"
            yield about(violated, receipt, wrong, sentence)
        if maybe:
            sentence = (
                f"{said} {messages(maybe)}, not in this recording: it may be older, or not for your eyes"
            )
            yield about(not_observable, receipt, maybe, sentence)
        if not unseen:
            yield SATISFIED


def _highest(session: SessionIndex) -> dict[str, int]:
    highest: defaultdict[str, int] = defaultdict(lambda: -1)
    for dialog_id, sequence in session.taken:
        highest[dialog_id] = max(highest[dialog_id], sequence)
    return highest


def _cannot_be(session: SessionIndex, receipt: GivenReceipt, sequence: int, highest: dict[str, int]) -> bool:
    """Whether the sequence was not reached yet, or, in an own receipt, should have been shown to us."""
    if sequence > (highest[receipt.dialog_id] if receipt.number is None else receipt.number):
        return receipt.dialog_id in session.sequences
    shown = session.sequences.get(receipt.dialog_id, [])
    return receipt.claim is not None and sequence > min(shown, default=sequence)


def _is_beyond(session: SessionIndex, receipt: GivenReceipt, sequence: int, highest: dict[str, int]) -> bool:
    """Whether an own receipt names a number that a dialog we were subscribed to never reached."""
    if receipt.claim is None or not -1 < highest[receipt.dialog_id] < sequence:
        return False
    _, frame, connection, *_ = receipt.claim
    return any(
        each.evidence.connection == connection
        and each.evidence.frame < frame
        and 200 <= (session.code_of(each.evidence.frame) or 0) < 300
        for each in session.subscriptions.get(receipt.dialog_id, ())
        if each.type == typenames.SUBSCRIBE_MESSAGES
    )


def _another_dialog(session: SessionIndex) -> Iterator[Observation]:
    other_dialogs = _OtherDialogs(session)
    if len(session.sequences) < 2:
        return
    for receipt in session.given_receipts:
        intended_dialog = {
            s: other
            for s in _unseen(session, receipt)
            if (other := other_dialogs.intended_dialog(receipt, s)) is not None
        }
        if not intended_dialog:
            yield SATISFIED
            continue
        named = tuple(intended_dialog)
        sentence = (
            f"{_giving(session, receipt)} {messages(named)} in a dialog where it was not seen; dialog "
            f"{intended_dialog[named[0]]} has it, without such a receipt"
        )
        yield about(violated, receipt, named, sentence)


class _OtherDialogs:
    """Finds the dialog a receipt was probably meant for: sequences restart in every dialog."""

    def __init__(self, session: SessionIndex) -> None:
        self._session = session
        self._dialogs: defaultdict[int, list[str]] = defaultdict(list)
        if len(session.sequences) > 1:
            for dialog_id, sequences in session.sequences.items():
                for sequence in sequences:
                    self._dialogs[sequence].append(dialog_id)
        self._given = {
            (receipt.dialog_id, sequence, receipt.participant, receipt.status)
            for receipt in session.given_receipts
            for sequence in receipt.sequences
        }

    def intended_dialog(self, receipt: GivenReceipt, sequence: int) -> str | None:
        """The dialog with a message of that number by somebody else, who got no such receipt."""
        for dialog_id in self._dialogs.get(sequence, ()):
            author = self._session.messages[dialog_id, sequence].author
            given = (dialog_id, sequence, receipt.participant, receipt.status) in self._given
            if dialog_id != receipt.dialog_id and not given and author != receipt.participant:
                return dialog_id
        return None


# --- whose message, and whether it is one ---------------------------------------------------------------


def _own_message(session: SessionIndex) -> Iterator[Observation]:
    for receipt in session.given_receipts:
        authors = {
            sequence: _by_author(session, receipt, sequence)
            for sequence in receipt.sequences
            if (receipt.dialog_id, sequence) in session.taken
            and (receipt.dialog_id, sequence) in session.messages
        }
        own = tuple(sequence for sequence, by_author in authors.items() if by_author)
        if own:
            giving = _giving(session, receipt)
            whose = "your" if giving.startswith("you ") else "their"
            yield about(violated, receipt, own, f"{giving} {messages(own)} of {whose} own")
        elif None in authors.values():
            sentence = (
                f"whether {receipt.status} of {messages(receipt.sequences)} is by its own author is not known"
            )
            yield about(not_observable, receipt, receipt.sequences, sentence)
        elif authors:
            yield SATISFIED


def _by_author(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> bool | None:
    message = session.messages[receipt.dialog_id, sequence]
    if message.sent is None:
        return False
    if receipt.participant is not None and message.author is not None:
        return receipt.participant == message.author
    if receipt.mine and message.mine is False:
        return False
    same_connection = message.sent.connection == receipt.first.connection
    unnamed = receipt.participant is None and message.author is None
    return True if receipt.mine and message.mine and unnamed and same_connection else None


def _for_a_receipt(session: SessionIndex) -> Iterator[Observation]:
    for receipt in session.given_receipts:
        wrong = tuple(s for s in receipt.sequences if _is_receipt(session, receipt, s))
        if not wrong:
            if len(_unseen(session, receipt)) < len(receipt.sequences):
                yield SATISFIED
            continue
        itself = " (itself)" if receipt.number in wrong else ""
        sentence = f"{_giving(session, receipt)} {numbers(wrong)}, which is no message but a receipt{itself}"
        yield about(violated, receipt, wrong, sentence)


def _is_receipt(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> bool:
    taken = session.taken.get((receipt.dialog_id, sequence))
    return taken is not None and taken.status is not None


def _sequence_list(session: SessionIndex) -> Iterator[Observation]:
    yield from _odd_receipts(session, "malformed-sequence-list", "malformed-receipt")
    other_dialogs, highest = _OtherDialogs(session), _highest(session)
    for receipt in session.given_receipts:
        beyond = tuple(
            sequence
            for sequence in _unseen(session, receipt)
            if _is_beyond(session, receipt, sequence, highest)
            and not other_dialogs.intended_dialog(receipt, sequence)
        )
        if beyond:
            last = f"the dialog has none beyond {highest[receipt.dialog_id]}"
            sentence = f"{_giving(session, receipt)} {messages(beyond)}; {last}"
            yield about(violated, receipt, beyond, f"{sentence}{_reception(session, {receipt.first.frame})}")
        else:
            yield SATISFIED


def _misspelt_status(session: SessionIndex) -> Iterator[Observation]:
    yield from _odd_receipts(session, MISSPELT_STATUS)
    for _ in session.given_receipts:
        yield SATISFIED


def _odd_receipts(session: SessionIndex, *kinds: str) -> Iterator[Observation]:
    """One finding for each sort: our requests with their echoes, and the receipts of others."""
    sorts: defaultdict[str, list[Evidence]] = defaultdict(list)
    for oddity in session.oddities(*kinds):
        sorts[oddity.detail].append(oddity.evidence)
    for detail, evidences in sorts.items():
        frames = {evidence.frame for evidence in evidences}
        announced = {evidence.frame for evidence in evidences if evidence.proof is Proof.ANNOUNCED}
        times = max(len(announced), len(frames - announced))  # an echo is no second receipt
        counted = "" if times == 1 else f" ({times} times)"
        reception = _reception(session, frames - announced, announced=bool(announced))
        yield violated(f"{detail}{counted}{reception}", *sorted(frames))


def _reception(session: SessionIndex, asked: set[int], *, announced: bool = False) -> str:
    """What the service did with receipts that are wrong, as the end of a sentence; empty if unknown."""
    codes = sorted({code for frame in asked if (code := session.code_of(frame)) is not None})
    taken = [str(code) for code in codes if 200 <= code < 300]
    refused = [str(code) for code in codes if code >= 400]
    if taken and refused:
        return f"; the service took some of them ({taken[0]}) and refused others ({', '.join(refused)})"
    if taken:
        return f"; the service took it all the same ({taken[0]})"
    if announced:
        return "; the service announced it all the same"
    return f"; the service refused it ({', '.join(refused)})" if refused else ""


def _giving(session: SessionIndex, receipt: GivenReceipt) -> str:
    return f"{session.giver(receipt)} gave {receipt.status} for"


RULES = (
    Rule(
        "receipt-for-unknown-message",
        Severity.WARNING,
        "A receipt names messages that were seen",
        "Looks at every receipt and the numbers it lists. Violated by a number that was not reached in its "
        "dialog yet (where you were subscribed to it, see malformed-sequence-list), and by a receipt of the "
        "recording client's own for a number between those it was shown. A recording that began late, or "
        "that may not show private messages, cannot tell for the others: those are not observable. A number "
        "that stands in another dialog is left to receipt-in-another-dialog.",
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
        "recording does not tell who you are, or who the author was.",
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
        "missing list, by elements that are no sequence (a string of digits, a nested list, a fraction, a "
        "negative number), repeated ones, and a missing status; also by an own receipt for a number beyond "
        "the last of a dialog that you were subscribed to. Such an element is never counted for a message. "
        "One number in place of a list of one is allowed by the protocol and is no violation. What the "
        "service does with such a receipt is not published; what it did is in the finding.",
        _sequence_list,
    ),
    Rule(
        "misspelt-status",
        Severity.ERROR,
        "The status of a receipt is spelt as the protocol has it",
        "Looks for a status that is nobody's but near a known one (ACCEPT, READ, ACCESS, NACK, ACTION, "
        "VIEWED): in another case, with blanks around it, with another ending (ACCEPTED), or with a wrong "
        "letter. It counts for no message, whatever the service answers. One finding for each word. A word "
        "that is near none of them may be a new one, and is left to undescribed.",
        _misspelt_status,
    ),
)  # fmt: skip
