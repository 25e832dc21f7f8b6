"""The rows that are derived from a session's transcript.

Rows are plain tuples, in the order of the columns of their table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.echoes import MessageKey
from recorder.receipts.queries import (
    MessageView,
    ReceiptView,
    ask_view,
    is_me,
    message_view,
    role_of,
)
from recorder.receipts.register import Register
from recorder.receipts.state import LADDER, Message, Proven, ReceiptKey, Transcript
from recorder.receipts.touched import Conclusions

from .heldtext import Held, held

Row = tuple[Any, ...]
Written = tuple[list[Row], list[Row]]
"""Rows of ``message``, and rows of ``receipt``."""

WORDS = tuple(proof.word for proof in sorted(Proof))
_STATUS_OF_RUNG = ("sent", "accepted", "read")


# --- messages -------------------------------------------------------------------------------------------


class MessageRows:
    """Makes the rows of one session's messages and their receipts."""

    def __init__(self, session_id: int, transcript: Transcript, concluded: Conclusions) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._me = concluded.me
        self._echoes = concluded.echoes
        self._explained = {echo.ask for echo in concluded.echoes.values()}
        self._held = Held()

    def everything(self, rows: int) -> Iterator[Written]:
        """All messages, in the order of the keys, in pieces of about so many rows."""
        messages: list[Row] = []
        receipts: list[Row] = []
        asks = self._asks_by_dialog()
        for dialog_id in sorted({*self._transcript.dialogs, *asks}, key=lambda each: held(each) or ""):
            messages.extend(row for frame in asks.get(dialog_id, ()) for row in self.ask(frame))
            self._dialog(dialog_id, messages, receipts)
            if len(receipts) + len(messages) > rows:
                yield messages, receipts
                messages.clear()
                receipts.clear()
        yield messages, receipts

    def _asks_by_dialog(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for frame, ask in sorted(self._transcript.asks.items(), reverse=True):
            if ask.answered is None:
                found.setdefault(ask.dialog_id or "", []).append(frame)
        return found

    def ask_key(self, frame: int) -> Row:
        """The key of that row, whether there is one or not."""
        return (self._session_id, held(self._transcript.asks[frame].dialog_id or ""), -frame)

    def ask(self, frame: int) -> Iterator[Row]:
        """The row of a publish of ours that has no sequence; none if it has one, or probably has."""
        ask = self._transcript.asks[frame]
        if ask.answered is None and ask.asked is not None and frame not in self._explained:
            yield self._row(ask_view(self._transcript, frame, ask, self._me), place=-frame)

    def message(self, dialog_id: str, sequence: int) -> Written:
        """The row of one message, and those of its receipts."""
        view = message_view(self._transcript, dialog_id, sequence, me=self._me, echoes=self._echoes)
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
            view.mine,
            self._held[view.type],
            held(view.text),
            view.status,
            None if by is None else self._held[by.participant],
            None if by is None else by.evidence.frame,
            *((None,) * 6 if sent is None else _evidence(sent)),
            view.ask,
            view.echo is not None,
        )

    def _receipt(self, view: MessageView, place: int, receipt: ReceiptView) -> Row:
        return (
            self._session_id,
            self._held[view.dialog_id],
            view.sequence,
            place,
            self._held[receipt.participant],
            self._held[receipt.role],
            receipt.mine,
            self._held[receipt.status],
            *_evidence(receipt.evidence),
        )

    def _dialog(self, dialog_id: str, messages: list[Row], receipts: list[Row]) -> None:
        """Append the rows of all messages of a dialog: the same as ``message`` makes, at a third of its cost.

        A property test holds the two together.
        """
        given = _Given(self._session_id, self._held, self._me, self._transcript)
        given.take(dialog_id, self._transcript.receipts.get(dialog_id, {}))
        listed = self._transcript.dialogs.get(dialog_id, {})
        for sequence in sorted(listed):
            message = listed[sequence]
            sent = message.published
            if (
                sent is None
                or message.mine
                or message.tried
                or sequence in given.unusual
                or (dialog_id, sequence) in self._echoes
            ):
                row, theirs = self.message(dialog_id, sequence)
                messages += row
                receipts += theirs
            else:
                messages.append(self._usual((dialog_id, sequence), message, sent, given))
                receipts += given.rows.get(sequence, ())

    def _usual(self, key: MessageKey, message: Message, sent: Evidence, given: _Given) -> Row:
        dialog_id, sequence = key
        known, me, author = self._held, self._me, message.author
        role = message.role or role_of(self._transcript, author)
        rung, frame = 0, 0
        by: str | None = None
        for each in given.rungs.get(sequence, ()):
            # The earliest of the highest, as the views have it; of two in one frame the first listed.
            if each[2] != author and (each[0] > rung or (each[0] == rung and each[1] < frame)):
                rung, frame, by = each
        return (
            self._session_id,
            known[dialog_id],
            sequence,
            sequence,
            known[author],
            known[role],
            author in me if me and author is not None else None,
            known[message.type],
            held(message.text),
            _STATUS_OF_RUNG[rung],
            known[by],
            None if by is None else frame,
            *_evidence(sent),
            message.ask,
            False,
        )


class _Given:
    """The receipts given in one dialog, as rows by sequence, in the order in which a view lists them.

    Attributes:
        rows: by sequence.
        rungs: by sequence: (rung, frame, participant) of each that counts.
        unusual: sequences with a receipt by somebody unknown; it may be one with another.
    """

    def __init__(self, session_id: int, known: Held, me: frozenset[str], transcript: Transcript) -> None:
        self.rows: dict[int, list[Row]] = {}
        self.rungs: dict[int, list[tuple[int, int, str]]] = {}
        self.unusual: set[int] = set()
        self._session_id, self._known, self._me, self._roles = session_id, known, me, transcript.roles

    def take(self, dialog_id: str, said: Mapping[ReceiptKey, Mapping[int, Proven]]) -> None:
        """Take in all receipts of the dialog."""
        for key in sorted(said, key=_listing_order):
            if key.participant is None:
                self.unusual.update(said[key])
            else:
                self._take(dialog_id, key.participant, key.status, said[key])

    def _take(self, dialog_id: str, participant: str, status: str, proofs: Mapping[int, Proven]) -> None:
        session_id, known, rows, rungs = self._session_id, self._known, self.rows, self.rungs
        dialog, who, what = known[dialog_id], known[participant], known[status]
        mine = participant in self._me if self._me else None
        told = self._roles.get(participant)
        usual_role = None if told is None else told[1]
        rung = LADDER.index(status) + 1 if status in LADDER else 0
        for sequence, ((proof, frame, connection, at_us, offset_us, server_ms), role) in proofs.items():
            theirs = rows.get(sequence)
            if theirs is None:
                theirs = rows[sequence] = []
            theirs.append(
                (
                    session_id, dialog, sequence, len(theirs), who, known[role or usual_role], mine, what,
                    WORDS[proof], frame, connection, at_us, offset_us, server_ms,
                )
            )  # fmt: skip
            if rung:
                counted = rungs.get(sequence)
                if counted is None:
                    rungs[sequence] = [(rung, frame, participant)]
                else:
                    counted.append((rung, frame, participant))


def _listing_order(key: ReceiptKey) -> tuple[bool, str, int, str]:
    rung = LADDER.index(key.status) if key.status in LADDER else len(LADDER)
    return (key.participant is None, key.participant or "", rung, key.status)


def _evidence(evidence: Evidence) -> Row:
    proof, frame, connection, at_us, offset_us, server_ms = evidence
    return (WORDS[proof], frame, connection, at_us, offset_us, server_ms)


# --- the rest -------------------------------------------------------------------------------------------


class OtherRows:
    """Makes the rows of requests, dialogs and participants of one session."""

    def __init__(
        self, session_id: int, transcript: Transcript, register: Register, concluded: Conclusions
    ) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._register = register
        self._me = concluded.me

    def requests(self, frames: Iterable[int] | None = None) -> Iterator[Row]:
        """Those of these frames; all by default."""
        asked, answered = self._register.asked, self._register.answered
        for frame in sorted(asked if frames is None else asked.keys() & frames):
            question, answer = asked[frame], answered.get(frame)
            proven = None if answer is None else answer.evidence
            yield (
                self._session_id,
                frame,
                question.evidence.connection,
                held(question.request_id),
                held(question.type),
                None if answer is None else _fitting(answer.code),
                None if proven is None else proven.frame,
                question.evidence.at_us,
                question.evidence.offset_us,
                None if proven is None else proven.at_us,
                None if proven is None else proven.offset_us,
            )

    def dialogs(self, ids: Iterable[str] | None = None) -> Iterator[Row]:
        """Those of these ids; all by default."""
        known = self._register.dialogs
        conversations = self._transcript.conversations
        for dialog_id in sorted(known if ids is None else known.keys() & ids):
            span = known[dialog_id]
            snapshot = conversations.get(span.conversation_id or "")
            listed = () if snapshot is None else snapshot.dialogs
            entry = next((each for each in listed if each.dialog_id == dialog_id), None)
            yield (
                self._session_id,
                held(dialog_id),
                held(span.conversation_id),
                None if entry is None else held(entry.type),
                None if entry is None else held(entry.state),
                span.first_frame,
                span.last_frame,
                span.messages,
            )

    def participants(self, ids: Iterable[str] | None = None) -> Iterator[Row]:
        """Those of these ids; all by default."""
        known = self._register.participants
        for participant in sorted(known if ids is None else known.keys() & ids):
            yield (
                self._session_id,
                held(participant),
                held(role_of(self._transcript, participant)),
                is_me(participant, self._me),
                known[participant],
            )


def _fitting(number: int | None) -> int | None:
    # A code is whatever number the service wrote. What no column has room for is the largest there is.
    largest = (1 << 63) - 1
    return None if number is None else max(-largest, min(number, largest))
