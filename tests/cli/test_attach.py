"""``recorder attach`` says what it cannot do; with real browsers it is tested in tests/browser."""

import pytest


@pytest.mark.parametrize("option", [["--browser", "chromium"], ["--browser-option=--headless"]])
def test_browser_options_are_for_a_browser_that_is_started(run, option):
    result = run("attach", *option)
    assert result.exit_code == 2
    assert option[0].partition("=")[0] in result.stderr
    assert "add --launch" in result.stderr


def test_without_a_browser_it_says_how_to_start_one(run, tmp_path):
    nowhere = tmp_path / "none.db"
    result = run("attach", "http://127.0.0.1:9", "--archive", str(nowhere))
    assert result.exit_code == 4
    assert "--remote-debugging-port=9222" in result.stderr
    assert not nowhere.exists()


@pytest.mark.parametrize("address", ["http://shop.example:9222", "https://127.0.0.1:9222"])
def test_an_address_that_is_none_of_this_machine_is_refused(run, address):
    result = run("attach", address)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: URL: ")
