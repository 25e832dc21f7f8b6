"""The whole of a script: arriving, the steps, the last things, goodbye."""

from __future__ import annotations

from recorder.replay.language.script import load
from recorder.replay.run.actions import AwaitMessage, CloseConnection, Connect, Done
from recorder.replay.run.player import Player

TWO = "consumers: {anna: {}, ben: {}}\nsteps:\n- keep_alive:\n- keep_alive: {consumer: ben}\n"


def test_everybody_connects_first_and_one_after_the_other():
    player = Player(load(TWO, file="s", variables={}))
    assert player.next_action(0.0) == player.next_action(0.0) == Connect("anna")
    player.begun(Connect("anna"), 0.0)
    assert player.next_action(0.0) == AwaitMessage(None)
    player.connected("anna", 1, 0.0, None, False)
    assert player.next_action(0.0) == Connect("ben")


def test_who_cannot_connect_ends_the_script():
    player = Player(load(TWO, file="s", variables={}))
    player.next_action(0.0)
    player.connected("anna", 1, 0.0, None, False)
    player.begun(player.next_action(0.0), 0.0)
    player.not_connected("ben", "nobody there", 1.0)
    assert player.next_action(1.0) == CloseConnection(connection=1)
    outcome = player.outcome()
    assert outcome.failure == "step 0 (connect by ben), line 1: nobody there"
    assert [result.outcome for result in outcome.results[1:]] == ["not reached", "not reached"]


def test_everybody_is_said_goodbye_to(manual_driver):
    driver = manual_driver(TWO)
    driver.answer(driver.send(), by=1)
    driver.answer(driver.send(), by=2)
    for connection in (1, 2):
        goodbye = driver.next()
        assert goodbye == CloseConnection(connection=connection)
        driver.player.begun(goodbye, 0.0)
        assert driver.next() == AwaitMessage(None)
        driver.end("closed by the client, 1000", 1000, connection=connection)
    assert driver.next() == Done()
    outcome = driver.player.outcome()
    assert outcome.passed
    assert [(end.consumer, end.connection) for end in outcome.endings] == [("anna", 1), ("ben", 2)]


def test_results_say_who_when_and_where(manual_driver):
    driver = manual_driver("consumers: {anna: {}, ben: {}}\nsteps:\n- repeat:\n    times: 2\n    steps:\n"
                   "    - keep_alive: {consumer: ben}\n")  # fmt: skip
    driver.answer(driver.send())
    driver.answer(driver.send())
    driver.next()
    places = [result.place for result in driver.player.outcome().results]
    assert places == [
        "step 1 (keep_alive by ben), line 6, round 1",
        "step 2 (keep_alive by ben), line 6, round 2",
    ]


def test_of_many_receipts_that_are_missed_the_first_ones_are_named(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 30s}\nsteps:\n- open_conversation:\n- await:\n")
    driver.open()
    driver.receive(notification(*(text(number, "a") for number in range(12))))
    driver.next()
    driver.end("lost")
    driver.next()
    (trouble,) = driver.player.outcome().problems
    assert trouble.startswith("READ for #0, READ for #1,")
    assert trouble.endswith("READ for #9 and 2 more could not go out: the connection is over: lost")
