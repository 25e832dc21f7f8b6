"""``recorder message``: who accepted and read what, and why."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from builders.devtools import devtools, page_that_talks

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


def test_without_json_a_table_is_printed(run):
    out = run("message", "list", "imported").stdout
    assert "some agent text" in out
    # The answers carry no time of the service's: both delays are on our own clock, and say so.
    assert "you +1.880s~ #6" in out
    assert "you +1.920s~ #7" in out


@pytest.mark.parametrize("reference", ["3", f"{DIALOG}:3", f"{DIALOG[:4]}:3"])
def test_show_lists_every_frame_about_the_message(run, reference):
    out = run("message", "show", "imported", reference).stdout
    assert "status   read, by you: READ acknowledged in frame #7" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("#")] == [
        "#3", "#4", "#5", "#6", "#7",
    ]  # fmt: skip


def test_show_as_json_has_the_timeline(run):
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


def test_a_moment_shows_what_was_known_then(run):
    """The frames as they came: the message, then our requests, then their answers."""
    for when, status in (
        ("#3", "sent"),
        ("#5", "sent"),
        ("#6", "accepted"),
        ("#7", "read"),
        ("+10s", "read"),
    ):
        result = run("message", "list", "imported", "--at", when, "--json")
        assert [orjson.loads(line)["status"] for line in result.stdout.splitlines()] == [status]
    assert run("message", "list", "imported", "--at", "#2").stdout == "no messages in this recording\n"
    assert "as of frame #6 of 7" in run("message", "show", "imported", "3", "--at", "#6").stderr
    assert run("message", "list", "imported", "--at", "#6", "--quiet").stderr == ""
    life = orjson.loads(run("message", "show", "imported", "3", "--at", "#5", "--json").stdout)["life"]
    assert [rung["frame"] for rung in life] == [3, 4, 5]


@pytest.mark.parametrize("name", ["imported", "played"])
def test_as_of_the_last_frame_is_now(run, name):
    last = len(run("frame", "list", name, "--json").stdout.splitlines())
    now = run("message", "list", name, "--json").stdout
    assert run("message", "list", name, "--json", "--at", f"#{last}").stdout == now
    assert run("message", "list", name, "--json", "--at", "+1h").stdout == now


@pytest.mark.parametrize(
    ("when", "says"),
    [("soon", "is no moment of a session"), ("#8", 'no frame "#8"'), ("7", "is no moment of a session")],
)
def test_an_unusable_moment_is_one_sentence(run, when, says):
    result = run("message", "list", "imported", "--at", when)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_an_alias_merges_two_ids_and_is_suggested_until_it_does(run, step_up):
    listed = run("message", "list", step_up)
    assert "maybe the same person: --alias guest-1=user-7" in listed.stderr
    assert "--alias" not in listed.stdout
    merged = run("message", "list", step_up, "--alias", "guest-1=user-7", "--json")
    assert merged.stderr == ""
    lines = [orjson.loads(line) for line in merged.stdout.splitlines()]
    assert [line["author"] for line in lines] == ["user-7", "agent-9", "user-7"]
    assert "guest-1" not in merged.stdout
    shown = run("message", "show", step_up, "3", "--alias", "guest-1=user-7")
    assert "from     you (user-7)" in shown.stdout
    refused = run("message", "list", step_up, "--alias", "guest-1")
    assert (refused.exit_code, "is not OLD=NEW" in refused.stderr) == (2, True)


def test_an_answer_that_never_came_is_resolved_by_the_echo_with_the_match_shown(run, step_up):
    out = run("message", "show", step_up, "#6").stdout
    assert "the same text by you was announced later, in frame #7" in out
    assert "same text announced, so #6 was probably stored" in out
    line = orjson.loads(run("message", "show", step_up, "3", "--json").stdout)
    assert (line["ask"], line["probable_echo"], line["status"]) == (6, 7, "read")


def test_a_history_is_marked_as_heard_before(run, step_up):
    life = orjson.loads(run("message", "show", step_up, "0", "--json").stdout)["life"]
    assert [(rung["frame"], rung["kind"], rung["repeats"]) for rung in life] == [
        (1, "asked", None), (2, "answered", None), (3, "echoed", None), (4, "receipt", None),
        (7, "replayed", 3), (7, "replayed", 4), (9, "repeated", 4),
    ]  # fmt: skip
    clocks = {rung["frame"]: rung["after"]["clock"] for rung in life}
    assert (clocks[1], clocks[4]) == ("local", "server")


def test_the_ladder_of_a_played_message_runs_from_request_to_receipt(run):
    life = orjson.loads(run("message", "show", "played", "0", "--json").stdout)["life"]
    assert [(rung["kind"], rung["status"], rung["proof"]) for rung in life] == [
        ("announced", None, "announced"),
        ("asked", "ACCEPT", "claimed"), ("answered", "ACCEPT", "acknowledged"),
        ("receipt", "ACCEPT", "announced"),
        ("asked", "READ", "claimed"), ("answered", "READ", "acknowledged"), ("receipt", "READ", "announced"),
    ]  # fmt: skip


def test_list_leaves_in_what_is_asked_for(run):
    def listed(*options):
        return [
            orjson.loads(line)
            for line in run("message", "list", "played", *options, "--json").stdout.splitlines()
        ]

    everything = listed()
    assert listed("--sender", "you") == [each for each in everything if each["mine"]]
    assert (
        listed("--where", "$.status == 'read'", "--limit", "1")
        == [each for each in everything if each["status"] == "read"][:1]
    )
    assert listed("--grep", "^.+$", "--follow") == [each for each in everything if each["text"]]
    shown = run("message", "list", "played", "--grep", "nobody says this")
    assert (shown.exit_code, shown.stdout) == (0, "no message in this recording is like that\n")


SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(params=["browser.har", "browser.netlog.json", "attach"])
def in_a_browser(request, run):
    """A conversation in a browser, brought in by one command; the way it came."""
    har = orjson.loads((SAMPLES / "browser.har").read_bytes())
    (entry,) = [each for each in har["log"]["entries"] if "/ws_api/" in each["request"]["url"]]
    if request.param == "attach":
        said = [(each["type"], each["data"]) for each in entry["_webSocketMessages"]]
        with devtools(page_that_talks(said, url=entry["request"]["url"])) as address:
            done = run("attach", address)
    else:
        done = run("import", str(SAMPLES / request.param))
    assert done.exit_code == 0, done.output
    return request.param


def test_three_commands_lead_to_the_message_that_was_not_read(in_a_browser, run):
    """The page read message 2 and not message 4; what a page does not send, its recording shows."""
    name = {"browser.har": "browser", "browser.netlog.json": "browser.netlog", "attach": "last"}[in_a_browser]
    rows = [line.split() for line in run("message", "list", name).stdout.splitlines()]
    unread = [row[0] for row in rows if row[0] in ("2", "4") and row[-1] == "-"]
    assert unread == ["4"]
    shown = run("message", "show", name, "4").stdout.splitlines()
    last = 30 if in_a_browser == "browser.netlog.json" else 28
    assert shown[0].startswith("message 4 in dialog ")
    assert shown[3].startswith("status   accepted, by you: ACCEPT announced in frame #")
    assert shown[4] == f"unread   no READ was sent or seen in this recording; last frame #{last}"
    findings = run("check", name, "--rule", "never-read").stdout
    assert "(messages 0, 4)" in " ".join(findings.split())
