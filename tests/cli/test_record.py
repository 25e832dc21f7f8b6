"""``recorder record``: a real process, a real socket, real pipes."""

from __future__ import annotations

import os
import signal
from base64 import b64encode

import orjson
import pytest

from recorder.recipes import simulator
from recorder.recipes.endpoints import simulated_token
from recorder.simulator.server import SimulatorServer
from recorder.simulator.service import Patience

GET_CLOCK = '{"kind":"req","id":1,"type":"GetClock"}\n'


@pytest.fixture(scope="module")
def service():
    with simulator() as server:
        yield server


@pytest.fixture
def token():
    return {**os.environ, "UMS_JWT": simulated_token("me")}


def test_lines_go_out_answers_are_printed_and_every_frame_is_recorded(start, run, service, token, archive):
    environment = {**token, "RECORDER_ARCHIVE": str(archive)}
    process = start("record", service.url, "--token-env", "UMS_JWT", "--linger", "100ms", env=environment)
    out, err = process.communicate(GET_CLOCK + "\n" + GET_CLOCK, timeout=30)
    assert process.returncode == 0, err
    answers = [orjson.loads(line) for line in out.splitlines()]
    assert [answer["reqId"] for answer in answers] == ["1", "1"]
    frames = [orjson.loads(line) for line in run("frame", "list", "last", "--json").stdout.splitlines()]
    kinds = sorted((frame["sender"], frame["opcode"]) for frame in frames)
    assert kinds == [
        ("client", 1),
        ("client", 1),
        ("client", 8),
        ("service", 1),
        ("service", 1),
        ("service", 8),
    ]
    session = orjson.loads(run("session", "show", "last", "--json").stdout)
    assert (session["source"], session["state"]) == ("client", "complete")
    (connection,) = session["connection_details"]
    assert (connection["response_status"], connection["close_code"]) == (101, 1000)
    assert connection["closed_by"] == "client"


def test_init_connection_sends_no_header_and_the_token_is_not_stored(start, run, service, token, archive):
    environment = {**token, "RECORDER_ARCHIVE": str(archive)}
    options = ("--token-env", "UMS_JWT", "--init-connection", "--linger", "100ms", "--json")
    process = start("record", service.url, *options, env=environment)
    out, err = process.communicate(GET_CLOCK, timeout=30)
    assert process.returncode == 0, err
    assert [orjson.loads(orjson.loads(line)["text"])["code"] for line in out.splitlines()] == [200, 200]
    first = orjson.loads(run("frame", "show", "last", "1", "--json").stdout)
    assert first["redacted"] is True
    assert "sub=me" in first["text"]
    assert token["UMS_JWT"] not in out + err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_session_cleanly(start, run, service, token, archive, number, code):
    environment = {**token, "RECORDER_ARCHIVE": str(archive)}
    process = start("record", service.url, "--token-env", "UMS_JWT", env=environment)
    process.stdin.write(GET_CLOCK)
    process.stdin.flush()
    assert '"reqId":"1"' in process.stdout.readline()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code
    session = orjson.loads(run("session", "show", "last", "--json").stdout)
    assert session["state"] == "complete"
    (connection,) = session["connection_details"]
    assert (connection["close_code"], connection["closed_by"]) == (1001, "client")


def test_texts_to_execute_take_the_place_of_stdin(start, service, token, archive):
    environment = {**token, "RECORDER_ARCHIVE": str(archive)}
    options = ("-c", service.url, "--token-env", "UMS_JWT", "-w", "0.1", "-k", "60")
    process = start("record", *options, "-x", GET_CLOCK.strip(), "-x", "/close", env=environment)
    out, err = process.communicate("not sent\n", timeout=30)
    assert process.returncode == 0, err
    assert [orjson.loads(line)["code"] for line in out.splitlines()] == [200, 400]


def test_a_line_of_wscat_with_its_name_replaced_connects(start, run, service, archive):
    address = service.url.removeprefix("ws://")
    options = ("-P", "--slash", "--no-color", "--auth", "anna:s3cret", "--host", "shop.example", "-w", ".1")
    environment = {**os.environ, "RECORDER_ARCHIVE": str(archive)}
    process = start("record", "-c", address, *options, "-x", GET_CLOCK.strip(), env=environment)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 4, err  # the simulator takes no such login
    lines = map(orjson.loads, run("session", "export", "last").stdout.splitlines())
    (headers,) = (dict(line["request_headers"]) for line in lines if "request_headers" in line)
    assert headers["Host"] == "shop.example"
    assert headers["Authorization"].startswith("Basic")
    assert b64encode(b"anna:s3cret").decode() not in f"{headers}{err}"


def test_close_code_4401_exits_with_4(start, archive):
    """No token at all, and a service that soon loses patience."""
    with SimulatorServer(patience=Patience(init_s=0.05)) as strict:
        process = start("record", strict.url)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "4401 (no token came: send InitConnection first, or connect with one" in err
    assert "hint: get a fresh token, and give it with --token-env NAME or in a header (-H)" in err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("ws://127.0.0.1:1",), 4, "cannot connect to ws://127.0.0.1:1"),
        (("http://127.0.0.1:1",), 2, "it must begin with ws:// or wss://"),
        (("ws://127.0.0.1:1", "--ping-interval", "5 parsecs"), 2, "--ping-interval"),
        (("ws://127.0.0.1:1", "--header", "nocolon"), 2, "--header"),
        (("ws://127.0.0.1:1", "--header", "Host: evil"), 2, "Host"),
        (("ws://127.0.0.1:1", "--token-env", "NOT_SET_ANYWHERE"), 2, "NOT_SET_ANYWHERE"),
        (("ws://127.0.0.1:1", "--init-connection"), 2, "--init-connection"),
        ((), 2, "URL: say which service to connect to"),
        (("ws://127.0.0.1:1", "-c", "ws://127.0.0.1:2"), 2, "give one of them, not both"),
        (("wss://127.0.0.1:1", "-n", "--ca-file", "x.pem"), 2, "--insecure-tls, --ca-file"),
        (("ws://127.0.0.1:1", "--auth", "anna"), 2, "--auth: it needs a colon"),
        (("ws://127.0.0.1:1", "--auth", "a:b", "-H", "Authorization: x"), 2, "Authorization is given twice"),
        (("ws://127.0.0.1:1", "--host", "two words"), 2, "--host"),
        (("wss://127.0.0.1:1", "--key", "x.pem"), 2, "give --cert FILE too"),
        (
            ("ws://127.0.0.1:1", "--cert", "x.pem"),
            2,
            "--cert: a certificate is shown to wss:// services only",
        ),
    ],
)
def test_unusable_options_are_one_sentence(run, arguments, code, says):
    result = run("record", *arguments, "--quiet")
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_there_is_no_option_that_takes_the_token_itself(run):
    result = run("record", "ws://127.0.0.1:1", "--token", "secret")
    assert result.exit_code == 2
    assert "recorder record has no option --token" in result.stderr
