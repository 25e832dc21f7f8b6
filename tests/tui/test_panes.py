"""All panes side by side, or the messages above the one that was gone to last."""

from __future__ import annotations

from builders.watching import run
from textual.app import App

from recorder.tui.panes import PANES, Panes


class OnlyPanes(App[None]):
    """The panes, without a session."""

    def __init__(self):
        super().__init__()
        self.panes = Panes()

    def compose(self):
        yield self.panes


def test_tab_goes_through_all_panes_and_a_wide_terminal_shows_them_all():
    async def story():
        app = OnlyPanes()
        async with app.run_test(size=(80, 24)) as pilot:
            app.panes.fit(80)
            await pilot.pause()

            def seen():
                return [name for name in PANES if app.panes[name].region.area]

            assert (app.panes.current, seen()) == ("messages", ["messages", "frames"])
            went = []
            for _ in PANES:
                went.append(app.panes.go_on(1))
                await pilot.pause()
                below = went[-1] if went[-1] != "messages" else "frames"
                assert seen() == [name for name in PANES if name in ("messages", below)]
            assert went == ["frames", "evidence", "findings", "sessions", "messages"]
            assert app.panes.go_on(-1) == "sessions"
            app.panes.fit(200)
            await pilot.pause()
            assert seen() == list(PANES)
            assert app.panes.is_shown("findings")

    run(story)
