"""The connections as of each frame, one frame after another, against those of ``connections_at``."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.recipes.at_moment import connections_at
from recorder.recipes.connection_moments import ConnectionMoments

LINE = '{"connection": %d, "sender": "service", "at": "2026-01-31T12:00:%06.3fZ", "text": "%d"}'
OPENED = '{"connection": %d, "url": "wss://example.com/%d", "opened_at": "2026-01-31T12:00:%06.3fZ"%s}'
CLOSED = (
    ', "closed_at": "2026-01-31T12:00:%06.3fZ", "close_code": 1000, "closed_by": "service", "how": "closed"'
)

STORIES = {
    "one after another": ([(1, 0, 3), (2, 4, 8)], [(1, 1), (1, 2), (2, 5), (2, 6), (2, 9)]),
    "at once": ([(1, 0, None), (2, 1, 3), (3, 2, 9)], [(1, 1), (2, 2), (1, 3), (3, 4), (1, 5), (3, 6)]),
    "after its end": ([(1, 0, 2), (2, 1, 3)], [(1, 1), (2, 2), (1, 3), (2, 4), (1, 5), (2, 6)]),
    "clock set back": ([(1, 0, 4), (2, 3, 5)], [(1, 1), (1, 4), (2, 5), (1, 2), (2, 3), (2, 6)]),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_changes_comes_to_what_is_shown_of_each_frame(tmp_path, name):
    connections, frames = STORIES[name]
    lines = ['{"recorder": 1}']
    for number, opened, closed in connections:
        lines.append(OPENED % (number, number, opened, "" if closed is None else CLOSED % closed))
    lines += [LINE % (connection, second, second) for connection, second in frames]
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(lines) + "\n")
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        recipes.import_capture(archive, file, name="a")
        session = archive.find_session("a")
        moments = ConnectionMoments(
            archive.connections(session.session), archive.scan_frames(session.session)
        )
        shown = {}
        for frame in archive.frames(session.session):
            change = moments.as_of(frame)
            shown |= {each.connection: each for each in change.shown}
            for number in change.gone:
                del shown[number]
            if frame.number < session.frames:
                wanted = {each.connection: each for each in connections_at(archive, session, frame.number)}
                assert shown == wanted, frame.number
        assert list(moments.now().shown) == connections_at(archive, session)
