"""A pane of lines: the cursor stays on a line and in sight, and titles are no markup."""

from __future__ import annotations

from builders.watching import run
from textual.app import App

from recorder.tui.lines_view import LinesView
from recorder.tui.row_table import RowTable


class OnePane(App[None]):
    """A pane of a hundred thousand lines."""

    def __init__(self):
        super().__init__()
        self.table = RowTable((">N", "TEXT"), lambda number: [str(number), f"line {number}"])
        self.table.items = range(100_000)
        self.view = LinesView(self.table, id="view")
        self.chosen = []

    def compose(self):
        yield self.view

    def on_lines_view_chosen(self, message):
        self.chosen.append(message.view.cursor)

    def lines(self):
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


def test_keys_move_through_a_long_table_and_its_headings_stay():
    async def story():
        app = OnePane()
        async with app.run_test(size=(30, 8)) as pilot:
            app.view.show(title="[red]a title[/]")
            await pilot.press("end", "up")
            await pilot.pause()
            shown = app.lines()
            assert "[red]a title[/]" in shown[0]
            assert shown[1].split() == ["N", "TEXT"]
            assert shown[-2].split()[:3] == ["99998", "line", "99998"]
            assert app.view.cursor == 99_998
            await pilot.press("pageup", "enter", "home", "pagedown", "enter")
            assert app.chosen == [99_993, 5]
            await pilot.click("#view", offset=(3, 3))
            assert app.view.cursor == 1
            await pilot.press("pagedown")
            app.table.items = range(3)
            app.view.show()
            await pilot.pause()
            assert app.view.cursor == 2
            assert app.view.is_at_end
            assert [line.split()[:1] for line in app.lines()[2:5]] == [["0"], ["1"], ["2"]]

    run(story)
