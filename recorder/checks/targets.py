"""Rules about the sequences in a receipt: they must be messages of others, in this dialog."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from recorder.messaging import typenames
from recorder.messaging.events import Proof
from recorder.messaging.statuses import MISSPELT_STATUS
from recorder.receipts.queries import MessageView

from .dependencies import Kind
from .findings import (
    FRAMES_SHOWN,
    SATISFIED,
    Observation,
    Severity,
    messages,
    not_observable,
    numbers,
    violated,
)
from .given_receipts import GivenReceipt
from .groups import Group, Part
from .observation import about
from .rule import Observe, Rule, count_of
from .session_index import SessionIndex


def _unseen(session: SessionIndex, receipt: GivenReceipt) -> list[int]:
    """Sequences of the receipt that neither a message nor a receipt took in its dialog."""
    taken = session.taken.taken
    return [sequence for sequence in receipt.sequences if (receipt.dialog_id, sequence) not in taken]


# --- in the dialog, or in another -----------------------------------------------------------------------


def _unknown_message(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    unseen = [
        sequence for sequence in _unseen(session, receipt) if not _intended_dialog(session, receipt, sequence)
    ]
    if not unseen:
        yield SATISFIED
        return
    beyond = [s for s in unseen if _is_beyond(session, receipt, s)]
    wrong = tuple(s for s in unseen if s not in beyond and _cannot_be(session, receipt, s))
    maybe = tuple(sequence for sequence in unseen if sequence not in (*beyond, *wrong))
    said = _giving(session, receipt)
    if wrong:
        sentence = f"{said} {messages(wrong)}, which was not seen in this recording"
        yield about(violated, receipt, wrong, sentence)
    if maybe:
        sentence = f"{said} {messages(maybe)}, not in this recording: it may be older, or not for your eyes"
        yield about(not_observable, receipt, maybe, sentence)


def _highest(session: SessionIndex, dialog_id: str) -> int:
    highest = session.taken.highest.get(dialog_id)
    return -1 if highest is None else highest


def _cannot_be(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> bool:
    """Whether the sequence was not reached yet, or, in an own receipt, should have been shown to us."""
    least = session.shown.least.get(receipt.dialog_id)
    if sequence > (_highest(session, receipt.dialog_id) if receipt.number is None else receipt.number):
        return least is not None
    return receipt.claim is not None and least is not None and sequence > least


def _is_beyond(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> bool:
    """Whether an own receipt names a number that a dialog we were subscribed to never reached."""
    if receipt.claim is None or not -1 < _highest(session, receipt.dialog_id) < sequence:
        return False
    _, frame, connection, *_ = receipt.claim
    return any(
        each.evidence.connection == connection
        and each.evidence.frame < frame
        and 200 <= (session.code_of(each.evidence.frame) or 0) < 300
        for each in session.subscriptions.get(receipt.dialog_id) or ()
        if each.type == typenames.SUBSCRIBE_MESSAGES
    )


def _another_dialog(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    if not session.shown.several:
        return
    intended_dialog = {
        s: other
        for s in _unseen(session, receipt)
        if (other := _intended_dialog(session, receipt, s)) is not None
    }
    if not intended_dialog:
        yield SATISFIED
        return
    named = tuple(intended_dialog)
    sentence = (
        f"{_giving(session, receipt)} {messages(named)} in a dialog where it was not seen; dialog "
        f"{intended_dialog[named[0]]} has it, without such a receipt"
    )
    yield about(violated, receipt, named, sentence)


def _intended_dialog(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> str | None:
    """The dialog a receipt was probably meant for: sequences restart in every dialog.

    It has a message of that number by somebody else, who got no such receipt.
    """
    if not session.shown.several:
        return None
    for dialog_id in session.shown.dialogs_with(sequence):
        message = session.message(dialog_id, sequence)
        author = None if message is None else message.author
        given = session.receipts.is_given(dialog_id, sequence, receipt.participant, receipt.status)
        if dialog_id != receipt.dialog_id and not given and author != receipt.participant:
            return dialog_id
    return None


# --- whose message, and whether it is one ---------------------------------------------------------------


def _own_message(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    authors: dict[int, bool | None] = {}
    for sequence in receipt.sequences:
        message = session.message(receipt.dialog_id, sequence)
        if message is not None and (receipt.dialog_id, sequence) in session.taken.taken:
            authors[sequence] = _by_author(receipt, message)
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


def _by_author(receipt: GivenReceipt, message: MessageView) -> bool | None:
    if message.sent is None:
        return False
    if receipt.participant is not None and message.author is not None:
        return receipt.participant == message.author
    if receipt.mine and message.mine is False:
        return False
    same_connection = message.sent.connection == receipt.first.connection
    unnamed = receipt.participant is None and message.author is None
    return True if receipt.mine and message.mine and unnamed and same_connection else None


def _for_a_receipt(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    taken = [session.taken.taken.get((receipt.dialog_id, sequence)) for sequence in receipt.sequences]
    wrong = tuple(
        sequence
        for sequence, by in zip(receipt.sequences, taken, strict=True)
        if by is not None and by.status is not None
    )
    if not wrong:
        if any(by is not None for by in taken):
            yield SATISFIED
        return
    itself = " (itself)" if receipt.number in wrong else ""
    sentence = f"{_giving(session, receipt)} {numbers(wrong)}, which is no message but a receipt{itself}"
    yield about(violated, receipt, wrong, sentence)


def _sequence_list(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    beyond = tuple(
        sequence
        for sequence in _unseen(session, receipt)
        if _is_beyond(session, receipt, sequence) and not _intended_dialog(session, receipt, sequence)
    )
    if beyond:
        code = session.code_of(receipt.first.frame)
        codes = () if code is None else (code,)
        last = f"the dialog has none beyond {_highest(session, receipt.dialog_id)}"
        sentence = f"{_giving(session, receipt)} {messages(beyond)}; {last}"
        yield about(violated, receipt, beyond, f"{sentence}{_reception(codes)}")
    else:
        yield SATISFIED


def _odd_receipt(*kinds: str) -> Observe:
    """Looks for these sorts of oddities."""

    def observe(session: SessionIndex, place: int) -> Iterator[Part]:
        kind, detail, evidence = session.oddities[place]
        if kind in kinds:
            announced, code = evidence.proof is Proof.ANNOUNCED, session.code_of(evidence.frame)
            yield Part(
                detail,
                (place,),
                (evidence.frame,),
                names=((announced, evidence.frame),),
                words=() if announced or code is None else (str(code),),
            )

    return observe


def _odd_receipts(session: SessionIndex, detail: Hashable, group: Group) -> Iterator[Observation]:
    """One finding for each sort: our requests with their echoes, and the receipts of others."""
    announced = group.named(True)
    times = max(announced, group.named(False))  # an echo is no second receipt
    counted = "" if times == 1 else f" ({times} times)"
    reception = _reception(map(int, group.words), announced=announced > 0)
    yield violated(f"{detail}{counted}{reception}", *group.frames(FRAMES_SHOWN))


def _reception(answered: Iterable[int], *, announced: bool = False) -> str:
    """What the service did with receipts that are wrong, as the end of a sentence; empty if unknown."""
    codes = sorted(answered)
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
        looks=((Kind.RECEIPT, _unknown_message),),
    ),
    Rule(
        "receipt-in-another-dialog",
        Severity.WARNING,
        "A receipt goes to the dialog its message stands in",
        "Sequences restart at 0 in every dialog, so a client that looks messages up by number alone sends "
        "receipts to the wrong one, typically around the survey. Violated where nothing of that number was "
        "seen in the receipt's dialog, while another dialog has a message of that number that the same "
        "participant gave no such receipt for. What was meant is a guess: the recording only has the number.",
        looks=((Kind.RECEIPT, _another_dialog),),
    ),
    Rule(
        "receipt-for-own-message",
        Severity.WARNING,
        "Nobody gives receipts for their own messages",
        "Compares who gave a receipt with who wrote the message. Nothing published says that the service "
        "refuses such a receipt; it never counts for the status of a message here. Not observable where the "
        "recording does not tell who you are, or who the author was.",
        looks=((Kind.RECEIPT, _own_message),),
    ),
    Rule(
        "receipt-for-receipt",
        Severity.WARNING,
        "A receipt names messages, not receipts",
        "Receipts take numbers of the same row as messages. Looks for receipts that name a number which a "
        "receipt took, be it itself: a client that counts everything it hears, or that acknowledges echoes. "
        "Only numbers that the recording saw taken can be judged; the others are left to "
        "receipt-for-unknown-message.",
        looks=((Kind.RECEIPT, _for_a_receipt),),
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
        looks=(
            (Kind.ODDITY, _odd_receipt("malformed-sequence-list", "malformed-receipt")),
            (Kind.RECEIPT, _sequence_list),
        ),
        together=_odd_receipts,
    ),
    Rule(
        "misspelt-status",
        Severity.ERROR,
        "The status of a receipt is spelt as the protocol has it",
        "Looks for a status that is nobody's but near a known one (ACCEPT, READ, ACCESS, NACK, ACTION, "
        "VIEWED): in another case, with blanks around it, with another ending (ACCEPTED), or with a wrong "
        "letter. It counts for no message, whatever the service answers. One finding for each word. A word "
        "that is near none of them may be a new one, and is left to undescribed.",
        looks=((Kind.ODDITY, _odd_receipt(MISSPELT_STATUS)),),
        together=_odd_receipts,
        also_satisfied=count_of(Kind.RECEIPT),
    ),
)  # fmt: skip
