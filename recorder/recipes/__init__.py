"""The rooms put together: record, replay, simulate, import, export, and look. The library's front door.

Everything the command line does is a function here, with the same words::

    from recorder import recipes

    recipes.replay("slow-reader.yaml", archive="debug.db").raise_if_failed()
    with recipes.open_archive("debug.db") as archive:
        session, messages = recipes.messages(archive, "last")
"""

from .captures import export_to_file, export_to_stdout, import_capture
from .looking import (
    events,
    frame,
    frames,
    message_life,
    messages,
    open_archive,
    summary,
    transcript,
    upgrade,
    verdict_json,
    verify,
)
from .recording import record, stdin_lines
from .replaying import Played, replay, simulate, simulator

__all__ = [
    "Played",
    "events",
    "export_to_file",
    "export_to_stdout",
    "frame",
    "frames",
    "import_capture",
    "message_life",
    "messages",
    "open_archive",
    "record",
    "replay",
    "simulate",
    "simulator",
    "stdin_lines",
    "summary",
    "transcript",
    "upgrade",
    "verdict_json",
    "verify",
]
