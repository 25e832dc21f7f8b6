"""A command that prints tokens: asked without a shell, never shown anywhere."""

from __future__ import annotations

import shlex
import sys

import pytest

from recorder.errors import BadOption, CannotConnect
from recorder.recipes.tokens import LONGEST, TokenCommand, checked_token


def python(code):
    """A command line that runs this."""
    return shlex.join([sys.executable, "-c", code])


def command(code, *, said=None, **more):
    return TokenCommand(python(code), remark=(lambda line: None) if said is None else said.append, **more)


def test_what_it_prints_is_the_token():
    assert command("print('  jwt a.b.c \\n')").fetch("anna") == "a.b.c"


def test_it_is_told_whose_token_is_wanted():
    assert command("import os; print(os.environ['RECORDER_CONSUMER'])").fetch("anna") == "anna"


def test_what_it_says_on_stderr_is_passed_on():
    said = []
    code = "import sys; print('a.b.c'); print('asking\\n\\nnow', file=sys.stderr)"
    assert command(code, said=said).fetch("anna") == "a.b.c"
    assert said == ["asking", "now"]


def test_there_is_no_shell():
    with pytest.raises(BadOption, match="holds spaces"):
        TokenCommand("echo a.b.c | rev", remark=print).fetch("anna")
    assert TokenCommand("echo $HOME", remark=print).fetch("anna") == "$HOME"


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        pytest.param("raise SystemExit(7)", CannotConnect, "exit code 7", id="fails"),
        pytest.param(
            "import os; print('s3cret.s3cret', flush=True); os.kill(os.getpid(), 9)",
            CannotConnect, "signal 9", id="is killed",
        ),
        pytest.param("pass", BadOption, "the token is empty", id="prints nothing"),
        pytest.param("print('s3cret and more')", BadOption, "holds spaces", id="prints a sentence"),
        pytest.param(f"print('s3cret' * {LONGEST})", BadOption, "printed more than", id="prints too much"),
    ],
)  # fmt: skip
def test_what_is_no_token_is_said_without_showing_it(code, error, says):
    with pytest.raises(error, match=says) as caught:
        command(code).fetch("anna")
    assert "s3cret" not in str(caught.value)


def test_a_command_that_does_not_end_is_ended():
    with pytest.raises(CannotConnect, match=r"longer than 0\.2 s"):
        command("import time; time.sleep(60)", timeout_s=0.2).fetch("anna")


@pytest.mark.parametrize("written", ["", "  ", 'echo "x', "/no/such/program x"])
def test_what_is_no_command_is_a_bad_option(written):
    with pytest.raises(BadOption, match="--token-command"):
        TokenCommand(written, remark=lambda line: None).fetch("anna")


@pytest.mark.parametrize(("written", "token"), [("Bearer x.y ", "x.y"), ("JWT  x", "x"), ("x", "x")])
def test_scheme_words_go(written, token):
    assert checked_token("--token-env", written) == token
