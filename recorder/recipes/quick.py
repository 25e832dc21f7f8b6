"""The messages of one dialog from a path, in the time it takes to start: see ``store.quick``."""

from __future__ import annotations

from recorder.projection.derived import direct_read
from recorder.receipts.queries import MessageView


def quick_messages(archive: str, session: str, dialog: str) -> tuple[str, list[MessageView]] | None:
    """The session's id and the messages of a dialog, as ``messages`` tells them; None if it has to be asked.

    That is whenever the derived tables are behind, somebody records, or anything is not as usual.
    """
    return direct_read.messages_of(archive, session, dialog)
