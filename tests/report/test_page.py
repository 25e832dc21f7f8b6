"""One file, nothing fetched, nothing of the data run."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from recorder.report.page import page

AWKWARD = [
    "</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;b&gt;", "'\"`", "\u2028\u2029",
    "\ud800", "\x00", "${title}", "$$data", "<img src=x onerror=alert(1)>",
]  # fmt: skip


def block(text: str, opening: str, closing: str) -> str:
    return text.split(opening, 1)[1].split(closing, 1)[0]


@pytest.mark.parametrize("awkward", AWKWARD)
def test_whatever_the_data_holds_comes_out_of_its_block_as_it_went_in(awkward):
    text = page("title", {"says": awkward})
    data = block(text, '<script type="application/json" id="data">', "</script>")
    assert json.loads(data) == {"says": awkward}
    assert not re.search("[<>&]", data)
    text.encode()


@pytest.mark.parametrize("awkward", ["</title><script>", "a & b"])
def test_the_title_is_text(awkward):
    title = block(page(awkward, {}), "<title>", "</title>")
    assert "<" not in title
    assert not re.search("&(?!(lt|gt|amp|quot|#x27);)", title)


def test_the_policy_allows_the_script_and_the_style_that_are_there_and_nothing_else():
    text = page("title", {})
    policy = block(text, 'http-equiv="Content-Security-Policy" content="', '">')

    def hashed(opening: str, closing: str) -> str:
        digest = hashlib.sha256(text.rsplit(opening, 1)[1].split(closing, 1)[0].encode()).digest()
        return base64.b64encode(digest).decode()

    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashed('<script>', '</script>')}';"
        f" style-src 'sha256-{hashed('<style>', '</style>')}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_fetched():
    """No address of anything but the namespace of SVG, which is a name and not a place."""
    text = page("title", {})
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)=|@import|url\(|fetch\(|XMLHttpRequest|innerHTML", text)
