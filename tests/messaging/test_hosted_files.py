"""What a file shows in place of a text."""

from __future__ import annotations

import json

import pytest

from recorder.messaging.hosted_files import file_text, hosted_file


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        pytest.param(
            {"caption": "a map", "relativePath": "/m.PNG", "fileType": "PNG"}, "a map", id="caption"
        ),
        pytest.param(
            {"caption": " ", "relativePath": "/m.PNG", "fileType": "PNG"}, "m.PNG (PNG)", id="blank"
        ),
        pytest.param({"relativePath": "/v1/m.PNG?temp_url_sig=1/2"}, "m.PNG", id="no-type"),
        pytest.param({"relativePath": "", "fileType": "PNG"}, "PNG", id="no-path"),
        pytest.param({"caption": 1, "relativePath": 2, "fileType": 3}, None, id="mistyped"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_a_file_shows_its_caption_or_what_it_is_called(file: dict[str, object], shown: str | None) -> None:
    assert file_text(file) == shown
    assert hosted_file(json.dumps(file)) == hosted_file(file) == file


@pytest.mark.parametrize("message", ["a map", "[1]", "", "{", "[" * 9_000, None, 3])
def test_what_describes_no_file_is_none(message: object) -> None:
    assert hosted_file(message) is None
