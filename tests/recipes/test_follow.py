"""A session is followed while somebody else records it: every change is told, and the end ends it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from builders.following import StepClock

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import NotFound
from recorder.recipes.follow import Following, session_to_follow
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

ROOT = Path(__file__).parents[2]


def told(number, event, *, sequence, by="agent"):
    change = {
        "sequence": sequence, "dialogId": "d", "originatorId": by, "serverTimestamp": 1_700_000_000_000,
        "event": event,
    }  # fmt: skip
    body = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
    payload = json.dumps(body).encode()
    return RecordedFrame(number, 1, number - 1, Side.SERVICE, number, number, 1, True, 0, payload)


HI = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
READ = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}


@pytest.fixture
def recorder(tmp_path):
    """An archive, and the sink of a session in it."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(
            source="client", started_at_us=0, clock=VirtualClock(), options=IntakeOptions(keep_secrets=True)
        )
        sink([ConnectionOpened(1, None, 0, 0)])
        yield path, sink


def test_only_what_changed_is_told_and_the_end_record_ends_it(recorder):
    path, sink = recorder
    clock = StepClock(
        lambda: sink([told(1, HI, sequence=0), told(2, HI, sequence=1)]),
        lambda: None,
        lambda: sink([told(3, READ, sequence=2, by="me")]),
        lambda: sink.finish(0),
    )
    with recipes.open_archive(str(path)) as archive:
        following = Following(archive, "last", clock=clock, interval="2s")
        updates = [([(m.sequence, m.status) for m in update.changed], update.over) for update in following]
        assert updates == [
            ([], False), ([(0, "sent"), (1, "sent")], False), ([(0, "read")], False), ([], True),
        ]  # fmt: skip
        assert [message.status for message in following.messages()] == ["read", "sent"]
    assert clock.now_s() == 8.0


def test_a_stop_ends_it_between_two_looks(recorder):
    path, _ = recorder

    class Stopped:
        asked = False

        def is_set(self):
            return self.asked

        def wait(self, timeout=None):
            self.asked = True
            return True

    with recipes.open_archive(str(path)) as archive:
        updates = list(Following(archive, "last", stop=Stopped()))
    assert [update.over for update in updates] == [False]


def test_a_dialog_that_never_came_is_said_at_the_end(recorder):
    path, sink = recorder
    sink([told(1, HI, sequence=0)])
    sink.finish(0)
    with recipes.open_archive(str(path)) as archive, pytest.raises(NotFound, match="dialog"):
        list(Following(archive, "last", dialog="e"))


def test_updates_add_up_to_the_messages_of_a_real_recording(tmp_path):
    """Another thread replays against the simulator; the last word on each message is that of a fold."""
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as made:
        before = made.sessions()
    assert not before
    began = threading.Event()

    def say(line):
        if line.startswith("step 1"):
            began.set()

    script = ROOT / "samples" / "slow-reader.yaml"
    player = threading.Thread(target=lambda: recipes.replay(script, archive=path, say=say))
    player.start()
    assert began.wait(60)
    latest = {}
    with recipes.open_archive(path) as archive:
        for update in Following(archive, "last", interval="20ms"):
            latest |= {(message.dialog_id, message.sequence): message for message in update.changed}
    player.join()
    with recipes.open_archive(path) as archive:
        _, messages = recipes.messages(archive, "last")
    known = {key: message for key, message in latest.items() if key[1] is not None}
    assert known == {(message.dialog_id, message.sequence): message for message in messages}
    assert {message.status for message in messages} == {"read"}


def test_the_session_that_begins_next_is_waited_for_if_none_is_being_recorded(recorder):
    path, sink = recorder
    said = []
    with recipes.open_archive(str(path)) as archive:
        following = {"clock": StepClock(lambda: None), "say": said.append}
        assert session_to_follow(archive, "last", **following) == "last", "it is being recorded"
        sink.finish(0)
        assert session_to_follow(archive, sink.session, **following) == sink.session, "it is named"
        assert said == []


def test_a_session_that_begins_is_followed(tmp_path):
    path = str(tmp_path / "x.db")
    said, begun = [], []
    with Archive.open(path, mode="write") as archive, recipes.open_archive(path) as reading:

        def begin():
            begun.append(archive.begin_session(source="client", started_at_us=0, clock=VirtualClock()))

        found = session_to_follow(reading, "last", clock=StepClock(lambda: None, begin), say=said.append)
        assert found == begun[0].session
        assert said == [
            "no session is being recorded; waiting for the next one, Ctrl-C ends",
            f"session {found} has begun",
        ]


def test_what_changed_is_listed_with_the_clocks_of_all(recorder):
    path, sink = recorder
    sink([told(1, HI, sequence=0), told(2, HI, sequence=1)])
    clock = StepClock(lambda: sink([told(3, READ, sequence=2, by="me")]), lambda: sink.finish(0))
    with recipes.open_archive(str(path)) as archive:
        following = Following(archive, "last", clock=clock)
        listed = []
        for update in following:
            for dialog in following.listing(update.changed):
                listed.append((dialog.dialog_id, [each.sequence for each in dialog.messages]))
    assert listed == [("d", [0, 1]), ("d", [0])]
