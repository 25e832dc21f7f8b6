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

    from .at_moment import connections_at, events, last_frame_at
    from .check_session import Checked, check, checked, explained, levels_of
    from .comparing import fail_if_different, session_difference
    from .consumer_login import Login, login
    from .deriving import messages_of, rebuild, refresh_after
    from .follow import Following, Update
    from .generate_script import session_script
    from .import_export import export_to_file, export_to_stdout, import_capture
    from .load.options import Load, Swarmed
    from .load.run import swarm
    from .option_values import connect_options, duration_s
    from .output_files import check_place, save
    from .queries import (
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
    from .quick import quick_messages
    from .record_session import SessionOptions, record, stdin_lines
    from .replay_result import Played
    from .replay_script import replay, simulate, simulator
    from .scripts import check_script, read_script, script_schema, script_timetable, timetable_lines
    from .verdicts import steps_told

# Loaded when first used: a simulator and a player of scripts are half a second that `message list` can spare.
_HOME = {
    "Checked": "recorder.recipes.check_session",
    "Following": "recorder.recipes.follow",
    "Load": "recorder.recipes.load.options",
    "Login": "recorder.recipes.consumer_login",
    "Played": "recorder.recipes.replay_result",
    "SessionOptions": "recorder.recipes.record_session",
    "Swarmed": "recorder.recipes.load.options",
    "Update": "recorder.recipes.follow",
    "check": "recorder.recipes.check_session",
    "check_place": "recorder.recipes.output_files",
    "check_script": "recorder.recipes.scripts",
    "checked": "recorder.recipes.check_session",
    "connections_at": "recorder.recipes.at_moment",
    "events": "recorder.recipes.at_moment",
    "connect_options": "recorder.recipes.option_values",
    "duration_s": "recorder.recipes.option_values",
    "explained": "recorder.recipes.check_session",
    "export_to_file": "recorder.recipes.import_export",
    "export_to_stdout": "recorder.recipes.import_export",
    "fail_if_different": "recorder.recipes.comparing",
    "frame": "recorder.recipes.queries",
    "frame_proofs": "recorder.recipes.queries",
    "frames": "recorder.recipes.queries",
    "import_capture": "recorder.recipes.import_export",
    "last_frame_at": "recorder.recipes.at_moment",
    "levels_of": "recorder.recipes.check_session",
    "login": "recorder.recipes.consumer_login",
    "message_life": "recorder.recipes.queries",
    "messages": "recorder.recipes.queries",
    "messages_of": "recorder.recipes.deriving",
    "open_archive": "recorder.recipes.queries",
    "open_session": "recorder.recipes.queries",
    "parse_aliases": "recorder.receipts.aliases",
    "quick_messages": "recorder.recipes.quick",
    "rebuild": "recorder.recipes.deriving",
    "record": "recorder.recipes.record_session",
    "refresh_after": "recorder.recipes.deriving",
    "replay": "recorder.recipes.replay_script",
    "read_script": "recorder.recipes.scripts",
    "save": "recorder.recipes.output_files",
    "script_schema": "recorder.recipes.scripts",
    "script_timetable": "recorder.recipes.scripts",
    "session_difference": "recorder.recipes.comparing",
    "session_script": "recorder.recipes.generate_script",
    "simulate": "recorder.recipes.replay_script",
    "simulator": "recorder.recipes.replay_script",
    "stdin_lines": "recorder.recipes.record_session",
    "steps_told": "recorder.recipes.verdicts",
    "summary": "recorder.recipes.queries",
    "swarm": "recorder.recipes.load.run",
    "timetable_lines": "recorder.recipes.scripts",
    "transcript": "recorder.recipes.queries",
    "upgrade": "recorder.recipes.queries",
    "verdict_json": "recorder.recipes.queries",
    "verify": "recorder.recipes.queries",
}

__all__ = [
    "Checked",
    "Following",
    "Load",
    "Login",
    "Played",
    "SessionOptions",
    "Swarmed",
    "Update",
    "check",
    "check_place",
    "check_script",
    "checked",
    "connect_options",
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
