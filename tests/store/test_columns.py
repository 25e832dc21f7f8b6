"""The tables that are written are those whose columns are held to their limits when they are read."""

from __future__ import annotations

import pytest

from recorder.store import columns
from recorder.store.columns import Columns
from recorder.store.tables import metadata

ALL = [each for each in vars(columns).values() if isinstance(each, Columns)]


def test_every_table_has_its_columns_here():
    assert {each.table: each.names for each in ALL} == {
        name: tuple(table.columns.keys()) for name, table in metadata.tables.items()
    }


@pytest.mark.parametrize(
    ("column", "fits", "does_not"),
    [
        (columns.SESSION.named("session"), "5e55", "a\0"),
        (columns.SESSION.named("end_state"), "refused", "paused"),
        (columns.CONNECTION.named("request_headers"), '[["a","b"]]', '{"a":"b"}'),
        (columns.CONNECTION.named("how"), "lost", "found"),
        (columns.FRAME.named("number"), 1, 0),
        (columns.FRAME.named("idx"), 0, -1),
        (columns.FRAME.named("opcode"), 15, 16),
    ],
)
def test_limits(column, fits, does_not):
    assert fits in column.allowed
    assert does_not not in column.allowed
