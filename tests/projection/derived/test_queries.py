"""Derived rows that were changed by hand are reported as damage."""

from __future__ import annotations

import pytest

from recorder.errors import ArchiveUnusable
from recorder.projection.derived import refresh
from recorder.projection.derived.stored_listing import stored_listing
from recorder.store.archive import Archive

TEXT = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":0,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}}]}}'
)


def messages_of(archive, session):
    with stored_listing(archive, session, "d") as listing:
        return list(listing.messages)


@pytest.mark.parametrize("damage", ["proof = 'surely'", "sent_frame = 'x'", "text = char(65533) || '\"'"])
def test_a_row_that_is_never_derived_is_damage(path, begin, frames, damage):
    with Archive.open(path, mode="write") as archive:
        sink = begin(archive, session="s")
        sink([frames.opened, frames.one(1, TEXT)])
        sink.finish(0)
        refresh.refresh(archive, "s")
        found = archive.find_session("s")
        (message,) = messages_of(archive, found)
        assert message.text == "hi"
        with archive.writer() as writer:
            writer.connection.exec_driver_sql(f"UPDATE message SET {damage}")
        with pytest.raises(ArchiveUnusable):
            messages_of(archive, found)
