"""Captures that are cut, damaged or made up are read, or refused in one sentence with the place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders.captures import CAPTURES, CONVERSATION, OF_ENVELOPES, texts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.known import format_of, named_format
from recorder.formats.session_order import numbered
from recorder.formats.spool import RecordSpool
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

# Where the damage is, or, when it is in the first bytes, what the whole file is.
PLACE = re.compile(
    r"(?:, (?:line|byte|entry|event|flow|message) \d+)+: |: it is no (?:NetLog|HAR): "
    r"|: it is (?:UTF-16|compressed|a zip file|an archive)|zip file|compression|there is nothing in it"
)

every_format = pytest.mark.parametrize("name", CAPTURES)


def frames_of(path: Path, name: str | None = None) -> list[RecordedFrame]:
    """The frames of a capture, by the road that an import takes."""
    with opened(path) as file:
        form = format_of(file) if name is None else named_format(name)
        with RecordSpool(by_time=not form.is_one_session) as spool:
            for record in form.read(file, lambda _: None):
                if isinstance(record, tuple) and hasattr(record, "connection"):
                    spool.add(record)
            records = spool.in_order(spool.sockets)
            ordered = records if form.is_one_session else numbered(records)
            return [record for record in ordered if isinstance(record, RecordedFrame)]


def refusal_of(path: Path, name: str | None) -> str | None:
    """Why the capture cannot be read; None if it can."""
    try:
        frames_of(path, name)
    except BadCapture as refused:
        return str(refused)
    return None


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures") / "capture"


@every_format
@given(st.data())
def test_one_byte_changed_or_more_cut_off_is_read_or_told(path, name, data):
    whole = bytearray(CAPTURES[name]())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans(), label="cut"):
        del whole[place:]
    else:
        whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    refusal = refusal_of(path, name)
    assert refusal is None or PLACE.search(refusal)
    assert "\n" not in (refusal or "")


@every_format
@given(st.binary(max_size=200))
def test_bytes_that_are_no_capture_are_told(path, name, content):
    path.write_bytes(content)
    for forced in (name, None):
        assert "\n" not in (refusal_of(path, forced) or "")


TEXTS = st.text().filter(lambda text: not any(0xD800 <= ord(letter) < 0xE000 for letter in text))


@pytest.mark.parametrize("name", [name for name in CAPTURES if name not in OF_ENVELOPES])
@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(Side), TEXTS), min_size=1, max_size=8))
def test_any_conversation_comes_back_as_it_was_written(path, name, messages):
    written = [(sender, text.encode()) for sender, text in messages]
    path.write_bytes(CAPTURES[name](tuple(written)))
    assert texts_of(frames_of(path)) == written


@every_format
def test_the_capture_of_each_format_is_recognised(path, name):
    path.write_bytes(CAPTURES[name]())
    with opened(path) as file:
        assert format_of(file).name == name
    assert texts_of(frames_of(path)) == list(CONVERSATION)
