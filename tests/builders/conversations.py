"""Sessions of one conversation each, recorded into an archive: to be looked for."""

from __future__ import annotations

import json
from collections.abc import Sequence

from recorder.clock import VirtualClock
from recorder.projection.derived.refresh import refresh
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

START_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000


def payloads(dialog: str, conversation: str, texts: Sequence[str], agent: str) -> list[dict[str, object]]:
    """What the service says: a snapshot, the texts of an agent, READ of the first by a consumer."""
    people = [{"id": agent, "role": "ASSIGNED_AGENT"}, {"id": f"consumer of {dialog}", "role": "CONSUMER"}]
    result = {
        "convId": conversation,
        "conversationDetails": {
            "participants": people,
            "dialogs": [{"dialogId": dialog, "dialogType": "MAIN", "state": "OPEN"}],
        },
    }
    events = [{"type": "ContentEvent", "contentType": "text/plain", "message": text} for text in texts]
    read = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}
    told = [*((agent, event) for event in events), (f"consumer of {dialog}", read)]
    changes = [
        {"sequence": number, "dialogId": dialog, "originatorId": who, "event": event}
        for number, (who, event) in enumerate(told)
    ]
    snapshot = {"changes": [{"type": "UPSERT", "result": result}]}
    return [
        {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": snapshot},
        *(
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [each]}}
            for each in changes
        ),
    ]


def record_conversation(
    archive: Archive,
    number: int,
    texts: Sequence[str] = ("hello",),
    *,
    agent: str = "agent-1",
    name: str | None = None,
    ended: bool = True,
    derived: bool = True,
) -> str:
    """Record session ``number``, an hour after the one before it; returns its id.

    Frame 1 asks for something, and frame 2 refuses it with 404; frame 3 is the snapshot; the texts follow as
    messages 0 and on; the last frame is READ of message 0. Its dialog is ``dialog-NUMBER`` of
    ``conversation-NUMBER``.
    """
    begun_us = START_US + number * HOUR_US
    clock = VirtualClock()
    options = IntakeOptions(keep_secrets=True)
    sink = archive.begin_session(
        source="client", started_at_us=begun_us, clock=clock, name=name, options=options
    )
    asked = {"kind": "req", "id": f"request-{number}", "type": "cm.UpdateConversationField", "body": {}}
    refused = {"kind": "resp", "reqId": f"request-{number}", "code": 404, "body": {}}
    said = [asked, refused, *payloads(f"dialog-{number}", f"conversation-{number}", texts, agent)]
    sink([ConnectionOpened(1, "wss://example.test/ws", begun_us, 0)])
    frames = []
    for place, each in enumerate(said, 1):
        payload = json.dumps(each, ensure_ascii=False).encode("utf-8", "replace")
        sender, offset_us = Side.CLIENT if place == 1 else Side.SERVICE, place * 1_000_000
        times = (begun_us + offset_us, offset_us)
        frames.append(RecordedFrame(place, 1, place - 1, sender, *times, 1, True, 0, payload))
    sink(frames)
    if ended:
        over_us = begun_us + HOUR_US // 2
        sink([ConnectionClosed(1, over_us, HOUR_US // 2, 4401, "gone", Side.SERVICE, "closed")])
        sink.finish(over_us)
        if derived:
            refresh(archive, sink.session)
    return str(sink.session)
