"""A long session is checked when its pane is gone to; a page that nobody asks for any more is not shown."""

from __future__ import annotations

from builders.watching import run, watching

from recorder.tui import session_panes


def test_a_long_session_is_checked_only_when_the_pane_is_gone_to(imported, monkeypatch):
    monkeypatch.setattr(session_panes, "_CHECKED_AT_ONCE", 5)

    async def story():
        async with watching(imported, (200, 50), name="tutorial") as watched:
            await watched.until(lambda: watched.pane("findings") == "go here to check the session")
            await watched.press("tab", "tab", "tab")
            await watched.until(lambda: watched.title("findings") == "Findings: 1 violated")
            await watched.press("end", "home", "down", "enter")
            assert watched.line("frames").startswith("#5 ")

    run(story)
