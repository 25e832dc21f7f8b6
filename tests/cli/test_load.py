"""``recorder replay --users``: the options, the table, the files, the exit codes."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders.preloaded import Preloaded, run

SAMPLES = Path(__file__).parents[2] / "samples"
SLOW_READER = str(SAMPLES / "tutorial-conversation.yaml")


def recorder(*arguments: str, folder: Path, **options) -> subprocess.CompletedProcess[str]:
    return run(*arguments, cwd=folder, timeout=100, **options)


def test_a_run_prints_its_table_writes_its_files_and_passes(tmp_path):
    done = recorder(
        "replay", SLOW_READER, "--users", "3", "--spawn-rate", "50", "--archive", "many.db", "--csv", "out",
        "--html", "out.html", "--fail-if", "failures > 0", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 users began: 3 passed, 0 failed" in done.stderr
    assert done.stdout.splitlines()[0].split() == [
        "METRIC",
        "COUNT",
        "RATE",
        "MEAN",
        "P50",
        "P95",
        "P99",
        "MAX",
    ]
    with (tmp_path / "out_stats.csv").open(newline="") as file:
        counts = {row["Name"]: row["Count"] for row in csv.DictReader(file)}
    assert (counts["users"], counts["session"]) == ("3", "3")
    assert (tmp_path / "out_history.csv").exists()
    assert (tmp_path / "out_failures.csv").exists()
    assert "<script" in (tmp_path / "out.html").read_text()


def test_json_tells_every_metric_on_a_line(tmp_path):
    done = recorder(
        "replay", SLOW_READER, "--users", "2", "--spawn-rate", "50", "--json", "--quiet", folder=tmp_path
    )
    target, *told = [json.loads(line) for line in done.stdout.splitlines()]
    assert target == {"target": "simulator", "url": None, "chosen_by": "default"}
    assert {"metric": "users", "count": 2}.items() <= next(t for t in told if t["metric"] == "users").items()
    assert next(t for t in told if t["metric"] == "answer")["p99_ms"] > 0
    assert done.stderr == ""


def test_a_violated_threshold_is_exit_code_three_and_said(tmp_path):
    done = recorder("replay", SLOW_READER, "--users", "1", "--fail-if", "users.count >= 1", folder=tmp_path)
    assert done.returncode == 3
    assert "error: users.count is 1 (--fail-if 'users.count >= 1')" in done.stderr


def test_the_tolerance_counts_for_all_receipts(tmp_path):
    (tmp_path / "s.yaml").write_text("receipts: {read: 1ms}\n" + Path(SLOW_READER).read_text())
    done = recorder("replay", "s.yaml", "--users", "1", "--tolerance", "1us", folder=tmp_path)
    assert done.returncode == 3
    assert "receipt_lateness.max is" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--run-time", "2m"], "add --users N", id="run time without users"),
        pytest.param(["--csv", "x"], "add --users N", id="csv without users"),
        pytest.param(["--users", "2", "--clock", "virtual"], "real time only", id="virtual clock"),
        pytest.param(["--users", "2", "--junit", "x.xml"], "--csv and --html", id="junit"),
        pytest.param(["--users", "2", "--html", "no/x.html"], "no directory no", id="no such directory"),
        pytest.param(
            ["--users", "2", "--fail-if", "read_latness.p99 > 1s"],
            'did you mean "read_lateness"',
            id="metric",
        ),
        pytest.param(["--users", "2", "--spawn-rate", "0"], "more than 0", id="nobody begins"),
    ],
)
def test_options_that_do_not_go_together_are_said_at_once(tmp_path, arguments, says):
    done = recorder("replay", SLOW_READER, *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.glob("*.db"))


def test_ctrl_c_ends_it_cleanly_with_the_numbers_so_far(tmp_path):
    """The first line says that users are under way; then the signal comes."""
    (tmp_path / "s.yaml").write_text("steps:\n  - open_conversation:\n  - wait: 5m\n")
    with Preloaded(
        ["replay", "s.yaml", "--users", "3", "--spawn-rate", "50"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        while "3 users under way" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "3 users began: 0 passed, 0 failed, 3 stopped before their end" in said
    assert "METRIC" in printed


def test_on_a_terminal_the_table_is_drawn_anew(tmp_path):
    """A pseudo-terminal as standard error: the cursor goes up to draw over what stands there."""
    main, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "recorder", "replay", SLOW_READER, "--users", "2", "--run-time", "3s"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=terminal, timeout=100, check=False,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        drawn = os.read(main, 1 << 20).decode()
    finally:
        os.close(main)
        os.close(terminal)
    assert done.returncode == 0
    assert "receipt_lateness" in drawn
    assert "\x1b[1A" in drawn


def test_a_token_file_may_hold_one_token_a_line(tmp_path):
    """Against nobody: it gets as far as failing to connect, and shows no token."""
    tokens = tmp_path / "tokens"
    tokens.write_text("first-secret-token\n\nBearer second-secret-token\n")
    tokens.chmod(0o600)
    done = recorder(
        "replay", SLOW_READER, "--users", "2", "--spawn-rate", "50", "--url", "ws://127.0.0.1:9/",
        "--token-file", "tokens", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3
    assert "nothing listens there" in done.stdout
    assert "secret-token" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("--users", "2", "--html", "."), "--html: . is a directory", id="html"),
        pytest.param(("--users", "2", "--csv", "no/"), "--csv: there is no directory no", id="csv"),
        pytest.param(("--junit", "no/x.xml"), "--junit: there is no directory no", id="junit"),
        pytest.param(("--users", "2", "--tolerance", "x"), "--tolerance: ", id="tolerance"),
        pytest.param(("--check", "--dry-run"), "--check, --dry-run: give one", id="check and dry run"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_played(arguments, says, tmp_path):
    done = recorder("replay", SLOW_READER, *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {says}")
    assert list(tmp_path.iterdir()) == []


FAILING = "steps:\n  - open_conversation:\n  - expect: {message: {from: agent}, within: 1ms}\n"


@pytest.mark.parametrize("many", [("--clock", "virtual"), ("--users", "2", "--spawn-rate", "50")])
@pytest.mark.parametrize("closed", ["exec >&-", "exec 2>&-", "exec > >(true)", "exec <&-"])
def test_the_verdict_stands_whether_or_not_somebody_reads(many, closed, tmp_path):
    """``| head``, ``>&-``: nobody there to print to is no reason to pass, nor for a traceback."""
    (tmp_path / "s.yaml").write_text(FAILING)
    program = [sys.executable, "-m", "recorder", "replay", "s.yaml", "--archive", "a.db", *many]
    shell = ["bash", "-c", f'{closed}; sleep 0.1; exec "$@"', "bash", *program]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
