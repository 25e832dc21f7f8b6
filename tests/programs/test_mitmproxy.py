"""A real mitmproxy between a recording client and the simulator: its file holds what the client recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders.mitmdump import MISSING, MITMDUMP, MitmDump

from recorder import recipes
from recorder.recipes.endpoints import simulated_token
from recorder.simulator import SimulatorServer, agent_from
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import RecordedFrame

AGENT = [{"on": "conversation", "do": [{"say": "some agent text"}]}]
LINES = [
    '{"kind":"req","id":"1","type":"cm.ConsumerRequestConversation"}',
    '{"kind":"req","id":"2","type":"GetClock","body":"é 😀"}',
]

pytestmark = pytest.mark.skipif(MITMDUMP is None, reason=MISSING)


@contextmanager
def recorded_twice(tmp_path: Path, *options: str) -> Iterator[tuple[Archive, str, str]]:
    """A session as the client recorded it, and as the flow file of mitmproxy has it."""
    archive, flows = str(tmp_path / "x.db"), tmp_path / "flows"
    with SimulatorServer(agent_from(AGENT)) as server:
        scheme, _, rest = server.url.partition("://")
        host, _, path = rest.partition("/")
        proxy = MitmDump(f"{scheme.replace('ws', 'http')}://{host}", flows, *options)
        try:
            client = recipes.record(
                f"ws://127.0.0.1:{proxy.port}/{path}", archive=archive, token=simulated_token(), lines=LINES,
                deliver=lambda _: None, linger="500ms",
            )  # fmt: skip
        finally:
            proxy.finish()
    with recipes.open_archive(archive, mode="write") as opened:
        (imported,) = [recipes.import_capture(opened, flows)]
        yield opened, client, imported.session


def frames_of(archive: Archive, session: str) -> dict[Side, list[RecordedFrame]]:
    """The frames of each side: two programs may see what crosses on the wire in either order."""
    frames = list(archive.frames(archive.find_session(session)))
    return {side: [frame for frame in frames if frame.sender == side] for side in Side}


def texts_of(archive: Archive, session: str) -> list[bytes]:
    """The text messages, the client's first."""
    return [
        frame.payload
        for frames in frames_of(archive, session).values()
        for frame in frames
        if frame.opcode == Opcode.TEXT
    ]


def test_its_messages_are_those_that_the_client_recorded(tmp_path):
    with recorded_twice(tmp_path) as (archive, client, imported):
        assert len(texts_of(archive, client)) >= 5
        assert texts_of(archive, imported) == texts_of(archive, client)
        (connection,) = archive.connections(archive.find_session(imported))
        assert (connection.provenance, connection.fidelity) == ("mitm", "messages")
        assert (connection.close_code, connection.closed_by, connection.how) == (1000, Side.CLIENT, "closed")
        assert not any(
            change.differs for change in recipes.session_difference(archive, client, imported).changes
        )


def test_its_bytes_are_those_that_the_client_recorded(tmp_path):
    with recorded_twice(tmp_path, "--set", "websocket=false") as (archive, client, imported):
        for side, frames in frames_of(archive, client).items():
            seen = frames_of(archive, imported)[side]
            assert [(frame.opcode, frame.payload) for frame in seen] == [
                (frame.opcode, frame.payload) for frame in frames
            ]
            assert [frame.head for frame in seen] == [frame.head for frame in frames]  # masks and all
            assert {frame.opcode for frame in seen} == {Opcode.TEXT, Opcode.CLOSE}
        (connection,) = archive.connections(archive.find_session(imported))
        assert (connection.provenance, connection.fidelity) == ("mitm", "bytes")
        assert not any(
            change.differs for change in recipes.session_difference(archive, client, imported).changes
        )
