"""``recorder check`` as its users see it."""

from __future__ import annotations

import json
import stat
from xml.etree import ElementTree as ET

import pytest


def test_a_normal_session_passes(run):
    result = run("check", "last")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("NOTHING VIOLATED\n")
    assert result.stdout.endswith(" rules satisfied (-v lists them)\n")


def test_verbose_lists_the_satisfied_rules(run):
    short = run("check", "imported").stdout
    assert "duplicate-receipt" not in short
    for option in ("-v", "--verbose"):
        told = run("check", "imported", option).stdout
        assert "\nduplicate-receipt: Nobody gives the same receipt twice (2 looked at)\n" in told
    assert run("check", "imported", "--json", "-v").stdout == run("check", "imported", "--json").stdout


def test_json_has_the_documented_members(run):
    result = run("check", "imported", "--json")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(
        list(line) == ["rule", "outcome", "severity", "dialog", "sequence", "frames", "says"]
        for line in lines
    )
    (reused,) = [line for line in lines if line["outcome"] == "violated"]
    assert (reused["rule"], reused["severity"], reused["frames"]) == ("request-id-reused", "warning", [5])
    assert run("check", "imported", "--format", "json").stdout == result.stdout


def test_a_violated_error_rule_exits_with_3(run):
    result = run("check", "imported", "--read-within", "1s")
    assert result.exit_code == 3
    assert "READ of message 3 came after 1.92 s (local clock); 1 s are allowed" in " ".join(
        result.stdout.split()
    )
    assert result.stderr.splitlines() == [
        "error: 1 rule of severity error violated: late-read",
        "hint: recorder check --explain late-read",
    ]
    assert run("check", "imported", "--read-within", "2s").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--error", "request-id-reused"], 3),
        (["--error", "request-id-reused", "--rule", "auth-close"], 0),
        (["--error", "request-id-reused", "--at", "#4"], 0),
        (["--read-within", "1s", "--warn", "late-read"], 0),
        (["--read-within", "1s", "--off", "late-read"], 0),
        (["--rule", "request-id-reusd"], 2),
        (["--error", "request-id-reused", "--off", "request-id-reused"], 2),
        (["--read-within", "soon"], 2),
        (["--at", "#99"], 2),
    ],
)
def test_exit_codes(run, options, code):
    assert run("check", "imported", *options).exit_code == code


def test_a_mistyped_rule_is_guessed(run):
    assert 'did you mean "duplicate-receipt"?' in run("check", "last", "--rule", "duplicate-reciept").stderr


@pytest.mark.parametrize("form", ["junit", "sarif", "text", "json"])
def test_output_writes_what_stdout_would_show(run, tmp_path, form):
    file = tmp_path / "found"
    result = run("check", "imported", "--format", form, "-o", str(file))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"wrote {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == run("check", "imported", "--format", form).stdout


def test_the_file_is_written_before_the_check_fails(run, tmp_path):
    file = tmp_path / "found.xml"
    result = run("check", "imported", "--read-within", "1s", "--format", "junit", "-o", str(file), "--quiet")
    assert result.exit_code == 3
    assert ET.parse(file).getroot()[0].get("failures") == "1"


def test_sarif_reads_as_json(run):
    told = json.loads(run("check", "imported", "--format", "sarif").stdout)
    assert told["runs"][0]["results"]


def test_explain_needs_neither_session_nor_archive(run, tmp_path):
    result = run("check", "--explain", "auth-close", "--archive", str(tmp_path / "none.db"))
    assert result.exit_code == 0
    assert result.stdout.startswith("auth-close (error)\n")
    listed = run("check", "--explain", "all")
    assert "never-read" in listed.stdout
    assert json.loads(run("check", "--explain", "auth-close", "--json").stdout)["severity"] == "error"
    assert run("check", "--explain", "nonsense").exit_code == 2


def test_without_a_session_it_is_the_last(run):
    assert run("check", "--json").stdout == run("check", "last", "--json").stdout


def test_aliases_make_two_ids_one(run):
    assert run("check", "imported", "--alias", "nonsense").exit_code == 2
    assert run("check", "imported", "--alias", "a=b").exit_code == 0
