"""The rows that are derived from a session's transcript.

Rows are plain tuples, in the order of the columns of their table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recorder.messaging.changes import LAST_SEQUENCE
from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported, check_layout
from recorder.receipts.change_set import Conclusions
from recorder.receipts.queries import (
    ContentView,
    MessageView,
    ReceiptView,
    listing_order,
    message_view,
    publish_view,
    role_of,
)
from recorder.receipts.selves import is_echo
from recorder.receipts.state import (
    STATUS_ORDER,
    Giver,
    OwnActions,
    ReceiptKey,
    ReceiptsByKey,
    Transcript,
)
from recorder.store.driver_values import PYTHON_VALUES, DriverValues, Row

from .text_columns import EncodedTexts, encode_text

# ``MessageRows`` reads fields by position.
check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(Evidence, "proof frame connection at_us offset_us server_ms snapshot")


class RowsOfMessages(NamedTuple):
    """Rows of ``message``, of ``receipt`` and of ``content``."""

    messages: list[Row]
    receipts: list[Row]
    contents: list[Row]


PROOF_WORDS = tuple(proof.word for proof in sorted(Proof))
_Person = tuple[Giver, Any, Any, Any]
"""Who it is; then their id, their role and whether that is us, as in a row."""

_UsualRow = Callable[[MessagePublished, OwnActions | None, Iterable["_Status"]], None]
_UNTOLD = -1
"""Instead of a connection: whoever wrote this, it is nobody that a receipt is by."""
_STATUS_OF_STEP = ("sent", "accepted", "read")
_FEW_STATUSES = 8
"""With more in a dialog, they are grouped by sequence first."""


def _all_folded(_: str) -> None:
    """Nothing is left to fold."""


# --- messages -------------------------------------------------------------------------------------------


class MessageRows:
    """Makes the rows of one session's messages and their receipts."""

    def __init__(
        self,
        session_id: int,
        transcript: Transcript,
        concluded: Conclusions,
        *,
        values: DriverValues = PYTHON_VALUES,
        few_statuses: int = _FEW_STATUSES,
    ) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._selves = concluded.selves
        self._echoes = concluded.echoes
        self._explained = {echo.request_frame for echo in concluded.echoes.values()}
        self._echoed: dict[str, set[int]] = {}
        for dialog_id, sequence in concluded.echoes:
            self._echoed.setdefault(dialog_id, set()).add(sequence)
        self._values = values
        self._few_statuses = few_statuses
        self._encoded = EncodedTexts({None: values.null})
        self._roles: dict[str, str | None] = {}
        self._concluded = concluded
        self._unanswered: set[int] = set()
        self._differs = False
        self._people: dict[tuple[Giver, bool], _Person] = {}

    def all_rows(
        self, rows: int, *, unfolded: Iterable[str] = (), fold_dialog: Callable[[str], None] = _all_folded
    ) -> Iterator[RowsOfMessages]:
        """The rows of all messages, in the order of the keys, in batches of about ``rows`` rows.

        Dialogs in ``unfolded`` need not be in the transcript before ``fold_dialog`` was called with them.
        The rows are right if ``rest_on`` says so afterwards.
        """
        made = RowsOfMessages([], [], [])
        asks = self._asks_by_dialog()
        dialogs = {*self._transcript.dialog_ids(), *unfolded, *asks}
        for dialog_id in sorted(dialogs, key=lambda each: encode_text(each) or ""):
            fold_dialog(dialog_id)
            made.messages.extend(row for frame in asks.get(dialog_id, ()) for row in self.publish(frame))
            self._dialog(dialog_id, made)
            if len(made.receipts) + len(made.messages) > rows:
                yield made
                for each in made:
                    each.clear()
        yield made

    def rest_on(self, concluded: Conclusions) -> bool:
        """Whether the rows made so far are right, now that these conclusions follow from all dialogs.

        They depend on who we are, on roles and on which publishes have no answer, in whatever dialog.
        """
        return (
            not self._differs
            and (concluded.selves, concluded.echoes) == (self._concluded.selves, self._concluded.echoes)
            and all(role == role_of(self._transcript, who) for who, role in self._roles.items())
            and all(self._transcript.own_publishes[frame].answered is None for frame in self._unanswered)
        )

    def _role_of(self, participant: str | None) -> str | None:
        """Their role, noted as one that a row depends on."""
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

    def publish_key(self, frame: int) -> Row:
        """The key of the row of a publish without a sequence, whether there is one or not."""
        return (self._session_id, encode_text(self._transcript.own_publishes[frame].dialog_id or ""), -frame)

    def publish(self, frame: int) -> Iterator[Row]:
        """The row of a publish of ours without a sequence; none if it has one, or probably has."""
        ask = self._transcript.own_publishes[frame]
        if ask.answered is None and ask.asked is not None and frame not in self._explained:
            view = publish_view(self._transcript, frame, ask, self._selves)
            self._role_of(view.author)
            self._unanswered.add(frame)
            yield self._row(view, place=-frame)

    def message(self, dialog_id: str, sequence: int) -> RowsOfMessages:
        """The row of one message, those of its receipts, and those of its contents if it has several."""
        view = message_view(self._transcript, dialog_id, sequence, selves=self._selves, echoes=self._echoes)
        for participant in (view.author, *(receipt.participant for receipt in view.receipts)):
            self._role_of(participant)
        receipts = [self._receipt(view, place, receipt) for place, receipt in enumerate(view.receipts)]
        contents = [self._content(view, place, content) for place, content in enumerate(view.contents)]
        return RowsOfMessages([self._row(view, place=sequence)], receipts, contents)

    def _row(self, view: MessageView, *, place: int) -> Row:
        sent, by = view.sent, view.decided_by
        return (
            self._session_id,
            self._encoded[view.dialog_id or ""],
            place,
            view.sequence,
            self._encoded[view.author],
            self._encoded[view.role],
            self._values.boolean(view.mine),
            self._encoded[view.type],
            encode_text(view.text),
            view.status,
            None if by is None else self._encoded[by.participant],
            None if by is None else by.evidence.frame,
            *((None,) * 6 if sent is None else _evidence(sent)),
            view.request_frame,
            self._values.boolean(view.echo is not None),
            self._encoded[view.audience],
            self._values.boolean(None if sent is None else sent.snapshot),
        )

    def _content(self, view: MessageView, place: int, content: ContentView) -> Row:
        return (
            self._session_id,
            self._encoded[view.dialog_id],
            view.sequence,
            place,
            self._encoded[content.author],
            self._encoded[content.type],
            encode_text(content.text),
            *_evidence(content.evidence),
            self._values.boolean(content.evidence.snapshot),
        )

    def _receipt(self, view: MessageView, place: int, receipt: ReceiptView) -> Row:
        return (
            self._session_id,
            self._encoded[view.dialog_id],
            view.sequence,
            place,
            self._encoded[receipt.participant],
            self._encoded[receipt.role],
            self._values.boolean(receipt.mine),
            self._encoded[receipt.status],
            *_evidence(receipt.evidence),
        )

    def _dialog(self, dialog_id: str, made: RowsOfMessages) -> None:
        """Append the rows of all messages of a dialog: those of ``message``, at a third of its cost.

        A property test compares the two, tests/benchmarks/rebuild.py times them.
        """
        published = self._transcript.published.get(dialog_id, {})
        own = self._transcript.own_actions.get(dialog_id, {})
        given = self._transcript.receipts.get(dialog_id, {})
        sequences = {*published, *own}.union(*given.values())
        unusual = {*self._echoed.get(dialog_id, ()), *self._transcript.contents.get(dialog_id, ())}
        unusual.update(sequences.difference(published))
        unusual.update(s for s, actions in own.items() if not self._all_acknowledged(actions, s, given))
        unusual.update(*(self._under_two_keys(dialog_id, key, given) for key in given))
        statuses = [self._status(key, given[key]) for key in sorted(given, key=self._listing_order)]
        grouped = None if len(statuses) <= self._few_statuses else _by_sequence(statuses)
        usual_row = self._usual_row_maker(dialog_id, made)
        for sequence in sorted(sequences):
            if sequence > LAST_SEQUENCE:
                break
            sent = None if sequence in unusual else published[sequence]
            if sent is None or (sent[3] is None and sent[9][0] is Proof.ANNOUNCED):
                for all_rows, rows in zip(made, self.message(dialog_id, sequence), strict=True):
                    all_rows += rows
            else:
                usual_row(sent, own.get(sequence), statuses if grouped is None else grouped.get(sequence, ()))

    def _under_two_keys(self, dialog_id: str, key: ReceiptKey, given: ReceiptsByKey) -> set[int]:
        """The messages with a receipt of ours under this key that may be there under another key as well."""
        if type(key.participant) is not int and key.participant not in self._selves.ids:
            return set()
        own, found = given[key], set[int]()
        if type(key.participant) is int:
            if key.participant in self._selves.suggested:
                return set(own)
            again = self._transcript.given_again.get(dialog_id, {})
            numbers = set[int | None]().union(*(again[each] for each in again if each.status == key.status))
            found.update(s for s, event in own.items() if event.own_sequence in numbers)
        giver = self._selves.id_of(key.participant)
        for other, others in given.items():
            if other.status == key.status and other is not key:
                same = giver is not None and giver == self._selves.id_of(other.participant)
                common = own.keys() & others.keys()
                found.update(s for s in common if same or is_echo(own[s], others[s]))
        return found

    def _all_acknowledged(self, own: OwnActions, sequence: int, given: ReceiptsByKey) -> bool:
        """Whether each receipt that we sent was acknowledged: then ``given`` holds all of them."""
        for key in own.receipt_requests:
            if sequence not in given.get(key, ()):
                return False
            if type(key.participant) is str and key.participant not in self._selves.ids:
                return False
        return True

    def _listing_order(self, key: ReceiptKey) -> tuple[bool, str, int, int, str]:
        return listing_order(self._selves.id_of(key.participant) or key.participant, key.status)

    def _status(self, key: ReceiptKey, proofs: Mapping[int, ReceiptReported]) -> _Status:
        status, participant = key.status, self._selves.id_of(key.participant)
        known = self._encoded
        mine = True if type(key.participant) is int else self._selves.is_one(participant)
        return _Status(
            STATUS_ORDER.index(status) + 1 if status in STATUS_ORDER else 0,
            key.participant if participant is None else participant,
            known[participant],
            known[self._role_of(participant)],
            self._values.boolean(mine),
            known[status],
            proofs,
        )

    def _usual_row_maker(self, dialog_id: str, made: RowsOfMessages) -> _UsualRow:
        """Returns what appends the row of a message of this dialog to ``made``, and those of its receipts."""
        # By place, and only what is needed: to touch the rest of a million events takes its time.
        session_id, known, null, encode = self._session_id, self._encoded, self._values.null, encode_text
        dialog, nobody, person_of, people = known[dialog_id], known[None], self._person, self._people
        values = {each: self._values.boolean(each) for each in (None, True, False)}
        add_message, add_receipt, false = made.messages.append, made.receipts.append, values[False]
        words, status_of_step = PROOF_WORDS, _STATUS_OF_STEP

        def usual_row(sent: MessagePublished, own: OwnActions | None, statuses: Iterable[_Status]) -> None:
            (
                _, sequence, _, author, role, _, kind, text, _,
                (sent_proof, sent_frame, sent_on, sent_at_us, sent_offset_us, sent_ms, snapshot), audience,
            ) = sent  # fmt: skip
            by_whom = sent_on if author is None else author, own is not None and own.mine
            writer, person, author_role, mine = people.get(by_whom) or person_of(*by_whom)
            best_step, step_frame, by, place = 0, null, nobody, 0
            for step, giver, who, usual_role, their_mine, status, proofs in statuses:
                event = proofs.get(sequence)
                if event is None:
                    continue
                their_role, (proof, frame, connection, at_us, offset_us, server_ms, _) = event[3], event[8]
                add_receipt(
                    (
                        session_id, dialog, sequence, place, who,
                        known[their_role] if their_role else usual_role, their_mine, status, words[proof],
                        frame, connection, at_us, offset_us, server_ms,
                    )
                )  # fmt: skip
                place += 1
                # The earliest of the highest, as the views have it; of two in one frame the first listed.
                if not step or giver == writer:
                    continue
                if step > best_step or (step == best_step and frame < step_frame):
                    best_step, step_frame, by = step, frame, who
            add_message(
                (
                    session_id, dialog, sequence, sequence, person, known[role] if role else author_role,
                    mine, known[kind], text if text and text.isascii() and "\0" not in text else encode(text),
                    status_of_step[best_step], by, step_frame, words[sent_proof], sent_frame, sent_on,
                    sent_at_us, sent_offset_us, sent_ms,
                    null if own is None or own.request_frame is None else own.request_frame, false,
                    known[audience], values[snapshot],
                )
            )  # fmt: skip

        return usual_row

    def _person(self, author: str | int, ours: bool) -> _Person:
        """Who wrote a message, as in a row; kept, for they are few. The connection, where no id is told."""
        told = type(author) is str or ours
        who = self._selves.id_of(author) if told else None
        mine = True if ours else self._selves.is_one(who)
        role = self._encoded[self._role_of(who)]
        giver = who or (author if told else _UNTOLD)
        found = self._people[author, ours] = (giver, self._encoded[who], role, self._values.boolean(mine))
        return found


class _Status(NamedTuple):
    """One status of one participant in one dialog.

    Attributes:
        step: how far up the ladder it moves a message; 0: not at all.
        giver: who gave it.
        who, role, mine, status: as in a row; ``role`` for receipts that name none.
        proofs: the receipts, by sequence.
    """

    step: int
    giver: Giver
    who: str | None
    role: str | None
    mine: Any
    status: str | None
    proofs: Mapping[int, ReceiptReported]


def _by_sequence(statuses: Iterable[_Status]) -> dict[int, list[_Status]]:
    found: dict[int, list[_Status]] = {}
    for status in statuses:
        for sequence in status.proofs:
            found.setdefault(sequence, []).append(status)
    return found


def _evidence(evidence: Evidence) -> Row:
    proof, frame, connection, at_us, offset_us, server_ms, _ = evidence
    return (PROOF_WORDS[proof], frame, connection, at_us, offset_us, server_ms)
