"""Commands go out, messages come in, and whatever is at that address is told in one sentence."""

import json

import pytest
from builders.devtools import devtools

from recorder.capture.devtools.connection import BrowserGone, open_devtools
from recorder.capture.devtools.targets import FIRST_COMMAND, DevToolsCommand
from recorder.errors import BadOption, CannotConnect


def receive(connection, count):
    messages = []
    while len(messages) < count:
        messages += connection.receive(10)
    return messages


def test_a_command_is_answered():
    with devtools() as address:
        connection = open_devtools(address)
        assert connection.send(FIRST_COMMAND) == 1
        assert receive(connection, 1) == [{"id": 1, "result": {}}]
        connection.close()


def test_a_command_for_a_target_names_it():
    commands = []

    def note(browser, command):
        commands.append(command)
        browser.send("{}")

    with devtools(note) as address:
        connection = open_devtools(address)
        connection.send(DevToolsCommand("Network.enable", {"a": 1}, "S"))
        receive(connection, 1)
        connection.close()
    assert commands == [{"id": 1, "method": "Network.enable", "params": {"a": 1}, "sessionId": "S"}]


def test_what_is_no_object_is_passed_over_and_half_a_surrogate_is_kept():
    def say(browser, _):
        for text in ("no JSON", "[1]", '{"payload": "\\ud800"}'):
            browser.send(text)

    with devtools(say) as address:
        connection = open_devtools(address)
        connection.send(FIRST_COMMAND)
        assert receive(connection, 1) == [{"payload": "\ud800"}]
        connection.close()


def test_many_messages_come_in_order():
    def say(browser, _):
        for number in range(1000):
            browser.send(json.dumps({"number": number}))

    with devtools(say) as address:
        connection = open_devtools(address)
        connection.send(FIRST_COMMAND)
        assert [each["number"] for each in receive(connection, 1000)] == list(range(1000))
        connection.close()


def test_it_can_be_woken():
    with devtools() as address:
        connection = open_devtools(address)
        connection.wake()
        assert connection.receive(None) == []
        connection.close()


def test_a_browser_that_ends_is_gone_after_its_last_message():
    def leave(browser, _):
        browser.send('{"last": 1}')
        browser.close()

    with devtools(leave) as address:
        connection = open_devtools(address)
        connection.send(FIRST_COMMAND)
        assert receive(connection, 1) == [{"last": 1}]
        with pytest.raises(BrowserGone):
            receive(connection, 1)
        connection.close()
        connection.close()


@pytest.mark.parametrize(
    "version", ["[]", "{}", '{"webSocketDebuggerUrl": 1}', '{"webSocketDebuggerUrl": "x"}']
)
def test_what_is_no_browser_is_said_to_be_none(version):
    with devtools(version=version) as address, pytest.raises(CannotConnect) as told:
        open_devtools(address)
    assert "--remote-debugging-port" in told.value.hint


def test_an_address_with_a_path_is_taken_as_the_browser_prints_it():
    with devtools() as address:
        open_devtools(f"{address.replace('http', 'ws')}/devtools/browser/1").close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://127.0.0.1:9222", "DevTools address"),
        ("http://user@127.0.0.1:9222", "DevTools address"),
        ("http://127.0.0.1:99999", "DevTools address"),
        ("http://shop.example:9222", "on this machine"),
        ("ws://10.0.0.7:9222/devtools/browser/1", "on this machine"),
    ],
)
def test_other_addresses_are_refused(address, words):
    with pytest.raises(BadOption, match=words):
        open_devtools(address)
