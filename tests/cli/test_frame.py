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


def test_show_as_json_is_the_line_of_list_and_what_it_proves(run):
    listed = run("frame", "list", "imported", "--json").stdout.splitlines()
    for frame, line in enumerate(listed, 1):
        shown = orjson.loads(run("frame", "show", "imported", str(frame), "--json").stdout)
        assert isinstance(shown.pop("proves"), list)
        assert shown == orjson.loads(line)


def test_show_links_back_to_what_the_frame_proves(run):
    dialog = "940f401e-dc4c-49a9-bff2-2bbb5bd0df64"
    assert (
        f"proves: message 3 by participant 3d834d4d in dialog {dialog} (announced)"
        in run("frame", "show", "imported", "3").stdout
    )
    out = run("frame", "show", "imported", "4").stdout
    assert f"proves: ACCEPT by you on message 3 of dialog {dialog} (claimed, best proven by frame #6)" in out
    facts = orjson.loads(run("frame", "show", "imported", "6", "--json").stdout)["proves"]
    assert [(fact["kind"], fact["status"], fact["sequence"], fact["better"]) for fact in facts] == [
        ("answer", None, None, None), ("receipt", "ACCEPT", 3, None),
    ]  # fmt: skip
    assert {fact["proof"] for fact in facts} == {"acknowledged"}


def test_every_frame_that_a_message_points_at_proves_it(run):
    """There and back: from message list to frame show, and again to the message."""
    for name in ("imported", "played"):
        for line in run("message", "list", name, "--json").stdout.splitlines():
            message = orjson.loads(line)
            for receipt in message["receipts"]:
                shown = run("frame", "show", name, str(receipt["frame"]), "--json").stdout
                proven = [
                    (fact["status"], fact["sequence"], fact["proof"])
                    for fact in orjson.loads(shown)["proves"]
                    if fact["kind"] == "receipt" and fact["better"] is None
                ]
                assert (receipt["status"], message["sequence"], receipt["proof"]) in proven


def test_ids_of_one_person_are_merged_here_too(run, step_up):
    out = run("frame", "show", step_up, "3", "--alias", "guest-1=user-7", "--json").stdout
    assert orjson.loads(out)["proves"][0]["participant"] == "user-7"


def test_a_frame_that_is_not_there(run):
    for reference in ("99", "0", "x", "-1"):
        result = run("frame", "show", "imported", "--", reference)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: ")


def listed(run, *options):
    return [orjson.loads(line) for line in run("frame", "list", *options, "--json").stdout.splitlines()]


def test_list_leaves_in_what_is_asked_for(run):
    everything = listed(run, "played")
    given = listed(run, "played", "--status", "READ", "--sender", "client")
    assert given
    assert all(frame["sender"] == "client" and "READ" in frame["text"] for frame in given)
    assert listed(run, "played", "--where", "$.type == 'ms.PublishEvent'", "--limit", "1") == [
        next(frame for frame in everything if '"ms.PublishEvent"' in frame.get("text", ""))
    ]
    assert listed(run, "played", "--since", "#3", "--until", "#5") == everything[2:5]
    assert {frame["opcode"] for frame in listed(run, "played", "--opcode", "close")} == {8}


def test_list_follows_to_the_end(run):
    plain, followed = (run("frame", "list", "played", *more).stdout for more in ((), ("--follow",)))
    assert plain.splitlines()[0].split() == followed.splitlines()[0].split()
    assert len(plain.splitlines()) == len(followed.splitlines())
    assert listed(run, "played", "--follow", "--limit", "4") == listed(run, "played")[:4]


def test_a_filter_that_cannot_be_used_is_told_in_a_sentence(run):
    for options in (("--where", "$..a == 1"), ("--grep", "("), ("--opcode", "x"), ("--sender", "me")):
        result = run("frame", "list", "played", *options)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) in ((2, "", 1), (2, "", 2))
        assert result.stderr.startswith(f"error: {options[0]}: ")


def test_an_answer_is_told_by_its_request_also_where_that_is_left_out(run):
    rows = run("frame", "list", "played", "--sender", "service").stdout
    assert "SubscribeExConversations → 200" in rows
