"""``recorder frame``: the frames as they were."""

from __future__ import annotations

import orjson


def test_list_prints_one_object_per_frame_in_wire_order(run):
    lines = [orjson.loads(line) for line in run("frame", "list", "played", "--json").stdout.splitlines()]
    assert [line["frame"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert {line["sender"] for line in lines} == {"client", "service"}
    assert [line["opcode"] for line in lines if line["opcode"] == 8] == [8, 8]


def test_list_can_be_cut_to_one_connection(run):
    assert run("frame", "list", "played", "--connection", "1", "--json").stdout
    result = run("frame", "list", "played", "--connection", "2")
    assert (result.exit_code, 'no connection "2"' in result.stderr) == (2, True)


def test_show_decodes_and_dumps(run):
    out = run("frame", "show", "imported", "#3").stdout
    assert '"message": "some agent text"' in out
    assert "00000000  7b 22 6b 69 6e 64" in out


def test_show_as_json_is_the_line_of_list(run):
    listed = run("frame", "list", "imported", "--json").stdout.splitlines()
    assert run("frame", "show", "imported", "3", "--json").stdout.strip() == listed[2]


def test_a_frame_that_is_not_there(run):
    for reference in ("99", "0", "x", "-1"):
        result = run("frame", "show", "imported", "--", reference)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: ")
