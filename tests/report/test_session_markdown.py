"""Markdown in which nothing recorded is markup."""

from __future__ import annotations

import orjson
import pytest
from markdown_it import MarkdownIt

from recorder.report.session_markdown import TEXT_SHOWN, code, markdown_lines, shortened
from recorder.report.terminal import safe_text

AWKWARD = [
    "<b>x</b> <img src=x onerror=alert(1)>", "[a](javascript:alert(1)) ![b](http://x)", "a|b||c|", "\\|",
    "`a` ``b", "`", "``", " a ", "  ", "http://evil.example www.evil.example a@b.example", "# x",
    "* _a_ ~~b~~ **c**", "&lt; &#60; &amp;", "@somebody #12 :smile:", "a\nb\r\nc", "\\", "\\`|`\\",
    "---", "<!-- x", "$a$ ${b}",
]  # fmt: skip


def parsed(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def inline_tokens(tokens):
    for token in tokens:
        yield token
        yield from inline_tokens(token.children or ())


@pytest.mark.parametrize("text", AWKWARD)
def test_a_text_in_a_cell_is_that_text_and_nothing_else(text):
    tokens = parsed(f"| a | b |\n|---|---|\n| {code(text)} | end |\n")
    cells = [token for token in tokens if token.type == "inline"][2:]
    assert {each.type for token in cells for each in token.children} <= {
        "code_inline",
        "text",
        "text_special",
    }
    assert "".join(each.content for each in cells[0].children) == safe_text(text)
    assert cells[1].content == "end"


def document(view):
    return "\n".join(markdown_lines(view))


def test_a_capture_of_a_browser(view_of):
    written = document(view_of("browser.har"))
    assert written.splitlines()[2] == "> * Complete: nothing is known to be missing."
    assert "* agent: `30a5f5d5-19d4-48f6-981f-755a0b82b758`" in written
    assert (
        "| 2 | agent | `This is the first answer.` | **✓✓ read** | 12:00:00.796 `#15` |"
        " you ACCEPT `+0.107s` 12:00:00.903 `#18`; you READ `+0.308s` 12:00:01.105 `#23` |"
    ) in written
    assert "Nothing violated." in written


def test_findings_name_their_rule_and_frames(view_of):
    written = document(view_of("step-up.jsonl"))
    assert "* **warning** `ended-without-close`: connection 1: its transport ended" in written
    assert "(`#6`)" in written


def test_a_session_without_messages(view_of):
    assert "No messages in this recording." in document(view_of('{"sender": "client", "text": "x"}'))


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_names_and_ids_make_no_markup(view_of, text):
    change = {
        "dialogId": f"d{text}", "sequence": 0, "originatorId": f"o{text}",
        "originatorMetadata": {"role": text},
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": text},
    }  # fmt: skip
    told = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
    lines = [{"recorder": 1, "name": text}, {"sender": "service", "text": orjson.dumps(told).decode()}]
    view = view_of("".join(orjson.dumps(line).decode() + "\n" for line in lines))
    tokens = list(inline_tokens(parsed(document(view))))
    assert not {"html_inline", "html_block", "link_open", "image", "fence", "hr"} & {
        each.type for each in tokens
    }
    cells = [token for token in tokens if token.type == "td_open"]
    assert len(cells) == 6
    assert any(token.content == safe_text(text) or "|" in text for token in tokens)


def test_a_long_text_is_cut_and_counted():
    assert shortened("x" * (TEXT_SHOWN + 1)) == "x" * TEXT_SHOWN + "… (401 characters)"
    assert shortened("short") == "short"
