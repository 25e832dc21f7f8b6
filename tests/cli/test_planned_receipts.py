"""Planned against actual, from a replay to everything that shows it."""

from __future__ import annotations

import json
import signal
import sqlite3

import pytest

from recorder import recipes

SCRIPT = """
name: planned
receipts: {accept: 200ms, read: 1s}
steps:
- open_conversation:
- say: hello
- await: {message: {from: agent}, as: question}
- read: {message: question, after: 3s}
- await: {message: {from: agent}}
- wait: 2s
- disconnect:
agent:
- on: message
  do: [{say: one, after: 500ms}, {say: two, after: 1s}, {say: three, after: 2900ms}]
"""


@pytest.fixture
def played(run, tmp_path):
    """The archive of the test with that script played on a virtual clock, and its session."""
    file = tmp_path / "planned.yaml"
    file.write_text(SCRIPT)
    result = run("replay", str(file), "--clock", "virtual", "--json", "--name", "planned")
    assert result.exit_code == 0, result.output
    return "planned"


def json_of(run, *arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_virtual_replay_keeps_what_it_planned_and_what_came_of_it(run, played):
    summary = json_of(run, "session", "show", played)
    lateness = {"lateness_p50_s": 0.0, "lateness_p99_s": 0.0, "lateness_max_s": 0.0}
    assert summary["planned_receipts"] == {
        "count": 7, "sent": 3, "frames": 3, **lateness,
        "unsent": {"connection over": 3, "replaced": 1},
    }  # fmt: skip
    assert "planned   7 receipts: 3 sent (0.00 ms late at p50," in run("session", "show", played).stdout
    shown = json_of(run, "message", "show", played, "1")
    accept, rule, step = shown["planned"]
    assert accept["due_s"] == accept["sent_s"] == pytest.approx(0.7)
    assert rule["unsent"] == "replaced"
    assert rule["frame"] is None
    assert (step["step"], step["due_s"], step["unsent"]) == (4, pytest.approx(3.5), "connection over")
    given = {each["frame"] for each in shown["life"] if each["status"] == "ACCEPT"}
    assert accept["frame"] in given


def test_message_show_says_it_in_words(run, played):
    text = run("message", "show", played, "1").stdout
    assert "\nACCEPT planned for +0.700s, went out 0.00 ms later in frame #" in text
    assert "READ planned for +1.500s, never went out: another plan took its place\n" in text
    assert "READ planned for +3.500s (step 4), never went out: there was no connection any more\n" in text
    assert "planned for" not in run("message", "show", played, "1", "--at", "+600ms").stdout
    assert run("message", "show", played, "1", "--at", "+1s").stdout.count("planned for") == 1
    assert "planned for" not in run("message", "show", "imported", "0").stdout


def test_an_export_carries_the_plans_and_an_import_keeps_them(run, played, tmp_path):
    file, other = tmp_path / "x.jsonl", str(tmp_path / "other.db")
    assert run("session", "export", played, "-o", str(file)).exit_code == 0
    assert run("import", str(file), "--archive", other).exit_code == 0
    assert [*run("session", "export", "--archive", other).stdout.splitlines()][1:] == (
        file.read_text().splitlines()[1:]
    )
    told, again = (json_of(run, "session", "show", *where) for where in ((played,), ("--archive", other)))
    assert told["planned_receipts"] == again["planned_receipts"]
    assert (
        json_of(run, "message", "show", played, "1")["planned"]
        == (json_of(run, "message", "show", "last", "1", "--archive", other)["planned"])
    )
    verified = run("archive", "verify", "--archive", other)
    assert verified.exit_code == 0, verified.output


def test_a_bundle_has_them_and_tells_secrets_in_them(run, played, tmp_path):
    assert run("bundle", played, "-o", str(tmp_path / "x.zip")).exit_code == 0
    token = "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjb25zdW1lci0xIn0.c2lnbmF0dXJlLXRoYXQtbm9ib2R5LXJl"
    plan = {"number": 1, "consumer": token, "dialog": "d", "sequence": 0, "status": "READ"}
    file = tmp_path / "secret.jsonl"
    lines = ({"recorder": 1, "receipt_plans": [plan]}, {"sender": "client", "text": "x"})
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("import", str(file), "--keep-secrets", "--name", "secret").exit_code == 0
    refused = run("bundle", "secret", "-o", str(tmp_path / "y.zip"))
    assert refused.exit_code == 3
    assert "receipt_plans of the session" in refused.stderr


KILLED = """
name: killed
receipts: {accept: 300ms, read: 1h}
steps:
- open_conversation:
- say: hello
- await: {message: {from: agent}}
- wait: 1h
agent:
- on: message
  do: [{say: one}]
"""


def test_a_killed_replay_leaves_what_it_had_planned(run, start, archive, tmp_path):
    file = tmp_path / "killed.yaml"
    file.write_text(KILLED)
    process = start("replay", str(file), "--name", "killed")
    with sqlite3.connect(f"file:{archive}?mode=ro", uri=True) as handle:
        query = "SELECT count(*) FROM receipt_plan WHERE frame IS NOT NULL AND consumer = 'consumer'"
        begun = handle.execute(query).fetchone()[0]
        while handle.execute(query).fetchone()[0] == begun:
            assert process.poll() is None
    handle.close()
    process.send_signal(signal.SIGKILL)
    process.wait()
    summary = json_of(run, "session", "show", "killed")
    told = summary["planned_receipts"]
    assert (summary["state"], told["count"], told["sent"]) == ("interrupted", 2, 1)
    assert told["unsent"] == {"not known": 1}
    with recipes.open_archive(str(archive)) as opened:
        message = next(each for each in recipes.messages(opened, "killed")[1] if not each.mine)
    text = run("message", "show", "killed", str(message.sequence)).stdout
    assert "READ planned for +360" in text
    assert "nothing says that it went out\n" in text
    verdicts = map(json.loads, run("archive", "verify", "--json").stdout.splitlines())
    assert {each["name"]: each["state"] for each in verdicts}["killed"] == "interrupted"


def test_on_postgresql_it_is_the_same(database, run, tmp_path):
    file = tmp_path / "planned.yaml"
    file.write_text(SCRIPT)
    arguments = ("replay", str(file), "--clock", "virtual", "--archive")
    for where in (database, str(tmp_path / "file.db")):
        assert run(*arguments, where).exit_code == 0
    of_database, of_file = (
        json_of(run, "message", "show", "last", "1", "--archive", where)["planned"]
        for where in (database, str(tmp_path / "file.db"))
    )
    assert of_database == of_file
    assert len(of_file) == 3
    assert run("archive", "verify", "--archive", database).exit_code == 0
