"""Make the pictures of the README anew: ``python tests/make_pictures.py``.

They show what ``recorder`` prints and draws of a sample that was played by a virtual clock.
It needs Chromium and, in ``RECORDER_TESTS_PLAYWRIGHT``, an interpreter that has Playwright.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from builders.terminal import Terminal
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "samples" / "pictures"
COLUMNS = 116
FONT = "DejaVu Sans Mono"
MESSAGE = "#message=2"
SHOWN = (["message", "list", "example"], ["message", "show", "example", "2"])
# The shots of one browser: of what, how wide and tall, and what is in them.
SHOOT = """
import json, sys
from playwright.sync_api import sync_playwright
told = json.loads(sys.argv[1])
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=told["chromium"], args=["--no-sandbox"])
    for shot in told["shots"]:
        page = browser.new_page(viewport={"width": shot["width"], "height": shot["height"]})
        page.goto(shot["url"])
        if shot["ready"]:
            page.wait_for_function(shot["ready"])
        part = page.locator(shot["part"]) if shot["part"] else page
        part.screenshot(path=shot["file"], animations="disabled")
    browser.close()
"""


def main() -> None:
    """Make them all, and say how large they are."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["RECORDER_ARCHIVE"] = str(folder / "recorder.db")
        script = ROOT / "samples" / "slow-reader.yaml"
        recorded("replay", str(script), "--name", "example", "--clock", "virtual", "--quiet")
        recorded("report", "example", "-o", str(folder / "report.html"))
        (folder / "terminal.html").write_text(terminal_page(), "utf-8")
        take(folder)
    for file in sorted(PICTURES.glob("*.png")):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")


def recorded(*arguments: str) -> None:
    """Run ``recorder`` to its end."""
    subprocess.run([sys.executable, "-m", "recorder", *arguments], check=True, stdout=subprocess.DEVNULL)


def terminal_page() -> str:
    """What two commands show in a terminal, as a page with one picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for command in SHOWN:
        terminal = Terminal(sys.executable, "-m", "recorder", *command, columns=COLUMNS)
        assert terminal.wait() == 0
        console.print(Text.assemble(("$ ", "bold green"), (f"recorder {' '.join(command)}", "bold")))
        console.print(Text.from_ansi(terminal.shown.decode().replace("\r\n", "\n")))
    svg = console.export_svg(title="recorder", theme=DIMMED_MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # nothing is fetched
    return "<!DOCTYPE html><meta charset=utf-8><body style='margin:0'>" + svg.replace("Fira Code", FONT)


def take(folder: Path) -> None:
    """Take the pictures of the pages in this folder."""
    report, terminal = ((folder / name).as_uri() for name in ("report.html", "terminal.html"))
    ready = "document.documentElement.dataset.ready && document.querySelector('.ladder')"
    shots = [
        shot("report", report + MESSAGE, (1200, 640), ready=ready),
        shot("timeline", report + MESSAGE, (1360, 800), part="canvas.timeline", ready=ready),
        shot("terminal", terminal, (1000, 900), part="svg"),
    ]
    told = {"chromium": shutil.which("chromium") or shutil.which("chromium-browser"), "shots": shots}
    subprocess.run([os.environ["RECORDER_TESTS_PLAYWRIGHT"], "-c", SHOOT, json.dumps(told)], check=True)


def shot(
    name: str, url: str, size: tuple[int, int], *, part: str | None = None, ready: str | None = None
) -> dict[str, object]:
    """What ``SHOOT`` takes: a part of a page, or what a window of this size shows of it."""
    file = str(PICTURES / f"{name}.png")
    return {"file": file, "url": url, "width": size[0], "height": size[1], "part": part, "ready": ready}


if __name__ == "__main__":
    main()
