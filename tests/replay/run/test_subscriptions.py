"""What is asked for again after connecting again."""

from __future__ import annotations

from recorder.messaging import requests
from recorder.replay.run.subscriptions import Subscriptions


def test_what_was_asked_for_and_not_refused_is_listened_to():
    here = Subscriptions()
    here.asked(requests.subscribe_conversations("1"), 1)
    here.asked(requests.subscribe_messages("2", "a"), 2)
    here.asked(requests.subscribe_messages("3", "b"), 3)
    here.asked(requests.subscribe_messages("4", "a", from_seq=5), 4)
    assert (here.conversations, here.dialogs) == (False, [])
    for frame, code in ((1, 200), (2, 200), (3, 400), (4, 200)):
        here.answered(frame, code)
    assert (here.conversations, here.dialogs) == (True, ["a"])


def test_other_requests_and_answers_change_nothing():
    here = Subscriptions()
    here.asked(requests.get_clock("1"), 1)
    here.asked(requests.request("2", "ms.SubscribeMessagingEvents", "no object"), 2)
    here.asked(requests.request("3", "ms.SubscribeMessagingEvents", {}), 3)
    for frame in (1, 2, 3, 99):
        here.answered(frame, 200)
    assert (here.conversations, here.dialogs) == (False, [])


def test_what_the_connection_took_along_was_not_asked_for():
    here = Subscriptions()
    here.asked(requests.subscribe_messages("1", "a"), 1)
    here.lost()
    here.answered(1, 200)
    assert here.dialogs == []
