"""``recorder bundle``: the file's name on stdout, a refusal with exit code 3."""

from __future__ import annotations

from pathlib import Path


def test_a_bundle_goes_out_and_comes_back(run, tmp_path):
    file = tmp_path / "ticket.zip"
    done = run("bundle", "played", "-o", str(file))
    assert (done.exit_code, done.stdout) == (0, f"{file}\n")
    other = str(tmp_path / "other.db")
    assert run("import", str(file), "--archive", other).exit_code == 0
    listed = run("message", "list", "played", "--json", "--archive", other).stdout
    assert listed == run("message", "list", "played", "--json").stdout != ""


def test_a_secret_makes_it_fail(run, tmp_path):
    kept = '{"sender": "client", "text": "{\\"jwt\\": \\"hush-hush-hush\\"}"}'
    assert run("import", "-", "--name", "kept", "--keep-secrets", input=kept).exit_code == 0
    done = run("bundle", "kept", "-o", str(tmp_path / "x.zip"))
    assert (done.exit_code, done.stdout) == (3, "")
    assert "what looks like a secret is in 2 places: frame #1, script.yaml" in done.stderr
    assert "hush-hush" not in done.stderr
    assert not Path(tmp_path / "x.zip").exists()
