"""A consumer's visit to the service, on a clock that the test holds."""

import json
from itertools import count

import pytest

from recorder.simulator import Deliver, HangUp, Service, agent_from

NOBODY = agent_from([])


class Visit:
    """One service, any number of clients, and the time. Client 1 is connected and let in."""

    def __init__(self, *, agent=NOBODY, token="consumer-one", **options):
        self.service = Service(agent=agent, **options)
        self.now_s = 0.0
        self.ids = count(1)
        self.heard = []
        self.connect(1, token=token)

    def connect(self, client, *, token="consumer-one", account="le-sim"):
        return self.note(self.service.connected(client, token=token, now_s=self.now_s, account=account))

    def note(self, effects):
        """Keep what was delivered as (time, client, JSON or HangUp), and return it."""
        told = [
            (self.now_s, each.client, json.loads(each.text) if isinstance(each, Deliver) else each)
            for each in effects
        ]
        self.heard += told
        return told

    def say(self, text, *, client=1):
        """Send a frame as it stands; what comes back to the same client at once."""
        told = self.note(self.service.hear(client, text, now_s=self.now_s))
        return [what for _, who, what in told if who == client]

    def ask(self, type_name, body=None, *, client=1, **more):
        """Ask, with a fresh id; what comes back to the same client at once."""
        request = {"kind": "req", "id": str(next(self.ids)), "type": type_name} | more
        return self.say(json.dumps(request | ({} if body is None else {"body": body})), client=client)

    def open(self, *, client=1):
        return self.ask("cm.ConsumerRequestConversation", client=client)[0]["body"]["conversationId"]

    def publish(self, dialog_id, event, *, client=1, **more):
        return self.ask("ms.PublishEvent", {"dialogId": dialog_id, "event": event}, client=client, **more)

    def write(self, dialog_id, text="Hello", *, client=1):
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        return self.publish(dialog_id, event, client=client)

    def mark(self, dialog_id, status, sequences, *, client=1):
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": sequences}
        return self.publish(dialog_id, event, client=client)

    def type(self, dialog_id, state="COMPOSING", *, client=1):
        return self.publish(dialog_id, {"type": "ChatStateEvent", "chatState": state}, client=client)

    def subscribe(self, dialog_id, from_seq=0, *, client=1):
        body = {"dialogId": dialog_id, "fromSeq": from_seq}
        return self.ask("ms.SubscribeMessagingEvents", body, client=client)

    def close(self, conversation_id, *, client=1):
        field = {"field": "ConversationStateField", "conversationState": "CLOSE"}
        body = {"conversationId": conversation_id, "conversationField": field}
        return self.ask("cm.UpdateConversationField", body, client=client)

    def wait(self, seconds):
        """Let time pass, waking the service exactly when it asks; what was delivered meanwhile."""
        end_s, told = self.now_s + seconds, []
        while (due_s := self.service.next_wake_s()) is not None and due_s <= end_s:
            self.now_s = due_s
            told += self.note(self.service.wake(due_s))
        self.now_s = end_s
        return told

    def hang_ups(self):
        return [what for _, _, what in self.heard if isinstance(what, HangUp)]


@pytest.fixture(scope="session")
def visit():
    """The class itself: a test, or each example of a property, makes its own."""
    return Visit


def _changes(told):
    """All changes of all messaging event notifications, in order."""
    return [
        change
        for envelope in told
        if isinstance(envelope, dict) and envelope.get("type") == "ms.MessagingEventNotification"
        for change in envelope["body"]["changes"]
    ]


@pytest.fixture(scope="session")
def changes():
    return _changes
