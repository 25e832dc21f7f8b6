"""The first signal asks, the second insists."""

from __future__ import annotations

import json
import os
import signal

import pytest
import websocket

from recorder.cli.signals import stop_on_signals
from recorder.errors import Stopped


def test_the_first_signal_is_set_and_wakes_a_wait():
    woken = []
    with stop_on_signals() as stop:
        stop.on_stop(lambda: woken.append(True))
        assert not stop.is_set()
        assert stop.wait(0) is False
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(10) is True
        assert (stop.is_set(), woken) == (True, [True])
        with pytest.raises(Stopped) as stopped:
            stop.raise_if_set()
        assert stopped.value.exit_code == 143


def test_the_second_signal_raises_keyboard_interrupt():
    def insist() -> None:
        with stop_on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped) as stopped:
        insist()
    assert stopped.value.exit_code == 130


def test_the_old_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_set_wakes_without_a_signal():
    with stop_on_signals() as stop:
        stop.set()
        assert stop.wait(10) is True
        assert not stop.is_set()
        stop.raise_if_set()


# --- while a pattern is matched -------------------------------------------------------------------------

SLOW_TEXT = "a" * 4_000 + "b"
SLOW_RULE = "- on: message\n  matching: (a+)+$\n  do: [read]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_replay_whose_agent_matches_slow_patterns(start, tmp_path, number):
    """Some of the 400 rules are stopped on each text, so that nearly all the time is spent in them."""
    steps = f"- open_conversation:\n- repeat: {{times: 300, steps: [{{say: {SLOW_TEXT}}}]}}\n"
    (tmp_path / "slow.yaml").write_text(f"steps:\n{steps}agent:\n{SLOW_RULE * 400}")
    process = start("replay", "slow.yaml")
    wait_for_line(process, "takes too long")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number


def test_a_signal_ends_a_replay_that_matches_a_slow_pattern_itself(start, tmp_path):
    """Every second consumer text makes the consumer's own expectation match for as long as it may."""
    steps = "- open_conversation:\n"
    steps += f"- say: {SLOW_TEXT}\n- wait: 200ms\n"
    steps += "- expect: {message: {matching: '(a+)+$', nth: 2}, within: 1m}\n"
    (tmp_path / "slow.yaml").write_text(f"steps:\n{steps}agent: []\n")
    process = start("replay", "slow.yaml")
    wait_for_line(process, "step 2")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_simulator_whose_agent_matches_slow_patterns(start, tmp_path, number):
    (tmp_path / "agent.yaml").write_text(SLOW_RULE * 400)
    process = start("simulate", "--listen", "127.0.0.1:0", "--agent", "agent.yaml")
    url = wait_for_line(process, "listening on").split()[-1]
    client = websocket.create_connection(url, header=["Authorization: jwt anything"], timeout=10)
    try:
        client.send('{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}')
        dialog = json.loads(client.recv())["body"]["conversationId"]
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": SLOW_TEXT}
        publish = {"kind": "req", "type": "ms.PublishEvent", "body": {"dialogId": dialog, "event": event}}
        for request in range(2, 300):
            client.send(json.dumps({**publish, "id": request}))
        wait_for_line(process, "takes too long")
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        client.shutdown()
    assert process.returncode == 128 + number


def wait_for_line(process, words):
    """The first line on stderr with these words."""
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended with {process.wait()} and never said {words!r}")
