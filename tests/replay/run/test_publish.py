"""Publishing: names, and the frame they stand for."""

from __future__ import annotations

OPEN = "steps:\n- open_conversation:\n"


def test_a_name_stands_for_the_message_from_its_frame_on(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, as: mine}\n- wait: 1s")
    driver.open()
    request = driver.send()
    names, view = driver.player.names, driver.player.view
    assert names.target("mine", view) == 7
    driver.answer(request, body={"sequence": 3})
    assert names.target("mine", view) == names.target("last_sent", view) == ("conv-1", 3)


def test_after_an_answer_429_the_name_stands_for_the_second_attempt(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, as: mine}\n- wait: 1s", reconnect="always")
    driver.open()
    driver.answer(driver.send(), code=429)
    driver.now_s = driver.next().at_s
    driver.answer(driver.send(), body={"sequence": 3})
    assert driver.player.names.target("mine", driver.player.view) == ("conv-1", 3)


def test_steps_leave_no_faster_than_the_rate_and_receipts_do_not_care(manual_driver, notification, text):
    driver = manual_driver(
        "rate: 2/s\nreceipts: {read: 100ms}\n"
        + OPEN
        + "- type:\n- type:\n- rate: off\n- type:\n- type:\n- wait: 60s\n"
    )
    times = []
    for body in ({"subscriptionId": "s"}, {"conversationId": "conv-1"}, {}):
        driver.answer(driver.send(), body=body)
        times.append(driver.now_s)
        driver.advance_to(driver.now_s + 0.5)
    driver.receive(notification(text(4, "a")))
    driver.send()
    driver.advance_to(1.6)
    assert driver.send()["body"]["event"]["type"] == "AcceptStatusEvent"
    driver.advance_to(2.0)
    for _ in range(3):
        driver.send()
    assert times == [0.0, 0.5, 1.0]
    assert [at_s for at_s, _ in driver.sent] == [0.0, 0.5, 1.0, 1.5, 1.6, 2.0, 2.0, 2.0]
