"""Who hears what."""

import pytest


def upserts(told):
    return [
        (change["type"], change["result"]["convId"])
        for envelope in told
        if envelope["type"] == "cqm.ExConversationChangeNotification"
        for change in envelope["body"]["changes"]
    ]


def heard_by(guest, client):
    return [what for _, who, what in guest.heard if who == client]


def test_whoever_opened_a_conversation_hears_it_without_asking(visit, changes):
    """The tutorial on receipts never subscribes, and is told of the agent's message."""
    guest = visit()
    guest.connect(2)
    dialog_id = guest.open()
    guest.write(dialog_id, client=2)
    assert len(changes(heard_by(guest, 1))) == 1


def test_subscribing_to_what_is_heard_anyway_doubles_nothing(visit, changes):
    guest = visit()
    dialog_id = guest.open()
    guest.subscribe(dialog_id)
    guest.subscribe(dialog_id)
    assert len(changes(guest.write(dialog_id))) == 1


def test_every_connection_of_a_consumer_hears_what_it_subscribed_to(visit, changes):
    guest = visit()
    dialog_id = guest.open()
    for client in (2, 3):
        guest.connect(client)
    guest.subscribe(dialog_id, client=2)
    guest.write(dialog_id, client=1)
    assert [len(changes(heard_by(guest, client))) for client in (1, 2, 3)] == [1, 1, 0]


def test_an_author_hears_its_own_event_though_it_never_subscribed(visit, changes):
    guest = visit()
    dialog_id = guest.open()
    guest.connect(2)
    assert len(changes(guest.write(dialog_id, client=2))) == 1
    guest.write(dialog_id, client=1)
    assert len(changes(heard_by(guest, 2))) == 1


def test_nobody_else_hears_a_consumer(visit, changes):
    guest = visit()
    guest.connect(2, token="somebody else")
    guest.ask("cqm.SubscribeExConversations", client=2)
    before = len(heard_by(guest, 2))
    guest.write(guest.open())
    assert len(heard_by(guest, 2)) == before


@pytest.mark.parametrize(
    ("from_seq", "sequences"), [(0, [0, 1, 2]), (1, [1, 2]), (2, [2]), (3, []), (-1, [0, 1, 2])]
)
def test_a_history_begins_with_the_sequence_asked_for(visit, changes, from_seq, sequences):
    """Inclusive; receipts are part of it, chat states are not."""
    guest = visit()
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.mark(dialog_id, "READ", [0])
    guest.type(dialog_id)
    guest.write(dialog_id)
    _, history = guest.subscribe(dialog_id, from_seq)
    assert [change["sequence"] for change in changes([history])] == sequences
    assert all("conversationId" not in change for change in changes([history]))


def test_a_subscription_starts_with_what_there_is(visit):
    guest = visit()
    one, other = guest.open(), guest.open()
    told = guest.ask("cqm.SubscribeExConversations")
    assert upserts(told[1:]) == [("UPSERT", one), ("UPSERT", other)]


@pytest.mark.parametrize("name", ["convState", "stage"])
def test_what_no_longer_fits_leaves_the_subscription_once(visit, name):
    """DELETE says that it left, and carries how it stands now."""
    guest = visit()
    conversation_id = guest.open()
    guest.ask("cqm.SubscribeExConversations", {name: "OPEN"})
    assert upserts(guest.close(conversation_id)[1:]) == [("DELETE", conversation_id)]
    rate = {"field": "CSATRate", "csatRate": 5}
    body = {"conversationId": conversation_id, "conversationField": rate}
    assert upserts(guest.ask("cm.UpdateConversationField", body)[1:]) == []


def test_an_update_window_lets_only_newer_ones_pass(visit):
    guest = visit(epoch_ms=0)
    guest.open()
    guest.wait(5)
    newer = guest.open()
    told = guest.ask("cqm.SubscribeExConversations", {"minLastUpdatedTime": 1000})
    assert upserts(told[1:]) == [("UPSERT", newer)]
    told = guest.ask("cqm.SubscribeExConversations", {"maxLastUpdatedTime": 6000, "minLastUpdatedTime": 5001})
    assert upserts(told[1:]) == []


def test_unsubscribing_ends_it(visit):
    guest = visit()
    answer, _ = guest.ask("cqm.SubscribeExConversations")
    (gone,) = guest.ask("cqm.UnsubscribeExConversations", answer["body"])
    assert gone["code"] == 200
    guest.open()
    assert upserts(guest.ask("GetClock")) == []
    assert [what["type"] for what in heard_by(guest, 1)].count("cqm.ExConversationChangeNotification") == 1


def test_two_subscriptions_are_told_each(visit):
    guest = visit()
    guest.ask("cqm.SubscribeExConversations")
    guest.ask("cqm.SubscribeExConversations")
    told = guest.ask("cm.ConsumerRequestConversation")
    assert len({envelope["body"].get("subscriptionId") for envelope in told[1:]}) == 2


def test_a_connection_that_is_gone_is_told_nothing_and_its_conversations_stay(visit):
    guest = visit()
    dialog_id = guest.open()
    guest.service.disconnected(1, now_s=0.0)
    guest.connect(2)
    guest.write(dialog_id, client=2)
    guest.wait(10)
    assert guest.say('{"id":1,"type":"GetClock"}', client=1) == []
    assert {who for _, who, what in guest.heard if what["type"] == "ms.MessagingEventNotification"} == {2}
