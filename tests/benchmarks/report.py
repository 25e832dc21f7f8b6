"""How long the page of a long session takes to open and to move, in Chromium, and how large its file is.

Run it with ``python tests/benchmarks/report.py [FRAMES]``, and with the interpreter that has Playwright in
``RECORDER_TESTS_PLAYWRIGHT``. Targets at 100 000 frames: 16 MB at most, the first messages within a second, a
step of the slider within 16 ms; at 1 000 000 the first messages within 5 s.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fold_archive import make_archive

from recorder import recipes

MEASURE = """
import json, sys
from playwright.sync_api import sync_playwright

SEEN = '''new MutationObserver((_, watch) => {
  if (document.querySelector("article")) { window.seenAt = performance.now(); watch.disconnect(); }
}).observe(document, {childList: true, subtree: true})'''
STEPS = '''async () => {
  const slider = document.getElementById("moment"), steps = Number(slider.max), took = [];
  for (let k = 0; k < 101; k++) {
    slider.value = Math.round(steps * (0.2 + k / 200));
    const began = performance.now();
    slider.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    took.push(performance.now() - began);
    await new Promise((drawn) => requestAnimationFrame(drawn));
  }
  took.sort((one, other) => one - other);
  return [took[50], took[95]];
}'''
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2], args=["--no-sandbox"])
    found = []
    for _ in range(3):
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.add_init_script(SEEN)
        page.goto("file://" + sys.argv[1])
        page.wait_for_selector("article", timeout=120_000)
        page.wait_for_function("document.documentElement.dataset.ready")
        page.wait_for_timeout(3_000)
        found.append([page.evaluate("window.seenAt"), *page.evaluate(STEPS)])
        page.close()
    print(json.dumps(found))
"""


def main(frames: int) -> None:
    """Write the page of a session of so many frames, and print what it takes."""
    python, chromium = os.environ["RECORDER_TESTS_PLAYWRIGHT"], shutil.which("chromium")
    assert chromium is not None
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "report.html"
        make_archive(Path(name) / "a.db", frames)
        began = time.process_time()
        with recipes.open_archive(str(Path(name) / "a.db")) as archive:
            recipes.write_report(archive, "last", file)
        print(
            f"written in {time.process_time() - began:.1f} s of processor, {file.stat().st_size / 1e6:.1f} MB"
        )
        command = [python, "-c", MEASURE, str(file), chromium]
        rows = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    seen, step, most = (min(column) for column in zip(*rows, strict=True))
    print(
        f"first messages after {seen:.0f} ms, a step of the slider {step:.1f} ms (p50), {most:.1f} ms (p95)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
