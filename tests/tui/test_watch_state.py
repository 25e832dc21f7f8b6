"""What the panes show of a session, now and as of a moment; without a terminal."""

from __future__ import annotations

import pytest
from builders.watching import session_in

from recorder import recipes
from recorder.recipes.filters import parse_filters
from recorder.tui.questions import moment_of
from recorder.tui.session_feeds import FrameLine, FramesRead, MessagesChanged
from recorder.tui.watch_state import SessionsTable, WatchState


def lines(*numbers):
    return [FrameLine(number, (f"#{number}", "1", "12:00", "client", "3", "ping")) for number in numbers]


@pytest.fixture
def state(imported):
    state = WatchState(session_in(imported, "tutorial"))
    with recipes.open_archive(imported) as archive:
        _, messages = recipes.messages(archive, "tutorial")
    state.take_frames(FramesRead(lines(1, 2, 3, 5, 7), 7))
    state.take_messages(MessagesChanged(messages, {}, True))
    return state


def test_a_moment_cuts_the_frames_and_shows_its_own_messages_once_they_are_read(state, imported):
    state.move(state.slider.placed(6))
    assert (state.frames_title, state.conversation_title) == ("Frames: 4", "Messages: reading …")
    assert state.moment == "as of frame #6 of 7"
    with recipes.open_archive(imported) as archive:
        state.take_moment(moment_of("tutorial", 6)(archive))
    assert state.message_at(1).status == "accepted"
    assert state.moment == "as of frame #6 of 7, 2017-02-18 22:04:03 UTC"
    state.move(state.slider.placed(None))
    assert state.message_at(1).status == "read"
    assert (state.frames_title, state.moment) == ("Frames: 5", "all: 7 frames")


def test_frames_that_come_later_than_the_moment_are_not_shown(state):
    state.move(state.slider.placed(6))
    state.take_frames(FramesRead(lines(8, 9), 9))
    assert len(state.frames) == 4
    assert [state.place_of_frame(number) for number in (1, 5, 6, 9)] == [0, 3, None, None]


def test_filters_stand_in_the_titles(state):
    state.choose_messages(parse_filters(status="accepted"), "--status accepted")
    state.forget_frames("--opcode ping")
    assert state.conversation_title == "Messages: 0 with --status accepted"
    assert state.frames_title == "Frames: 0 with --opcode ping"
    assert state.title.endswith('"tutorial", complete')


def test_sessions_are_rows_of_session_list(imported):
    table = SessionsTable()
    with recipes.open_archive(imported) as archive:
        table.items = archive.sessions()
    assert table.searchable(1).startswith("tutorial complete 7 2017-02-18 22:03:58 jsonl ")
    assert table.place_of(table.items[1].session) == 1
    assert table.place_of("none") is None
