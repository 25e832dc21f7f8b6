"""One consumer's side: who it takes for itself, and what it knows of its connection."""

from __future__ import annotations

TWO = "consumers: {anna: {}, ben: {}}\nreceipts: {read: 1s}\nsteps:\n"


def test_each_consumer_has_its_own_connection_and_its_own_ids(manual_driver):
    driver = manual_driver(TWO + "- keep_alive:\n- keep_alive: {consumer: ben}\n")
    assert driver.connections == {"anna": 1, "ben": 2}
    first = driver.next()
    assert first.connection == 1
    driver.answer(driver.send(), by=1)
    assert driver.next().connection == 2
    assert [envelope["id"] for _, envelope in (*driver.sent, (0, driver.send()))] == ["1", "1"]


def test_another_consumer_in_the_same_dialog_is_not_us(manual_driver, notification, text):
    """Both are CONSUMER there; each reads what the other one writes, and nothing of its own."""
    driver = manual_driver(
        TWO + "- open_conversation: {as: opened}\n"
        "- subscribe: {dialog: '${opened.body.conversationId}', consumer: ben}\n- wait: 60s\n"
    )
    driver.open(by=1)
    driver.answer(driver.send(), by=2)
    for connection in (1, 2):
        change = text(4, "from ben", by="ben-id")
        change["originatorMetadata"]["role"] = "CONSUMER"
        driver.receive(notification(change), by=connection)
    driver.advance_to(1.0)
    action = driver.next()
    assert action.connection == 1
    assert driver.send()["body"]["event"]["sequenceList"] == [4]
    driver.advance_to(60.0)
    assert [one.consumer for one in driver.player.outcome().receipts] == ["anna"]


def test_who_has_no_steps_does_not_connect(manual_driver):
    driver = manual_driver("consumers: {anna: {}, ben: {}}\nsteps:\n- keep_alive: {consumer: ben}\n")
    assert driver.connections == {"ben": 1}


def test_a_rule_of_ones_own_goes_before_the_scripts(play):
    played = play(
        "consumers: {anna: {receipts: {accept: 2s}}, ben: {}}\nreceipts: {read: 1s}\n"
        "steps:\n- open_conversation:\n- open_conversation: {consumer: ben}\n- wait: 5s\n"
        "agent:\n- on: conversation\n  do: [{say: Hello}]\n"
    )
    sent = [(one.consumer, one.status, one.sent_s) for one in played.outcome.receipts]
    assert sent == [("ben", "READ", 1.0), ("anna", "ACCEPT", 2.0)]


def test_the_receipts_of_one_never_wait_for_the_connection_of_another(manual_driver, notification, text):
    driver = manual_driver(TWO + "- open_conversation:\n- reconnect: {consumer: ben}\n- wait: 60s\n")
    driver.open(by=1)
    driver.receive(notification(text(4, "a")), by=1)
    driver.player.begun(driver.next(), 0.0)
    driver.advance_to(1.0)
    assert driver.next().connection == 1
    assert driver.send()["body"]["event"]["sequenceList"] == [4]


def test_properties_are_told_at_the_start(manual_driver):
    driver = manual_driver("consumer: {properties: {firstName: Anna}}\nsteps:\n- wait: 1s\n")
    request = driver.send()
    assert (request["type"], request["body"]) == ("userprofile.SetUserProfile", {"firstName": "Anna"})
    driver.answer(request)
    driver.advance_to(1.0)
    assert driver.player.outcome().results[0].verb == "properties"
