"""A command that prints tokens: asked without a shell, never shown anywhere."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading

import pytest

from recorder.errors import BadOption, CannotConnect
from recorder.recipes.token_command import LONGEST, TokenCommandRunner, checked_token, without_opaque_words


def python(code):
    """A command line that runs this."""
    return shlex.join([sys.executable, "-c", code])


def command(code, *, said=None, **more):
    return TokenCommandRunner(
        python(code), remark=(lambda line: None) if said is None else said.append, **more
    )


def test_what_it_prints_is_the_token():
    assert command("print('  jwt a.b.c \\n')").fetch("anna") == "a.b.c"


def test_it_is_told_whose_token_is_wanted():
    assert command("import os; print(os.environ['RECORDER_CONSUMER'])").fetch("anna") == "anna"


def test_it_gets_a_small_environment(monkeypatch):
    monkeypatch.setenv("UMS_JWT", "hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    names = command("import os; print(','.join(os.environ))").fetch("anna").split(",")
    assert {"PATH", "RECORDER_CONSUMER"} <= set(names)
    assert not {"UMS_JWT", "AWS_SECRET_ACCESS_KEY"} & set(names)


def test_what_it_says_on_stderr_is_passed_on():
    said = []
    code = "import sys; print('a.b.c'); print('asking\\n\\nnow', file=sys.stderr)"
    assert command(code, said=said).fetch("anna") == "a.b.c"
    assert said == ["asking", "now"]


def test_there_is_no_shell():
    with pytest.raises(BadOption, match="holds spaces"):
        TokenCommandRunner("echo a.b.c | rev", remark=print).fetch("anna")
    assert TokenCommandRunner("echo $HOME", remark=print).fetch("anna") == "$HOME"


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
        TokenCommandRunner(written, remark=lambda line: None).fetch("anna")


@pytest.mark.parametrize(("written", "token"), [("Bearer x.y ", "x.y"), ("JWT  x", "x"), ("x", "x")])
def test_scheme_words_go(written, token):
    assert checked_token("--token-env", written) == token


@pytest.mark.parametrize("end", ["close", "stop"])
def test_a_command_under_way_is_ended_with_whatever_it_started(end, tmp_path):
    """Somebody presses Ctrl-C while the command waits: nothing of it stays behind."""
    pids = tmp_path / "pids"
    waits = f"sh -c 'sleep 300 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait'"
    asking = TokenCommandRunner(waits, remark=lambda line: None)
    ended = []

    def fetch():
        with pytest.raises(CannotConnect):
            asking.fetch("anna")
        ended.append(True)

    thread = threading.Thread(target=fetch)
    thread.start()
    while not pids.exists():
        thread.join(0.01)
    getattr(asking, end)()
    thread.join(30)
    assert ended
    left = pids.read_text().split()
    assert not any(is_alive(pid) for pid in (left[:1] if has_terminal() else left))


def has_terminal():
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def is_alive(pid):
    """Whether it runs; one that has ended and waits to be collected does not."""
    try:
        state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError:
        return False
    return not state.stdout.startswith("Z")


def test_a_command_does_not_outlive_a_killed_recorder(tmp_path):
    """``kill -9`` leaves nobody who could clean up."""
    pids = tmp_path / "pids"
    waits = f"sh -c 'echo $$ > {pids}.new; mv {pids}.new {pids}; exec sleep 300'"
    code = "import sys; from recorder.recipes.token_command import TokenCommandRunner as T;"
    code += "T(sys.argv[1], remark=print).fetch('anna')"
    recorder = subprocess.Popen([sys.executable, "-c", code, waits])
    while not pids.exists():
        assert recorder.poll() is None
    recorder.kill()
    recorder.wait()
    command_pid = pids.read_text().strip()
    for _ in range(3000):
        if not is_alive(command_pid):
            break
    else:
        pytest.fail("the command outlived us")


@pytest.mark.parametrize(
    ("remark", "shown"),
    [
        pytest.param("+ echo q7Zk3xV9pLm2Wn8RtY4b.Sd6H", "+ echo ⟦opaque⟧", id="set -x"),
        pytest.param("asking authentication-service.example.com", None, id="words"),
        pytest.param("⟦jwt:092ca607 sub=00000000-0000-4000-8000-00000c0a5e12⟧ came", None, id="placeholder"),
    ],
)
def test_a_long_word_made_by_a_machine_is_not_passed_on(remark, shown):
    assert without_opaque_words(remark) == (shown or remark)
