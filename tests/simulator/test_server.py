"""The service behind real sockets on loopback."""

import json
import os
import socket
import threading

import pytest
import websocket

from recorder.errors import BadOption
from recorder.simulator import Patience, SimulatorServer, agent_from, run, websocket_server
from recorder.simulator import server as server_module
from recorder.wire.frames import Side

TIMEOUT_S = 20
SILENT = agent_from([])


@pytest.fixture
def served():
    with SimulatorServer(SILENT) as server:
        yield server


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no such scheduling")
def test_only_the_server_thread_is_scheduled_as_batch(served):
    before = os.sched_getscheduler(0)
    assert os.sched_getscheduler(served._thread.native_id) == os.SCHED_BATCH
    assert os.sched_getscheduler(threading.main_thread().native_id) == before != os.SCHED_BATCH


class Guest:
    """A bare client: what it gets is what stood in the frames."""

    def __init__(self, server, *, token="consumer-one", **options):
        header = [f"Authorization: jwt {token}"] if token else []
        options = {"suppress_origin": True, "timeout": TIMEOUT_S, "header": header} | options
        self.socket = websocket.create_connection(server.url, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.socket.shutdown()  # close() leaves the descriptor open if the service closed first

    def hear(self):
        return json.loads(self.socket.recv())

    def ask(self, line):
        self.socket.send(line)
        return self.hear()

    def open(self):
        return self.ask('{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}')["body"][
            "conversationId"
        ]

    def write(self, dialog_id, text):
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        body = {"dialogId": dialog_id, "event": event}
        return self.ask(json.dumps({"id": "w", "type": "ms.PublishEvent", "body": body}))

    def close_code(self):
        """Read on until the service closes."""
        while True:
            opcode, data = self.socket.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big")


RECEIPT = (
    '{"kind":"req","id":2,"type":"ms.PublishEvent","body":{"dialogId":"__DIALOG__",'
    '"event":{"type":"AcceptStatusEvent","status":"__STATUS__","sequenceList":[0]}}}'
)


def test_the_tutorial_on_receipts_goes_as_published():
    """Open a conversation; an agent's message comes, unsubscribed; ACCEPT it, READ it, both with id 2."""
    agent = agent_from([{"on": "conversation", "do": [{"say": "some agent text"}]}])
    with SimulatorServer(agent) as server, Guest(server) as session:
        dialog_id = session.open()
        (change,) = session.hear()["body"]["changes"]
        assert (change["event"]["message"], change["sequence"]) == ("some agent text", 0)
        for sequence, status in ((1, "ACCEPT"), (2, "READ")):
            answer = session.ask(RECEIPT.replace("__DIALOG__", dialog_id).replace("__STATUS__", status))
            assert (answer["reqId"], answer["code"], answer["body"]) == ("2", 200, {"sequence": sequence})
            (echo,) = session.hear()["body"]["changes"]
            assert (echo["sequence"], echo["event"]["status"]) == (sequence, status)


def test_a_browser_says_who_it_is_in_its_first_frames(served):
    """And sends its next request right behind."""
    with Guest(served, token=None, suppress_origin=False, origin="http://localhost:3000") as session:
        session.socket.send(
            '{"kind":"req","id":"0","type":"InitConnection","headers":['
            '{"type":".ams.headers.ClientProperties","deviceFamily":"MOBILE","os":"ANDROID"},'
            '{"type":".ams.headers.ConsumerAuthentication","jwt":"consumer-one"}]}'
        )
        session.socket.send('{"kind":"req","id":"1","type":"GetClock"}')
        assert [session.hear()["reqId"] for _ in range(2)] == ["0", "1"]


def test_a_client_without_init_connection_is_closed_4401():
    server = SimulatorServer(SILENT, patience=Patience(init_s=0.01))
    with server, Guest(server, token=None) as session:
        assert session.close_code() == 4401


def test_a_silent_client_is_closed_and_one_that_pings_is_not():
    server = SimulatorServer(SILENT, patience=Patience(idle_s=0.5))
    with server, Guest(server) as pinging, Guest(server) as silent:
        closed = threading.Event()
        watching = threading.Thread(target=lambda: silent.close_code() == 1001 and closed.set())
        watching.start()
        while not closed.is_set():
            pinging.socket.ping()
            closed.wait(0.05)
        watching.join()
        assert pinging.ask('{"id":1,"type":"GetClock"}')["code"] == 200


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param({"host": "evil.example"}, 403, id="host"),
        pytest.param({"suppress_origin": False, "origin": "https://evil.example"}, 403, id="origin"),
        pytest.param({"header": ["Authorization: Bearer x"]}, 401, id="authorization"),
    ],
)
def test_a_rejected_handshake_gets_its_http_status(served, options, status):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Guest(served, **options)
    assert refused.value.status_code == status


def test_another_path_is_not_found(served):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(f"ws://127.0.0.1:{served.port}/", timeout=TIMEOUT_S, suppress_origin=True)
    assert refused.value.status_code == 404


def test_compression_is_not_taken_up(served):
    """What is recorded is what was said, byte for byte."""
    header = ["Authorization: jwt x", "Sec-WebSocket-Extensions: permessage-deflate"]
    with Guest(served, header=header) as session:
        assert "sec-websocket-extensions" not in session.socket.getheaders()


def test_more_clients_than_the_limit_get_a_503(served, monkeypatch):
    monkeypatch.setattr(websocket_server, "MAX_CLIENTS", 1)
    with Guest(served) as session:
        session.ask('{"id":1,"type":"GetClock"}')
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Guest(served)
    assert refused.value.status_code == 503


def test_two_connections_of_one_consumer_receive_each_others_events(served):
    with Guest(served) as one, Guest(served) as other:
        dialog_id = one.open()
        body = {"dialogId": dialog_id, "fromSeq": 0}
        other.ask(json.dumps({"id": 1, "type": "ms.SubscribeMessagingEvents", "body": body}))
        other.hear()
        one.write(dialog_id, "from one")
        (change,) = other.hear()["body"]["changes"]
        assert change["event"]["message"] == "from one"


def test_deliveries_keep_their_order_under_a_burst(served):
    """One connection writes two hundred messages without reading; another is told of all, in order."""
    with Guest(served) as writer, Guest(served) as reader:
        dialog_id = writer.open()
        body = {"dialogId": dialog_id, "fromSeq": 0}
        reader.ask(json.dumps({"id": 1, "type": "ms.SubscribeMessagingEvents", "body": body}))
        reader.hear()
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "x"}
        line = json.dumps(
            {"id": 1, "type": "ms.PublishEvent", "body": {"dialogId": dialog_id, "event": event}}
        )
        for _ in range(200):
            writer.socket.send(line)
        received = [reader.hear()["body"]["changes"][0]["sequence"] for _ in range(200)]
        assert received == list(range(200))


@pytest.mark.parametrize(
    ("size", "outcome"),
    [pytest.param(-1, "echo", id="at-the-limit"), pytest.param(0, 1009, id="one-more")],
)
def test_a_payload_has_a_limit(served, monkeypatch, size, outcome):
    limit = server_module.MAX_PAYLOAD_BYTES
    with Guest(served) as session:
        text = " " * (limit + size - len('{"id":1,"type":"GetClock"}') + 1) + '{"id":1,"type":"GetClock"}'
        session.socket.send(text)
        assert ("echo" if size < 0 and session.hear()["code"] == 200 else session.close_code()) == outcome


def test_text_that_is_no_utf8_is_closed_1007(served):
    with Guest(served) as session:
        session.socket.send(b"\xff", opcode=websocket.ABNF.OPCODE_TEXT)
        assert session.close_code() == 1007


def test_a_dropped_connection_harms_nobody(served):
    with Guest(served) as one:
        other = Guest(served)
        other.ask('{"id":1,"type":"GetClock"}')
        other.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        other.socket.sock.close()
        assert one.ask('{"id":1,"type":"GetClock"}')["code"] == 200


def test_a_test_may_listen_to_everything_that_was_said():
    received = []
    server = SimulatorServer(SILENT, on_payload=lambda *what: received.append(what))
    with server, Guest(server) as session:
        session.ask('{"id":1,"type":"GetClock"}')
    assert received[0] == (1, Side.CLIENT, b'{"id":1,"type":"GetClock"}')
    assert received[1][:2] == (1, Side.SERVICE)


def test_a_fault_of_ours_ends_the_server_and_is_handed_on():
    """Nobody may wait for a service that died in its own thread."""
    failed = threading.Event()

    def stumble(*_):
        raise ZeroDivisionError("planted")

    server = SimulatorServer(SILENT, on_payload=stumble, on_failure=failed.set).start()
    with Guest(server) as session:
        session.socket.send('{"id":1,"type":"GetClock"}')
        assert session.close_code() == 1011
    assert failed.wait(TIMEOUT_S)
    with pytest.raises(ZeroDivisionError, match="planted"):
        server.stop()
    server.stop()


def test_stopping_closes_every_connection_and_frees_the_port():
    server = SimulatorServer(SILENT).start()
    with Guest(server) as session:
        session.ask('{"id":1,"type":"GetClock"}')
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        assert session.close_code() == 1001
        stopping.join()
    with SimulatorServer(SILENT, port=server.port):
        pass


LAST_WORDS = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"GET / HT", id="half-a-handshake"),
    pytest.param(b"\x81\x85", id="half-a-frame"),
    pytest.param(b"\x88\x80\0\0\0\0", id="close"),
    pytest.param(b"\xff" * 64, id="nonsense"),
]


@pytest.mark.parametrize("sent", LAST_WORDS)
@pytest.mark.parametrize("authenticate", [True, False])
def test_a_client_that_does_not_close_does_not_hold_the_server(authenticate, sent, monkeypatch):
    """Whatever it said last, and whether or not it ever got in."""
    monkeypatch.setattr(websocket_server, "CLOSE_TIMEOUT_S", 0.05)
    server = SimulatorServer(SILENT).start()
    if authenticate:
        session = Guest(server)
        session.ask('{"id":1,"type":"GetClock"}')
        sock = session.socket.sock
    else:
        sock = socket.create_connection(("127.0.0.1", server.port))
    with sock:
        sock.sendall(sent)
        server.stop()


def test_ids_are_new_each_time_unless_seeded():
    def first_id(**options):
        with SimulatorServer(SILENT, **options) as server, Guest(server) as session:
            return session.open()

    assert first_id(seed=7) == first_id(seed=7)
    assert first_id() != first_id()


def test_the_other_loopback_works_too():
    with SimulatorServer(SILENT, host="::1") as server, Guest(server) as session:
        assert session.ask('{"id":1,"type":"GetClock"}')["code"] == 200


def test_only_loopback_hosts_are_accepted():
    with pytest.raises(BadOption, match="this machine only"):
        SimulatorServer(SILENT, host="0.0.0.0")


def test_a_taken_port_is_refused_before_anything_runs(served):
    before = threading.active_count()
    with pytest.raises(BadOption, match="already in use"):
        SimulatorServer(SILENT, port=served.port).start()
    assert threading.active_count() == before


def test_run_reports_its_url_and_serves_until_stopped():
    stop, urls = threading.Event(), []
    listening = threading.Event()

    def on_listening(url):
        urls.append(url)
        listening.set()

    running = threading.Thread(
        target=lambda: run("localhost:0", agent=SILENT, stop=stop, on_listening=on_listening)
    )
    running.start()
    assert listening.wait(TIMEOUT_S)
    session = websocket.create_connection(
        urls[0], header=["Authorization: jwt x"], timeout=TIMEOUT_S, suppress_origin=True
    )
    session.send('{"id":1,"type":"GetClock"}')
    assert json.loads(session.recv())["code"] == 200
    session.close()
    stop.set()
    running.join()
    assert urls[0].startswith("ws://127.0.0.1:")
