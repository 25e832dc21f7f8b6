"""A kept fold goes on where it was, looks at new frames only, and tells what they touched."""

from __future__ import annotations

from recorder.projection.incremental import IncrementalTranscript
from recorder.store.archive import Archive
from recorder.wire.records import ConnectionOpened

TEXT = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":%d,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}}]}}'
)


def told(frames, number):
    return frames.one(number, TEXT % number, sender=frames.closed.closed_by)


def test_only_new_frames_are_read_and_only_their_message_is_touched(path, begin, frames, monkeypatch):
    with Archive.open(path, mode="write") as archive:
        sink = begin(archive, session="s")
        sink([ConnectionOpened(1, None, 0, 0), *(told(frames, number) for number in range(1, 50))])
        kept = IncrementalTranscript(archive, "s")
        assert kept.update() is None
        assert (kept.last, len(kept.transcript.dialogs["d"])) == (49, 49)
        read = []
        scan_frames = archive.scan_frames
        monkeypatch.setattr(
            archive, "scan_frames", lambda *a, **k: (read.append(f[0]) or f for f in scan_frames(*a, **k))
        )
        sink([told(frames, 50)])
        changes = kept.update()
        assert read == [50]
        assert (changes.messages, changes.everything) == ({("d", 50)}, False)
        assert not kept.update().messages


def test_once_is_the_same_and_can_be_done_once_more(path, begin, frames):
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")(
            [ConnectionOpened(1, None, 0, 0), *(told(frames, n) for n in range(1, 9))]
        )
        kept, once = IncrementalTranscript(archive, "s"), IncrementalTranscript(archive, "s", once=True)
        kept.update()
        for _ in range(2):
            once.update()
            assert (once.transcript, once.entities) == (kept.transcript, kept.entities)
            assert len(once.transcript.dialogs["d"]) == 8
            once.reset()
            assert not once.transcript.dialogs


def test_deferred_dialogs_fold_to_the_same_transcript(path, begin, frames):
    with Archive.open(path, mode="write") as archive:
        two = [told(frames, n) for n in range(1, 9)]
        two += [each._replace(payload=each.payload.replace(b'"d"', b'"e"')) for each in two]
        numbered = [each._replace(number=n, index=n - 1) for n, each in enumerate(two, start=1)]
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *numbered])
        kept, left = IncrementalTranscript(archive, "s"), IncrementalTranscript(archive, "s", once=True)
        kept.update()
        left.update(defer=True)
        assert (left.unfolded.keys(), left.transcript.published) == ({"d", "e"}, {})
        for dialog in ("e", "nobody knows", "d"):
            left.fold_dialog(dialog)
        assert (left.transcript, left.entities) == (kept.transcript, kept.entities)
