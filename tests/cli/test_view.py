"""``recorder view``: prints an address, serves until a signal comes."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request

import pytest

from recorder.cli import view


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_a_signal_comes(start, number, code):
    process = start("view", "played")
    address = process.stdout.readline().strip()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(address, timeout=30) as answer:
        assert b"<title>session played</title>" in answer.read()
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(address, timeout=30)
    refused.value.close()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")
    assert err.startswith(f"listening on {address.split('/')[2]}; the address opens once, Ctrl-C ends\n")


def test_it_can_be_shown_at_once(run, monkeypatch):
    """The browser is handed the address, and ends the command here."""
    shown = []

    def launch(address):
        shown.append(address)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(view.typer, "launch", launch)
    result = run("view", "--open", "--quiet")
    assert (result.exit_code, result.stdout) == (130, f"{shown[0]}\n")


@pytest.mark.parametrize("arguments", [("nothing",), ("--listen", "0.0.0.0:0"), ("--redact", "words")])
def test_what_cannot_be_served_is_one_sentence(run, arguments):
    result = run("view", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
