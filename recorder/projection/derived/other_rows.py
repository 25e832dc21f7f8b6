"""The rows that are derived beside those of messages: requests, dialogs, participants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder.receipts.change_set import Conclusions
from recorder.receipts.entities import SessionEntities
from recorder.receipts.queries import is_me, role_of
from recorder.receipts.state import Transcript

from .rows import Row
from .text_columns import held


class OtherRows:
    """Makes the rows of requests, dialogs and participants of one session."""

    def __init__(
        self, session_id: int, transcript: Transcript, register: SessionEntities, concluded: Conclusions
    ) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._register = register
        self._me = concluded.me

    def requests(self, frames: Iterable[int] | None = None) -> Iterator[Row]:
        """Those of these frames; all by default."""
        asked, answered = self._register.requests, self._register.responses
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
            # The main dialog goes by the id of its conversation; older frames name and list no more.
            conversation_id = span.conversation_id
            if conversation_id is None and dialog_id in conversations:
                conversation_id = dialog_id
            snapshot = conversations.get(conversation_id or "")
            listed = () if snapshot is None else snapshot.dialogs
            entry = next((each for each in listed if each.dialog_id == dialog_id), None)
            alone = None if snapshot is None or listed or conversation_id != dialog_id else snapshot.state
            yield (
                self._session_id,
                held(dialog_id),
                held(conversation_id),
                None if entry is None else held(entry.type),
                held(alone if entry is None else entry.state),
                span.first_frame,
                span.last_frame,
                len(self._transcript.published.get(dialog_id, ())),
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
