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
    assert "are inside; leave them out by --redact text,names" in done.stderr


def test_texts_and_names_are_left_out(run, tmp_path):
    done = run("bundle", "played", "-o", str(tmp_path / "x.zip"), "--redact", "text,names")
    assert (done.exit_code, done.stderr) == (0, "")
    other = str(tmp_path / "other.db")
    assert run("import", str(tmp_path / "x.zip"), "--archive", other).exit_code == 0
    listed = run("message", "list", "played", "--archive", other).stdout
    assert "What is your order number?" not in listed
    assert "text of 26 characters  ✓✓ read" in listed
    refused = run("bundle", "played", "-o", str(tmp_path / "y.zip"), "--redact", "words")
    assert (refused.exit_code, (tmp_path / "y.zip").exists()) == (2, False)


def test_a_secret_makes_it_fail(run, tmp_path):
    kept = '{"sender": "client", "text": "{\\"jwt\\": \\"hush-hush-hush\\"}"}'
    assert run("import", "-", "--name", "kept", "--keep-secrets", input=kept).exit_code == 0
    done = run("bundle", "kept", "-o", str(tmp_path / "x.zip"))
    assert (done.exit_code, done.stdout) == (3, "")
    assert "what looks like a secret is in 1 place: frame #1" in done.stderr
    assert "hush-hush" not in done.stderr
    assert not Path(tmp_path / "x.zip").exists()
