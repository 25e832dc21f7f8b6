"""Where a token may come from, and where not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recorder.cli.token_source import read_token
from recorder.errors import BadOption


def from_file(path: Path) -> str | None:
    return read_token(token_env=None, token_file=path, token_prompt=False)


def test_no_source_is_no_token():
    assert read_token(token_env=None, token_file=None, token_prompt=False) is None


def test_the_variable_is_read_and_removed_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_JWT", " a.b.c \n")
    assert read_token(token_env="MY_JWT", token_file=None, token_prompt=False) == "a.b.c"
    assert "MY_JWT" not in os.environ


@pytest.mark.parametrize("written", ["a.b.c", "a.b.c\n", "jwt a.b.c", "Bearer a.b.c"])
def test_a_token_file_may_begin_with_jwt_or_bearer(tmp_path, written):
    file = tmp_path / "token"
    file.write_text(written)
    file.chmod(0o600)
    assert from_file(file) == "a.b.c"


@pytest.mark.parametrize(
    ("written", "mode", "says"),
    [
        pytest.param("a.b.c", 0o644, "can be read by others", id="too open"),
        pytest.param(" \n", 0o600, "empty", id="empty"),
        pytest.param("a b", 0o600, "spaces", id="a space inside"),
        pytest.param("a\nb", 0o600, "spaces", id="two lines"),
        pytest.param("größe", 0o600, "no token has", id="not ASCII"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(tmp_path, written, mode, says):
    file = tmp_path / "token"
    file.write_text(written)
    file.chmod(mode)
    with pytest.raises(BadOption, match=says) as refused:
        from_file(file)
    assert "a.b.c" not in str(refused.value)


def test_missing_file_missing_variable_and_two_sources_are_refused(tmp_path):
    with pytest.raises(BadOption, match="cannot read"):
        from_file(tmp_path / "none")
    with pytest.raises(BadOption, match="no variable NOT_SET"):
        read_token(token_env="NOT_SET", token_file=None, token_prompt=False)
    with pytest.raises(BadOption, match="not several"):
        read_token(token_env="A", token_file=None, token_prompt=True)
