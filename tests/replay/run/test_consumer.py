"""One consumer's side: who it takes for itself, and what it knows of its connection."""

from __future__ import annotations

TWO = "consumers: {anna: {}, ben: {}}\nreceipts: {read: 1s}\nsteps:\n"


def test_each_consumer_has_its_own_connection_and_its_own_ids(by_hand):
    hand = by_hand(TWO + "- keep_alive:\n- keep_alive: {consumer: ben}\n")
    assert hand.connections == {"anna": 1, "ben": 2}
    first = hand.next()
    assert first.connection == 1
    hand.answer(hand.send(), by=1)
    assert hand.next().connection == 2
    assert [envelope["id"] for _, envelope in (*hand.sent, (0, hand.send()))] == ["1", "1"]


def test_another_consumer_in_the_same_dialog_is_not_us(by_hand, told, text):
    """Both are CONSUMER there; each reads what the other one writes, and nothing of its own."""
    hand = by_hand(
        TWO + "- open_conversation: {as: opened}\n"
        "- subscribe: {dialog: '${opened.body.conversationId}', consumer: ben}\n- wait: 60s\n"
    )
    hand.open(by=1)
    hand.answer(hand.send(), by=2)
    for connection in (1, 2):
        change = text(4, "from ben", by="ben-id")
        change["originatorMetadata"]["role"] = "CONSUMER"
        hand.hear(told(change), by=connection)
    hand.until(1.0)
    action = hand.next()
    assert action.connection == 1
    assert hand.send()["body"]["event"]["sequenceList"] == [4]
    hand.until(60.0)
    assert [one.consumer for one in hand.player.outcome().receipts] == ["anna"]


def test_who_has_no_steps_does_not_connect(by_hand):
    hand = by_hand("consumers: {anna: {}, ben: {}}\nsteps:\n- keep_alive: {consumer: ben}\n")
    assert hand.connections == {"ben": 1}


def test_a_rule_of_ones_own_goes_before_the_scripts(play):
    played = play(
        "consumers: {anna: {receipts: {accept: 2s}}, ben: {}}\nreceipts: {read: 1s}\n"
        "steps:\n- open_conversation:\n- open_conversation: {consumer: ben}\n- wait: 5s\n"
        "agent:\n- on: conversation\n  do: [{say: Hello}]\n"
    )
    sent = [(one.consumer, one.status, one.sent_s) for one in played.outcome.receipts]
    assert sent == [("ben", "READ", 1.0), ("anna", "ACCEPT", 2.0)]


def test_the_receipts_of_one_never_wait_for_the_connection_of_another(by_hand, told, text):
    hand = by_hand(TWO + "- open_conversation:\n- reconnect: {consumer: ben}\n- wait: 60s\n")
    hand.open(by=1)
    hand.hear(told(text(4, "a")), by=1)
    hand.player.begun(hand.next(), 0.0)
    hand.until(1.0)
    assert hand.next().connection == 1
    assert hand.send()["body"]["event"]["sequenceList"] == [4]


def test_properties_are_told_at_the_start(by_hand):
    hand = by_hand("consumer: {properties: {firstName: Anna}}\nsteps:\n- wait: 1s\n")
    request = hand.send()
    assert (request["type"], request["body"]) == ("userprofile.SetUserProfile", {"firstName": "Anna"})
    hand.answer(request)
    hand.until(1.0)
    assert hand.player.outcome().results[0].verb == "properties"
