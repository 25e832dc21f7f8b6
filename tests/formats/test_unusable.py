"""What holds no messages is recognised, and told with a way out."""

from __future__ import annotations

import json
import zipfile

import pytest

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.known import format_of
from recorder.formats.unusable import UNUSABLE


def har_by(name):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": name, "version": "1"}, "entries": []}})


@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("HAR of Firefox", har_by("Firefox")),
        ("HAR of Firefox", har_by("Firefox Developer Edition")),
        ("HAR of Safari", har_by("WebKit Web Inspector")),
        ("Charles session (.chls, .chlz)", b"\xac\xed\x00\x05sr\x00\x1ccom.xk72.charles.model.Session"),
        ("Charles session (.chls, .chlz)", {"0-meta.json": "{}", "0-res.json": "{}", "1-meta.json": "{}"}),
        ("Fiddler session (.saz)", {"raw/1_c.txt": "", "raw/1_s.txt": "", "[Content_Types].xml": ""}),
    ],
)
def test_it_is_recognised_by_its_content(tmp_path, title, content):
    path = tmp_path / "capture.har"
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w") as whole:
            for name, text in content.items():
                whole.writestr(name, text)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (unusable,) = (each for each in UNUSABLE if each.title == title)
    with opened(path) as file, pytest.raises(BadCapture, match=unusable.problem) as raised:
        format_of(file)
    assert raised.value.hint == unusable.hint


@pytest.mark.parametrize("name", ["WebInspector", "Playwright", "mitmproxy", "HTTP Toolkit", "gori"])
def test_hars_with_messages_are_not_among_them(tmp_path, name):
    path = tmp_path / "f"
    path.write_text(har_by(name))
    with opened(path) as file:
        assert not any(each.recognise(file) for each in UNUSABLE)
        assert format_of(file).name == "har"
