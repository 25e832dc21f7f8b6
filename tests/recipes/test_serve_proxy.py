"""Recording through a proxy, from Python."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request

import pytest
import websockets.sync.client

from recorder import recipes
from recorder.errors import BadOption
from recorder.simulator import SimulatorServer, agent_from


class StopEvent:
    """A stop that the test sets."""

    def __init__(self):
        self._set, self._wakes = False, []

    def is_set(self):
        return self._set

    def on_stop(self, wake):
        self._wakes.append(wake)

    def set(self):
        self._set = True
        for wake in self._wakes:
            wake()


@contextlib.contextmanager
def proxied(upstream, archive, **options):
    """The URL of a proxy that runs while the block does."""
    stop, listening, urls = StopEvent(), threading.Event(), []

    def on_listening(url):
        urls.append(url)
        listening.set()

    def run():
        try:
            recipes.proxy(
                upstream,
                archive=archive,
                listen="127.0.0.1:0",
                stop=stop,
                on_listening=on_listening,
                **options,
            )
        finally:
            listening.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert listening.wait(20)
    try:
        yield urls[0]
    finally:
        stop.set()
        thread.join(20)


def login(base, path="signup"):
    asked = urllib.request.Request(f"{base}/api/account/le-sim/{path}", method="POST", data=b"")
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer)["jwt"]


def test_a_client_of_another_library_is_recorded_with_one_changed_address(tmp_path):
    """Looked up, signed up, connected and talked: all through the proxy, by the ``websockets`` library."""
    agent = agent_from([{"on": "message", "do": ["accept", "read", {"say": "Hello back"}]}])
    archive = str(tmp_path / "a.db")
    with (
        SimulatorServer(agent) as server,
        proxied(server.url.partition("/ws_api")[0], archive, rewrite_lookup=True) as url,
    ):
        base = url.replace("ws://", "http://")
        with urllib.request.urlopen(f"{base}/api/account/le-sim/service/baseURI.json", timeout=20) as answer:
            hosts = {each["service"]: each["baseURI"] for each in json.load(answer)["baseURIs"]}
        token = login(f"http://{hosts['idp']}")
        with websockets.sync.client.connect(
            f"ws://{hosts['asyncMessagingEnt']}/ws_api/account/le-sim/messaging/consumer?v=3",
            additional_headers={"Authorization": f"jwt {token}"},
            proxy=None,
        ) as socket:
            talk(socket)
    with recipes.open_archive(archive) as opened:
        session, messages = recipes.messages(opened, "last")
        exchanges = opened.exchanges(session)
        assert opened.find_session("last").source == "proxy"
    assert messages[0].status == "read"
    assert [message.mine for message in messages] == [True, False]
    assert [exchange.purpose for exchange in exchanges] == ["domain-lookup", "signup"]
    assert token.encode() not in (tmp_path / "a.db").read_bytes()


@pytest.mark.parametrize("keep_secrets", [False, True])
def test_payloads_are_delivered_without_the_secrets_that_the_archive_keeps_out(tmp_path, keep_secrets):
    """A token that a client sends in a frame is printed no more than it is stored."""
    delivered, secret = [], "s3cret-of-the-client-12345"
    asked = json.dumps({"kind": "req", "id": "1", "type": "InitConnection", "body": {"token": secret}})
    archive = str(tmp_path / "a.db")
    with (
        SimulatorServer() as server,
        proxied(
            server.url.partition("/ws_api")[0], archive, deliver=delivered.extend, keep_secrets=keep_secrets
        ) as url,
    ):
        token = login(url.replace("ws://", "http://"))
        with websockets.sync.client.connect(
            f"{url}/ws_api/account/le-sim/messaging/consumer?v=3",
            additional_headers={"Authorization": f"jwt {token}"},
            proxy=None,
        ) as socket:
            socket.send(asked)
            socket.recv(timeout=20)
    texts = [payload.data.decode() for payload in delivered if payload.sender == "client"]
    assert len(texts) == 1
    assert (secret in texts[0]) is keep_secrets
    with recipes.open_archive(archive) as opened:
        stored = [frame for frame in opened.frames(opened.find_session("last").session) if frame.opcode == 1]
    assert stored[0].payload.decode() == texts[0]


def talk(socket):
    """Open a conversation, say something, and wait for the answer."""

    def ask(number, kind, body):
        socket.send(json.dumps({"kind": "req", "id": number, "type": kind, "body": body}))

    def hear(wanted):
        while True:
            if (found := wanted(json.loads(socket.recv(timeout=20)))) is not None:
                return found

    ask("1", "cm.ConsumerRequestConversation", {})
    dialog = hear(lambda said: said["body"]["conversationId"] if said.get("reqId") == "1" else None)
    ask("2", "ms.SubscribeMessagingEvents", {"dialogId": dialog, "fromSeq": 0})
    ask("3", "ms.PublishEvent", {
        "dialogId": dialog,
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"},
    })  # fmt: skip

    def answered(said):
        changes = said.get("body", {}).get("changes", [])
        return any(change.get("event", {}).get("message") == "Hello back" for change in changes) or None

    hear(answered)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param({"tls_cert": "x.pem"}, "--tls-cert, --tls-key: give both", id="half-a-certificate"),
        pytest.param({"tls_ca": "ca", "tls_cert": "x.pem"}, "--tls-ca: it makes", id="two-certificates"),
        pytest.param(
            {"tls_cert": "no.pem", "tls_key": "no.key"}, "--tls-cert, --tls-key: cannot read", id="none"
        ),
        pytest.param({"as_hosts": ["a b"]}, "--as-host", id="no-host-name"),
        pytest.param({"ca_file": "nowhere.pem"}, "--ca-file", id="no-ca-file"),
        pytest.param({"listen": "example.org:1"}, "--listen", id="no-address"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_listens(tmp_path, monkeypatch, options, problem):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadOption, match=problem):
        recipes.proxy(
            "wss://x.example", archive=str(tmp_path / "a.db"), **{"listen": "127.0.0.1:0", **options}
        )


def test_an_unknown_keyword_is_refused(tmp_path):
    with pytest.raises(TypeError, match="tls_authority"):
        recipes.proxy("wss://x.example", archive=str(tmp_path / "a.db"), tls_authority="x")
