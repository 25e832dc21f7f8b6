"""Envelopes alone, however they are put into lines; their kind tells the side."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.envelope_lines import ENVELOPES
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

KINDS = {"req": Side.CLIENT, "resp": Side.SERVICE, "notification": Side.SERVICE}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ENVELOPE = st.fixed_dictionaries({"body": JSON, "kind": st.sampled_from(list(KINDS))})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("envelopes") / "f"


def records(path, content):
    path.write_bytes(content)
    with opened(path) as file:
        return list(ENVELOPES.read(file, [].append))


@given(st.lists(ENVELOPE, min_size=1, max_size=5), st.sampled_from([None, 2]), st.booleans(), st.data())
def test_any_envelopes_come_back_as_they_stand(path, envelopes, indent, in_array, data):
    texts = [json.dumps(each, indent=indent) for each in envelopes]
    between = data.draw(st.sampled_from([",", ",\n", " ,\r\n "] if in_array else ["\n", "", "\r\n\n"]))
    content = between.join(texts)
    content = f"[{content}]\n" if in_array else content
    path.write_bytes(content.encode())
    with opened(path) as file:
        assert ENVELOPES.recognise(file)
    began, *frames = records(path, content.encode())
    assert began == ConnectionOpened(1, None, None, None, "text", "lines")
    assert [(frame.sender, frame.payload.decode()) for frame in frames] == [
        (KINDS[each["kind"]], text) for each, text in zip(envelopes, texts, strict=True)
    ]
    assert all(isinstance(frame, RecordedFrame) and frame.at_us is None for frame in frames)


def test_a_long_first_envelope_is_recognised(path):
    path.write_bytes(b'{"kind": "resp", "body": "' + b"x" * 100_000 + b'"}')
    with opened(path) as file:
        assert ENVELOPES.recognise(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"kind":"req"}\n{"type":"x"}\n', 'line 2: it is no envelope with a "kind"'),
        (b'{"kind":"req"}\n5\n', 'line 2: it is no envelope with a "kind"'),
        (b'{"kind":["req"]}\n', 'line 1: it is no envelope with a "kind"'),
        (b'{"kind":"req"}\n{"kind":\n"resp"', "line 3: it ends in the middle"),
        (b'[{"kind":"req"},\n', "line 1: it ends in the middle"),
        (b'{"kind":"req"}\n{"kind" "resp"}', "line 2: it is not JSON: Expecting"),
        (b'{"kind":"req"}]\n', "line 1: it is not JSON: Expecting value"),
        (b'{"kind":"req","x":"\xff"}\n', "line 1: the line is not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "line 1: it is nested too deeply"),
    ],
)
def test_what_is_none_is_told_with_its_line(path, content, says):
    with pytest.raises(BadCapture, match=says):
        records(path, content)
