"""Logs of programs: their envelopes as they stand, when, and where to; whatever else is in the lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.log_lines import LOG
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame, iso_utc

KINDS = {"req": Side.CLIENT, "resp": Side.SERVICE, "notification": Side.SERVICE}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ENVELOPE = st.fixed_dictionaries({"body": JSON, "kind": st.sampled_from(list(KINDS))})
LAYOUTS = {
    "words": lambda text: f"2026-01-31 12:00:00,5 DEBUG [ws] {{1}} << {text} (sent)",
    "field": lambda text: f'{{"level": 20, "time": 1769860800500, "data": {text}, "pid": 1}}',
    "string": lambda text: json.dumps({"timestamp": "2026-01-31T12:00:00.5Z", "message": f"got {text}"}),
    "string in a string": lambda text: json.dumps(
        {"log": json.dumps({"msg": text}) + "\n", "time": "2026-01-31T13:00:00.500+01:00"}
    ),
}
REQUEST = '{"kind":"req","id":"1"}'


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "f"


def records(path, content, say=None):
    path.write_bytes(content.encode())
    with opened(path) as file:
        return list(LOG.read(file, ([] if say is None else say).append))


def frames(path, content):
    return [record for record in records(path, content) if isinstance(record, RecordedFrame)]


@given(st.lists(st.tuples(ENVELOPE, st.sampled_from(list(LAYOUTS))), min_size=1, max_size=4), st.data())
def test_any_envelopes_come_back_as_they_stand(path, envelopes, data):
    other = st.sampled_from(
        ["", "class Some {", "}", '{"kind": "of log"}', 'he said "', "[1, 2,", "\t at x {"]
    )
    lines, texts = [], []
    for envelope, layout in envelopes:
        lines += data.draw(st.lists(other, max_size=2))
        texts.append((KINDS[envelope["kind"]], json.dumps(envelope)))
        lines.append(LAYOUTS[layout](texts[-1][1]))
    lines += data.draw(st.lists(other, max_size=2))
    found = frames(path, "\n".join(lines))
    assert [(frame.sender, frame.payload.decode()) for frame in found] == texts


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised_and_has_its_time(path, layout):
    (frame,) = frames(path, LAYOUTS[layout](REQUEST))
    assert (frame.payload.decode(), iso_utc(frame.at_us)) == (REQUEST, "2026-01-31T12:00:00.500000Z")
    with opened(path) as file:
        assert LOG.recognise(file)


@pytest.mark.parametrize(
    ("beginning", "at"),
    [
        ("2026-01-31T12:00:00Z ", "2026-01-31T12:00:00.000000Z"),
        ("[2026/01/31 12:00:00.123456789] ", "2026-01-31T12:00:00.123456Z"),
        ("DEBUG:ws:2026-01-31 12:00:00 +0100 ", "2026-01-31T11:00:00.000000Z"),
        ("1769860800.25 ", "2026-01-31T12:00:00.250000Z"),
        ("[1769860800250] ", "2026-01-31T12:00:00.250000Z"),
        ("2026-13-31 12:00:00 ", None),
        ("12:00:00 ", None),
        ("", None),
        ("x" * 100 + "2026-01-31T12:00:00Z ", None),
    ],
)
def test_a_line_begins_with_its_time(path, beginning, at):
    (frame,) = frames(path, f"some log\n{beginning}{REQUEST}\n")
    assert iso_utc(frame.at_us) == at


def test_times_without_a_zone_are_said_once(path):
    said = []
    records(path, f"2026-01-31 12:00:00 {REQUEST}\n2026-01-31 12:00:01 {REQUEST}\n", said)
    assert said == [f"{path}: its times have no zone, and are taken as UTC"]
    records(path, f"2026-01-31 12:00:00Z {REQUEST}\n", said)
    assert len(said) == 1


def test_an_envelope_may_go_over_lines(path):
    pretty = json.dumps({"kind": "resp", "body": {"a": [1, 2]}}, indent=2)
    first, second = frames(
        path, f"2026-01-31T12:00:00Z got {pretty}\n  at x {{\n2026-01-31T12:00:01Z {REQUEST}"
    )
    assert (first.payload.decode(), iso_utc(first.at_us)) == (pretty, "2026-01-31T12:00:00.000000Z")
    assert (second.payload.decode(), iso_utc(second.at_us)) == (REQUEST, "2026-01-31T12:00:01.000000Z")


def test_what_is_in_an_envelope_is_its_own(path):
    quoted = json.dumps({"kind": "req", "body": {"kind": "resp", "message": REQUEST}})
    (frame,) = frames(path, f"sent {quoted}")
    assert frame.payload.decode() == quoted


def test_a_beginning_begins_a_connection_at_the_address_last_named(path):
    begin = '{"kind":"req","id":"0","type":"InitConnection"}'
    found = records(
        path,
        f"open 'wss://a.example/x?v=3'\n1769860800 {begin}\n{REQUEST}\nagain wss://b.example/y\n{begin}\n{REQUEST}\n",
    )
    assert [(each.connection, each.url) for each in found if isinstance(each, ConnectionOpened)] == [
        (1, "wss://a.example/x?v=3"),
        (2, "wss://b.example/y"),
    ]
    assert [each.connection for each in found if isinstance(each, RecordedFrame)] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f'{REQUEST}\nx {{"kind":"req","id":', "line 2: the envelope in it is cut off"),
        ('x {\n "kind": "req",\n12:00\n', "line 1: the envelope in it is cut off"),
        ('x "kind":"req"', "line 1: the envelope in it is cut off"),
        ('{"kind":"req","a":' + "[" * 100_000, "line 1: it is nested too deeply"),
    ],
)
def test_what_is_broken_is_said(path, content, says):
    with pytest.raises(BadCapture, match=says):
        records(path, content)


def test_other_lines_may_have_any_bytes(path):
    path.write_bytes(b"\xff\xfe words\n" + REQUEST.encode() + b"\n")
    with opened(path) as file:
        assert len(list(LOG.read(file, [].append))) == 2
    path.write_bytes(b"\xff " + REQUEST.encode() + b"\n")
    with opened(path) as file, pytest.raises(BadCapture, match="line 1: the line is not UTF-8"):
        list(LOG.read(file, [].append))
