"""Files go in whole or not at all, and come out as they went in."""

from __future__ import annotations

import gzip
import itertools

import orjson
import pytest

from recorder import recipes
from recorder.errors import BadCapture, BadOption, NotFound


def frames_of(opened, session):
    return list(recipes.frames(opened, session))


def test_export_then_import_is_the_identity_on_a_recorded_session(archive, samples, tmp_path):
    """Header bytes, times, violations, redactions and the ends of connections included."""
    recipes.replay(samples / "tutorial-conversation.yaml", archive=archive)
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    with recipes.open_archive(archive) as opened:
        recipes.export_to_file(opened, "last", first)
        recorded, connections = frames_of(opened, "last"), opened.connections(opened.find_session("last"))
    other = str(tmp_path / "other.db")
    with recipes.open_archive(other, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, first)
        assert frames_of(opened, session.session) == recorded
        assert opened.connections(session) == connections
        recipes.export_to_file(opened, "last", second)
    theirs, ours = first.read_text().splitlines(), second.read_text().splitlines()
    assert ours[1:] == theirs[1:]


def test_an_id_that_is_taken_is_not_taken_again(archive, samples, tmp_path):
    file = tmp_path / "again.jsonl"
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        first = recipes.import_capture(opened, samples / "tutorial.jsonl")
        recipes.export_to_file(opened, "last", file)
        second = recipes.import_capture(opened, file)
        assert second.session != first.session
        assert frames_of(opened, second.session) == frames_of(opened, first.session)


def test_an_import_that_was_cut_short_is_made_good_by_the_next(archive, samples, monkeypatch):
    """Whatever stopped it, the half of a session does not stay."""
    from recorder.recipes import import_file

    with recipes.open_archive(archive, mode="write", create=True) as opened:
        monkeypatch.setattr(import_file, "_BATCH", 2)
        whole = import_file.RecordSpool.in_order

        def cut_short(spool, sockets):
            yield from itertools.islice(whole(spool, sockets), 5)
            raise KeyboardInterrupt

        monkeypatch.setattr(import_file.RecordSpool, "in_order", cut_short)
        with pytest.raises(KeyboardInterrupt):
            recipes.import_capture(opened, samples / "tutorial.jsonl")
        monkeypatch.setattr(import_file.RecordSpool, "in_order", whole)
        session = recipes.import_capture(opened, samples / "tutorial.jsonl")
        assert [each.session for each in opened.sessions()] == [session.session]
        assert (session.frames, session.state) == (7, "complete")


def test_a_bad_capture_leaves_the_archive_unchanged(archive, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"sender":"client","text":"{}"}\n{"sender":"nobody","text":""}\n')
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(BadCapture, match="line 2"):
            recipes.import_capture(opened, file)
        assert opened.sessions() == []
        with pytest.raises(NotFound):
            recipes.export_to_file(opened, "last", tmp_path / "out.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".jsonl") == ["bad.jsonl"]


SENT = {
    "type": "send",
    "time": 1769860800.1,
    "opcode": 1,
    "data": '{"kind":"req","id":"1","type":"GetClock"}',
}
OURS = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"


def har_entry(url, *messages):
    return {
        "startedDateTime": "2026-01-31T12:00:00.000Z",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 101, "headers": []},
        "_webSocketMessages": [{**SENT, **message} for message in messages],
    }


def har(path, *entries):
    path.write_bytes(orjson.dumps({"log": {"entries": entries}}))
    return path


def test_the_websockets_of_a_file_are_connections_of_one_session_in_order_of_time(archive, tmp_path):
    file = har(
        tmp_path / "two sockets.har",
        har_entry(OURS, {"data": "1", "time": 1769860801}, {"data": "3", "time": 1769860803}),
        har_entry(OURS, {"data": "2", "time": 1769860802}, {"data": "4", "time": 1769860804}),
    )
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file)
        assert (session.name, session.source, session.connections) == ("two sockets", "har", 2)
        assert session.started_at_us == 1769860800000000
        frames = frames_of(opened, session.session)
        assert [(f.number, f.connection, f.index, f.payload) for f in frames] == [
            (1, 1, 0, b"1"), (2, 2, 0, b"2"), (3, 1, 1, b"3"), (4, 2, 1, b"4"),
        ]  # fmt: skip
        assert [f.offset_us for f in frames] == [1_000_000, 2_000_000, 3_000_000, 4_000_000]


def imported(archive, file, **options):
    remarks = []
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file, say=remarks.append, **options)
        return session, [connection.url for connection in opened.connections(session)], remarks


def test_foreign_websockets_are_left_out_and_counted(archive, tmp_path):
    other, by_shape = "wss://chat.example/socket", "wss://gateway.example/x"
    file = har(
        tmp_path / "f.har",
        har_entry(other, {"data": "hello"}, {"data": "there"}),
        har_entry(OURS, {"data": "1"}),
        har_entry(by_shape, {}),
    )
    _, urls, remarks = imported(archive, file)
    assert urls == [OURS, by_shape]
    assert remarks == [f"{file}: left out 1 other WebSocket with 2 frames ({other}); --all imports them too"]
    assert imported(archive, file, every_socket=True)[1:] == ([other, OURS, by_shape], [])
    assert imported(archive, file, url="chat")[1] == [other]


def test_a_file_without_a_websocket_of_ours_says_so(archive, tmp_path):
    foreign = har(tmp_path / "f.har", har_entry("wss://chat.example/", {"data": "x"}))
    empty = har(tmp_path / "e.har")
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(BadCapture, match="no WebSocket in it is LivePerson's; 1 other") as raised:
            recipes.import_capture(opened, foreign)
        assert raised.value.hint == "--all imports every WebSocket in it"
        with pytest.raises(BadCapture, match="no address is like nothing"):
            recipes.import_capture(opened, foreign, url="nothing")
        with pytest.raises(BadCapture, match="there is no WebSocket in it"):
            recipes.import_capture(opened, empty)
        assert opened.sessions() == []


def test_a_session_of_ours_without_a_connection_is_one(archive, tmp_path):
    (tmp_path / "none.jsonl").write_bytes(b'{"recorder":1,"name":"nobody came"}\n')
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, tmp_path / "none.jsonl")
        assert (session.name, session.state, session.frames) == ("nobody came", "complete", 0)


def test_content_is_the_same_whatever_the_file_is_called_and_however_it_is_packed(archive, samples, tmp_path):
    plain = (samples / "tutorial.jsonl").read_bytes()
    (tmp_path / "other.name").write_bytes(plain)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(plain))
    session, _, _ = imported(archive, samples / "tutorial.jsonl")
    for name in ("other.name", "packed.gz"):
        again, _, remarks = imported(archive, tmp_path / name, name="another name")
        assert (again, remarks) == (
            session,
            [f"{tmp_path / name} was imported before, as session {session.session}; nothing added"],
        )


def test_what_stands_before_a_fault_can_be_imported(archive, tmp_path):
    file = har(
        tmp_path / "f.har", har_entry(OURS, {"data": "1"}, {"data": "2"}), har_entry(OURS, {"data": "3"})
    )
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b'"data":"3"') + 8])
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(BadCapture, match="it ends in the middle"):
            recipes.import_capture(opened, file)
        assert opened.sessions() == []
        session = recipes.import_capture(opened, file, partial=True)
        assert (session.frames, session.state) == (2, "interrupted")
        assert session.detail == "the file is broken: it ends in the middle"


def test_a_format_can_be_forced(archive, tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b'{"log": {"entries": []}}\n')
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(BadCapture, match="line 1: the line is no session, connection or frame"):
            recipes.import_capture(opened, file, format_name="jsonl")
        with pytest.raises(BadOption, match="there is no format"):
            recipes.import_capture(opened, file, format_name="none")
        with pytest.raises(TypeError, match="nme"):
            recipes.import_capture(opened, file, nme="x")


def test_requests_to_the_service_stand_beside_the_websockets_with_their_secrets_out(archive, tmp_path):
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
    signup = {
        "startedDateTime": "2026-01-31T11:59:59.000Z",
        "request": {"method": "POST", "url": "https://idp.example/api/account/1/signup"},
        "response": {"status": 200, "content": {"text": f'{{"jwt":"{jwt}"}}'}},
    }
    other = {"request": {"method": "GET", "url": "https://cdn.example/page"}, "response": {"status": 200}}
    file = har(tmp_path / "f.har", signup, other, har_entry(OURS, {}))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file)
        (kept,) = opened.exchanges(session)
        assert (kept.purpose, kept.status, kept.offset_us) == ("signup", 200, 0)
        assert b"sub=me" in kept.response_body
        (connection,) = opened.connections(session)
        assert (connection.provenance, connection.fidelity) == ("har", "messages")
        assert connection.opened_offset_us == 1_000_000


def test_all_captures_of_one_conversation_tell_the_same(archive, samples):
    """Fewer frames, the same messages and receipts; the HAR cannot tell how it closed, the log not when."""
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        for name in ("browser.har", "browser.netlog.json", "browser.wscat.log"):
            recipes.import_capture(opened, samples / name)
        _, by_har = recipes.messages(opened, "browser")
        _, by_netlog = recipes.messages(opened, "browser.netlog")
        _, by_log = recipes.messages(opened, "browser.wscat")
        ends = [opened.connections(session)[0].how for session in opened.sessions()]
    told = [[(each.text, each.status) for each in messages] for messages in (by_har, by_netlog, by_log)]
    assert (
        told[0]
        == told[1]
        == told[2]
        == [
            ("Is anything new?", "accepted"),
            ("This is the first answer.", "read"),
            ("This is the second answer.", "accepted"),
        ]
    )
    assert ends == [None, "closed", "closed"]
