"""Conversations as snapshots show them."""

import itertools


def details(delivered):
    return delivered[-1]["body"]["changes"][0]["result"]["conversationDetails"]


def test_a_new_conversation_is_notified_with_its_main_dialog(serve):
    session = serve(epoch_ms=1_544_178_732_211)
    session.ask("cqm.SubscribeExConversations")
    answer, notification = session.ask("cm.ConsumerRequestConversation", {"ttrDefName": "URGENT"})
    conversation_id = answer["body"]["conversationId"]
    result = notification["body"]["changes"][0]["result"]
    consumer = result["conversationDetails"]["participants"][0]["id"]
    assert result == {
        "convId": conversation_id,
        "effectiveTTR": -1,
        "conversationDetails": {
            "skillId": "-1",
            "participants": [{"id": consumer, "role": "CONSUMER"}],
            "dialogs": [
                {
                    "dialogId": conversation_id,
                    "participantsDetails": [{"id": consumer, "role": "CONSUMER", "state": "ACTIVE"}],
                    "dialogType": "MAIN",
                    "channelType": "MESSAGING",
                    "state": "OPEN",
                    "creationTs": 1_544_178_732_211,
                    "metaDataLastUpdateTs": 1_544_178_732_211,
                }
            ],
            "brandId": "le-sim",
            "state": "OPEN",
            "stage": "OPEN",
            "startTs": 1_544_178_732_211,
            "metaDataLastUpdateTs": 1_544_178_732_211,
            "ttr": {"ttrType": "URGENT", "value": 300},
        },
    }


def test_the_request_body_is_echoed_in_the_snapshot(serve):
    """Numbers in one tutorial, text in another: unchanged."""
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    body = {
        "campaignInfo": {"campaignId": 418732213, "engagementId": "425842913"},
        "conversationContext": {"type": "SharkContext", "lang": "en-US"},
        "skillId": -1,
    }
    delivered = details(session.ask("cm.ConsumerRequestConversation", body))
    assert delivered["campaignInfo"] == body["campaignInfo"]
    assert delivered["context"] == body["conversationContext"]
    assert delivered["skillId"] == "-1"


def test_no_two_changes_share_an_update_time(serve):
    """Clients keep the newer of two by this time; in one millisecond they could not tell."""
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    conversation_id = session.open()
    rate = {"field": "CSATRate", "csatRate": 5}
    body = {"conversationId": conversation_id, "conversationField": rate}
    for _ in range(3):
        session.ask("cm.UpdateConversationField", body)
    session.close(conversation_id)
    stamps = [
        change["result"]["conversationDetails"]["metaDataLastUpdateTs"]
        for _, _, delivered in session.received
        if delivered["type"] == "cqm.ExConversationChangeNotification"
        for change in delivered["body"]["changes"]
    ]
    assert len(stamps) == 5
    assert all(earlier < later for earlier, later in itertools.pairwise(stamps))


def test_the_last_message_and_its_deadline_are_told_until_it_is_closed(serve):
    session = serve(epoch_ms=0)
    dialog_id = session.open()
    session.wait(2)
    session.write(dialog_id, "Anybody?")
    session.mark(dialog_id, "READ", [0])
    result = session.ask("cqm.SubscribeExConversations")[1]["body"]["changes"][0]["result"]
    assert result["lastContentEventNotification"]["event"]["message"] == "Anybody?"
    assert result["effectiveTTR"] == 2_000 + 600_000
    closed = session.close(dialog_id)[1]["body"]["changes"][0]["result"]
    assert closed["effectiveTTR"] == -1
