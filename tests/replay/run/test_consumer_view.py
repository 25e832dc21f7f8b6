"""What the player knows so far: whose a message is, and what a name stands for."""

from __future__ import annotations

from recorder.replay.run.receipt_schedule import MessageKey

OPEN = "steps:\n- open_conversation:\n"


def opened(by_hand, *, token=True, more="- wait: 60s"):
    hand = by_hand(OPEN + more) if token else by_hand(OPEN + more, token=None)
    hand.open()
    return hand


def test_nothing_stands_for_nothing(by_hand):
    hand = by_hand(OPEN)
    known = hand.player.known
    assert hand.player.names.target("last_sent", known) is None
    assert hand.player.names.target("last_received", known) is None
    assert hand.player.names.target(3, known) is None
    assert known.dialog(None) is None
    assert known.view_of(MessageKey("conv-1", 3)) is None
    assert known.view_of(3) is None


def test_last_received_is_the_newest_of_the_other_side(by_hand, told, text):
    hand = opened(by_hand)
    hand.hear(told(text(0, "a"), text(1, "b")))
    hand.hear(told(text(2, "mine", by="consumer-1"), text(0, "a")))
    assert hand.player.names.target("last_received", hand.player.known) == ("conv-1", 1)


def test_last_sent_is_a_frame_until_it_has_a_sequence(by_hand):
    hand = opened(by_hand, more="- say: hi\n- wait: 60s")
    request = hand.send()
    known = hand.player.known
    assert hand.player.names.target("last_sent", known) == 7
    assert known.view_of(7).status == "pending"
    hand.answer(request, body={"sequence": 5})
    assert hand.player.names.target("last_sent", known) == ("conv-1", 5)
    assert known.view_of(MessageKey("conv-1", 5)).status == "sent"


def test_the_token_tells_who_we_are(by_hand, told, text):
    hand = opened(by_hand)
    hand.hear(told(text(0, "mine", by="consumer-1"), text(1, "theirs")))
    known = hand.player.known
    assert known.is_us("consumer-1", None)
    assert not known.is_us("agent-1", "ASSIGNED_AGENT")
    assert not known.is_us(None, None)
    assert [known.is_ours(heard.key) for heard in known.messages] == [True, False]


def test_a_consumer_stays_the_consumer_under_another_id(by_hand, told, text):
    """Stepping up changes the id in the middle of a conversation."""
    hand = opened(by_hand)
    assert hand.player.known.is_us("consumer-2", "CONSUMER")


def test_an_echo_tells_who_we_are_where_no_token_does(by_hand, told, text):
    hand = opened(by_hand, token=False, more="- say: hi\n- wait: 60s")
    request = hand.send()
    hand.answer(request, body={"sequence": 0})
    assert not hand.player.known.is_us("x-1", None)
    echo = text(0, "hi", by="x-1")
    del echo["originatorMetadata"]
    hand.hear(told(echo))
    assert hand.player.known.is_us("x-1", None)


def test_requests_are_unanswered_until_they_are_answered(by_hand):
    hand = opened(by_hand, more="- keep_alive:")
    known = hand.player.known
    assert known.unanswered == set()
    request = hand.send()
    assert known.unanswered == {7}
    hand.answer(request)
    assert known.unanswered == set()
    assert known.answers[7].code == 200


def test_messages_are_listed_once_in_the_order_heard(by_hand, told, text):
    hand = opened(by_hand)
    hand.until(1.0)
    hand.hear(told(text(4, "a")))
    hand.until(2.0)
    hand.hear(told(text(2, "b"), text(4, "a")))
    assert [(heard.key.sequence, heard.at_s) for heard in hand.player.known.messages] == [(4, 1.0), (2, 2.0)]


def test_dialogs_belong_to_their_conversation(by_hand, told, text):
    hand = opened(by_hand)
    survey = text(0, "how was it?", dialog="survey-1")
    survey["conversationId"] = "conv-1"
    hand.hear(told(survey))
    known = hand.player.known
    assert known.conversation_of("survey-1") == "conv-1"
    assert known.dialogs_of("conv-1") == {"conv-1", "survey-1"}
    assert known.last_sequence("survey-1") == known.last_sequence("nowhere") == 0


def test_the_last_sequence_is_what_was_pushed_not_what_was_answered(by_hand, told, text, receipt):
    """An answer may overtake pushes of lower sequences; asking from there would lose them."""
    hand = opened(by_hand, more="- say: hi\n- wait: 60s")
    hand.hear(told(text(2, "a"), receipt(3, "READ", 1, by="agent-2")))
    hand.answer(hand.send(), body={"sequence": 9})
    assert hand.player.known.last_sequence("conv-1") == 3


def test_requests_that_the_connection_took_along_are_lost(by_hand):
    hand = opened(by_hand, more="- keep_alive:")
    hand.send()
    hand.end("gone")
    assert (hand.player.known.unanswered, hand.player.known.lost) == (set(), {7})


def test_a_conversation_that_a_raw_envelope_opened_is_the_one_that_is_meant(by_hand):
    hand = by_hand("steps:\n- send: {kind: req, id: a, type: cm.ConsumerRequestConversation}\n- wait: 60s")
    hand.answer(hand.send(), body={"conversationId": "conv-7"})
    assert hand.player.known.dialog(None) == "conv-7"
