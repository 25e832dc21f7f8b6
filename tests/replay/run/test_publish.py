"""Publishing: names, and the frame they stand for."""

from __future__ import annotations

OPEN = "steps:\n- open_conversation:\n"


def test_a_name_stands_for_the_message_from_its_frame_on(by_hand):
    hand = by_hand(OPEN + "- say: {text: hi, as: mine}\n- wait: 1s")
    hand.open()
    request = hand.send()
    names, known = hand.player.names, hand.player.known
    assert names.target("mine", known) == 7
    hand.answer(request, body={"sequence": 3})
    assert names.target("mine", known) == names.target("last_sent", known) == ("conv-1", 3)


def test_after_an_answer_429_the_name_stands_for_the_second_attempt(by_hand):
    hand = by_hand(OPEN + "- say: {text: hi, as: mine}\n- wait: 1s", reconnect="always")
    hand.open()
    hand.answer(hand.send(), code=429)
    hand.now_s = hand.next().at_s
    hand.answer(hand.send(), body={"sequence": 3})
    assert hand.player.names.target("mine", hand.player.known) == ("conv-1", 3)


def test_steps_leave_no_faster_than_the_rate_and_receipts_do_not_care(by_hand, told, text):
    hand = by_hand(
        "rate: 2/s\nreceipts: {read: 100ms}\n"
        + OPEN
        + "- type:\n- type:\n- rate: off\n- type:\n- type:\n- wait: 60s\n"
    )
    times = []
    for body in ({"subscriptionId": "s"}, {"conversationId": "conv-1"}, {}):
        hand.answer(hand.send(), body=body)
        times.append(hand.now_s)
        hand.until(hand.now_s + 0.5)
    hand.hear(told(text(4, "a")))
    hand.send()
    hand.until(1.6)
    assert hand.send()["body"]["event"]["type"] == "AcceptStatusEvent"
    hand.until(2.0)
    for _ in range(3):
        hand.send()
    assert times == [0.0, 0.5, 1.0]
    assert [at_s for at_s, _ in hand.sent] == [0.0, 0.5, 1.0, 1.5, 1.6, 2.0, 2.0, 2.0]
