"""Many users, whichever way their tokens come, over TLS or not, and whatever ends their connections."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from recorder.recipes import Load, open_archive, swarm
from recorder.recipes.endpoints import simulated_token
from recorder.runtime.listener import tls_context
from recorder.simulator import SimulatorServer, agent_from, moods_from

USERS = 2
AGENT = agent_from([{"on": "message", "do": [{"say": "Hello"}]}])
TALK = """
name: talk
CONSUMER
receipts: {accept: 1ms, read: 2ms}
steps:
  - open_conversation:
  - say: Hello from ${USER}
  - await: {message: {from: agent}, within: 30s}
END
  - say: Bye from ${USER}
  - await: {message: {from: agent}, within: 30s}
  - close_conversation:
"""
ENDS = {
    "none": ("", {}),
    "the script closes it": ("  - disconnect: clean\n  - reconnect:", {}),
    "the script drops it": ("  - disconnect: abort\n  - reconnect:", {}),
    "the service closes it": ("", {"close_after": {"code": 4401, "first": 1}}),
}
# The service closes once it has answered the request for a conversation, which is the second, or the third
# after InitConnection. What is then under way is a subscription, and that may be asked for again; of a text
# under way nobody could know whether it arrived, and its user would fail.
CLOSED_AFTER = {False: 2, True: 3}
TOKENS = ("command", "dealt out", "in the script")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for the loopback address, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", "key.pem", "-out", "certificate.pem", "-days", "2", "-subj", "/CN=here",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def serve(request, certificate):
    """Start a simulator with these moods; return its URL and the file to trust."""
    servers = []

    def start(moods):
        tls = {"tls": tls_context(*certificate)} if request.param else {}
        servers.append(SimulatorServer(AGENT, moods=moods_from(moods), **tls).__enter__())
        return servers[-1].url, certificate[0] if request.param else None

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def tokens_of(way, folder):
    """The options of ``Load`` that give tokens this way, and the script's ``consumer`` section."""
    tokens = [simulated_token(f"user {user}") for user in range(1, USERS + 1)]
    if way == "command":
        (folder / "token").write_text(tokens[0])
        return {"token_command": f"cat {shlex.quote(str(folder / 'token'))}"}, ""
    if way == "dealt out":
        return {"tokens": tokens}, ""
    # The signature differs; the simulator looks only at who it is for.
    return {"variables": [f"T={tokens[0]}"]}, 'consumer: {token: "${T}${USER}"}'


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("init_connection", [False, True], ids=["header", "InitConnection"])
@pytest.mark.parametrize("way", TOKENS)
def test_every_user_plays_to_its_end(serve, way, init_connection, end, tmp_path):
    steps, moods = ENDS[end]
    if moods:
        moods = {"close_after": {**moods["close_after"], "requests": CLOSED_AFTER[init_connection]}}
    url, ca_file = serve(moods)
    options, consumer = tokens_of(way, tmp_path)
    script = tmp_path / "talk.yaml"
    script.write_text(TALK.replace("END\n", f"{steps}\n").replace("CONSUMER", consumer))
    load = Load(
        users=USERS, spawn_rate=1000, url=url, ca_file=ca_file, init_connection=init_connection,
        reconnect="always" if moods else None, **options,
    )  # fmt: skip
    archive = str(tmp_path / "talk.db")
    swarm(script, load, archive=archive).raise_if_failed()
    with open_archive(archive) as opened:
        sessions = opened.sessions()
        assert [session.state for session in sessions] == ["complete"] * USERS
        connections = [len(opened.connections(session.session)) for session in sessions]
    assert sum(connections) > USERS if steps or moods else connections == [1] * USERS
