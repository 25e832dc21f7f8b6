"""Make an archive of N frames that look like a busy recording: the same frames for the same seed.

40 % contents, 50 % receipts for 1 to 5 messages, 10 % other (chat states, our own publishes and receipts
with their answers, conversation notifications), over a dialog for every hundred frames.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from recorder.clock import RealClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

FRAMES_PER_DIALOG = 100
AGENTS = 50
BATCH = 1_000
BEGAN_MS = 1_700_000_000_000
CONTENT, RECEIPT = 0.4, 0.9
"""A draw below the first is a content, below the second a receipt, the rest is other."""

_WORDS = ("order number parcel yesterday please thanks check again address refund invoice agent" * 4).split()


def make_archive(path: Path, frames: int, *, seed: int = 7) -> None:
    """Write a new archive with one session of so many frames."""
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(
            source="client",
            started_at_us=BEGAN_MS * 1_000,
            clock=RealClock(),
            session="b" * 12,
            options=IntakeOptions(keep_secrets=True),
        )
        sink([ConnectionOpened(1, "wss://example.test/messaging", BEGAN_MS * 1_000, 0)])
        batch: list[RecordedFrame] = []
        for frame in recording(frames, seed=seed):
            batch.append(frame)
            if len(batch) == BATCH:
                sink(batch)
                batch = []
        sink(batch)
        sink.finish(None)


def recording(frames: int, *, seed: int = 7) -> Iterator[RecordedFrame]:
    """The frames, as the one road takes them."""
    traffic = Traffic(max(1, frames // FRAMES_PER_DIALOG), seed)
    for number in range(1, frames + 1):
        sender, envelope = traffic.next()
        payload = json.dumps(envelope, separators=(",", ":")).encode()
        yield RecordedFrame(
            number, 1, number - 1, sender, (BEGAN_MS + number) * 1_000, number * 1_000, 1, True, 0, payload,
            b"\x81\xfe\x01\xc2",
        )  # fmt: skip


class Traffic:
    """What is said next, in which of the dialogs. Each dialog has its consumer and an agent of many."""

    def __init__(self, dialogs: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._agents = [self._uuid() for _ in range(AGENTS)]
        self._dialogs = [
            (self._uuid(), self._uuid(), self._random.choice(self._agents)) for _ in range(dialogs)
        ]
        self._sequences = [0] * dialogs
        self._contents: list[list[int]] = [[] for _ in range(dialogs)]
        self._answers: list[dict[str, object]] = []
        self._frame = 0

    def next(self) -> tuple[Side, dict[str, object]]:
        """The next envelope, and who sends it."""
        self._frame += 1
        if self._answers:
            return Side.SERVICE, self._answers.pop()
        place = self._random.randrange(len(self._dialogs))
        draw = self._random.random()
        if draw < CONTENT or (draw < RECEIPT and not self._contents[place]):
            return Side.SERVICE, self._content(place)
        if draw < RECEIPT:
            return Side.SERVICE, self._receipt(place)
        return self._other(place, self._random.random())

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _text(self) -> str:
        return " ".join(self._random.choices(_WORDS, k=self._random.randint(3, 16)))

    def _sequence(self, place: int) -> int:
        self._sequences[place] += 1
        return self._sequences[place] - 1

    def _change(self, place: int, event: dict[str, object], *, counted: bool = True) -> dict[str, object]:
        dialog, consumer, agent = self._dialogs[place]
        by_agent = self._random.random() < 0.5
        who, role = (agent, "ASSIGNED_AGENT") if by_agent else (consumer, "CONSUMER")
        number = {"sequence": self._sequence(place)} if counted else {}
        time = {"serverTimestamp": BEGAN_MS + self._frame} if counted else {}
        change = {
            **number, "originatorId": who, "originatorMetadata": {"id": who, "role": role}, **time,
            "event": event, "conversationId": dialog, "dialogId": dialog,
        }  # fmt: skip
        return {
            "kind": "notification", "body": {"changes": [change]}, "type": "ms.MessagingEventNotification",
        }  # fmt: skip

    def _content(self, place: int) -> dict[str, object]:
        self._contents[place].append(self._sequences[place])
        event = {"type": "ContentEvent", "message": self._text(), "contentType": "text/plain"}
        return self._change(place, event)

    def _receipt(self, place: int) -> dict[str, object]:
        recent = self._contents[place][-12:]
        named = sorted(self._random.sample(recent, min(len(recent), self._random.randint(1, 5))))
        status = self._random.choice(("ACCEPT", "READ"))
        return self._change(place, {"type": "AcceptStatusEvent", "status": status, "sequenceList": named})

    def _other(self, place: int, draw: float) -> tuple[Side, dict[str, object]]:
        if draw < 0.3:
            state = self._random.choice(("ACTIVE", "COMPOSING", "PAUSE"))
            typing = {"type": "ChatStateEvent", "chatState": state}
            return Side.SERVICE, self._change(place, typing, counted=False)
        if draw < 0.5:
            return Side.SERVICE, self._conversation(place)
        if draw < 0.75 or not self._contents[place]:
            event: dict[str, object] = {
                "type": "ContentEvent", "contentType": "text/plain", "message": self._text(),
            }  # fmt: skip
        else:
            named = self._contents[place][-1:]
            event = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": named}
        return Side.CLIENT, self._request(place, event)

    def _request(self, place: int, event: dict[str, object]) -> dict[str, object]:
        if event["type"] == "ContentEvent":
            self._contents[place].append(self._sequences[place])
        body = {"sequence": self._sequence(place)}
        self._answers.append(
            {
                "kind": "resp", "reqId": str(self._frame), "code": 200, "body": body,
                "type": "ms.PublishEventResponse",
            }
        )  # fmt: skip
        return {
            "kind": "req", "id": str(self._frame), "type": "ms.PublishEvent",
            "body": {"dialogId": self._dialogs[place][0], "event": event},
        }  # fmt: skip

    def _conversation(self, place: int) -> dict[str, object]:
        dialog, consumer, agent = self._dialogs[place]
        people = [{"id": consumer, "role": "CONSUMER"}, {"id": agent, "role": "ASSIGNED_AGENT"}]
        details = {
            "convId": dialog, "state": "OPEN", "stage": "OPEN",
            "metaDataLastUpdateTs": BEGAN_MS + self._frame,
            "participants": people,
            "dialogs": [
                {"dialogId": dialog, "dialogType": "MAIN", "channelType": "MESSAGING", "state": "OPEN"}
            ],
        }  # fmt: skip
        result = {"convId": dialog, "effectiveTTR": -1, "conversationDetails": details}
        return {
            "kind": "notification", "type": "cqm.ExConversationChangeNotification",
            "body": {"sentTs": BEGAN_MS + self._frame, "changes": [{"type": "UPSERT", "result": result}]},
        }  # fmt: skip
