"""Reads messages from the derived tables one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.aliases import CONSUMER
from recorder.receipts.delays import DialogClocks, LazyClocks, clocks_of_evidence
from recorder.receipts.listing import DialogListing, MessageListing
from recorder.receipts.participants import KnownParticipant
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.store import versions
from recorder.store.reader import Reader

from .row_views import ContentRow, MessageRow, ReceiptRow, checked, view_of
from .text_columns import decode_text, encode_text

RowOfMessageT = TypeVar("RowOfMessageT", ReceiptRow, ContentRow)

# Derived rows are up to date if they follow from all frames and connections of the session, by our rules.
_UP_TO_DATE = """
SELECT 1 FROM session s JOIN projection p ON p.session_id = s.id
WHERE s.id = ? AND p.version = ? AND p.interrupted = ?
  AND p.frame = coalesce(s.frames, (SELECT max(f.number) FROM frame f WHERE f.session_id = s.id), 0)
  AND p.connections = (SELECT count(*) FROM connection c WHERE c.session_id = s.id)
  AND p.ended = (SELECT count(*) FROM connection c WHERE c.session_id = s.id AND c.how IS NOT NULL)
"""
# The statements are put together from our own names only.
_OF_DIALOG = "WHERE session_id = ? AND dialog = ?"
_COLUMNS = ", ".join(MessageRow._fields)
_MESSAGES = f"SELECT {_COLUMNS} FROM message {_OF_DIALOG} AND sequence IS NOT NULL ORDER BY place"  # noqa: S608
_PUBLISHES = f"SELECT {_COLUMNS} FROM message {_OF_DIALOG} AND sequence IS NULL ORDER BY place DESC"  # noqa: S608
_RECEIPTS = f"SELECT {', '.join(ReceiptRow._fields)} FROM receipt {_OF_DIALOG} ORDER BY sequence, place"  # noqa: S608
_CONTENTS = f"SELECT {', '.join(ContentRow._fields)} FROM content {_OF_DIALOG} ORDER BY sequence, place"  # noqa: S608
_FRAME_TIMES = "SELECT number, connection, at_us, offset_us FROM frame WHERE session_id = ? AND number = ?"
# A dialog at a time: the key begins with it, and there are few.
_NEXT_DIALOG = "SELECT min(dialog) FROM message WHERE session_id = ? AND dialog > ?"
_FIRST_DIALOG = "SELECT min(dialog) FROM message WHERE session_id = ?"
_FIRST_FRAMES = """
SELECT min(sent_frame) FROM message WHERE session_id = ? AND dialog = ? AND sequence IS NOT NULL UNION ALL
SELECT min(frame) FROM receipt WHERE session_id = ? AND dialog = ? UNION ALL
SELECT min(frame) FROM content WHERE session_id = ? AND dialog = ?
"""
_ANNOUNCED = f"""
SELECT sent_frame, connection, sent_at_us, sent_offset_us, server_ms FROM message
{_OF_DIALOG} AND proof = 'announced' AND NOT snapshot AND sequence IS NOT NULL UNION ALL
SELECT frame, connection, at_us, offset_us, server_ms FROM receipt {_OF_DIALOG} AND proof = 'announced'
"""  # noqa: S608
_LEFT_OUT = "SELECT left_out FROM projection WHERE session_id = ?"
_PEOPLE = "SELECT participant, role, name, mine FROM participant WHERE session_id = ?"
_OUR_CONNECTIONS = """
SELECT connection FROM message WHERE session_id = ? AND mine AND author IS NULL UNION
SELECT connection FROM receipt WHERE session_id = ? AND mine AND participant IS NULL
"""
_MAYBE_ONE_PERSON = """
SELECT count(*) FROM participant WHERE session_id = ? AND (mine OR role IS NULL OR role = ?)
"""


def is_up_to_date(reader: Reader, session_id: int, *, interrupted: bool) -> bool:
    """Whether the derived rows of a session that is not being recorded follow from all of its frames."""
    return any(True for _ in reader.run(_UP_TO_DATE, session_id, versions.DERIVATION_VERSION, interrupted))


class StoredMessages:
    """The messages of one session, read from their rows as they are iterated over.

    Dialogs go by their ids as stored. What is never derived raises ``ValueError`` when it is met.
    """

    def __init__(self, reader: Reader, session_id: int) -> None:
        self._run = reader.run
        self._session_id = session_id

    def listing(self, session: str, dialog: str | None = None) -> MessageListing | None:
        """All messages, or those of one dialog; ``session`` is the session's id.

        None if there is no such dialog, or some messages have no row.
        """
        for (left_out,) in self._run(_LEFT_OUT, self._session_id):
            if left_out:
                return None
        if dialog is None:
            dialogs = self._dialogs()
        else:
            dialogs = [each for each in self._dialogs_by_id() if each == encode_text(dialog)]
            if not dialogs:
                return None
        ((maybe_one,),) = self._run(_MAYBE_ONE_PERSON, self._session_id, CONSUMER)
        return MessageListing(
            session,
            self._in_order(dialogs),
            self._by_dialog(dialogs),
            self._people(),
            maybe_one_person=maybe_one > 1,
        )

    def _people(self) -> KnownPeople:
        people: KnownPeople = {
            _text(who): KnownParticipant(decode_text(role), decode_text(name), bool(mine))
            for who, role, name, mine in self._run(_PEOPLE, self._session_id)
        }
        for (connection,) in self._run(_OUR_CONNECTIONS, *[self._session_id] * 2):
            people.setdefault(connection, KnownParticipant(None))
        return people

    def _dialogs(self) -> list[str]:
        """The dialogs in the order that they appeared in; last those of publishes alone."""
        found = list(self._dialogs_by_id())
        if len(found) < 2:
            return found
        return sorted(found, key=lambda dialog: (self._first_frame(dialog), _text(dialog)))

    def _by_dialog(self, dialogs: Iterable[str]) -> Iterator[DialogListing]:
        for dialog in dialogs:
            messages = chain(self._numbered(dialog), self._publishes(dialog))
            clocks = LazyClocks(partial(self._clocks, dialog))
            yield DialogListing(decode_text(dialog) or None, messages, clocks)

    def _in_order(self, dialogs: Iterable[str]) -> Iterator[MessageView]:
        for dialog in dialogs:
            yield from self._numbered(dialog)
        unanswered = [message for dialog in dialogs for message in self._publishes(dialog)]
        yield from sorted(unanswered, key=lambda message: message.request_frame or 0)

    def _numbered(self, dialog: str) -> Iterator[MessageView]:
        """The messages of a dialog that have a sequence, in its order."""
        key = (self._session_id, dialog)
        receipts = _RowsBySequence(checked(self._run(_RECEIPTS, *key), ReceiptRow))
        contents = _RowsBySequence(checked(self._run(_CONTENTS, *key), ContentRow))
        for row in checked(self._run(_MESSAGES, *key), MessageRow):
            yield view_of(row, receipts.of(row.place), contents.of(row.place), self._publish_evidence)

    def _publishes(self, dialog: str) -> Iterator[MessageView]:
        """The publishes of a dialog that have no sequence, by their frames."""
        for row in checked(self._run(_PUBLISHES, self._session_id, dialog), MessageRow):
            yield view_of(row, (), (), self._publish_evidence)

    def _dialogs_by_id(self) -> Iterator[str]:
        ((dialog,),) = self._run(_FIRST_DIALOG, self._session_id)
        while dialog is not None:
            yield dialog
            ((dialog,),) = self._run(_NEXT_DIALOG, self._session_id, dialog)

    def _first_frame(self, dialog: str) -> tuple[bool, int]:
        """The first frame that proves something of a dialog; that of its first publish where none does."""
        key = (self._session_id, dialog)
        found = [frame for (frame,) in self._run(_FIRST_FRAMES, *key * 3) if frame is not None]
        if found:
            return False, min(found)
        publish = next(self._publishes(dialog), None)
        return True, 0 if publish is None else publish.request_frame or 0

    def _clocks(self, dialog: str) -> DialogClocks:
        announced = self._run(_ANNOUNCED, *(self._session_id, dialog) * 2)
        return clocks_of_evidence(Evidence(Proof.ANNOUNCED, *row) for row in announced)

    def _publish_evidence(self, number: int) -> Evidence:
        for row in self._run(_FRAME_TIMES, self._session_id, number):
            return Evidence(Proof.CLAIMED, *row)
        raise ValueError("a derived row names a frame that is not there")


class _RowsBySequence(Generic[RowOfMessageT]):
    """Rows in the order of their sequences, handed out to messages in the same order."""

    def __init__(self, rows: Iterator[RowOfMessageT]) -> None:
        self._rows: Iterator[RowOfMessageT] = rows
        self._next: RowOfMessageT | None = next(rows, None)

    def of(self, sequence: int) -> Sequence[RowOfMessageT]:
        """The rows of this message, which comes after those asked for before."""
        row = self._next
        if row is None or row.sequence > sequence:
            return ()
        found = []
        while row is not None and row.sequence <= sequence:
            if row.sequence == sequence:
                found.append(row)
            row = next(self._rows, None)
        self._next = row
        return found


def _text(stored: str) -> str:
    return decode_text(stored) or ""
