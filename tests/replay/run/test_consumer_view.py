"""What the player knows so far: whose a message is, and what a name stands for."""

from __future__ import annotations

from recorder.replay.run.receipt_batches import MessageId

OPEN = "steps:\n- open_conversation:\n"


def opened(manual_driver, *, token=True, more="- wait: 60s"):
    driver = manual_driver(OPEN + more) if token else manual_driver(OPEN + more, token=None)
    driver.open()
    return driver


def test_nothing_stands_for_nothing(manual_driver):
    driver = manual_driver(OPEN)
    view = driver.player.view
    assert driver.player.names.target("last_sent", view) is None
    assert driver.player.names.target("last_received", view) is None
    assert driver.player.names.target(3, view) is None
    assert view.dialog(None) is None
    assert view.message_view(MessageId("conv-1", 3)) is None
    assert view.message_view(3) is None


def test_last_received_is_the_newest_of_the_other_side(manual_driver, notification, text):
    driver = opened(manual_driver)
    driver.receive(notification(text(0, "a"), text(1, "b")))
    driver.receive(notification(text(2, "mine", by="consumer-1"), text(0, "a")))
    assert driver.player.names.target("last_received", driver.player.view) == ("conv-1", 1)


def test_last_sent_is_a_frame_until_it_has_a_sequence(manual_driver):
    driver = opened(manual_driver, more="- say: hi\n- wait: 60s")
    request = driver.send()
    view = driver.player.view
    assert driver.player.names.target("last_sent", view) == 7
    assert view.message_view(7).status == "pending"
    driver.answer(request, body={"sequence": 5})
    assert driver.player.names.target("last_sent", view) == ("conv-1", 5)
    assert view.message_view(MessageId("conv-1", 5)).status == "sent"


def test_the_token_tells_who_we_are(manual_driver, notification, text):
    driver = opened(manual_driver)
    driver.receive(notification(text(0, "mine", by="consumer-1"), text(1, "theirs")))
    view = driver.player.view
    assert view.is_us("consumer-1", None)
    assert not view.is_us("agent-1", "ASSIGNED_AGENT")
    assert not view.is_us(None, None)
    assert [view.is_ours(heard.key) for heard in view.messages] == [True, False]


def test_a_consumer_stays_the_consumer_under_another_id(manual_driver, notification, text):
    """Stepping up changes the id in the middle of a conversation."""
    driver = opened(manual_driver)
    assert driver.player.view.is_us("consumer-2", "CONSUMER")


def test_an_echo_tells_who_we_are_where_no_token_does(manual_driver, notification, text):
    driver = opened(manual_driver, token=False, more="- say: hi\n- wait: 60s")
    request = driver.send()
    driver.answer(request, body={"sequence": 0})
    assert not driver.player.view.is_us("x-1", None)
    echo = text(0, "hi", by="x-1")
    del echo["originatorMetadata"]
    driver.receive(notification(echo))
    assert driver.player.view.is_us("x-1", None)


def test_requests_are_unanswered_until_they_are_answered(manual_driver):
    driver = opened(manual_driver, more="- keep_alive:")
    view = driver.player.view
    assert view.unanswered == set()
    request = driver.send()
    assert view.unanswered == {7}
    driver.answer(request)
    assert view.unanswered == set()
    assert view.answers[7].code == 200


def test_messages_are_listed_once_in_the_order_heard(manual_driver, notification, text):
    driver = opened(manual_driver)
    driver.advance_to(1.0)
    driver.receive(notification(text(4, "a")))
    driver.advance_to(2.0)
    driver.receive(notification(text(2, "b"), text(4, "a")))
    assert [(heard.key.sequence, heard.at_s) for heard in driver.player.view.messages] == [(4, 1.0), (2, 2.0)]


def test_dialogs_belong_to_their_conversation(manual_driver, notification, text):
    driver = opened(manual_driver)
    survey = text(0, "how was it?", dialog="survey-1")
    survey["conversationId"] = "conv-1"
    driver.receive(notification(survey))
    view = driver.player.view
    assert view.conversation_of("survey-1") == "conv-1"
    assert view.dialogs_of("conv-1") == {"conv-1", "survey-1"}
    assert view.last_sequence("survey-1") == view.last_sequence("nowhere") == 0


def test_the_last_sequence_is_what_was_pushed_not_what_was_answered(
    manual_driver, notification, text, receipt
):
    """An answer may overtake pushes of lower sequences; asking from there would lose them."""
    driver = opened(manual_driver, more="- say: hi\n- wait: 60s")
    driver.receive(notification(text(2, "a"), receipt(3, "READ", 1, by="agent-2")))
    driver.answer(driver.send(), body={"sequence": 9})
    assert driver.player.view.last_sequence("conv-1") == 3


def test_requests_that_the_connection_took_along_are_lost(manual_driver):
    driver = opened(manual_driver, more="- keep_alive:")
    driver.send()
    driver.end("gone")
    assert (driver.player.view.unanswered, driver.player.view.lost) == (set(), {7})


def test_a_conversation_that_a_raw_envelope_opened_is_the_one_that_is_meant(manual_driver):
    driver = manual_driver(
        "steps:\n- send: {kind: req, id: a, type: cm.ConsumerRequestConversation}\n- wait: 60s"
    )
    driver.answer(driver.send(), body={"conversationId": "conv-7"})
    assert driver.player.view.dialog(None) == "conv-7"
