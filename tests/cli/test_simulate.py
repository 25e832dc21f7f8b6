"""``recorder simulate``: a service of its own, until a signal comes."""

from __future__ import annotations

import http.client
import shlex
import signal
import socket

import pytest
import trustme
import websocket

REQUEST = '{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}'


def address(process) -> str:
    line = process.stderr.readline()
    assert line.startswith("listening on ws://127.0.0.1:"), line
    return line.split()[-1]


def test_it_prints_lines_to_paste_that_are_let_in(start, tmp_path):
    process = start("simulate", "--listen", "127.0.0.1:0")
    url = address(process)
    assert process.stderr.readline() == "it lets in any token, as by:\n"
    line, wscat = (process.stderr.readline().strip() for _ in range(2))
    assert wscat == f"wscat -c '{url}' -H 'Authorization: jwt me'"
    program, *arguments = shlex.split(line)
    assert program == "recorder"
    recorded = start(*arguments, "-x", REQUEST, "-w", "0.1")
    out, err = recorded.communicate(timeout=30)
    assert recorded.returncode == 0, err
    assert '"reqId":"1","code":200' in out


def test_over_tls_the_lines_trust_its_certificate(start, tmp_path):
    certificate, key = tmp_path / "a cert.pem", tmp_path / "key.pem"
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    options = ("--certificate", str(certificate), "--key", str(key))
    process = start("simulate", "--listen", "127.0.0.1:0", *options)
    lines = [process.stderr.readline().strip() for _ in range(4)]
    assert lines[2].endswith(f"--ca-file '{certificate}'")
    assert lines[3].endswith(f"--ca '{certificate}'")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_a_signal_comes(start, number, code):
    process = start("simulate", "--listen", "127.0.0.1:0")
    url = address(process)
    client = websocket.create_connection(url, header=["Authorization: jwt anything"], timeout=10)
    client.send(REQUEST)
    assert '"reqId":"1"' in client.recv()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code
    client.shutdown()


def test_the_agent_comes_from_a_file(start, tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("- on: conversation\n  do: [{say: I am from a file, after: 1ms}]\n")
    process = start("simulate", "--listen", "127.0.0.1:0", "--agent", str(agent))
    client = websocket.create_connection(address(process), header=["Authorization: jwt x"], timeout=10)
    client.send(REQUEST)
    while "I am from a file" not in (heard := client.recv()):
        assert heard
    client.shutdown()


def test_unusable_options_are_one_sentence(run, tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("- on: mesage\n  do: []\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, says in (
            (("--listen", "0.0.0.0:1"), "--listen"),
            (("--listen", f"127.0.0.1:{port}"), str(port)),
            (("--listen", "nonsense"), "--listen"),
            (("--agent", str(agent)), "line 1"),
            (("--agent", "nowhere.yaml"), "nowhere.yaml"),
        ):
            result = run("simulate", *arguments)
            assert result.exit_code == 2
            assert says in result.stderr


def test_a_mood_is_said_on_the_command_line(start):
    process = start(
        *("simulate", "--listen", "127.0.0.1:0", "--seed", "5"),
        *("--mood", "errors={code: 429, to: GetClock, first: 1}"),
        *("--mood", "close_after={code: 4407, requests: 2}"),
    )  # fmt: skip
    client = websocket.create_connection(address(process), header=["Authorization: jwt x"], timeout=10)
    client.send('{"id":1,"type":"GetClock"}')
    assert '"code":429,"body":"Too Many Requests"' in client.recv()
    client.send('{"id":2,"type":"GetClock"}')
    assert '"code":200' in client.recv()
    opcode, data = client.recv_data(control_frame=True)
    assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 4407)
    client.shutdown()


@pytest.mark.parametrize("head", ["", "simulator:\n"])
def test_moods_come_from_a_file_and_the_command_line_goes_before_it(start, tmp_path, head):
    moods = tmp_path / "moods.yaml"
    indent = "  " if head else ""
    moods.write_text(f"{head}{indent}errors: 503\n{indent}dialect: v2\n")
    process = start("simulate", "--listen", "127.0.0.1:0", "--moods", str(moods), "--mood", "errors=[]")
    url = address(process)
    assert "--seed " in [process.stderr.readline() for _ in range(4)][-1]
    client = websocket.create_connection(url, header=["Authorization: jwt x"], timeout=10)
    client.send(REQUEST)
    assert '"type":".ams.cm.ConsumerRequestConversation$Response"' in client.recv()
    client.shutdown()


def test_the_same_seed_gives_the_same_ids(start):
    heard = []
    for _ in range(2):
        process = start("simulate", "--listen", "127.0.0.1:0", "--seed", "7")
        client = websocket.create_connection(address(process), header=["Authorization: jwt x"], timeout=10)
        client.send(REQUEST)
        heard.append(client.recv())
        client.shutdown()
    assert heard[0] == heard[1]


def test_the_moods_are_listed_with_a_sentence_each(run):
    result = run("simulate", "--list-moods")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "read_only                   Agents give READ and never ACCEPT."
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("lost_receipt", 'unknown mood "lost_receipt" (did you mean "lost_receipts"?)'),
        ("close_after={code: 1006, after: 1s}", "1006 cannot be sent"),
        ("late_receipts", '"by" is missing'),
    ],
)
def test_an_invalid_mood_is_one_sentence(run, said, says):
    result = run("simulate", "--mood", said)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") <= 2


def test_as_host_and_allow_origin_admit_their_names(start):
    process = start(
        "simulate", "--listen", "127.0.0.1:0", "--as-host", "api.liveperson.net",
        "--allow-origin", "https://shop.example",
    )  # fmt: skip
    port = int(address(process).split(":")[2].split("/")[0])
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for host, origin, status in (
        ("api.liveperson.net", "https://shop.example", 200),
        ("idp.liveperson.net", "https://shop.example", 403),
        ("api.liveperson.net", "https://other.example", 403),
    ):
        asked.request("POST", "/api/account/1/signup", headers={"Host": host, "Origin": origin})
        answer = asked.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
    asked.close()


def test_what_cannot_be_told_is_one_sentence(run, tmp_path):
    (tmp_path / "nothing.pem").write_text("nothing\n")
    for arguments, says in (
        (("--as-host", "https://api.liveperson.net"), "--as-host"),
        (("--certificate", "x.pem"), "give both"),
        (("--certificate", "nowhere.pem", "--key", "nowhere.pem"), "cannot read"),
        (("--certificate", str(tmp_path / "nothing.pem"), "--key", str(tmp_path / "nothing.pem")), "PEM"),
    ):
        result = run("simulate", "--listen", "127.0.0.1:0", *arguments)
        assert result.exit_code == 2
        assert says in result.stderr
