"""``recorder session``: list, show, export, delete."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

SAMPLES = Path(__file__).parents[2] / "samples"


def listed(run):
    return [orjson.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]


def test_list_has_the_documented_keys(run):
    imported, played = listed(run)
    assert list(played) == [
        "session", "name", "source", "state", "started_at", "ended_at", "connections", "frames",
        "connection_count", "frame_count",
    ]  # fmt: skip
    assert (played["name"], played["source"], played["state"]) == ("played", "replay", "complete")
    assert (imported["source"], imported["frames"]) == ("jsonl", 7)
    assert imported["started_at"] == "2017-02-18T22:03:58.100000Z"


def test_a_list_takes_only_what_is_asked_for(run):
    def names(*options):
        lines = run("session", "list", *options, "--json").stdout.splitlines()
        return [orjson.loads(line)["name"] for line in lines]

    assert names("--reverse") == ["played", "imported"]
    assert names("--limit", "1") == names("--name", "PLAY") == names("--since", "2h") == ["played"]
    nothing = run("session", "list", "--name", "nobody")
    assert (nothing.exit_code, nothing.stderr) == (0, "no session is like that\n")
    for options, says in (
        (("--since", "soon"), "neither a time nor a duration"),
        (("--limit", "0"), "--limit"),
    ):
        result = run("session", "list", *options)
        assert (result.exit_code, says in result.stderr) == (2, True)


def test_a_load_run_is_one_line_until_all_are_asked_for(run):
    replayed = run(
        "replay", str(SAMPLES / "tutorial-conversation.yaml"), "--users", "2", "--spawn-rate", "99"
    )
    assert replayed.exit_code == 0, replayed.output
    folded = run("session", "list", "--limit", "2")
    assert [line.split()[:2] for line in folded.stdout.splitlines()[2:]] == [["2", "sessions"]]
    assert folded.stderr == "a load run is one line; --all lists its sessions\n"
    every = run("session", "list", "--all")
    assert len(every.stdout.splitlines()) == 1 + 4 == 1 + len(listed(run))
    assert every.stderr == ""


def test_a_session_is_found_by_id_prefix_name_and_last(run):
    played = listed(run)[1]
    for name in (played["session"], played["session"][:6], "played"):
        assert orjson.loads(run("session", "show", name, "--json").stdout)["session"] == played["session"]
    assert orjson.loads(run("session", "show", "last", "--json").stdout)["session"] == played["session"]


NAMING_A_SESSION = [
    ("session", "show"), ("session", "export"), ("session", "script"), ("session", "diff", "last"),
    ("session", "delete", "--yes"), ("message", "list"), ("message", "list", "--dialog", "d"),
    ("message", "list", "--follow"), ("message", "show", "d:0"), ("frame", "list"), ("frame", "show", "1"),
    ("check",),
]  # fmt: skip


@pytest.mark.parametrize("command", NAMING_A_SESSION, ids=" ".join)
def test_every_command_takes_the_newest_of_several_and_counts_back(run, command):
    """Once said, except by those who are quiet."""
    for number in range(3):
        change = {"type": "ContentEvent", "contentType": "text/plain", "message": f"text {number}"}
        told = {"dialogId": "d", "sequence": 0, "originatorId": "a", "event": change}
        body = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [told]}}
        line = {"sender": "service", "text": orjson.dumps(body).decode()}
        assert run("import", "-", "--name", "ci", input=orjson.dumps(line)).exit_code == 0
    first = 1 if command[0] == "check" else 3 if command[1] == "diff" else 2
    for name, says in (("ci", ["ci: the newest of 3"]), ("ci~1", []), ("last~1", [])):
        result = run(*command[:first], name, *command[first:])
        assert result.exit_code in (0, 3), result.stderr
        assert [line for line in result.stderr.splitlines() if "the newest" in line] == says
    quiet = run(*command[:first], "last~1", *command[first:], "--quiet")
    assert (quiet.exit_code in (0, 3), quiet.stderr) == (True, "")
    beyond = run(*command[:first], "ci~9", *command[first:])
    assert beyond.exit_code == 2
    assert "hint: the oldest of" in beyond.stderr


def test_the_last_two_runs_of_one_name_are_compared(run):
    assert (
        run("replay", str(SAMPLES / "slow-reader.yaml"), "--clock", "virtual", "--name", "played").exit_code
        == 0
    )
    ids = [each["session"] for each in listed(run)]
    by_name = run("session", "diff", "played~1", "played", "--json")
    assert by_name.stdout == run("session", "diff", ids[1], ids[2], "--json").stdout != ""
    assert "played: the newest of 2\n" in by_name.stderr


def test_show_tells_connections_counts_and_oddities(run):
    out = run("session", "show", "played").stdout
    assert "closed by the client with 1000" in out
    assert "messages  1 read" in out
    assert "id" in run("session", "show", "imported").stdout


def test_export_then_import_gives_the_same_frames(run, tmp_path):
    file = tmp_path / "out.jsonl"
    assert run("session", "export", "played", "-o", str(file)).exit_code == 0
    assert (file.stat().st_mode & 0o777) == 0o600
    fresh = ["--archive", str(tmp_path / "fresh.db")]
    assert run("import", str(file), *fresh).exit_code == 0
    assert (
        run("frame", "list", "last", "--json", *fresh).stdout
        == run("frame", "list", "played", "--json").stdout
    )
    again = run("session", "export", "last", *fresh).stdout
    header, *rest = file.read_text().splitlines()
    assert again.splitlines()[1:] == rest
    assert orjson.loads(header)["recorder"] == 1
    assert orjson.loads(header)["session"] == listed(run)[1]["session"]


def test_export_into_a_folder_that_is_not_there_is_one_sentence(run, tmp_path):
    result = run("session", "export", "last", "-o", str(tmp_path / "no" / "x.jsonl"))
    assert result.exit_code == 2
    assert "cannot write" in result.stderr


def test_delete_asks_first_and_then_nothing_is_left(run, start, archive):
    terminal, its_end = os.openpty()
    process = start("session", "delete", "imported", stdin=its_end)
    os.write(terminal, b"n\n")
    _, asked = process.communicate(timeout=30)
    os.close(terminal)
    os.close(its_end)
    assert (process.returncode, "with its 7 frames?" in asked) == (2, True)
    assert len(listed(run)) == 2
    assert run("session", "delete", "imported", "--yes").exit_code == 0
    assert [each["name"] for each in listed(run)] == ["played"]
    assert b"some agent text" not in archive.read_bytes()


@pytest.mark.parametrize("answer", ["", "y\n"])
def test_delete_without_a_terminal_wants_to_be_told(run, answer):
    result = run("session", "delete", "imported", input=answer)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: session delete: there is no terminal to ask at\nhint: say --yes\n"
    assert len(listed(run)) == 2


def test_a_missing_archive_is_named_in_the_error(run, tmp_path):
    result = run("session", "list", "--archive", str(tmp_path / "none.db"))
    assert result.exit_code in (2, 7)
    assert "none.db" in result.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("command", ["list", "show", "diff", "export", "delete"])
def test_every_command_has_the_same_options(run, command):
    out = run("session", command, "--help").stdout
    for option in ("--archive", "--quiet"):
        assert option in out


def test_diff_of_a_session_with_itself_is_empty(run, step_up):
    for name in ("imported", "played", step_up):
        result = run(
            "session", "diff", name, name, "--fail", "--delays-over", "0ms", "--alias", "guest-1=user-7"
        )
        assert (result.exit_code, result.stdout) == (0, "")
        assert "nothing differs" in result.stderr
        assert run("session", "diff", name, name, "--json", "--quiet").output == ""


def test_diff_shows_vanished_receipts_and_exits_with_3_only_with_fail(run, tmp_path):
    script = (SAMPLES / "tutorial-conversation.yaml").read_text()
    silent = tmp_path / "silent.yaml"
    steps = [line for line in script.splitlines() if "read" not in line]
    silent.write_text("\n".join(steps))
    assert run("replay", str(silent), "--name", "unread").exit_code == 0
    result = run("session", "diff", "played", "unread")
    assert result.exit_code == 0
    assert '! message 0 by agent 1 "Hello, how can I help you?": status read became accepted' in result.stdout
    assert (
        '- message 0 by agent 1 "Hello, how can I help you?": READ by you vanished (announced'
        in result.stdout
    )
    failed = run("session", "diff", "unread", "played", "--json", "--fail")
    assert failed.exit_code == 3
    lines = [orjson.loads(line) for line in failed.stdout.splitlines()]
    counted = [line for line in lines if line["differs"]]
    assert [(line["kind"], line["dialog"], line["sequence"], line["status"]) for line in counted] == [
        ("message-changed", 1, 0, None), ("receipt-appeared", 1, 0, "READ"),
    ]  # fmt: skip
    assert "the sessions differ in 2 places" in failed.stderr


def test_show_suggests_which_ids_may_be_one_person(run, step_up):
    result = run("session", "show", step_up, "--json")
    (suggestion,) = orjson.loads(result.stdout)["suggested_aliases"]
    assert (suggestion["old"], suggestion["new"]) == ("guest-1", "user-7")
    assert "--alias guest-1=user-7" in result.stderr
    merged = run("session", "show", step_up, "--json", "--alias", "guest-1=user-7")
    assert orjson.loads(merged.stdout)["suggested_aliases"] == []
    assert "--alias" not in merged.stderr


def test_script_writes_what_replay_plays(run, tmp_path):
    file = tmp_path / "again.yaml"
    assert (
        run("session", "script", "played", "--pace", "2x", "--max-gap", "1s", "-o", str(file)).exit_code == 0
    )
    assert file.read_text() == run("session", "script", "played", "--pace", "2x", "--max-gap", "1s").stdout
    assert run("replay", str(file), "--clock", "virtual").exit_code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [(("--pace", "slow"), "write original, fast, or a factor like 2x"), (("--max-gap", "5"), "--max-gap")],
    ids=["pace", "gap"],
)
def test_script_with_an_option_that_cannot_be_used_is_one_sentence(run, options, says):
    result = run("session", "script", "played", *options)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_session_that_is_not_named_is_the_last(run):
    for command in ("session show", "session script", "session export", "message list", "frame list"):
        words = command.split()
        assert run(*words).stdout == run(*words, "last").stdout, command
    assert run("session", "diff").stdout == run("session", "diff", "last~1", "last").stdout
    assert run("frame", "show", "2").stdout == run("frame", "show", "last", "2").stdout
    sequence = "0" if "message 0 " in run("message", "show", "last", "0").stdout else "3"
    assert run("message", "show", sequence).stdout == run("message", "show", "last", sequence).stdout


@pytest.mark.parametrize("noun", ["frame", "message"])
def test_what_is_shown_must_be_named(run, noun):
    result = run(noun, "show")
    assert result.exit_code == 2
    assert "say which one to show" in result.stderr


def test_nothing_is_deleted_without_asking_and_without_a_name(run):
    result = run("session", "delete", "--yes")
    assert result.exit_code == 2
    assert "say which one to delete" in result.stderr
    assert len(run("session", "list", "--json").stdout.splitlines()) == 2
