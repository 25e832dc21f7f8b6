"""Makes the rows of requests, dialogs and participants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from recorder.receipts.change_set import Conclusions
from recorder.receipts.entities import SessionEntities
from recorder.receipts.queries import name_of, role_of
from recorder.receipts.state import Transcript
from recorder.store.driver_values import PYTHON_VALUES, DriverValues, Row

from .text_columns import encode_text


class OtherRows:
    """Makes the rows of requests, dialogs and participants of one session."""

    def __init__(
        self,
        session_id: int,
        transcript: Transcript,
        entities: SessionEntities,
        concluded: Conclusions,
        *,
        values: DriverValues = PYTHON_VALUES,
    ) -> None:
        self._session_id = session_id
        self._transcript = transcript
        self._entities = entities
        self._selves = concluded.selves
        self._values = values

    def requests(self, frames: Iterable[int] | None = None) -> Iterator[Row]:
        """Rows of ``request`` for these frames; for all by default."""
        asked, answered = self._entities.requests, self._entities.responses
        for frame in sorted(asked if frames is None else asked.keys() & frames):
            question, answer = asked[frame], answered.get(frame)
            proven = None if answer is None else answer.evidence
            yield (
                self._session_id,
                frame,
                question.evidence.connection,
                encode_text(question.request_id),
                encode_text(question.type),
                None if answer is None else _clamped(answer.code),
                None if proven is None else proven.frame,
                question.evidence.at_us,
                question.evidence.offset_us,
                None if proven is None else proven.at_us,
                None if proven is None else proven.offset_us,
            )

    def dialogs(self, ids: Iterable[str] | None = None) -> Iterator[Row]:
        """Rows of ``dialog`` for these ids; for all by default."""
        known = self._entities.dialogs
        conversations = self._transcript.conversations
        for dialog_id in _in_order(known, ids):
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
                encode_text(dialog_id),
                encode_text(conversation_id),
                None if entry is None else encode_text(entry.type),
                encode_text(alone if entry is None else entry.state),
                span.first_frame,
                span.last_frame,
                len(self._transcript.published.get(dialog_id, ())),
            )

    def participants(self, ids: Iterable[str] | None = None) -> Iterator[Row]:
        """Rows of ``participant`` for these ids; for all by default."""
        known = self._entities.participants
        for participant in _in_order(known, ids):
            yield (
                self._session_id,
                encode_text(participant),
                encode_text(role_of(self._transcript, participant)),
                self._values.boolean(self._selves.is_one(participant)),
                known[participant],
                encode_text(name_of(self._transcript, participant, self._selves)),
            )


def _in_order(known: Mapping[str, object], ids: Iterable[str] | None) -> list[str]:
    """Those of the ``ids`` that are known, all by default, in the order of their keys."""
    return sorted(known if ids is None else known.keys() & ids, key=lambda each: encode_text(each) or "")


def _clamped(number: int | None) -> int | None:
    # The service may write any number as a code; the column holds 64 bits.
    largest = (1 << 63) - 1
    return None if number is None else max(-largest, min(number, largest))
