"""A reading command imports what it uses, and nothing that takes longer to import than the command to run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recorder import recipes

SAMPLE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"

HEAVY = {
    "alembic", "asyncio", "concurrent.futures", "h11", "ijson", "jsonpath", "logging", "multiprocessing",
    "psycopg", "python_socks", "recorder.capture", "recorder.redaction.redactor", "recorder.replay",
    "recorder.simulator", "recorder.store.tables", "recorder.store.writer", "regex", "sqlalchemy", "ssl",
    "unittest", "websocket", "websockets", "yaml",
}  # fmt: skip
"""What no reading command needs of an archive file."""

RUN = """
import sys
from recorder.cli.app import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    print(*sys.modules, file=sys.stderr)
    sys.exit(ended.code)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("startup") / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as opened:
        recipes.import_capture(opened, SAMPLE)
    return path


@pytest.mark.parametrize(
    "command",
    [
        "session list", "session show last", "message list last", "message list last --json",
        "message show last 3", "frame list last", "frame show last 1", "check last", "archive info",
        "archive verify",
    ],
)  # fmt: skip
def test_a_reading_command_imports_no_more_than_it_uses(archive, command):
    ran = subprocess.run(
        [sys.executable, "-c", RUN, *command.split(), "--archive", archive],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
    imported = set(ran.stderr.splitlines()[-1].split())
    assert "recorder.store.archive" in imported
    assert imported & HEAVY == set()
