"""``recorder message``: who accepted and read what, and why."""

from __future__ import annotations

import orjson
import pytest

DIALOG = "940f401e-dc4c-49a9-bff2-2bbb5bd0df64"


def test_the_tutorial_shows_the_agents_message_accepted_then_read_each_with_its_frame(run):
    """Told by hand in a file: the answers to two publishes that reuse one id prove the receipts."""
    (line,) = run("message", "list", "imported", "--json").stdout.splitlines()
    message = orjson.loads(line)
    assert (message["dialog"], message["sequence"], message["status"]) == (DIALOG, 3, "read")
    assert message["sent"] == {
        "frame": 3, "at": "2017-02-18T22:04:01.560000Z", "server_ms": 1487455441507, "proof": "announced",
    }  # fmt: skip
    accept, read = message["receipts"]
    assert (accept["status"], accept["proof"], accept["frame"], accept["mine"]) == (
        "ACCEPT", "acknowledged", 6, True,
    )  # fmt: skip
    assert (read["status"], read["proof"], read["frame"]) == ("READ", "acknowledged", 7)
    assert accept["participant"] is None


def test_the_same_played_against_the_simulator_knows_everybody(run):
    (line,) = run("message", "list", "played", "--json").stdout.splitlines()
    message = orjson.loads(line)
    assert (message["status"], message["role"], message["mine"]) == ("read", "ASSIGNED_AGENT", False)
    assert [(r["status"], r["proof"], r["mine"], r["role"]) for r in message["receipts"]] == [
        ("ACCEPT", "announced", True, "CONSUMER"),
        ("READ", "announced", True, "CONSUMER"),
    ]
    assert message["sent"]["frame"] < message["receipts"][0]["frame"] < message["receipts"][1]["frame"]


def test_people_see_a_table(run):
    out = run("message", "list", "imported").stdout
    assert "some agent text" in out
    assert "you +0.440s~ #6" not in out  # the delay is measured from our own arrival times
    assert "#6" in out
    assert "#7" in out


@pytest.mark.parametrize("reference", ["3", f"{DIALOG}:3"])
def test_show_tells_why(run, reference):
    out = run("message", "show", "imported", reference).stdout
    assert "status   read, by you: READ acknowledged in frame #7" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("#")] == [
        "#3", "#4", "#5", "#6", "#7",
    ]  # fmt: skip


def test_show_as_json_carries_the_life(run):
    line = orjson.loads(run("message", "show", "imported", "3", "--json").stdout)
    assert [(rung["frame"], rung["proof"]) for rung in line["life"]] == [
        (3, "announced"), (4, "claimed"), (5, "claimed"), (6, "acknowledged"), (7, "acknowledged"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("message", "list", "nobody"), 'no session "nobody"'),
        (("message", "list", "last", "--dialog", "x"), 'no dialog "x"'),
        (("message", "show", "last", "9"), 'no message "9"'),
        (("message", "show", "last", "nine"), "is no SEQUENCE, DIALOG:SEQUENCE or #FRAME"),
        (("message", "show", "last", "#9"), 'no message "#9"'),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(run, arguments, says):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr
