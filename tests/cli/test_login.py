"""``recorder login``: the token on stdout, everything else elsewhere."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading

import pytest

from recorder.redaction.tokens import is_jwt
from recorder.simulator import SimulatorServer, agent_from

SECRET = "the-code-of-the-brand"


@pytest.fixture
def base():
    with SimulatorServer(agent_from([])) as server:
        yield server.base_url


@pytest.mark.parametrize("way", [(), ("--signup",), ("--anonymous", "--connector", "c")])
def test_only_the_token_is_on_stdout(run, base, way):
    result = run("login", "12345678", "--base", base, *way)
    assert result.exit_code == 0, result.stderr
    assert is_jwt(result.stdout.strip())
    assert "eyJ" not in result.stderr
    assert run("login", "1", "--base", base, "--quiet", *way).stderr == ""


def test_json_holds_token_url_and_expiry(run, base):
    told = json.loads(run("login", "12345678", "--base", base, "--json").stdout)
    assert set(told) == {"jwt", "url", "expires_at"}
    assert told["url"].startswith("ws://127.0.0.1:")
    assert told["expires_at"].endswith("Z")


def test_it_stores_nothing(start, base, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    process = start("login", "1", "--base", base, cwd=folder)
    assert is_jwt(process.communicate(timeout=30)[0].strip())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("source", ["env", "file"])
def test_the_brands_code_comes_from_environment_file_or_prompt(start, base, tmp_path, source):
    file = tmp_path / "code"
    file.write_text(SECRET)
    file.chmod(0o600)
    how = {"env": ("--token-env", "BRAND"), "file": ("--token-file", str(file))}[source]
    process = start("login", "1", "--base", base, "--authenticate", *how, env={**os.environ, "BRAND": SECRET})
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0, stderr
    assert is_jwt(stdout.strip())
    assert SECRET not in stderr


def test_the_printed_token_is_accepted_by_record(run, start, base):
    told = json.loads(run("login", "12345678", "--base", base, "--json").stdout)
    recording = start(
        "record",
        told["url"],
        "--token-env",
        "FRESH",
        "--linger",
        "200ms",
        env={**os.environ, "FRESH": told["jwt"]},
    )
    stdout, stderr = recording.communicate('{"id":1,"type":"cm.ConsumerRequestConversation"}\n', timeout=30)
    assert recording.returncode == 0, stderr
    assert '"conversationId"' in stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("--signup", "--anonymous"), "give one of them", id="two-ways"),
        pytest.param(("--anonymous",), "--connector ID", id="no-connector"),
        pytest.param(("--authenticate",), "--token-env", id="nothing-to-show"),
        pytest.param(("--token-env", "HOME"), "--authenticate", id="not-asked-for"),
        pytest.param(("--base", "http://brand.example"), "clear text", id="clear-text"),
        pytest.param(("--base", "nonsense"), "--base", id="no-address"),
        pytest.param(("--ca-file", "nowhere.pem", "--base", "https://127.0.0.1:1"), "--ca-file", id="no-ca"),
    ],
)
def test_unusable_options_are_one_sentence(run, base, arguments, says):
    given = arguments if "--base" in arguments else ("--base", base, *arguments)
    result = run("login", "1", *given)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_refused_login_exits_with_4_and_prints_no_secret(run, base, monkeypatch):
    monkeypatch.setenv("BRAND", SECRET)
    result = run("login", "1", "--base", base, "--authenticate", "--connector", "c", "--token-env", "BRAND")
    assert result.exit_code == 4
    assert "401" in result.stderr
    assert SECRET not in result.stderr


def test_a_service_that_repeats_the_code_does_not_get_it_printed(run, monkeypatch):
    """Nor is a redirect followed with it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve():
            for _ in range(3):
                client, _ = listening.accept()
                with client:
                    asked = client.recv(65536)
                    if b"POST" in asked:
                        body = json.dumps({"message": f"never heard of {SECRET}"}).encode()
                        client.sendall(b"HTTP/1.1 400 Bad\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                    else:
                        body = b'{"baseURI":"127.0.0.1:%d"}' % port
                        client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

        serving = threading.Thread(target=serve)
        serving.start()
        monkeypatch.setenv("BRAND", SECRET)
        result = run(
            "login", "1", "--base", f"http://127.0.0.1:{port}", "--authenticate", "--token-env", "BRAND"
        )
        serving.join()
    assert result.exit_code == 4
    assert "never heard of" in result.stderr
    assert SECRET not in result.stderr + result.stdout


def test_login_works_as_the_token_command_of_a_replay(run, base, tmp_path):
    script = tmp_path / "hello.yaml"
    script.write_text("steps:\n  - open_conversation:\n  - say: Hello\n")
    url = base.replace("http", "ws") + "/ws_api/account/12345678/messaging/consumer?v=3"
    command = f"{sys.executable} -m recorder login 12345678 --signup --base {base}"
    result = run("replay", str(script), "--url", url, "--token-command", command)
    assert result.exit_code == 0, result.stderr
    assert "eyJ" not in result.stdout + result.stderr


def test_a_signal_ends_a_waiting_login(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = start("login", "1", "--base", f"http://127.0.0.1:{silent.getsockname()[1]}")
        client, _ = silent.accept()
        with client:
            assert client.recv(1)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in stderr
