"""The fixtures as strangers use them: in a folder of their own, with a pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

import recorder.testing

pytest_plugins = ["pytester"]

PLUGIN = "recorder.testing.plugin"
BOT = '''
import json
import types
import websocket


def run(url):
    """A bot that opens a conversation and reads the first message it gets."""
    socket = websocket.create_connection(url, header=["Authorization: jwt me"], timeout=20)
    socket.send('{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}')
    while True:
        told = json.loads(socket.recv())
        for change in (told.get("body") or {}).get("changes", []):
            if change.get("event", {}).get("type") == "ContentEvent":
                event = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [change["sequence"]]}
                body = {"dialogId": change["dialogId"], "event": event}
                socket.send(json.dumps({"kind": "req", "id": 2, "type": "ms.PublishEvent", "body": body}))
                while json.loads(socket.recv()).get("reqId") != "2":
                    pass
                socket.close()
                return


my_bot = types.SimpleNamespace(run=run)
'''


def test_the_example_of_the_documentation_runs(pytester):
    """Word for word, with a bot of the reader's."""
    lines = recorder.testing.__doc__.split("::\n\n")[1].split("\n\nEverything")[0]
    example = "\n".join(line.removeprefix("    ") for line in lines.splitlines())
    assert example.startswith("def test_")
    pytester.makepyfile(BOT + "\n\n" + example)
    pytester.runpytest_subprocess("-p", PLUGIN, "-W", "error").assert_outcomes(passed=1)


def test_each_test_has_its_own_service_and_archive(pytester):
    pytester.makepyfile(
        """
        import pytest
        seen = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_own(ums_simulator, ums_archive, turn):
            assert ums_simulator.said == []
            assert ums_simulator.url not in seen
            seen.append(ums_simulator.url)
            assert not ums_archive.path.exists()
            ums_archive.record(ums_simulator.url, ['{"id":1,"type":"GetClock"}'], token="x", linger="1ms")
            assert len(ums_archive.frames()) > 1

        def test_untouched(ums_simulator, ums_archive):
            pass
        """
    )
    pytester.runpytest_subprocess("-p", PLUGIN, "-W", "error").assert_outcomes(passed=3)


def test_a_failing_test_shows_the_payloads(pytester):
    pytester.makepyfile(
        """
        def test_reads(ums_simulator, ums_archive):
            ums_archive.record(ums_simulator.url, ['{"id":1,"type":"GetClock"}'], token="x", linger="1ms")
            ums_simulator.wait_for_receipt("READ", 0, within_s=0.01)
        """
    )
    result = pytester.runpytest_subprocess("-p", PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing like that was said within 0.01 s*", '*client: {"id":1,*'])


def test_a_fault_of_the_simulator_fails_its_test(pytester):
    pytester.makepyfile(
        """
        import recorder.testing.service as service

        def test_meets_it(ums_simulator, ums_archive, monkeypatch):
            def stumble(*_):
                raise ZeroDivisionError("planted")
            monkeypatch.setattr(service.PretendService, "_observe", stumble)
            try:
                ums_archive.record(ums_simulator.url, ['{"id":1,"type":"GetClock"}'], token="x")
            except Exception:
                pass
        """
    )
    result = pytester.runpytest_subprocess("-p", PLUGIN)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*planted*"])


def test_both_fixtures_are_listed_with_their_docstrings(pytester):
    result = pytester.runpytest_subprocess("-p", PLUGIN, "--fixtures")
    result.stdout.fnmatch_lines(["*ums_archive*", "*ums_simulator*"], consecutive=False)


def test_importing_the_plugin_imports_nothing_heavy():
    code = f"import sys, {PLUGIN}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "websockets", "websocket", "pydantic", "yaml", "h11", "recorder.recipes"}
    assert not heavy & set(done.stdout.split())


def test_an_installation_registers_the_plugin():
    from importlib.metadata import entry_points

    announced = {
        point.value for point in entry_points(group="pytest11") if point.value.startswith("recorder")
    }
    if not announced:
        pytest.skip("this environment was installed before the plugin was there: pip install -e .")
    assert announced == {PLUGIN}


def test_errors_are_sentences_with_hints_and_without_frames_of_the_package(pytester):
    pytester.makepyfile(
        """
        def test_nothing_kept(ums_simulator, ums_archive):
            ums_archive.check()

        def test_a_script(ums_archive, tmp_path):
            (tmp_path / "s.yaml").write_text("steps: [sned: hi]")
            ums_archive.replay(tmp_path / "s.yaml")
        """
    )
    result = pytester.runpytest_subprocess("-p", PLUGIN)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*no session*last*", "*hint: nothing was recorded: ums_archive.keep(*"])
    result.stdout.fnmatch_lines(["*s.yaml, line 1, step 1 (sned): unknown verb*did you mean*send*"])
    result.stdout.no_fnmatch_line("*recorder/recipes/*")
    result.stdout.no_fnmatch_line("*recorder/testing/*")
