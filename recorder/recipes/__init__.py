"""The library's API: record, replay, simulate, import, export and query.

Everything the command line does is a function here, with the same words::

    from recorder import recipes

    recipes.replay("slow-reader.yaml", archive="debug.db").raise_if_failed()
    with recipes.open_archive("debug.db") as archive:
        session, messages = recipes.messages(archive, "last")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from recorder.capture.destination import ClientCertificate as ClientCertificate
    from recorder.capture.devtools.browser import BrowserOptions as BrowserOptions
    from recorder.capture.interactive import ControlRequest as ControlRequest
    from recorder.load_summary import LoadResult as LoadResult
    from recorder.receipts.aliases import parse_aliases as parse_aliases

    from .archives import open_archive as open_archive
    from .archives import upgrade as upgrade
    from .archives import verdict_json as verdict_json
    from .archives import verify as verify
    from .at_moment import connections_at as connections_at
    from .at_moment import events as events
    from .at_moment import last_frame_at as last_frame_at
    from .attach_browser import attach as attach
    from .attach_net_log import attach_by_net_log as attach_by_net_log
    from .bundle_session import bundle as bundle
    from .check_session import Checked as Checked
    from .check_session import CheckKeywords as CheckKeywords
    from .check_session import check as check
    from .check_session import checked as checked
    from .check_session import explained as explained
    from .check_session import levels_of as levels_of
    from .chosen_sockets import ChosenSockets as ChosenSockets
    from .consumer_login import Login as Login
    from .consumer_login import login as login
    from .events_by_frame import KnownMoments as KnownMoments
    from .events_by_frame import frame_events as frame_events
    from .events_by_frame import known_moments as known_moments
    from .export_session import export_to_file as export_to_file
    from .export_session import export_to_stdout as export_to_stdout
    from .filters import Filters as Filters
    from .filters import parse_filters as parse_filters
    from .find import find_everywhere as find_everywhere
    from .follow import Following as Following
    from .follow import Update as Update
    from .follow import session_to_follow as session_to_follow
    from .follow_frames import followed_frames as followed_frames
    from .follow_frames import frames as frames
    from .generate_script import session_script as session_script
    from .import_file import check_capture as check_capture
    from .import_file import import_capture as import_capture
    from .list_messages import listed_messages as listed_messages
    from .list_sessions import listed_sessions as listed_sessions
    from .list_sessions import newest as newest
    from .load.options import Load as Load
    from .load.run import swarm as swarm
    from .message_filter import ListingFilter as ListingFilter
    from .option_values import duration_s as duration_s
    from .output_files import check_place as check_place
    from .output_files import save as save
    from .queries import frame as frame
    from .queries import frame_proofs as frame_proofs
    from .queries import last_frame as last_frame
    from .queries import message_life as message_life
    from .queries import messages as messages
    from .queries import open_session as open_session
    from .queries import passed_on as passed_on
    from .queries import planned_receipts as planned_receipts
    from .queries import summary as summary
    from .queries import transcript as transcript
    from .rebuild_tables import rebuild as rebuild
    from .record_session import SessionOptions as SessionOptions
    from .record_session import linger_words as linger_words
    from .record_session import record as record
    from .record_session import stdin_lines as stdin_lines
    from .replay_options import PlayKeywords as PlayKeywords
    from .replay_result import Played as Played
    from .replay_result import step_reports as step_reports
    from .replay_script import replay as replay
    from .report_session import write_report as write_report
    from .scripts import check_script as check_script
    from .scripts import read_script as read_script
    from .scripts import script_schema as script_schema
    from .scripts import script_timetable as script_timetable
    from .scripts import timetable_lines as timetable_lines
    from .serve_mcp import serve_assistant as serve_assistant
    from .serve_proxy import proxy as proxy
    from .serve_simulator import simulate as simulate
    from .serve_simulator import simulator as simulator
    from .serve_view import serve_session as serve_session
    from .session_diff import fail_if_different as fail_if_different
    from .session_diff import session_difference as session_difference
    from .sql import former_columns as former_columns
    from .sql import saved_queries as saved_queries
    from .sql import sql_answer as sql_answer
    from .typed_lines import TYPED_COMMANDS as TYPED_COMMANDS
    from .typed_lines import requests_of as requests_of
    from .watch_check import CheckUpdate as CheckUpdate
    from .watch_check import check_watch_options as check_watch_options
    from .watch_check import watched_checks as watched_checks
else:
    __getattr__ = lazy_exports(__name__)
