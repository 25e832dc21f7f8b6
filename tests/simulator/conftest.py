"""A session with the service on a clock that the test sets."""

import json
from itertools import count

import pytest

from recorder.checks.engine import check
from recorder.checks.findings import Outcome
from recorder.checks.input import CheckInput, ConnectionFact
from recorder.messaging.events import Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.receipts.fold import fold
from recorder.simulator import CloseClient, Deliver, Service, agent_from

NOBODY = agent_from([])


class ServiceSession:
    """One service, any number of clients, and the time. Client 1 is connected with a token."""

    def __init__(self, *, agent=NOBODY, token="consumer-one", **options):
        self.service = Service(agent=agent, **options)
        self.now_s = 0.0
        self.ids = count(1)
        self.received = []
        self.log = []
        self.connect(1, token=token)

    def connect(self, client, *, token="consumer-one", account="le-sim"):
        return self.note(self.service.connected(client, token=token, now_s=self.now_s, account=account))

    def note(self, effects):
        """Append the effects to ``received`` as (time, client, JSON or effect), and return them."""
        delivered = [
            (self.now_s, each.client, read(each.text) if isinstance(each, Deliver) else each)
            for each in effects
        ]
        self.received += delivered
        self.log += [(self.now_s, each.client, False, each) for each in effects]
        return delivered

    def say(self, text, *, client=1):
        """Send a frame unchanged; return what the same client receives at once."""
        self.log.append((self.now_s, client, True, text))
        delivered = self.note(self.service.received(client, text, now_s=self.now_s))
        return [what for _, who, what in delivered if who == client]

    def ask(self, type_name, body=None, *, client=1, **more):
        """Send a request with a new id; return what the same client receives at once."""
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
        """Let time pass, waking the service exactly when it asks; return what was delivered."""
        end_s, delivered = self.now_s + seconds, []
        while (due_s := self.service.next_wake_s()) is not None and due_s <= end_s:
            self.now_s = due_s
            delivered += self.note(self.service.wake(due_s))
        self.now_s = end_s
        return delivered

    def close_effects(self):
        return [what for _, _, what in self.received if isinstance(what, CloseClient)]

    def leave(self, *, client=1):
        self.note(self.service.disconnected(client, now_s=self.now_s))

    def close_dialog(self, dialog_id, *, conversation_id=None, client=1):
        dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
        field = {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}
        body = {"conversationId": conversation_id or dialog_id, "conversationField": field}
        return self.ask("cm.UpdateConversationField", body, client=client)

    def violated_rules(self):
        """The check rules this session violates, as if it had been recorded."""
        return violated_rules(self.log, self.now_s)


def delivered_events(session, kind, *, client=1):
    """(time, change) of every event of a kind that a client received, in either dialect."""
    return [
        (at_s, change)
        for at_s, who, delivered in session.received
        if who == client and isinstance(delivered, dict) and delivered.get("kind") == "notification"
        for change in _as_list(delivered["body"].get("changes", [delivered["body"]]))
        if change.get("event", {}).get("type") == kind
    ]


def _as_list(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def delivered():
    return delivered_events


def read(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


START_US = 1_700_000_000_000_000


def violated_rules(log, end_s):
    interpreter, events, connections = Interpreter(), [], {}
    for frame, (at_s, client, from_client, what) in enumerate(log, start=1):
        us = round(at_s * 1e6)
        text = what if from_client else what.text if isinstance(what, Deliver) else None
        fact = connections.get(client) or ConnectionFact(
            client, frame, frame, us, None, None, None, None, None, None, ended=False
        )
        connections[client] = fact = fact._replace(last_frame=frame, last_offset_us=us)
        stamp = Stamp(frame, client, START_US + us, us)
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            events += interpreter.read(data, stamp, from_client=from_client)
            continue
        events += interpreter.connection_ended(client)
        ended = fact._replace(how="lost", closed_offset_us=us, ended=True)
        if isinstance(what, CloseClient):
            ended = ended._replace(
                how="closed", close_code=what.code, closed_by_client=False, close_frame=frame
            )
        connections[client] = ended
    case = CheckInput(
        events,
        fold(events),
        tuple(connections.values()),
        last_frame=len(log),
        last_offset_us=round(end_s * 1e6),
    )
    return {finding.rule for finding in check(case) if finding.outcome is Outcome.VIOLATED}


@pytest.fixture(scope="session")
def serve():
    """The class: a test, or each example of a property, makes its own session."""
    return ServiceSession


def _changes(delivered):
    """All changes of all messaging event notifications, in order."""
    return [
        change
        for envelope in delivered
        if isinstance(envelope, dict) and envelope.get("type") == "ms.MessagingEventNotification"
        for change in envelope["body"]["changes"]
    ]


@pytest.fixture(scope="session")
def changes():
    return _changes
