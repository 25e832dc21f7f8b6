"""The sentences users read, and the exit codes that scripts rely on."""

from __future__ import annotations

import pytest

from recorder import errors
from recorder.errors import (
    ArchiveBusy,
    ArchiveUnusable,
    BadCapture,
    BadOption,
    BadScript,
    CannotConnect,
    ExpectationFailed,
    HandshakeRefused,
    NotFound,
    OutputFailed,
    RecorderError,
    RecordingIncomplete,
    Stopped,
    StorageFailed,
)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (
            BadOption("--ping-interval", "5 parsecs is no duration"),
            2,
            "--ping-interval: 5 parsecs is no duration",
        ),
        (BadScript("a.yaml", "no steps"), 2, "a.yaml: no steps"),
        (BadScript("a.yaml", "no verb", line=3, step="step 2"), 2, "a.yaml, line 3, step 2: no verb"),
        (BadCapture("a.jsonl", "not JSON", line=7), 2, "a.jsonl, line 7: not JSON"),
        (NotFound("session", "7f"), 2, 'no session "7f"'),
        (
            NotFound("session", "7f", close=["7fa2", "7fb0"]),
            2,
            'no session "7f" (did you mean 7fa2 or 7fb0?)',
        ),
        (
            NotFound("session", "7", close=["7fa2", "7fb0"], many=True),
            2,
            '"7" fits more than one session: 7fa2, 7fb0',
        ),
        (ExpectationFailed("step 4 failed"), 3, "step 4 failed"),
        (CannotConnect("ws://h", "nobody listens"), 4, "cannot connect to ws://h: nobody listens"),
        (
            HandshakeRefused("ws://h", 401, "Unauthorized"),
            4,
            "cannot connect to ws://h: the service answered 401 Unauthorized instead of 101",
        ),
        (RecordingIncomplete("cut short"), 5, "cut short"),
        (StorageFailed("r.db", "the disk is full"), 6, "cannot write r.db: the disk is full"),
        (ArchiveBusy("r.db", "pid 9"), 6, "cannot write r.db: it is being recorded into by pid 9"),
        (OutputFailed("a.xml", "the disk is full"), 6, "cannot write a.xml: the disk is full"),
        (ArchiveUnusable("r.db", "it is empty"), 7, "r.db: it is empty"),
        (Stopped(15), 143, "stopped by signal 15"),
        (Stopped(2), 130, "stopped by signal 2"),
    ],
)
def test_an_error_says_what_happened_and_knows_its_exit_code(error, code, says):
    assert (error.exit_code, str(error)) == (code, says)


def test_the_tree_in_the_docstring_names_every_error():
    drawn = errors.__doc__ or ""
    for name, thing in vars(errors).items():
        if isinstance(thing, type) and issubclass(thing, RecorderError):
            assert name in drawn
