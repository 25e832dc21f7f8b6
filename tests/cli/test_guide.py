"""``recorder guide`` lists topics, shows one, and names the near miss of an unknown one."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from recorder.cli.guide import TOPICS, page


def guide(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", "guide", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_a_topic_all_are_listed_with_one_line_each():
    done = guide()
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(TOPICS)
    assert all(len(line) <= 79 for line in done.stdout.splitlines())


def test_in_a_pipe_a_topic_is_markdown_without_its_markers():
    done = guide("checks")
    assert done.stdout.startswith("# Checks\n")
    assert "| `never-read` | warning |" in done.stdout
    assert "<!--" not in done.stdout
    assert "\x1b" not in done.stdout


def test_json_holds_the_topics_or_the_text():
    assert [json.loads(line)["topic"] for line in guide("--json").stdout.splitlines()] == list(TOPICS)
    assert json.loads(guide("checks", "--json").stdout) == {"topic": "checks", "text": page("checks")}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("receipt", "receipts or report"), ("mood", "simulator"), ("SQL", "archive"), ("rule", "checks")],
)
def test_an_unknown_topic_names_the_near_miss(asked, meant):
    done = guide(asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'error: no topic "{asked}" (did you mean {meant}?)\n'


@pytest.mark.parametrize("topic", ["scripts", "glossary"])
def test_on_a_terminal_it_is_rendered_and_paged(topic):
    master, terminal = pty.openpty()
    environment = {**os.environ, "PAGER": "cat", "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-m", "recorder", "guide", topic], stdout=terminal, stdin=terminal, env=environment
    ) as process:
        os.close(terminal)
        printed = b""
        while chunk := _read(master):
            printed += chunk
    os.close(master)
    assert process.returncode == 0
    text = printed.decode()
    assert "\x1b[1m" in text
    assert "| ---" not in text
    assert "](" not in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end of the terminal was closed
        return b""
