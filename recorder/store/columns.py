"""The columns of an archive: what each holds, of which type, within which limits.

``tables`` makes the tables of them to write, migrations included; ``CheckedQuery`` holds to them what it
reads. Loads no database library, so that reading a file needs none.

Times are microseconds in 64 bits; what came from a peer is kept as bytes, because neither database can hold
every text (a NUL, half a surrogate pair).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from enum import Enum
from typing import NamedTuple

from recorder.wire.records import FIDELITIES, UNSENT_REASONS

from .completeness import COMPLETE, INTERRUPTED, REFUSED
from .stored_text import storable


class ColumnType(Enum):
    """Type of a column: one that SQLite and PostgreSQL have both."""

    TEXT = "text"
    BYTES = "bytes"
    BOOLEAN = "boolean"
    SMALL = "16 bits"
    NUMBER = "32 bits"
    LARGE = "64 bits"
    ROW_NUMBER = "a row's own number"


_TEXT, _BYTES, _BOOLEAN, _SMALL, _NUMBER, _LARGE, _ROW_NUMBER = ColumnType


class TableColumn(NamedTuple):
    """One column.

    Attributes:
        comment: what it holds, with its unit or its meaning where it is null.
        key: whether it is part of the primary key.
        allowed: the values it may hold; None where every value of its type will do. A choice of a few is a
            frozenset.
    """

    name: str
    type: ColumnType
    comment: str
    nullable: bool = True
    key: bool = False
    allowed: Container[object] | None = None


class Columns:
    """The columns of one table.

    Attributes:
        table: its name.
        all: its columns, in order.
        names: their names.
    """

    def __init__(self, table: str, *columns: TableColumn) -> None:
        self.table = table
        self.all = columns
        self.names = tuple(column.name for column in columns)

    def named(self, name: str) -> TableColumn:
        """The column of that name."""
        return self.all[self.names.index(name)]


def _session_key(comment: str) -> TableColumn:
    """The row number of a session, whose rows here go with it."""
    return TableColumn("session_id", _ROW_NUMBER, comment, key=True)


# --- what a column may hold, where not every value of its type will do ----------------------------------


class _TextsWhere(Container[object]):
    """The texts for which ``predicate`` holds."""

    def __init__(self, predicate: Callable[[str], bool]) -> None:
        self._predicate = predicate

    def __contains__(self, value: object) -> bool:
        return self._predicate(str(value))


def _is_header_list(text: str) -> bool:
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(pairs, list) and all(
        isinstance(pair, list) and [type(text) for text in pair] == [str, str] for pair in pairs
    )


COUNT = range(1 << 63)
_FROM_ONE = range(1, 1 << 63)
_BIT = frozenset({0, 1})
_STORABLE = _TextsWhere(lambda text: storable(text) == text)
"""Others nobody could name."""
_HEADER_LIST = _TextsWhere(_is_header_list)

# --- recorded ------------------------------------------------------------------------------------------

SETTING = Columns(
    "setting",
    TableColumn("name", _TEXT, "what is set: redaction_key", key=True),
    TableColumn("value", _BYTES, "its value; 32 random bytes for redaction_key", nullable=False),
)

SESSION = Columns(
    "session",
    TableColumn("id", _ROW_NUMBER, "inside the archive only", key=True),
    TableColumn("session", _TEXT, "public id, 12 hex digits", nullable=False, allowed=_STORABLE),
    TableColumn("name", _TEXT, "what the user called it, or null"),
    TableColumn("source", _TEXT, "client, proxy, replay, or the format of a file", nullable=False),
    TableColumn("started_at_us", _LARGE, "µs since the epoch, UTC; null in a capture without times"),
    TableColumn("ended_at_us", _LARGE, "µs since the epoch, UTC; part of the end record"),
    TableColumn(
        "end_state",
        _TEXT,
        "end record: complete, interrupted or refused; null before it",
        allowed=frozenset({COMPLETE, INTERRUPTED, REFUSED}),
    ),
    TableColumn("frames", _LARGE, "end record: how many frames the session holds", allowed=COUNT),
    TableColumn("detail", _TEXT, "end record: one sentence more, such as what stopped it"),
    TableColumn("recorder_version", _TEXT, "version of the program that wrote it", nullable=False),
    TableColumn("source_digest", _TEXT, "SHA-256 of the imported file, hex; null for live sessions"),
    TableColumn("row_digest", _BYTES, "digest of what people read of this row; null until it ended"),
)

CONNECTION = Columns(
    "connection",
    _session_key("row number of its session"),
    TableColumn("number", _NUMBER, "place in the session, from 1", key=True),
    TableColumn("url", _TEXT, "where to, secrets blanked; null where unknown"),
    TableColumn("opened_at_us", _LARGE, "µs since the epoch, UTC"),
    TableColumn("opened_offset_us", _LARGE, "monotonic µs since the session began"),
    TableColumn("request_line", _TEXT, "first line of the upgrade request"),
    TableColumn(
        "request_headers",
        _TEXT,
        "JSON: [[name, value], …], order, case and repeats kept",
        allowed=_HEADER_LIST,
    ),
    TableColumn("response_status", _NUMBER, "HTTP status of the upgrade, 101 if it worked"),
    TableColumn("response_headers", _TEXT, "JSON, as request_headers", allowed=_HEADER_LIST),
    TableColumn("closed_at_us", _LARGE, "µs since the epoch, UTC"),
    TableColumn("closed_offset_us", _LARGE, "monotonic µs since the session began"),
    TableColumn("close_code", _NUMBER, "code of the first Close frame"),
    TableColumn("close_reason", _TEXT, "its reason"),
    TableColumn("closed_by", _SMALL, "sender of the first Close frame: 0 client, 1 service", allowed=_BIT),
    TableColumn(
        "how",
        _TEXT,
        "closed, lost, refused or failed; null until it ended",
        allowed=frozenset({"closed", "lost", "refused", "failed"}),
    ),
    TableColumn("detail", _TEXT, "one sentence more where there is something to say"),
    TableColumn("frame_count", _LARGE, "end record: how many frames it holds", allowed=COUNT),
    TableColumn("frame_digest", _BYTES, "end record: rolling digest over all of them"),
    TableColumn(
        "barrier_count", _LARGE, "last barrier: how many frames were on disk for certain", allowed=COUNT
    ),
    TableColumn("barrier_digest", _BYTES, "last barrier: rolling digest over these"),
    TableColumn("barrier_at_us", _LARGE, "last barrier: time of the last frame it covers"),
    TableColumn("provenance", _TEXT, "how its frames were come by: client, proxy, netlog, cdp, har, …"),
    TableColumn(
        "fidelity",
        _TEXT,
        "what that source can tell: bytes, messages or lines",
        allowed=frozenset(FIDELITIES),
    ),
    TableColumn("row_digest", _BYTES, "digest of what people read of this row; null until it ended"),
)

FRAME = Columns(
    "frame",
    TableColumn("id", _ROW_NUMBER, "row number, in the order of arrival", key=True),
    TableColumn("session_id", _ROW_NUMBER, "row number of its session", nullable=False),
    TableColumn(
        "number", _LARGE, "place in the session, from 1, without gaps", nullable=False, allowed=_FROM_ONE
    ),
    TableColumn("connection", _NUMBER, "number of its connection", nullable=False),
    TableColumn(
        "idx", _LARGE, "place in its connection, from 0, without gaps", nullable=False, allowed=COUNT
    ),
    TableColumn("sender", _SMALL, "0 client, 1 service", nullable=False, allowed=_BIT),
    TableColumn("at_us", _LARGE, "µs since the epoch, UTC, our clock"),
    TableColumn("offset_us", _LARGE, "monotonic µs since the session began"),
    TableColumn("opcode", _SMALL, "0–15, as on the wire", nullable=False, allowed=frozenset(range(16))),
    TableColumn("fin", _BOOLEAN, "whether it ends its payload", nullable=False, allowed=_BIT),
    TableColumn(
        "rsv",
        _SMALL,
        "the three reserved bits as a number, RSV1 is 4",
        nullable=False,
        allowed=frozenset(range(8)),
    ),
    TableColumn("head", _BYTES, "header bytes as on the wire, mask key included; null if unknown"),
    TableColumn("payload", _BYTES, "payload, unmasked; wire bytes = head + masked", nullable=False),
    TableColumn("violation", _TEXT, "what RFC 6455 forbids about it, in a few words"),
    TableColumn("redacted", _BOOLEAN, "secrets were blanked", nullable=False, allowed=_BIT),
    TableColumn(
        "chain",
        _NUMBER,
        "first 4 bytes of the rolling digest of its connection up to here, big-endian, signed",
        nullable=False,
    ),
)

COMPRESSED = Columns(
    "compressed",
    _session_key("row number of its session"),
    TableColumn("number", _LARGE, "number of the frame", key=True, allowed=_FROM_ONE),
    TableColumn("length", _LARGE, "bytes of its payload on the wire", nullable=False, allowed=COUNT),
    TableColumn("digest", _BYTES, "SHA-256 of them, unmasked, before inflating", nullable=False),
    TableColumn("data", _BYTES, "the bytes themselves; null unless secrets are kept"),
    TableColumn("withheld", _TEXT, "why the frame's payload is empty; null where it is inflated"),
)

FORWARDED = Columns(
    "forwarded",
    _session_key("row number of its session"),
    TableColumn("number", _LARGE, "number of the frame", key=True, allowed=_FROM_ONE),
    TableColumn("at_us", _LARGE, "µs since the epoch, UTC, our clock"),
    TableColumn("offset_us", _LARGE, "monotonic µs since the session began"),
)

HTTP_EXCHANGE = Columns(
    "http_exchange",
    _session_key("row number of its session"),
    TableColumn("number", _NUMBER, "place among those of the session, from 1", key=True),
    TableColumn("connection", _NUMBER, "number of the connection whose upgrade was refused"),
    TableColumn("purpose", _TEXT, "upgrade, domain-lookup, signup, login, upload, other", nullable=False),
    TableColumn("at_us", _LARGE, "time of the request, µs since the epoch, UTC, our clock"),
    TableColumn("offset_us", _LARGE, "time of the request, monotonic µs since the session began"),
    TableColumn("method", _TEXT, "GET, POST, …", nullable=False),
    TableColumn("url", _TEXT, "where to, secrets blanked", nullable=False),
    TableColumn("status", _NUMBER, "HTTP status of the answer; null if none came"),
    TableColumn("answered_at_us", _LARGE, "time of the answer, µs since the epoch, UTC, our clock"),
    TableColumn("answered_offset_us", _LARGE, "time of the answer, monotonic µs since the session began"),
    TableColumn("request_type", _TEXT, "media type of the request's body"),
    TableColumn("response_type", _TEXT, "media type of the answer's body"),
    TableColumn("request_size", _LARGE, "bytes of the request's body, as they came", allowed=COUNT),
    TableColumn("response_size", _LARGE, "bytes of the answer's body, as they came", allowed=COUNT),
    TableColumn("request_body", _TEXT, "the first 64 KiB of it, secrets blanked; null if it is no text"),
    TableColumn("response_body", _TEXT, "the first 64 KiB of it, secrets blanked; null if it is no text"),
)

RECEIPT_PLAN = Columns(
    "receipt_plan",
    _session_key("row number of its session"),
    TableColumn("number", _LARGE, "place among the plans of the session, from 1", key=True),
    TableColumn("consumer", _TEXT, "who in the script was to give it", nullable=False),
    TableColumn("connection", _NUMBER, "number of its connection when it was planned; null without one"),
    TableColumn("dialog", _TEXT, "id of the dialog", nullable=False),
    TableColumn("sequence", _LARGE, "the message it is for", nullable=False),
    TableColumn("status", _TEXT, "ACCEPT, READ, ACCESS, …", nullable=False),
    TableColumn("step", _NUMBER, "the step that planned it; null: the standing rule"),
    TableColumn("due_offset_us", _LARGE, "planned moment, monotonic µs since the session began"),
    TableColumn("frame", _LARGE, "number of the frame it went out in; null if it did not", allowed=_FROM_ONE),
    TableColumn("sent_offset_us", _LARGE, "when that had left, monotonic µs since the session began"),
    TableColumn("unsent", _TEXT, "why it never went out", allowed=frozenset(UNSENT_REASONS)),
)

# --- derived -------------------------------------------------------------------------------------------

PROJECTION = Columns(
    "projection",
    _session_key("row of its session"),
    TableColumn("version", _NUMBER, "of the rules by which it was derived", nullable=False),
    TableColumn("frame", _LARGE, "number of the last frame that was looked at", nullable=False),
    TableColumn("connections", _NUMBER, "how many connections were known by then", nullable=False),
    TableColumn("ended", _NUMBER, "how many of them had ended", nullable=False),
    TableColumn("interrupted", _BOOLEAN, "whether the recording had broken off", nullable=False),
    TableColumn("row_digest", _BYTES, "digest of the derived rows; null where none was written"),
    TableColumn(
        "left_out", _BOOLEAN, "whether messages have no row, because their numbers need more than 64 bits"
    ),
)

MESSAGE = Columns(
    "message",
    _session_key("row of its session"),
    TableColumn("dialog", _TEXT, "id of the dialog; empty where a publish named none", key=True),
    TableColumn(
        "place", _LARGE, "sequence; for a publish that has none, minus the number of its frame", key=True
    ),
    TableColumn("sequence", _LARGE, "number in the dialog; null for a publish that has none (yet)"),
    TableColumn("author", _TEXT, "id of the participant who wrote it"),
    TableColumn("role", _TEXT, "their role: CONSUMER, ASSIGNED_AGENT, …"),
    TableColumn("mine", _BOOLEAN, "whether we wrote it; null where the recording does not tell"),
    TableColumn("type", _TEXT, "text/plain, hosted/file, RichContentEvent, …"),
    TableColumn("text", _TEXT, "the text, if it has one"),
    TableColumn("status", _TEXT, "pending, failed, unknown, unseen, sent, accepted or read", nullable=False),
    TableColumn("status_by", _TEXT, "whose receipt makes it accepted or read"),
    TableColumn("status_frame", _LARGE, "the frame that proves that receipt"),
    TableColumn("proof", _TEXT, "how well it is proven that it was sent: announced, acknowledged, …"),
    TableColumn("sent_frame", _LARGE, "the frame that proves it; null for one that is unseen"),
    TableColumn("connection", _NUMBER, "number of the connection of that frame"),
    TableColumn("sent_at_us", _LARGE, "time of that frame, µs since the epoch, UTC, our clock"),
    TableColumn("sent_offset_us", _LARGE, "time of that frame, monotonic µs since the session began"),
    TableColumn("server_ms", _LARGE, "the service's time of the message, ms since the epoch"),
    TableColumn("ask_frame", _LARGE, "the frame in which we asked to publish it, if we did"),
    TableColumn("echo", _BOOLEAN, "the answer never came: only probably what was asked", nullable=False),
    TableColumn("audience", _TEXT, "who may see it: ALL, AGENTS_AND_MANAGERS, …; null where nobody said"),
    TableColumn("snapshot", _BOOLEAN, "whether only a conversation's snapshot shows it; null if unseen"),
)

CONTENT = Columns(
    "content",
    _session_key("row of its session"),
    TableColumn("dialog", _TEXT, "id of the dialog", key=True),
    TableColumn("sequence", _LARGE, "the message whose content it is", key=True),
    TableColumn("place", _NUMBER, "place among the contents of that message, by frame, from 0", key=True),
    TableColumn("author", _TEXT, "id of the participant who wrote it"),
    TableColumn("type", _TEXT, "text/plain, hosted/file, RichContentEvent, …"),
    TableColumn("text", _TEXT, "the text, if it has one"),
    TableColumn("proof", _TEXT, "acknowledged or announced", nullable=False),
    TableColumn("frame", _LARGE, "the frame that proves it", nullable=False),
    TableColumn("connection", _NUMBER, "number of the connection of that frame", nullable=False),
    TableColumn("at_us", _LARGE, "time of that frame, µs since the epoch, UTC, our clock"),
    TableColumn("offset_us", _LARGE, "time of that frame, monotonic µs since the session began"),
    TableColumn("server_ms", _LARGE, "the service's time of the message, ms since the epoch"),
    TableColumn("snapshot", _BOOLEAN, "whether only a conversation's snapshot shows it", nullable=False),
)

RECEIPT = Columns(
    "receipt",
    _session_key("row of its session"),
    TableColumn("dialog", _TEXT, "id of the dialog", key=True),
    TableColumn("sequence", _LARGE, "the message it is for", key=True),
    TableColumn("place", _NUMBER, "place among the receipts for that message, from 0", key=True),
    TableColumn("participant", _TEXT, "who gave it; null is us before we learnt our id"),
    TableColumn("role", _TEXT, "their role: CONSUMER, ASSIGNED_AGENT, …"),
    TableColumn("mine", _BOOLEAN, "whether we gave it; null where the recording does not tell"),
    TableColumn("status", _TEXT, "ACCEPT, READ, ACCESS, …", nullable=False),
    TableColumn("proof", _TEXT, "refused, claimed, acknowledged or announced", nullable=False),
    TableColumn("frame", _LARGE, "the frame that proves it", nullable=False),
    TableColumn("connection", _NUMBER, "number of the connection of that frame", nullable=False),
    TableColumn("at_us", _LARGE, "time of that frame, µs since the epoch, UTC, our clock"),
    TableColumn("offset_us", _LARGE, "time of that frame, monotonic µs since the session began"),
    TableColumn("server_ms", _LARGE, "the service's time of the receipt, ms since the epoch"),
)

REQUEST = Columns(
    "request",
    _session_key("row of its session"),
    TableColumn("frame", _LARGE, "the frame it went out in", key=True),
    TableColumn("connection", _NUMBER, "number of its connection", nullable=False),
    TableColumn("request_id", _TEXT, "its id, as text; null if it had none"),
    TableColumn("type", _TEXT, "ms.PublishEvent, cm.ConsumerRequestConversation, …", nullable=False),
    TableColumn("code", _LARGE, "code of the answer, as in HTTP; null without an answer, or one in it"),
    TableColumn("answer_frame", _LARGE, "the frame of the answer; null if none was seen"),
    TableColumn("asked_at_us", _LARGE, "µs since the epoch, UTC, our clock"),
    TableColumn("asked_offset_us", _LARGE, "monotonic µs since the session began"),
    TableColumn("answered_at_us", _LARGE, "µs since the epoch, UTC, our clock"),
    TableColumn("answered_offset_us", _LARGE, "monotonic µs since the session began"),
)

DIALOG = Columns(
    "dialog",
    _session_key("row of its session"),
    TableColumn("dialog", _TEXT, "id of the dialog", key=True),
    TableColumn("conversation", _TEXT, "id of its conversation, if a snapshot named the dialog"),
    TableColumn("type", _TEXT, "MAIN, POST_SURVEY, …, by the newest snapshot"),
    TableColumn("state", _TEXT, "OPEN or CLOSE, by the newest snapshot"),
    TableColumn("first_frame", _LARGE, "the first frame that names it", nullable=False),
    TableColumn("last_frame", _LARGE, "the last frame that names it", nullable=False),
    TableColumn("messages", _LARGE, "how many messages were seen in it", nullable=False),
)

PARTICIPANT = Columns(
    "participant",
    _session_key("row of its session"),
    TableColumn("participant", _TEXT, "id of the participant", key=True),
    TableColumn("role", _TEXT, "their role, as it was told last"),
    TableColumn("mine", _BOOLEAN, "whether that is us; null where the recording does not tell"),
    TableColumn("first_frame", _LARGE, "the first frame that names them; 0: a handshake", nullable=False),
    TableColumn("name", _TEXT, "their name, if a user profile told it"),
)

DERIVED = (MESSAGE, CONTENT, RECEIPT, REQUEST, DIALOG, PARTICIPANT, PROJECTION)
"""What is made from the frames; can be dropped and made again."""

FRAME_COLUMNS = tuple(name for name in FRAME.names if name != "id")
"""What is written for a frame, in this order."""
