"""Which connections receive which events and snapshots."""

import pytest


def upserts(delivered):
    return [
        (change["type"], change["result"]["convId"])
        for envelope in delivered
        if envelope["type"] == "cqm.ExConversationChangeNotification"
        for change in envelope["body"]["changes"]
    ]


def received_by(session, client):
    return [what for _, who, what in session.received if who == client]


def test_the_connection_that_opened_a_conversation_receives_its_events(serve, changes):
    """The tutorial on receipts never subscribes, and receives the agent's message."""
    session = serve()
    session.connect(2)
    dialog_id = session.open()
    session.write(dialog_id, client=2)
    assert len(changes(received_by(session, 1))) == 1


def test_subscribing_again_doubles_no_event(serve, changes):
    session = serve()
    dialog_id = session.open()
    session.subscribe(dialog_id)
    session.subscribe(dialog_id)
    assert len(changes(session.write(dialog_id))) == 1


def test_every_connection_receives_what_it_subscribed_to(serve, changes):
    session = serve()
    dialog_id = session.open()
    for client in (2, 3):
        session.connect(client)
    session.subscribe(dialog_id, client=2)
    session.write(dialog_id, client=1)
    assert [len(changes(received_by(session, client))) for client in (1, 2, 3)] == [1, 1, 0]


def test_an_event_is_echoed_to_its_author_without_subscription(serve, changes):
    session = serve()
    dialog_id = session.open()
    session.connect(2)
    assert len(changes(session.write(dialog_id, client=2))) == 1
    session.write(dialog_id, client=1)
    assert len(changes(received_by(session, 2))) == 1


def test_other_consumers_receive_nothing(serve, changes):
    session = serve()
    session.connect(2, token="somebody else")
    session.ask("cqm.SubscribeExConversations", client=2)
    before = len(received_by(session, 2))
    session.write(session.open())
    assert len(received_by(session, 2)) == before


@pytest.mark.parametrize(
    ("from_seq", "sequences"), [(0, [0, 1, 2]), (1, [1, 2]), (2, [2]), (3, []), (-1, [0, 1, 2])]
)
def test_a_history_begins_with_the_sequence_asked_for(serve, changes, from_seq, sequences):
    """Inclusive; receipts are part of it, chat states are not."""
    session = serve()
    dialog_id = session.open()
    session.write(dialog_id)
    session.mark(dialog_id, "READ", [0])
    session.type(dialog_id)
    session.write(dialog_id)
    _, history = session.subscribe(dialog_id, from_seq)
    assert [change["sequence"] for change in changes([history])] == sequences
    assert all("conversationId" not in change for change in changes([history]))


def test_a_subscription_begins_with_the_present_conversations(serve):
    session = serve()
    one, other = session.open(), session.open()
    delivered = session.ask("cqm.SubscribeExConversations")
    assert upserts(delivered[1:]) == [("UPSERT", one), ("UPSERT", other)]


@pytest.mark.parametrize("name", ["convState", "stage"])
def test_a_conversation_that_no_longer_matches_is_deleted_once(serve, name):
    """DELETE says that it left, and carries how it stands now."""
    session = serve()
    conversation_id = session.open()
    session.ask("cqm.SubscribeExConversations", {name: "OPEN"})
    assert upserts(session.close(conversation_id)[1:]) == [("DELETE", conversation_id)]
    rate = {"field": "CSATRate", "csatRate": 5}
    body = {"conversationId": conversation_id, "conversationField": rate}
    assert upserts(session.ask("cm.UpdateConversationField", body)[1:]) == []


def test_an_update_window_lets_only_newer_ones_pass(serve):
    session = serve(epoch_ms=0)
    session.open()
    session.wait(5)
    newer = session.open()
    delivered = session.ask("cqm.SubscribeExConversations", {"minLastUpdatedTime": 1000})
    assert upserts(delivered[1:]) == [("UPSERT", newer)]
    delivered = session.ask(
        "cqm.SubscribeExConversations", {"maxLastUpdatedTime": 6000, "minLastUpdatedTime": 5001}
    )
    assert upserts(delivered[1:]) == []


def test_unsubscribing_ends_the_notifications(serve):
    session = serve()
    answer, _ = session.ask("cqm.SubscribeExConversations")
    (gone,) = session.ask("cqm.UnsubscribeExConversations", answer["body"])
    assert gone["code"] == 200
    session.open()
    assert upserts(session.ask("GetClock")) == []
    assert [what["type"] for what in received_by(session, 1)].count(
        "cqm.ExConversationChangeNotification"
    ) == 1


def test_two_subscriptions_are_notified_each(serve):
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    session.ask("cqm.SubscribeExConversations")
    delivered = session.ask("cm.ConsumerRequestConversation")
    assert len({envelope["body"].get("subscriptionId") for envelope in delivered[1:]}) == 2


def test_a_closed_connection_receives_nothing_and_its_conversations_stay(serve):
    session = serve()
    dialog_id = session.open()
    session.service.disconnected(1, now_s=0.0)
    session.connect(2)
    session.write(dialog_id, client=2)
    session.wait(10)
    assert session.say('{"id":1,"type":"GetClock"}', client=1) == []
    assert {who for _, who, what in session.received if what["type"] == "ms.MessagingEventNotification"} == {
        2
    }
