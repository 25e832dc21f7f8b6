"""What was found is told in lines that fit, each with a command to copy."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace

import pytest

from recorder.report.hits import Hit, excerpt, hit_json, next_command, print_hits
from recorder.report.terminal import safe_text
from recorder.wire.records import SessionInfo

SESSION = SessionInfo("7fa2", "night run", "client", "complete", 0, 1, 1, 9)
MESSAGE = Hit(
    kind="message", session=SESSION, matched="text", command=("message", "show", "7fa2", "d 1:0"),
    dialog="d 1", sequence=0, participant="ann", role="CONSUMER", mine=False, frame=4, at_us=1_000_000,
    type="text/plain", status="read", text="Where is it?",
)  # fmt: skip
DIALOG = Hit(
    kind="conversation", session=SESSION, matched="conversation", command=("message", "list", "7fa2"),
    dialog="d 1", conversation="c", type="MAIN", status="OPEN", frame=3, messages=1,
)  # fmt: skip


def printed(*hits, archive=()):
    out = io.StringIO()
    print_hits(out, hits, archive)
    return out.getvalue()


def test_hits_stand_under_their_session():
    nameless = SessionInfo("9b", None, "har", "complete", None, None, 1, 1)
    other = Hit(
        kind="frame", session=nameless, matched="expression",
        command=("frame", "show", "9b", "2"), connection=1, sender="service", frame=2, type="x", text="{}",
    )  # fmt: skip
    assert printed(DIALOG, MESSAGE, other) == (
        "7fa2  night run  1970-01-01 00:00:00 UTC  complete\n"
        "  dialog d 1 of conversation c: MAIN, OPEN, 1 message, from #3\n"
        "    recorder message list 7fa2\n"
        "  message d 1:0  consumer  00:00:01.000  read\n"
        "    Where is it?\n"
        "    recorder message show 7fa2 'd 1:0'\n"
        "\n"
        "9b  -  complete\n"
        "  frame #2  service  x\n"
        "    {}\n"
        "    recorder frame show 9b 2\n"
    )


def test_the_rest_in_words():
    usual = {"session": SESSION, "matched": "name", "command": ("x",)}
    person = Hit(kind="participant", participant="ann", frame=0, text="Ann", **usual)
    named = Hit(kind="session", **usual)
    closed = Hit(kind="connection", connection=2, code=4401, text="no", **usual)
    lost = Hit(kind="message", frame=7, status="pending", type="a/b", **usual)
    assert [line for line in printed(person, named, closed, lost).splitlines() if "recorder" not in line] == [
        "7fa2  night run  1970-01-01 00:00:00 UTC  complete",
        '  participant ann "Ann": of no known role, from #0',
        "  session, by its name: 9 frames",
        "  connection 2  4401",
        "    no",
        "  message not published, #7  somebody unknown  -  pending  [a/b]",
    ]


def test_the_next_command_names_the_archive_where_it_must():
    assert next_command(MESSAGE, ("--archive", "my x.db")) == (
        "recorder message show 7fa2 'd 1:0' --archive 'my x.db'"
    )
    line = hit_json(MESSAGE, ("--archive", "x.db"))
    assert line["next"] == "recorder message show 7fa2 'd 1:0' --archive x.db"
    assert (line["at"], line["started_at"]) == ("1970-01-01T00:00:01.000000Z", "1970-01-01T00:00:00.000000Z")


def test_a_text_from_the_wire_stays_on_its_line_and_within_78_columns():
    hostile = Hit(
        kind="message", session=SESSION, matched="text", command=("x",), dialog="d", sequence=0,
        status="sent", text="\x1b[2J" + "長" * 100 + "needle" + "😀" * 100, found_at=104,
    )  # fmt: skip
    assert "\x1b" not in printed(hostile)
    shown = excerpt(hostile.text, 104)
    assert "needle" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_an_excerpt_is_the_text_where_it_is_short():
    assert excerpt("short", 3) == "short"
    assert excerpt("a" * 200 + "b", 200).endswith("ab")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no Bash to read the command with")
def test_a_command_with_what_acts_on_a_terminal_is_copied_as_escapes_that_bash_reads_back():
    words = ["\x1b[2J\r\n'\\", "\u202ee\u2066", "\x9b31m", "it's", "🙂\u200d", "$(id) `id`"]
    line = next_command(replace(MESSAGE, command=tuple(words)))
    assert safe_text(line) == line
    script = f'recorder() {{ printf "%s\\0" "$@"; }}; {line}'
    read = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert read.stdout.decode().split("\0")[:-1] == words
