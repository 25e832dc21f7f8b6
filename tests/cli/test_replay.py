"""``recorder replay``: the main job, and what it says when it does not come out."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest

from recorder.recipes import simulator

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("script", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_plays_and_comes_out_as_written(run, script):
    result = run("replay", str(script), "--json")
    assert result.exit_code == 0, result.stderr
    target, *steps = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert target == {"target": "simulator", "url": None, "chosen_by": "default"}
    assert {step["outcome"] for step in steps} == {"ok"}
    assert run("archive", "verify").exit_code == 0


def test_slow_reader_reads_the_question_when_it_says(run):
    run("replay", str(SAMPLES / "slow-reader.yaml"))
    messages = [orjson.loads(line) for line in run("message", "list", "last", "--json").stdout.splitlines()]
    question = next(message for message in messages if message["mine"] is False)
    read = next(receipt for receipt in question["receipts"] if receipt["status"] == "READ")
    assert read["mine"] is True
    assert read["server_ms"] - question["sent"]["server_ms"] >= 2_000


def test_an_expectation_that_fails_is_3_and_shows_what_was_seen_instead(run, tmp_path):
    script = tmp_path / "hopeful.yaml"
    script.write_text(
        "steps:\n"
        "  - open_conversation:\n"
        "  - say: Anybody?\n"
        "  - expect: {message: last_sent, status: read, within: 200ms}\n"
        "agent:\n"
        "  - on: message\n"
        "    do: [{accept: {after: 10ms}}]\n"
    )
    result = run("replay", str(script))
    assert result.exit_code == 3
    assert "step 3 (expect), line 4" in result.stderr
    assert "accepted" in result.stderr
    assert "Anybody?" in result.stdout


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param("steps:\n  - sya: hello\n", ("line 2", "step 1", "say"), id="a verb with a slip"),
        pytest.param("steps: []\n", ("there are no steps",), id="no steps"),
        pytest.param(
            "steps:\n  - say: ${NOBODY_SET_THIS}\n", ("line 2", "NOBODY_SET_THIS"), id="no variable"
        ),
        pytest.param("a: 1\na: 2\n", ("line 2",), id="a key twice"),
        pytest.param("", (), id="empty"),
        pytest.param(
            "steps:\n  - open_conversation:\nagent:\n  - on: mesage\n    do: []\n",
            ("line 4",),
            id="the agent's slip",
        ),
    ],
)
def test_a_script_with_an_error_names_file_line_and_what_was_meant(run, tmp_path, script, says):
    file = tmp_path / "script.yaml"
    file.write_text(script)
    result = run("replay", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    for words in ("script.yaml", *says):
        assert words in result.stderr
    assert len(run("session", "list", "--json").stdout.splitlines()) == 2


def test_variables_come_from_the_command_line_before_the_environment(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GREETING", "from the environment")
    file = tmp_path / "script.yaml"
    file.write_text('steps:\n  - open_conversation:\n  - say: "${GREETING}"\nagent: []\n')
    assert "from the environment" in run("replay", str(file)).stdout
    assert (
        "from the command line" in run("replay", str(file), "--var", "GREETING=from the command line").stdout
    )
    assert run("replay", str(file), "--var", "nonsense").exit_code == 2


def test_a_script_that_is_not_there(run):
    result = run("replay", "nowhere.yaml")
    assert (result.exit_code, "nowhere.yaml" in result.stderr) == (2, True)


def test_the_scripts_consumer_section_counts_only_for_a_real_service(run, tmp_path, monkeypatch):
    """Its variables need not be set for the simulator; for a service they must, or a token be given."""
    file = tmp_path / "script.yaml"
    file.write_text('consumer: {url: "${A_URL}", token: "${A_JWT}"}\nsteps: [{open_conversation: }]\n')
    assert run("replay", str(file)).exit_code == 0
    result = run("replay", str(file), "--url", "script")
    assert (result.exit_code, "A_URL" in result.stderr) == (2, True)
    with simulator() as server:
        monkeypatch.setenv("A_URL", server.url)
        monkeypatch.setenv("A_JWT", "any.token.does")
        assert run("replay", str(file), "--url", "script").exit_code == 0


def test_nobody_at_the_url_is_4_and_recorded_as_refused(run):
    result = run("replay", str(SAMPLES / "tutorial-conversation.yaml"), "--url", "ws://127.0.0.1:1/x")
    assert result.exit_code == 4
    shown = orjson.loads(run("session", "show", "last", "--json").stdout)
    assert [connection["how"] for connection in shown["connection_details"]] == ["refused"]


# --- without playing ------------------------------------------------------------------------------------


def test_schema_prints_one_for_editors_and_needs_no_script(run):
    result = run("replay", "--schema")
    assert result.exit_code == 0
    schema = orjson.loads(result.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "open_conversation" in schema["$defs"]["Step"]["anyOf"][1]["properties"]


@pytest.mark.parametrize("script", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_check_says_one_sentence_and_plays_nothing(run, script):
    before = run("session", "list", "--json").stdout
    result = run("replay", str(script), "--check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1].startswith(f"{script}: ")
    assert result.stderr.splitlines()[-1].endswith(": fine")
    assert run("session", "list", "--json").stdout == before


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("steps: [{sya: x}]", 'did you mean "say"?'),
        ("steps: [await]\nagent: [{on: mesage, do: [read]}]", 'did you mean "message"?'),
        ("steps: [await]\nsimulator: {read_onyl: true}", 'did you mean "read_only"?'),
        ("steps: [{say: '${NOPE}'}]", "the variable NOPE is not set"),
    ],
)
def test_check_finds_what_is_wrong_anywhere_in_the_script(run, tmp_path, script, says):
    file = tmp_path / "script.yaml"
    file.write_text(script)
    result = run("replay", str(file), "--check")
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_dry_run_prints_the_timetable_and_plays_nothing(run):
    before = run("session", "list", "--json").stdout
    script = str(SAMPLES / "slow-reader.yaml")
    result = run("replay", script, "--dry-run")
    assert result.exit_code == 0
    first = "1  line 17  0s..0s   open_conversation; waits for the answer, 10s at most"
    assert result.stdout.splitlines()[0] == first
    rows = [orjson.loads(line) for line in run("replay", script, "--dry-run", "--json").stdout.splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert rows[3]["receipts"] == [{"status": "READ", "message": "question", "after": "2s"}]
    assert run("session", "list", "--json").stdout == before


def test_check_reads_stdin_too(run):
    assert run("replay", "-", "--check", input="steps: [await]").exit_code == 0
    refused = run("replay", "-", "--check", input="steps: [{include: a.yaml}]")
    assert refused.exit_code == 2
    assert "what is read from stdin has no folder" in refused.stderr


# --- time, verdicts, tokens -----------------------------------------------------------------------------

HOPELESS = """
receipts: {accept: 100ms}
steps:
- open_conversation:
- await: {as: hello}
- wait: 200ms
- expect: {message: last_sent, status: read, within: 1h}
- wait: 1s
agent: [{on: conversation, do: [{say: hello}]}]
"""


@pytest.fixture
def hopeless(tmp_path):
    file = tmp_path / "hopeless.yaml"
    file.write_text(HOPELESS)
    return str(file)


def test_json_is_one_object_per_step_with_its_receipts(run, hopeless):
    result = run("replay", hopeless, "--clock", "virtual", "--json")
    assert result.exit_code == 3
    _, *steps = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [(step["verb"], step["outcome"]) for step in steps] == [
        ("open_conversation", "ok"),
        ("await", "ok"),
        ("wait", "ok"),
        ("expect", "failed"),
        ("wait", "not reached"),
    ]
    (receipt,) = steps[2]["receipts"]
    assert receipt["status"] == "ACCEPT"
    assert (receipt["due_s"], receipt["sent_s"], receipt["late_s"]) == (0.1, 0.1, 0.0)
    assert steps[3]["shown"]


def test_a_failed_step_shows_the_transcript_around_it(run, hopeless):
    result = run("replay", hopeless, "--clock", "virtual")
    assert '#0 "hello"' in result.stderr
    assert "1 planned receipt left 0.00 ms" in result.stderr


def test_junit_has_a_case_per_step_and_is_written_when_it_fails_too(run, hopeless, tmp_path):
    file = tmp_path / "junit.xml"
    assert run("replay", hopeless, "--clock", "virtual", "--junit", str(file)).exit_code == 3
    (suite,) = ET.parse(file).getroot()
    assert suite.get("timestamp") == "2023-11-14T22:13:20"
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "5", "failures": "1", "skipped": "1",
    }  # fmt: skip
    assert '#0 "hello"' in suite.findtext(".//failure")


def test_hours_of_virtual_time_end_at_once(run, hopeless):
    """The expectation above waits for an hour."""
    run("replay", hopeless, "--clock", "virtual", "--name", "hour")
    shown = orjson.loads(run("session", "show", "hour", "--json").stdout)
    assert shown["connection_details"][0]["closed_at"].startswith("2023-11-14T23:13:20")


def test_a_receipt_later_than_tolerated_is_3_and_named(run, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(HOPELESS.replace("- expect: {message: last_sent, status: read, within: 1h}\n", ""))
    assert run("replay", str(file), "--clock", "virtual", "--tolerance", "1us").exit_code == 0
    result = run("replay", str(file), "--tolerance", "0")
    assert result.exit_code == 3
    assert "ACCEPT for #0 (frame" in result.stderr
    assert "ms late, 0 ms are tolerated" in result.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--clock", "virtual", "--url", "ws://127.0.0.1:1/"), "simulator only"),
        (("--tolerance", "soon"), "--tolerance"),
        (("--url", "simulator", "--token-command", "/no/such/program"), "cannot run /no/such/program"),
        (("--token-command", "'"), "--token-command"),
    ],
)
def test_options_that_cannot_be_used(run, hopeless, options, says):
    result = run("replay", hopeless, *options)
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_a_token_command_that_fails_is_4(run, hopeless):
    result = run("replay", hopeless, "--url", "simulator", "--token-command", "false")
    assert (result.exit_code, "the token command ended with exit code 1" in result.stderr) == (4, True)


def test_a_token_that_expires_later_is_5(run, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "steps: [{open_conversation: }, {wait: 10s}, {keep_alive: }]\n"
        "simulator: {close_after: {code: 4401, after: 1s}}\n"
    )
    result = run("replay", str(file), "--clock", "virtual")
    assert (result.exit_code, "4401" in result.stderr) == (5, True)
    assert "connection 1: closed by the service with 4401" in result.stderr
    assert "4401: the token is missing or has expired" in result.stderr


def test_a_token_that_is_refused_at_once_is_4(run, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "steps: [{wait: 10s}, {keep_alive: }]\nsimulator: {close_after: {code: 4401, after: 1s}}\n"
    )
    result = run("replay", str(file), "--clock", "virtual")
    assert (result.exit_code, "4401" in result.stderr) == (4, True)
    listed = [json.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]
    assert json.loads(run("session", "show", "last", "--json").stdout)["state"] == "refused"
    newest = next(each["session"] for each in listed if each["state"] == "refused")
    assert run("message", "list", "last", "--json").stdout.count(newest) == 0


def test_a_frame_that_the_service_cuts_short_is_5_though_the_script_passes(run, tmp_path):
    """Said by the exit code, `session list` and `archive verify` alike."""
    file = tmp_path / "s.yaml"
    file.write_text(
        "steps:\n"
        "- send: {kind: req, id: x, type: GetClock, body: {}}\n"
        "- expect: {close: any, within: 5s}\n"
        "simulator: {drop_after: {bytes: 50}}\n"
    )
    result = run("replay", str(file), "--clock", "virtual")
    assert (result.exit_code, "within a frame of the service" in result.stderr) == (5, True), result.stderr
    assert orjson.loads(run("session", "list", "--json").stdout.splitlines()[-1])["state"] == "interrupted"
    assert run("archive", "verify").exit_code == 5


# --- ends before the end --------------------------------------------------------------------------------

WAITING = "steps:\n- open_conversation:\n- say: hello\n- wait: 10m\n- say: never\nagent: []\n"


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_leaves_the_steps_so_far_in_json_and_junit(start, tmp_path, number, code):
    """A CI server that cancels a job wants to show how far it came."""
    (tmp_path / "s.yaml").write_text(WAITING)
    process = start("replay", "s.yaml", "--json", "--junit", "out.xml")
    while "step 2" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    _, *steps = [orjson.loads(line) for line in stdout.splitlines()]
    assert [step["outcome"] for step in steps] == ["ok", "ok", "stopped", "not reached"]
    assert steps[2]["says"] == "stopped from outside before it was over"
    assert "hello" in steps[2]["shown"][0]
    assert "step 3 wait stopped after" in stderr
    (suite,) = ET.parse(tmp_path / "out.xml").getroot()
    assert [[child.tag for child in case] for case in suite.iter("testcase")] == [
        [], [], ["error"], ["skipped"],
    ]  # fmt: skip


def test_nobody_at_the_url_leaves_the_step_that_failed_in_json_and_junit(run, tmp_path):
    file = tmp_path / "out.xml"
    script = str(SAMPLES / "tutorial-conversation.yaml")
    result = run("replay", script, "--url", "ws://127.0.0.1:1/x", "--json", "--junit", str(file))
    assert result.exit_code == 4
    _, first, *others = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert (first["step"], first["verb"], first["outcome"]) == (0, "connect", "failed")
    assert "nothing listens there" in first["says"]
    assert {step["outcome"] for step in others} == {"not reached"}
    (suite,) = ET.parse(file).getroot()
    assert (suite.get("failures"), suite.get("skipped")) == ("1", str(len(others)))


def test_what_is_later_than_tolerated_is_a_case_of_its_own(run, tmp_path):
    script, file = tmp_path / "s.yaml", tmp_path / "out.xml"
    script.write_text(HOPELESS.replace("- expect: {message: last_sent, status: read, within: 1h}\n", ""))
    assert run("replay", str(script), "--tolerance", "0", "--junit", str(file)).exit_code == 3
    (suite,) = ET.parse(file).getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("1", "0")
    assert "0 ms are tolerated" in suite.find(".//failure").get("message")


def test_a_report_that_a_full_disk_does_not_take_is_6_and_the_steps_are_told(run, hopeless):
    result = run("replay", hopeless, "--clock", "virtual", "--json", "--junit", "/dev/full")
    assert result.exit_code == 6
    assert "error: cannot write /dev/full: the disk is full" in result.stderr
    assert len(result.stdout.splitlines()) == 6


def test_a_refused_step_shows_the_transcript_around_it_too(run, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "steps:\n- open_conversation:\n- say: hello\n- close_conversation:\n"
        "simulator: {errors: [{code: 500, to: cm.UpdateConversationField}]}\nagent: []\n"
    )
    result = run("replay", str(file), "--clock", "virtual", "--json")
    (failed,) = [step for step in map(orjson.loads, result.stdout.splitlines()) if step.get("shown")]
    assert (failed["verb"], failed["outcome"]) == ("close_conversation", "failed")
    assert "hello" in failed["shown"][0]


# --- where it plays -------------------------------------------------------------------------------------

NAMED = 'consumer: {{url: "{url}", token: "${{A_JWT}}"}}\nsteps: [{{open_conversation: }}]\n'


def told(result):
    """The first line on stderr, and the first object of ``--json``."""
    return result.stderr.splitlines()[0], orjson.loads(result.stdout.splitlines()[0])


@pytest.mark.parametrize(
    ("options", "line", "chosen_by"),
    [
        pytest.param(
            (), "(no --url, and A_URL of the script's consumer.url is not set)", "default", id="unset"
        ),
        pytest.param(("--url", "simulator"), "(--url simulator)", "--url simulator", id="asked for"),
        pytest.param(("--clock", "virtual"), "(--clock virtual)", "--clock virtual", id="virtual"),
        pytest.param(
            ("--clock", "virtual", "--url", "simulator"), "(--url simulator)", "--url simulator", id="both"
        ),
    ],
)
def test_the_first_line_says_that_it_is_the_simulator_and_why(run, tmp_path, options, line, chosen_by):
    file, junit = tmp_path / "s.yaml", tmp_path / "out.xml"
    file.write_text("# a note comes after it\n" + NAMED.format(url="${A_URL}").replace("${A_JWT}", "a.b.c"))
    result = run("replay", str(file), *options, "--json", "--junit", str(junit))
    assert result.exit_code == 0
    assert told(result) == (
        f"target: the built-in simulator {line}",
        {"target": "simulator", "url": None, "chosen_by": chosen_by},
    )
    properties = {each.get("name"): each.get("value") for each in ET.parse(junit).iter("property")}
    assert (properties["target"], properties["chosen_by"]) == ("simulator", chosen_by)
    assert orjson.loads(run("session", "show", "last", "--json").stdout)["target"] == "simulator"
    assert "target    the simulator" in run("session", "show", "last").stdout


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/x", "${A_URL}", "${NOT_SET:-ws://127.0.0.1:1/x}"])
@pytest.mark.parametrize("users", [(), ("--users", "2")], ids=["one", "many"])
def test_a_script_that_names_a_service_plays_nowhere_before_it_is_said_where(
    run, tmp_path, monkeypatch, url, users
):
    monkeypatch.setenv("A_URL", "ws://127.0.0.1:1/x")
    file = tmp_path / "s.yaml"
    file.write_text(NAMED.format(url=url))
    before = run("session", "list", "--json").stdout
    result = run("replay", str(file), *users)
    assert (result.exit_code, result.stdout) == (2, "")
    for words in ("ws://127.0.0.1:1/x", "--url script", "--url simulator"):
        assert words in result.stderr
    assert run("session", "list", "--json").stdout == before
    assert run("replay", str(file), *users, "--url", "simulator").exit_code == 0


def test_a_url_of_the_script_is_told_without_its_secrets(run, tmp_path, monkeypatch):
    monkeypatch.setenv("A_JWT", "a.b.c")
    file, secret = tmp_path / "s.yaml", "Zm9vYmFyLW9wYXF1ZS1mb28"
    file.write_text(NAMED.format(url=f"ws://127.0.0.1:1/x?access_token={secret}"))
    asked = run("replay", str(file))
    played = run("replay", str(file), "--url", "script", "--json")
    assert (asked.exit_code, played.exit_code) == (2, 4)
    line, target = told(played)
    assert line.startswith("target: ws://127.0.0.1:1/x?access_token=")
    assert line.endswith("(the script's consumer.url, by --url script)")
    assert (target["target"], target["chosen_by"]) == ("service", "--url script")
    assert secret not in asked.stderr + played.stderr + played.stdout
    assert orjson.loads(run("session", "show", "last", "--json").stdout)["target"] == "service"


@pytest.mark.parametrize(
    ("script", "what_to_do"),
    [
        pytest.param(NAMED.format(url="${A_URL}"), "set A_URL", id="unset"),
        pytest.param("steps: [{open_conversation: }]\n", "write consumer: {url:", id="none"),
    ],
)
def test_url_script_where_nothing_is_filled_in_says_what_to_set(run, tmp_path, script, what_to_do):
    file = tmp_path / "s.yaml"
    file.write_text(script)
    result = run("replay", str(file), "--url", "script")
    assert (result.exit_code, result.stdout, what_to_do in result.stderr) == (2, "", True)


@pytest.mark.parametrize("more", [(), ("--clock", "virtual"), ("--users", "2")], ids=["", "virtual", "many"])
@pytest.mark.parametrize(
    "option",
    [
        ("--token-env", "A_TOKEN"),
        ("--token-command", "echo a.b.c"),
        ("--init-connection",),
        ("--reconnect", "always"),
        ("--header", "X: y"),
        ("--ca-file", "ca.pem"),
        ("--proxy", "socks5://127.0.0.1:1"),
        ("--origin", "https://shop.example"),
        ("--connect-timeout", "15s"),
        ("--send-timeout", "30s"),
        ("--max-payload", "16MiB"),
    ],
    ids=lambda option: option[0],
)
def test_options_for_a_service_are_refused_without_one(run, hopeless, monkeypatch, option, more):
    monkeypatch.setenv("A_TOKEN", "a.b.c")
    result = run("replay", hopeless, *option, *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert option[0] in result.stderr
    assert "it is for a service" in result.stderr


def test_what_options_override_needs_no_variables(run, tmp_path, monkeypatch):
    file = tmp_path / "s.yaml"
    file.write_text(NAMED.format(url="${A_URL}"))
    monkeypatch.setenv("A_TOKEN", "a.b.c")
    with simulator() as server:
        result = run("replay", str(file), "--url", server.url, "--token-env", "A_TOKEN", "--json")
        line, target = told(result)
        assert (result.exit_code, line) == (0, f"target: {server.url} (--url)")
        assert target == {"target": "service", "url": server.url, "chosen_by": "--url"}
        fetched = run("replay", str(file), "--url", server.url, "--token-command", "echo a.b.c")
        assert fetched.exit_code == 0
        missing = run("replay", str(file), "--url", server.url)
    assert (missing.exit_code, "A_JWT is not set" in missing.stderr) == (2, True)


@pytest.mark.parametrize("command", [["replay"], ["replay", "--check"], ["replay", "--users", "2"]])
def test_all_that_is_wrong_with_a_script_is_said_at_once(run, tmp_path, command):
    script = tmp_path / "s.yaml"
    script.write_text(
        "nmae: x\nsteps:\n  - sned: hi\n  - wait: 1s\n  - repeat: {times: 2, steps: [acept, wait: x]}\n"
        "agent: [{on: message, do: [{say: {}}]}]\nsimulator: {push_delay: slow}\n"
    )
    result = run(*command, str(script))
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert [line.partition(", line ")[2][0] for line in lines] == ["1", "3", "5", "5", "6", "7"]
    assert 'unknown verb "sned" (did you mean "send"?)' in lines[1]


def test_at_most_ten_errors_of_a_script_are_shown(run, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text("steps:\n" + "  - sned: hi\n" * 12)
    lines = run("replay", "--check", str(script)).stderr.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 2 more errors"
