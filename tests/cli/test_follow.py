"""``message list --follow``: ends with the session, or with Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from builders.following import HI, READ
from builders.preloaded import Preloaded

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

CLEAR = "\x1b[H\x1b[2J"
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def follow(path, *options, stdout=subprocess.PIPE, **how):
    command = ["message", "list", "last", "--follow", *options, "--archive", str(path)]
    return Preloaded(command, stdout=stdout, stderr=subprocess.PIPE, text=True, **how)


class Terminal:
    """A pseudo-terminal of 60 columns: ``inside`` is for a process, what it draws is read here."""

    COLUMNS = 60

    def __init__(self):
        self._outside, self.inside = pty.openpty()
        fcntl.ioctl(self.inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.COLUMNS, 0, 0))
        self._drawn = ""

    def let_go(self):
        """The process has the inside now; once it ends, so does what can be read."""
        os.close(self.inside)

    def close(self):
        os.close(self._outside)

    def screens(self):
        """What was drawn so far, as the lines of one screen after another."""
        assert self._drawn.startswith(CLEAR) or not self._drawn
        return [screen.replace("\r\n", "\n") for screen in self._drawn.split(CLEAR)[1:]]

    def wait_for(self, count, words):
        """Read until the screen of this number (from 1) shows these words."""
        while len(self.screens()) < count or words not in plain(self.screens()[count - 1]):
            assert self._read(), f"it ended before it drew {words!r}: {self._drawn!r}"

    def read_all(self):
        while self._read():
            pass

    def _read(self):
        ready, _, _ = select.select([self._outside], [], [], PATIENCE_S)
        assert ready, f"nothing more was drawn after {self._drawn!r}"
        try:
            more = os.read(self._outside, 65536)
        except OSError:  # Linux: nobody has the inside any more
            return False
        self._drawn += more.decode()
        return bool(more)


@pytest.fixture
def terminal():
    opened = Terminal()
    yield opened
    opened.close()


def plain(screen):
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", screen)


@pytest.fixture
def recorder(tmp_path):
    """A session that is being recorded by this process, with one message so far."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
        frame = RecordedFrame(1, 1, 0, Side.SERVICE, 1, 1, 1, True, 0, HI)
        sink([ConnectionOpened(1, None, 0, 0), frame])
        yield path, sink, frame


def test_another_process_tells_each_change_as_a_line_and_ends_with_the_session(recorder):
    path, sink, frame = recorder
    following = follow(path, "--json", "--interval", "20ms")
    first = json.loads(following.stdout.readline())
    assert (first["sequence"], first["status"]) == (0, "sent")
    sink([frame._replace(number=2, index=1, payload=READ)])
    second = json.loads(following.stdout.readline())
    assert (second["sequence"], second["status"]) == (0, "read")
    sink.finish(0)
    rest, errors = following.communicate(timeout=60)
    assert (rest, errors, following.returncode) == ("", "", 0)


def test_on_a_terminal_the_table_is_drawn_again_whenever_another_process_recorded_something(
    recorder, terminal
):
    """Each time from the top of an empty screen, with its colours; and once more at the end."""
    path, sink, frame = recorder
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": ""}
    environment.pop("NO_COLOR", None)
    following = follow(path, "--interval", "20ms", stdout=terminal.inside, env=environment)
    terminal.let_go()
    terminal.wait_for(1, "sent")
    sink([frame._replace(number=2, index=1, payload=READ)])
    terminal.wait_for(2, "read")
    sink(
        [
            frame._replace(
                number=3, index=2, payload=HI.replace(b":0,", b":2,").replace(b'"hi"', b'"%s"' % (b"x" * 99))
            )
        ]
    )
    terminal.wait_for(3, "2    ")
    sink.finish(0)
    terminal.read_all()
    _, errors = following.communicate(timeout=PATIENCE_S)
    assert (errors, following.returncode) == ("", 0)
    one, two, three, last = terminal.screens()
    assert last == three
    for screen, statuses in ((one, ["sent"]), (two, ["read"]), (three, ["read", "sent"])):
        title, heading, *rows = plain(screen).splitlines()
        assert title == "dialog d"
        assert heading.split()[:4] == ["SEQ", "FROM", "TEXT", "STATUS"]
        shown = [row.split()[5] for row in rows if row[0].isdigit()]
        assert shown == statuses
    assert "\x1b[38;5;208m✓✓ read" in two


def test_a_pipe_gets_only_the_messages_that_changed(recorder):
    path, sink, frame = recorder
    following = follow(path, "--interval", "20ms")
    first = [following.stdout.readline() for _ in range(3)]
    assert first[0] == "dialog d\n"
    sink([frame._replace(number=2, index=1, payload=HI.replace(b":0,", b":2,"))])
    second = [following.stdout.readline() for _ in range(3)]
    sink.finish(0)
    rest, errors = following.communicate(timeout=PATIENCE_S)
    assert [first[2][0], second[2][0], rest, errors] == ["0", "2", "", ""]


@pytest.mark.parametrize("command", [("message", "list"), ("frame", "list"), ("check",)], ids=" ".join)
def test_where_nothing_is_recorded_the_next_session_is_waited_for_and_ctrl_c_ends_that(recorder, command):
    path, sink, _ = recorder
    sink.finish(0)
    option = "--watch" if command == ("check",) else "--follow"
    waiting = Preloaded(
        [*command, "last", option, "--archive", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "waiting for the next one" in waiting.stderr.readline()
    os.kill(waiting.pid, signal.SIGINT)
    out, errors = waiting.communicate(timeout=PATIENCE_S)
    assert (waiting.returncode, out, errors) == (130, "", "")


def test_on_a_terminal_the_newest_messages_are_shown_until_the_end_shows_all(recorder, terminal):
    path, sink, frame = recorder
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "60", "LINES": "9"}
    following = follow(path, "--interval", "20ms", stdout=terminal.inside, env=environment)
    terminal.let_go()
    terminal.wait_for(1, "sent")
    payloads = [(number, HI.replace(b":0,", b":%d," % number)) for number in (2, 3, 4)]
    sink([frame._replace(number=number, index=number - 1, payload=payload) for number, payload in payloads])
    terminal.wait_for(2, "4    participant a")
    sink.finish(0)
    terminal.read_all()
    following.communicate(timeout=PATIENCE_S)
    screens = [plain(screen).splitlines() for screen in terminal.screens()]
    shown = [[line[0] for line in lines if line[1:5] == "    "] for lines in screens]
    assert shown == [["0"], ["3", "4"], ["0", "2", "3", "4"]]
    assert screens[1][0] == "not shown: 2 earlier messages"


def test_ctrl_c_ends_it_with_130(recorder):
    path, _, _ = recorder
    following = follow(path, "--interval", "60s")
    assert following.stdout.readline().startswith("dialog d")
    os.kill(following.pid, signal.SIGINT)
    following.communicate(timeout=60)
    assert following.returncode == 130


@pytest.mark.parametrize("options", [("--at", "#1"), ("--interval", "soon")])
def test_what_makes_no_sense_with_it_is_said(tmp_path, options):
    path = tmp_path / "x.db"
    with recipes.open_archive(str(path), mode="write", create=True) as archive:
        recipes.import_capture(archive, ROOT / "samples" / "tutorial.jsonl")
    following = follow(path, *options)
    _, errors = following.communicate(timeout=60)
    assert following.returncode == 2
    assert options[0] in errors
