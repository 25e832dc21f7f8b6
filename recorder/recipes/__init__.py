"""The rooms put together: record, replay, simulate, import, export, and look. The library's front door.

Everything the command line does is a function here, with the same words::

    from recorder import recipes

    recipes.replay("slow-reader.yaml", archive="debug.db").raise_if_failed()
    with recipes.open_archive("debug.db") as archive:
        session, messages = recipes.messages(archive, "last")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorder.receipts.aliases import parse_aliases

    from .captures import export_to_file, export_to_stdout, import_capture
    from .checking import Checked, check, checked, explained, levels_of
    from .comparing import fail_if_different, session_difference
    from .deriving import messages_of, rebuild, refresh_after
    from .files import check_place, save
    from .following import Following, Update
    from .load.swarming import swarm
    from .load.terms import Load, Swarmed
    from .logging_in import Login, login
    from .looking import (
        frame,
        frame_proofs,
        frames,
        message_life,
        messages,
        open_archive,
        open_session,
        summary,
        transcript,
        upgrade,
        verdict_json,
        verify,
    )
    from .moments import connections_at, events, last_frame_at
    from .played import Played
    from .quick import quick_messages
    from .recording import duration_s, record, stdin_lines
    from .replaying import replay, simulate, simulator
    from .scripting import check_script, read_script, script_schema, script_timetable, timetable_lines
    from .scriptwriting import session_script
    from .verdicts import steps_told

# Loaded when first used: a simulator and a player of scripts are half a second that `message list` can spare.
_HOME = {
    "Checked": "recorder.recipes.checking",
    "Following": "recorder.recipes.following",
    "Load": "recorder.recipes.load.terms",
    "Login": "recorder.recipes.logging_in",
    "Played": "recorder.recipes.played",
    "Swarmed": "recorder.recipes.load.terms",
    "Update": "recorder.recipes.following",
    "check": "recorder.recipes.checking",
    "check_place": "recorder.recipes.files",
    "check_script": "recorder.recipes.scripting",
    "checked": "recorder.recipes.checking",
    "connections_at": "recorder.recipes.moments",
    "events": "recorder.recipes.moments",
    "duration_s": "recorder.recipes.recording",
    "explained": "recorder.recipes.checking",
    "export_to_file": "recorder.recipes.captures",
    "export_to_stdout": "recorder.recipes.captures",
    "fail_if_different": "recorder.recipes.comparing",
    "frame": "recorder.recipes.looking",
    "frame_proofs": "recorder.recipes.looking",
    "frames": "recorder.recipes.looking",
    "import_capture": "recorder.recipes.captures",
    "last_frame_at": "recorder.recipes.moments",
    "levels_of": "recorder.recipes.checking",
    "login": "recorder.recipes.logging_in",
    "message_life": "recorder.recipes.looking",
    "messages": "recorder.recipes.looking",
    "messages_of": "recorder.recipes.deriving",
    "open_archive": "recorder.recipes.looking",
    "open_session": "recorder.recipes.looking",
    "parse_aliases": "recorder.receipts.aliases",
    "quick_messages": "recorder.recipes.quick",
    "rebuild": "recorder.recipes.deriving",
    "record": "recorder.recipes.recording",
    "refresh_after": "recorder.recipes.deriving",
    "replay": "recorder.recipes.replaying",
    "read_script": "recorder.recipes.scripting",
    "save": "recorder.recipes.files",
    "script_schema": "recorder.recipes.scripting",
    "script_timetable": "recorder.recipes.scripting",
    "session_difference": "recorder.recipes.comparing",
    "session_script": "recorder.recipes.scriptwriting",
    "simulate": "recorder.recipes.replaying",
    "simulator": "recorder.recipes.replaying",
    "stdin_lines": "recorder.recipes.recording",
    "steps_told": "recorder.recipes.verdicts",
    "summary": "recorder.recipes.looking",
    "swarm": "recorder.recipes.load.swarming",
    "timetable_lines": "recorder.recipes.scripting",
    "transcript": "recorder.recipes.looking",
    "upgrade": "recorder.recipes.looking",
    "verdict_json": "recorder.recipes.looking",
    "verify": "recorder.recipes.looking",
}

__all__ = [
    "Checked",
    "Following",
    "Load",
    "Login",
    "Played",
    "Swarmed",
    "Update",
    "check",
    "check_place",
    "check_script",
    "checked",
    "connections_at",
    "duration_s",
    "events",
    "explained",
    "export_to_file",
    "export_to_stdout",
    "fail_if_different",
    "frame",
    "frame_proofs",
    "frames",
    "import_capture",
    "last_frame_at",
    "levels_of",
    "login",
    "message_life",
    "messages",
    "messages_of",
    "open_archive",
    "open_session",
    "parse_aliases",
    "quick_messages",
    "read_script",
    "rebuild",
    "record",
    "refresh_after",
    "replay",
    "save",
    "script_schema",
    "script_timetable",
    "session_difference",
    "session_script",
    "simulate",
    "simulator",
    "stdin_lines",
    "steps_told",
    "summary",
    "swarm",
    "timetable_lines",
    "transcript",
    "upgrade",
    "verdict_json",
    "verify",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
