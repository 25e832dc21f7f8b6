"""The prompt of ``recorder record``, in a terminal of its own."""

from __future__ import annotations

import re

import orjson
import pytest
from builders.preloaded import Preloaded
from builders.terminal import Terminal

from recorder.messaging import requests
from recorder.messaging.envelopes import dump
from recorder.recipes import simulator
from recorder.recipes.endpoints import simulated_token
from recorder.simulator.server import SimulatorServer
from recorder.simulator.service import Patience

TOKEN = f"Authorization: jwt {simulated_token('me')}"
GET_CLOCK = '{"kind":"req","id":"%s","type":"GetClock"}'
TIME = rb"\d\d:\d\d:\d\d\.\d\d\d"


@pytest.fixture(scope="module")
def service():
    with simulator() as server:
        yield server


@pytest.fixture
def open_terminal(archive):
    opened = []

    def start(*arguments, **environment):
        usual = {"RECORDER_ARCHIVE": str(archive), "PROMPT_TOOLKIT_NO_CPR": "1", "NO_COLOR": "1"}
        opened.append(
            Terminal(*arguments, popen=Preloaded, columns=100, environment={**usual, **environment})
        )
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def record(open_terminal, service):
    """``recorder record`` of the simulator, let in, once its prompt is there."""

    def start(*arguments, **environment):
        terminal = open_terminal("record", service.url, "-H", TOKEN, "-w", "0.1", *arguments, **environment)
        terminal.until(rb"connected to .*\n")
        terminal.until(rb"\x1b\[\?2004h")  # bracketed paste is on: the prompt is there
        return terminal

    return start


def last_connection(run):
    return orjson.loads(run("session", "show", "last", "--json").stdout)["connection_details"][0]


def test_texts_and_answers_stand_above_the_prompt_with_time_and_side(record, run):
    terminal = record()
    terminal.type(GET_CLOCK % 1)
    terminal.until(TIME + rb' > \{"kind": "req", "id": "1", "type": "GetClock"\}\r\n')
    terminal.until(TIME + rb" < \{\r\n")
    terminal.until(rb' {15}  "reqId": "1",\r\n')
    terminal.type("/close 4000 enough")
    assert terminal.wait() == 0
    assert b"closed by the client with 4000 (enough)" in terminal.shown
    assert terminal.is_as_before()
    connection = last_connection(run)
    assert (connection["close_code"], connection["closed_by"]) == (4000, "client")


def test_pings_wrong_commands_and_ctrl_c(record, run):
    terminal = record()
    terminal.type("/ping hi")
    terminal.until(TIME + rb" > ping hi\r\n")
    terminal.until(TIME + rb" < pong hi\r\n")
    terminal.type("/png")
    terminal.until(rb"error: there is no command /png\r\nhint: /help lists")
    terminal.type("/help")
    terminal.until(rb"/close \[CODE \[REASON\]\]  send a Close frame")
    terminal.type("half a line\x03", end="")
    assert terminal.wait() == 130
    assert terminal.is_as_before()
    assert last_connection(run)["close_code"] == 1001


def test_every_ping_and_pong_is_shown_and_a_command_is_completed(record):
    terminal = record("-P", "-k", "0.1")
    terminal.until(TIME + rb" < pong\r\n")  # the answer to a ping that nobody typed
    terminal.type("/cl\t", end="")
    terminal.until(rb"ose")
    terminal.type("4001")
    assert terminal.wait() == 0
    assert b"closed by the client with 4001" in terminal.shown


def test_a_line_is_edited_while_things_come_in_and_comes_again(record):
    terminal = record()
    terminal.type(GET_CLOCK % 1 + "\r" + (GET_CLOCK % 3)[:-1], end="")
    terminal.until(rb'"reqId": "1"')
    terminal.type("}" + "\x1b[D" * 20 + "\x7f2")  # left to the 3 of the id, which becomes a 2
    terminal.until(rb'"id": "2"')
    terminal.until(rb'"reqId": "2"')
    terminal.until(rb"\x1b\[\?2004h")  # the prompt is there again, and has read its history
    terminal.type("\x1b[A")
    terminal.until(rb'"reqId": "2"')
    terminal.type("\x04", end="")
    assert terminal.wait() == 0


def test_a_paste_of_one_json_text_is_one_frame_and_ctrl_d_says_how_it_ends(record, run):
    terminal = record()
    terminal.type('\x1b[200~{"kind":"req",\n"id":"1",\n"type":"GetClock"}\x1b[201~')
    terminal.until(rb'"reqId": "1"')
    terminal.type("\x1b[200~" + GET_CLOCK % 2 + "\n" + GET_CLOCK % 3 + "\x1b[201~")
    terminal.until(rb'"reqId": "3"')
    terminal.type("\x04", end="")
    terminal.until(rb"end of input: listening until nothing has come for 0\.1s")
    assert terminal.wait() == 0
    assert terminal.is_as_before()
    assert last_connection(run)["close_code"] == 1000
    frames = map(orjson.loads, run("frame", "list", "last", "--json").stdout.splitlines())
    texts = [orjson.loads(each["text"]) for each in frames if each["opcode"] == 1]
    sent = [envelope["id"] for envelope in texts if envelope["kind"] == "req"]
    assert sent == ["1", "2", "3"]


def test_receipts_of_the_latest_messages_turn_below_the_prompt(open_terminal, tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("- on: message\n  do: [{read: {after: 300ms}}]\n")
    with simulator(agent) as server:
        terminal = open_terminal("record", server.url, "-H", TOKEN, "-w", "0.1")
        terminal.until(rb"\x1b\[\?2004h")
        terminal.type('{"kind":"req","id":"1","type":"cm.ConsumerRequestConversation"}')
        dialog = terminal.until(rb'"conversationId": "([^"]+)"')[1].decode()
        terminal.type(dump(requests.publish_text("2", dialog, "Hi")))
        terminal.until('✓✓ read 0 "Hi"'.encode())
        terminal.type("\x04", end="")
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def test_a_close_of_the_service_takes_the_prompt_away(open_terminal):
    with SimulatorServer(patience=Patience(init_s=0.05)) as strict:
        terminal = open_terminal("record", strict.url)
        assert terminal.wait() == 4
        assert terminal.is_as_before()
        assert b"closed by the service with 4401" in terminal.shown


def test_json_lines_are_printed_above_the_prompt(record):
    terminal = record("--json")
    terminal.type(GET_CLOCK % 1)
    terminal.until(rb'\{"frame":2,"connection":1,"sender":"service",.*\}"\}\r\n')
    terminal.type("\x04", end="")
    assert terminal.wait() == 0


def test_with_execute_there_is_no_prompt(open_terminal, service, run):
    texts = [option for number in (1, 2) for option in ("-x", GET_CLOCK % number)]
    terminal = open_terminal("record", "-c", service.url, "-k", "60", "-H", TOKEN, "-w", "0.1", *texts)
    assert terminal.wait() == 0
    assert re.search(TIME + rb' > \{"kind": "req", "id": "2"', terminal.shown)
    assert b'"reqId": "2"' in terminal.shown
