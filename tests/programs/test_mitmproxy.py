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


def frames_of(archive: Archive, session: str, *opcodes: int) -> list[tuple[Side, int, bytes]]:
    frames = archive.frames(archive.find_session(session))
    return [(frame.sender, frame.opcode, frame.payload) for frame in frames if frame.opcode in opcodes]


def test_its_messages_are_those_that_the_client_recorded(tmp_path):
    with recorded_twice(tmp_path) as (archive, client, imported):
        assert len(frames_of(archive, client, Opcode.TEXT)) >= 5
        assert frames_of(archive, imported, Opcode.TEXT) == frames_of(archive, client, Opcode.TEXT)
        (connection,) = archive.connections(archive.find_session(imported))
        assert (connection.provenance, connection.fidelity) == ("mitm", "messages")
        assert (connection.close_code, connection.closed_by, connection.how) == (1000, Side.CLIENT, "closed")
        assert not any(
            change.differs for change in recipes.session_difference(archive, client, imported).changes
        )


def test_its_bytes_are_those_that_the_client_recorded(tmp_path):
    with recorded_twice(tmp_path, "--set", "websocket=false") as (archive, client, imported):
        every = range(16)
        assert {opcode for _, opcode, _ in frames_of(archive, imported, *every)} == {
            Opcode.TEXT,
            Opcode.CLOSE,
        }
        assert frames_of(archive, imported, *every) == frames_of(archive, client, *every)
        (connection,) = archive.connections(archive.find_session(imported))
        assert (connection.provenance, connection.fidelity) == ("mitm", "bytes")
        heads = [
            [frame.head for frame in archive.frames(archive.find_session(session))]
            for session in (client, imported)
        ]
        assert heads[0] == heads[1]  # masks and all
        assert not any(
            change.differs for change in recipes.session_difference(archive, client, imported).changes
        )
