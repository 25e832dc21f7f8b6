"""What stands beside the frames cannot be changed unnoticed: every column, every row, on every database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Engine, LargeBinary, NullPool, Table, Text, create_engine
from sqlalchemy.exc import IntegrityError

from recorder.projection.derived import refresh
from recorder.store.archive import Archive
from recorder.store.driver_values import SQLITE_VALUES
from recorder.store.row_digests import TableDigest, changed_parts, row_digest
from recorder.store.tables import (
    DERIVED,
    compressed,
    connection,
    content,
    dialog,
    forwarded,
    frame,
    http_exchange,
    message,
    participant,
    projection,
    receipt,
    request,
    session,
)
from recorder.store.verify import SessionVerdict, verify
from recorder.wire.frames import Side
from recorder.wire.records import (
    CompressedPayload,
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
)

COVERED = (session, connection, frame, compressed, forwarded, http_exchange, *DERIVED)


def change(sequence: int, event: str) -> str:
    return (
        f'{{"sequence":{sequence},"dialogId":"d","conversationId":"d","originatorId":"a",'
        f'"originatorMetadata":{{"id":"a","role":"ASSIGNED_AGENT"}},"serverTimestamp":5,"event":{event}}}'
    )


def notification(*changes: str) -> bytes:
    body = ",".join(changes)
    head = '{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":['
    return f"{head}{body}]}}}}".encode()


def text(words: str) -> str:
    return f'{{"type":"ContentEvent","contentType":"text/plain","message":"{words}"}}'


READ = '{"type":"AcceptStatusEvent","status":"READ","sequenceList":[0]}'
REQUEST = b'{"kind":"req","id":"1","type":"ms.SubscribeMessagingEvents","body":{"dialogId":"d"}}'


@pytest.fixture
def recorded(where: str | Path, begin: Any, frames: Any) -> Any:
    """An archive with a row in every table, all of them ended and derived."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([
            ConnectionOpened(1, "wss://x/", 1, 2, provenance="proxy", fidelity="bytes"),
            HandshakeSeen(1, "GET / HTTP/1.1", (("a", "b"),), 101, (("c", "d"),)),
            frames.one(1, REQUEST, sender=Side.CLIENT),
            FrameForwarded(1, 7, 8),
            frames.one(2, notification(change(0, text("one"))), sender=Side.SERVICE),
            frames.one(3, notification(change(1, READ)), compressed=CompressedPayload(5, b"d" * 32)),
            frames.one(4, notification(change(0, text("two"))), sender=Side.SERVICE),
            FrameForwarded(3, 9, 10),
            HttpExchange(None, "login", 1, 2, "GET", "https://x/", 200, request_body=b"q"),
            ConnectionClosed(1, 11, 12, 1000, "bye", Side.SERVICE, "closed", None),
        ])  # fmt: skip
        intake.finish(13)
        refresh.refresh(archive, "s")
    return where


@cache  # the first connection of each asks the server a dozen things
def engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


@contextmanager
def database(where: str | Path) -> Iterator[Connection]:
    """A connection that knows nothing of archives."""
    url = str(where) if "://" in str(where) else f"sqlite:///{where}"
    with engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as opened:
        yield opened


def harm(where: str | Path, *statements: str, parameters: tuple[Any, ...] = ()) -> None:
    """Change the archive behind our back."""
    with database(where) as opened:
        for statement in statements:
            opened.exec_driver_sql(statement, parameters)


def asked(where: str | Path, query: str) -> Any:
    """The one value that this query gives, as it is stored."""
    with database(where) as opened:
        return opened.exec_driver_sql(query).scalar_one()


def verdict(where: str | Path) -> SessionVerdict:
    with Archive.open(where, mode="read") as archive:
        (found,) = [each for each in verify(archive) if each.session]
        return found


def test_what_was_not_changed_is_as_it_was(recorded: Any) -> None:
    assert verdict(recorded) == SessionVerdict("s", None, "complete", 4)


def test_every_covered_table_has_a_row(recorded: Any) -> None:
    """Or the tests below would prove nothing."""
    with Archive.open(recorded, mode="read") as archive, archive.reader() as reader:
        assert all(reader.value(f"SELECT count(*) FROM {table.name}") for table in COVERED)


def other_value(table: Table, name: str) -> str:
    """SQL for another value of this column than it has."""
    kind = table.c[name].type
    if isinstance(kind, Boolean):
        return f"NOT coalesce({name}, false)"
    if isinstance(kind, Text):
        return f"coalesce({name}, '') || 'x'"
    if isinstance(kind, LargeBinary):
        return "CAST('x' AS {blob})"
    return f"coalesce({name}, 0) + 1"


KEYS = {"id", "session_id"}
CHOICES = {
    (session, "end_state"): "'refused'",
    (connection, "how"): "'lost'",
    (connection, "closed_by"): "0",
    (connection, "request_headers"): "'[]'",
    (connection, "response_headers"): "'[]'",
    (frame, "number"): "102",
    (frame, "sender"): "1 - sender",
    (forwarded, "number"): "103",
    (content, "place"): "7",
}
ROW = {frame: "number = 2", forwarded: "number = 3", content: "place = 0"}
"""Which row of a table that has several is changed."""


@pytest.mark.parametrize("table", COVERED, ids=lambda table: table.name)
def test_another_value_or_none_in_any_column_is_noticed(recorded: Any, table: Table) -> None:
    """And once it is set right again, nothing is amiss."""
    postgresql = "://" in str(recorded)
    marker, blob = ("%s", "BYTEA") if postgresql else ("?", "BLOB")
    names = [column.name for column in table.columns if column.name not in KEYS]
    where = f" WHERE {ROW[table]}" if table in ROW else ""
    for name in names:
        other = CHOICES.get((table, name)) or other_value(table, name).format(blob=blob)
        before = asked(recorded, f"SELECT {name} FROM {table.name}{where}")
        for value in (other, "NULL"):
            if value == "NULL" and (before is None or not table.c[name].nullable):
                continue
            try:
                harm(recorded, f"UPDATE {table.name} SET {name} = {value}{where}")
            except IntegrityError:  # the database itself does not take it
                continue
            found = verdict(recorded)
            assert found.state == "damaged" or (name == "row_digest" and found.not_covered), (name, value)
            right = where if name not in where else f" WHERE {name} = {value}"
            harm(recorded, f"UPDATE {table.name} SET {name} = {marker}{right}", parameters=(before,))
    assert verdict(recorded) == SessionVerdict("s", None, "complete", 4)


@pytest.mark.parametrize("table", COVERED, ids=lambda table: table.name)
def test_a_row_that_is_gone_is_noticed(recorded: Any, table: Table) -> None:
    harm(recorded, f"DELETE FROM {table.name}")
    if table is session:
        with Archive.open(recorded, mode="read") as archive:
            assert all(each.state == "damaged" for each in verify(archive))
        return
    found = verdict(recorded)
    assert found.state == "damaged"


MORE_ROWS = {
    forwarded: "number + 100",
    http_exchange: "number + 100",
    connection: "number + 100",
    message: "place + 100",
    content: "place + 100",
    receipt: "place + 100",
    request: "frame + 100",
    dialog: "dialog || 'x'",
    participant: "participant || 'x'",
}


@pytest.mark.parametrize("table", MORE_ROWS, ids=lambda table: table.name)
def test_a_row_that_was_added_is_noticed(recorded: Any, table: Table) -> None:
    key = MORE_ROWS[table]
    names = [column.name for column in table.columns]
    values = [key if name == key.split()[0] else name for name in names]
    harm(
        recorded,
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table.name}"
        + (" WHERE number = 1" if table is forwarded else ""),
    )
    assert verdict(recorded).state == "damaged"


def test_the_sentence_names_connection_table_and_remedy(recorded: Any) -> None:
    harm(recorded, "UPDATE connection SET url = 'wss://y/'", "UPDATE message SET text = 'three'")
    assert verdict(recorded).problems == (
        "the row of connection 1 is not as it was recorded (URL, headers, times or how it closed)",
        "the derived rows in message are not as they were derived;"
        " recorder archive rebuild s derives them again",
    )
    with Archive.open(recorded, mode="write") as archive:
        refresh.rebuild(archive)
    assert len(verdict(recorded).problems) == 1


def test_what_ended_before_there_were_digests_is_said_to_be_not_covered(recorded: Any) -> None:
    harm(
        recorded,
        *(f"UPDATE {table.name} SET row_digest = NULL" for table in (session, connection, projection)),
    )
    found = verdict(recorded)
    assert (found.state, found.not_covered) == ("complete", ("rows", "derived rows"))
    with Archive.open(recorded, mode="write") as archive:
        refresh.rebuild(archive)
    assert verdict(recorded).not_covered == ("rows",)


def test_what_a_recorder_left_that_died_is_covered_once_somebody_noted_it(
    path: Path, begin: Any, frames: Any
) -> None:
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([frames.opened, frames.one(1)])
    assert verdict(path).not_covered == ("rows",)
    with Archive.open(path, mode="write"):
        pass
    assert (verdict(path).state, verdict(path).not_covered) == ("interrupted", ())
    harm(path, "UPDATE session SET name = 'x'")
    assert verdict(path).problems == ("its row (name, source, times, state): not as recorded",)


def test_columns_that_are_null_change_no_digest() -> None:
    """So that one may be added later."""
    assert row_digest({"a": 1, "b": None}) == row_digest({"a": 1}) != row_digest({"a": "1"})


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(("a", None, "é"), id="usual texts"),
        pytest.param(("a", "],[", "b"), id="a text like what stands between two rows"),
        pytest.param(("[", "],", '"],["', "]"), id="parts of it, and with quotes"),
        pytest.param(("],[",), id="one row"),
    ],
)
def test_rows_that_are_added_together_have_the_digest_of_each_by_itself(texts: tuple[Any, ...]) -> None:
    rows = [(1, text, place, SQLITE_VALUES.null) for place, text in enumerate(texts)]
    together, one_by_one, read = TableDigest(), TableDigest(), TableDigest()
    together.add(rows)
    for row in rows:
        one_by_one.add([row])
        read.add([(*row[:-1], None)])
    together.add([])
    assert together.value() == one_by_one.value() == read.value() != TableDigest().value()
    lines = "".join(json.dumps([1, text, place, None], ensure_ascii=False, separators=(",", ":")) + "\n"
                    for place, text in enumerate(texts))  # fmt: skip
    assert together.value() == blake2b(lines.encode(), digest_size=16).digest()


def test_a_digest_of_another_length_agrees_with_nothing() -> None:
    assert changed_parts(b"x" * 16, b"x" * 32, ("a", "b")) == ["a", "b"]
    assert changed_parts(b"x" * 16 + b"y" * 16, b"x" * 32, ("a", "b")) == ["b"]
