"""The rows that are derived from a session's transcript.

Rows are plain tuples, in the order of the columns of their table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported, check_layout
from recorder.receipts.change_set import Conclusions
from recorder.receipts.queries import (
    MessageView,
    ReceiptView,
    is_me,
    message_view,
    publish_view,
    role_of,
)
from recorder.receipts.state import STATUS_ORDER, OwnActions, ReceiptKey, ReceiptsByKey, Transcript

from .text_columns import Held, held

# ``MessageRows`` reads fields by position.
check_layout(
    MessagePublished, "dialog_id sequence conversation_id author role mine type text request_frame evidence"
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(Evidence, "proof frame connection at_us offset_us server_ms")

Row = tuple[Any, ...]
Written = tuple[list[Row], list[Row]]
"""Rows of ``message``, and rows of ``receipt``."""


class Marks(NamedTuple):
    """What stands in a row for nothing, for yes and for no: some drivers take some of these faster.

    A row may still hold a plain None, where that is rare.
    """

    nothing: Any
    yes: Any
    no: Any

    def of(self, told: bool | None) -> Any:
        """What stands for this."""
        return self.nothing if told is None else self.yes if told else self.no


AS_IT_IS = Marks(None, True, False)

WORDS = tuple(proof.word for proof in sorted(Proof))
_Person = tuple[str | None, Any, Any, Any]
"""Their id; their id, their role and whether that is us, as in a row."""

_NOTHING = OwnActions()
_STATUS_OF_RUNG = ("sent", "accepted", "read")
_FEW_WORDS = 8
"""With more in a dialog, each message is shown only those that were said of it."""


def _nothing(_: str) -> None:
    """All is told."""


# --- messages -------------------------------------------------------------------------------------------


class MessageRows:
    """Makes the rows of one session's messages and their receipts."""

    def __init__(
        self,
        session_id: int,
        transcript: Transcript,
        concluded: Conclusions,
        *,
        marks: Marks = AS_IT_IS,
        few_words: int = _FEW_WORDS,
    ) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._me = concluded.me
        self._sole = next(iter(self._me)) if len(self._me) == 1 else None
        self._echoes = concluded.echoes
        self._explained = {echo.request_frame for echo in concluded.echoes.values()}
        self._echoed: dict[str, set[int]] = {}
        for dialog_id, sequence in concluded.echoes:
            self._echoed.setdefault(dialog_id, set()).add(sequence)
        self._marks = marks
        self._few_words = few_words
        self._held = Held({None: marks.nothing})
        self._roles: dict[str, str | None] = {}
        self._concluded = concluded
        self._unanswered: set[int] = set()
        self._differs = False
        self._people: dict[tuple[str | None, bool], _Person] = {}

    def everything(
        self, rows: int, *, untold: Iterable[str] = (), tell: Callable[[str], None] = _nothing
    ) -> Iterator[Written]:
        """All messages, in the order of the keys, in pieces of about so many rows.

        Those of ``untold`` dialogs need not be in the transcript before ``tell`` was called with the dialog.
        The rows are the right ones if ``hold`` says so afterwards.
        """
        messages: list[Row] = []
        receipts: list[Row] = []
        asks = self._asks_by_dialog()
        dialogs = {*self._transcript.dialogs, *untold, *asks}
        for dialog_id in sorted(dialogs, key=lambda each: held(each) or ""):
            tell(dialog_id)
            messages.extend(row for frame in asks.get(dialog_id, ()) for row in self.ask(frame))
            self._dialog(dialog_id, messages, receipts)
            if len(receipts) + len(messages) > rows:
                yield messages, receipts
                messages.clear()
                receipts.clear()
        yield messages, receipts

    def hold(self, concluded: Conclusions) -> bool:
        """Whether the rows made so far are right, now that all is told and this was concluded from it.

        They rest on who we are, on roles and on which publishes have no answer, wherever that was told.
        """
        return (
            not self._differs
            and (concluded.me, concluded.echoes) == (self._concluded.me, self._concluded.echoes)
            and all(role == role_of(self._transcript, who) for who, role in self._roles.items())
            and all(self._transcript.own_publishes[frame].answered is None for frame in self._unanswered)
        )

    def _role_of(self, participant: str | None) -> str | None:
        """Their role, which a row will rest on."""
        if participant is None:
            return None
        role = role_of(self._transcript, participant)
        self._differs = self._differs or self._roles.setdefault(participant, role) != role
        return role

    def _asks_by_dialog(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for frame, ask in sorted(self._transcript.own_publishes.items(), reverse=True):
            if ask.answered is None:
                found.setdefault(ask.dialog_id or "", []).append(frame)
        return found

    def ask_key(self, frame: int) -> Row:
        """The key of that row, whether there is one or not."""
        return (self._session_id, held(self._transcript.own_publishes[frame].dialog_id or ""), -frame)

    def ask(self, frame: int) -> Iterator[Row]:
        """The row of a publish of ours that has no sequence; none if it has one, or probably has."""
        ask = self._transcript.own_publishes[frame]
        if ask.answered is None and ask.asked is not None and frame not in self._explained:
            view = publish_view(self._transcript, frame, ask, self._me)
            self._role_of(view.author)
            self._unanswered.add(frame)
            yield self._row(view, place=-frame)

    def message(self, dialog_id: str, sequence: int) -> Written:
        """The row of one message, and those of its receipts."""
        view = message_view(self._transcript, dialog_id, sequence, me=self._me, echoes=self._echoes)
        for participant in (view.author, *(receipt.participant for receipt in view.receipts)):
            self._role_of(participant)
        receipts = [self._receipt(view, place, receipt) for place, receipt in enumerate(view.receipts)]
        return [self._row(view, place=sequence)], receipts

    def _row(self, view: MessageView, *, place: int) -> Row:
        sent, by = view.sent, view.decided_by
        return (
            self._session_id,
            self._held[view.dialog_id or ""],
            place,
            view.sequence,
            self._held[view.author],
            self._held[view.role],
            self._marks.of(view.mine),
            self._held[view.type],
            held(view.text),
            view.status,
            None if by is None else self._held[by.participant],
            None if by is None else by.evidence.frame,
            *((None,) * 6 if sent is None else _evidence(sent)),
            view.request_frame,
            self._marks.of(view.echo is not None),
        )

    def _receipt(self, view: MessageView, place: int, receipt: ReceiptView) -> Row:
        return (
            self._session_id,
            self._held[view.dialog_id],
            view.sequence,
            place,
            self._held[receipt.participant],
            self._held[receipt.role],
            self._marks.of(receipt.mine),
            self._held[receipt.status],
            *_evidence(receipt.evidence),
        )

    def _dialog(self, dialog_id: str, messages: list[Row], receipts: list[Row]) -> None:
        """Append the rows of all messages of a dialog: as ``message`` makes them, at a third of its cost.

        A property test holds the two together.
        """
        published = self._transcript.published.get(dialog_id, {})
        own = self._transcript.own_actions.get(dialog_id, {})
        said = self._transcript.receipts.get(dialog_id, {})
        dialog, unusual = self._held[dialog_id], set(self._echoed.get(dialog_id, ()))
        for key in said:  # of what we said before and after we learnt our id, one stands
            if key.participant is None and self._sole is not None:
                unusual.update(said[key].keys() & said.get(ReceiptKey(self._sole, key.status), ()))
        words = [self._word(key, said[key]) for key in sorted(said, key=self._listing_order)]
        some = None if len(words) <= self._few_words else _by_sequence(words)
        for sequence in sorted({*published, *own}.union(*said.values())):
            told, ours = published.get(sequence), own.get(sequence, _NOTHING)
            if told is None or sequence in unusual or not self._all_given(ours, sequence, said):
                row, theirs = self.message(dialog_id, sequence)
                messages += row
                receipts += theirs
            else:
                given = words if some is None else some.get(sequence, ())
                messages.append(self._usual(dialog, told, ours, given, receipts))

    def _all_given(self, own: OwnActions, sequence: int, said: ReceiptsByKey) -> bool:
        """Whether each receipt that we tried to give was taken: then what was given says all of it."""
        for key in own.receipt_requests:
            if sequence not in said.get(key, ()):
                return False
            if key.participant is not None and key.participant not in self._me:
                return False
        return True

    def _listing_order(self, key: ReceiptKey) -> tuple[bool, str, int, str]:
        status, participant = key.status, self._sole if key.participant is None else key.participant
        rung = STATUS_ORDER.index(status) if status in STATUS_ORDER else len(STATUS_ORDER)
        return (participant is None, participant or "", rung, status)

    def _word(self, key: ReceiptKey, proofs: Mapping[int, ReceiptReported]) -> _Word:
        status, participant = key.status, self._sole if key.participant is None else key.participant
        known = self._held
        mine = True if key.participant is None else is_me(participant, self._me)
        return _Word(
            STATUS_ORDER.index(status) + 1 if status in STATUS_ORDER else 0,
            participant,
            mine is True,
            known[participant],
            known[self._role_of(participant)],
            self._marks.of(mine),
            known[status],
            proofs,
        )

    def _usual(
        self,
        dialog: str | None,
        told: MessagePublished,
        own: OwnActions,
        given: Iterable[_Word],
        receipts: list[Row],
    ) -> Row:
        """The row of a message; append those of the receipts that are ``given`` for it."""
        # By place, and only what is needed: to touch the rest of a million events takes its time.
        session_id, known, nothing, ours = self._session_id, self._held, self._marks.nothing, own.mine
        sequence = told[1]
        author, person, author_role, mine = self._person(told[3], ours=ours)
        rung, rung_frame, by, place = 0, nothing, known[None], 0
        for step, participant, by_us, who, usual_role, their_mine, status, proofs in given:
            event = proofs.get(sequence)
            if event is None:
                continue
            role, (proof, frame, connection, at_us, offset_us, server_ms) = event[3], event[8]
            receipts.append(
                (
                    session_id, dialog, sequence, place, who, known[role] if role else usual_role, their_mine,
                    status, WORDS[proof], frame, connection, at_us, offset_us, server_ms,
                )
            )  # fmt: skip
            place += 1
            # The earliest of the highest, as the views have it; of two in one frame the first listed.
            if not step or (ours and by_us) or (participant == author and author is not None):
                continue
            if step > rung or (step == rung and frame < rung_frame):
                rung, rung_frame, by = step, frame, who
        role, (proof, frame, connection, at_us, offset_us, server_ms) = told[4], told[9]
        return (
            session_id, dialog, sequence, sequence, person, known[role] if role else author_role, mine,
            known[told[6]], held(told[7]), _STATUS_OF_RUNG[rung], by, rung_frame, WORDS[proof], frame,
            connection, at_us, offset_us, server_ms,
            nothing if own.request_frame is None else own.request_frame, self._marks.no,
        )  # fmt: skip

    def _person(self, author: str | None, *, ours: bool) -> _Person:
        """Who wrote it, and how that stands in a row; remembered, for they are few."""
        found = self._people.get((author, ours))
        if found is None:
            me = self._me
            who = self._sole if ours and author is None else author
            mine = True if ours else is_me(who, me)
            role = self._held[self._role_of(who)]
            found = self._people[author, ours] = (who, self._held[who], role, self._marks.of(mine))
        return found


class _Word(NamedTuple):
    """Somebody's one status in one dialog.

    Attributes:
        step: how far up it moves a message; 0: it does not.
        participant: their id; None is us before we learnt our id.
        by_us: whether that is us for certain.
        who, role, mine, status: as in a row; ``role`` where the receipt itself tells none.
        proofs: the receipts, by sequence.
    """

    step: int
    participant: str | None
    by_us: bool
    who: str | None
    role: str | None
    mine: Any
    status: str | None
    proofs: Mapping[int, ReceiptReported]


def _by_sequence(words: Iterable[_Word]) -> dict[int, list[_Word]]:
    found: dict[int, list[_Word]] = {}
    for word in words:
        for sequence in word.proofs:
            found.setdefault(sequence, []).append(word)
    return found


def _evidence(evidence: Evidence) -> Row:
    proof, frame, connection, at_us, offset_us, server_ms = evidence
    return (WORDS[proof], frame, connection, at_us, offset_us, server_ms)
