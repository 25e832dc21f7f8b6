"""The page, opened by a real browser."""

from __future__ import annotations

import html
import shutil
import subprocess
from pathlib import Path

import pytest

from recorder.load_summary import EventCount, LoadResult, SlowUser
from recorder.report.load_html import MOST_SAMPLES, load_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

HOSTILE = [
    "<img src=x onerror=document.title='run'>",
    "</script><script>document.title='run'</script>",
    "<svg onload=document.title='run'>",
    '"><a href="javascript:document.title=1">x</a>',
    "\u202etxt.exe",
    "{{7*7}} ${7*7}",
]


_COUNTS = tuple(EventCount(name, 1, 0.1) for name in ("users", "passed", "failures", "stopped"))


@pytest.fixture
def text(load_summary, load_failure, load_sample) -> str:
    return load_html(
        LoadResult(
            summary=load_summary(
                counts=_COUNTS, failures=[load_failure(says, step=says) for says in HOSTILE]
            ),
            samples=[load_sample(float(second)) for second in range(1, 5)],
            violations=[HOSTILE[3]],
            began_us=0,
            stopped=False,
            title=HOSTILE[0],
            facts={"script": HOSTILE[1], "against": HOSTILE[2]},
            cut_short=HOSTILE[4],
            slowest=[SlowUser(7, "0123456789ab", 1_200.0, None, 0.5)],
        )
    )


@pytest.fixture
def opened(text, tmp_path: Path) -> tuple[str, str]:
    """What chromium makes of the page, and what it says of it."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    file = tmp_path / "load.html"
    file.write_text(text)
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={tmp_path / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=2000", "--dump-dom", file.as_uri(),
        ],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_a_browser_shows_every_text_as_text_and_runs_none_of_it(opened):
    dom, said = opened
    main = dom.split("<main", 1)[1].split("</main>", 1)[0]
    for hostile in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[5]):
        assert html.escape(hostile, quote=False) in main
    for planted in ("<img", "<a ", "<script", "<svg onload"):
        assert planted not in main
    assert "<title>run" not in dom
    assert "Content Security Policy" not in said
    assert "Uncaught" not in said


def test_a_browser_shows_tables_and_charts(opened):
    dom, _ = opened
    assert dom.count("<polyline") == 3 + 2  # users, rates
    assert dom.count("<rect") == 4 * 4 * 2  # of four moments the four parts of answers and receipts
    assert 'aria-label="Answers over time: medians from ' in dom
    assert "<td>0.500</td><td>8</td><td>9</td><td>12</td>" in dom
    assert "receipt_lateness" in dom


def test_the_slowest_users_are_there_with_what_shows_their_sessions(opened):
    dom, _ = opened
    assert dom.count("<table>") == 4
    row = "<td>7</td><td>1200</td><td>–</td><td>0.500</td>"
    assert f'{row}<td class="text"><code>recorder report 0123456789ab</code></td>' in dom


def test_what_would_hide_is_shown(text):
    assert "\\\\u202etxt.exe" in text


def test_a_long_run_is_thinned_out(load_summary, load_sample):
    samples = [load_sample(float(second)) for second in range(5 * MOST_SAMPLES)]
    long = load_html(LoadResult(load_summary(counts=_COUNTS), samples, [], 0, False, "t", {}))
    assert long.count('"at_s"') == MOST_SAMPLES
