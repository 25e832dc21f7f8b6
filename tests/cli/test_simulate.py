"""``recorder simulate``: a service of its own, until a signal comes."""

from __future__ import annotations

import signal
import socket

import pytest
import websocket

REQUEST = '{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}'


def address(process) -> str:
    line = process.stderr.readline()
    assert line.startswith("listening on ws://127.0.0.1:"), line
    return line.split()[-1]


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


def test_what_cannot_work_is_one_sentence(run, tmp_path):
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
