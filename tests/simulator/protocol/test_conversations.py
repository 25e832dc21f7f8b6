"""Conversations as they are told of."""

import itertools


def details(told):
    return told[-1]["body"]["changes"][0]["result"]["conversationDetails"]


def test_a_new_conversation_is_told_with_its_main_dialog(visit):
    guest = visit(epoch_ms=1_544_178_732_211)
    guest.ask("cqm.SubscribeExConversations")
    answer, notification = guest.ask("cm.ConsumerRequestConversation", {"ttrDefName": "URGENT"})
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


def test_what_was_asked_for_is_told_back(visit):
    """Numbers in one tutorial, text in another: unchanged."""
    guest = visit()
    guest.ask("cqm.SubscribeExConversations")
    body = {
        "campaignInfo": {"campaignId": 418732213, "engagementId": "425842913"},
        "conversationContext": {"type": "SharkContext", "lang": "en-US"},
        "skillId": -1,
    }
    told = details(guest.ask("cm.ConsumerRequestConversation", body))
    assert told["campaignInfo"] == body["campaignInfo"]
    assert told["context"] == body["conversationContext"]
    assert told["skillId"] == "-1"


def test_no_two_changes_share_an_update_time(visit):
    """Clients keep the newer of two by this time; in one millisecond they could not tell."""
    guest = visit()
    guest.ask("cqm.SubscribeExConversations")
    conversation_id = guest.open()
    rate = {"field": "CSATRate", "csatRate": 5}
    body = {"conversationId": conversation_id, "conversationField": rate}
    for _ in range(3):
        guest.ask("cm.UpdateConversationField", body)
    guest.close(conversation_id)
    stamps = [
        change["result"]["conversationDetails"]["metaDataLastUpdateTs"]
        for _, _, told in guest.heard
        if told["type"] == "cqm.ExConversationChangeNotification"
        for change in told["body"]["changes"]
    ]
    assert len(stamps) == 5
    assert all(earlier < later for earlier, later in itertools.pairwise(stamps))


def test_the_last_message_and_its_deadline_are_told_until_it_is_closed(visit):
    guest = visit(epoch_ms=0)
    dialog_id = guest.open()
    guest.wait(2)
    guest.write(dialog_id, "Anybody?")
    guest.mark(dialog_id, "READ", [0])
    result = guest.ask("cqm.SubscribeExConversations")[1]["body"]["changes"][0]["result"]
    assert result["lastContentEventNotification"]["event"]["message"] == "Anybody?"
    assert result["effectiveTTR"] == 2_000 + 600_000
    closed = guest.close(dialog_id)[1]["body"]["changes"][0]["result"]
    assert closed["effectiveTTR"] == -1
