"""What an assistant is answered: compact, limited, without texts unless they were asked for."""

from __future__ import annotations

import orjson
import pytest

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.recipes.assistant_tools import AssistantTools, tools_of

TEXTS = ("Hello?", "Please sign in.", "Done, are you there?")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lYm9keS0xIn0.c2lnbmF0dXJlLWNhbmFyeS0x"


@pytest.fixture
def filled(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "browser.har")
        recipes.import_capture(opened, samples / "step-up.jsonl", name="step-up")
    return archive


@pytest.fixture
def tools(filled):
    return AssistantTools(filled, with_texts=False)


@pytest.fixture
def open_tools(filled):
    return AssistantTools(filled, with_texts=True)


EVERY_CALL = [
    ("list_sessions", {}),
    ("find", {"text": "user-7"}),
    ("find", {"text": "Hello?"}),
    ("find", {"text": "AcceptStatusEvent"}),
    ("show_session", {"session": "last"}),
    ("list_messages", {"session": "last"}),
    ("show_message", {"session": "last", "message": "2"}),
    ("list_frames", {"session": "last"}),
    *(("show_frame", {"session": "last", "frame_number": number}) for number in range(1, 10)),
    ("check_session", {"session": "last"}),
    ("explain_rule", {}),
    ("explain_rule", {"rule": "never-read"}),
    ("diff_sessions", {"first": "browser", "second": "last"}),
]


def test_no_text_is_in_any_answer_unless_asked_for(tools, open_tools):
    hidden = orjson.dumps([getattr(tools, name)(**given) for name, given in EVERY_CALL]).decode()
    shown = orjson.dumps([getattr(open_tools, name)(**given) for name, given in EVERY_CALL]).decode()
    for text in (*TEXTS, "Is anything new?"):
        assert text not in hidden
        assert text in shown
    assert "text of 15 characters" in hidden


def test_every_tool_is_called_above_and_there_are_at_most_twelve(tools):
    names = [tool.__name__ for tool in tools_of(tools)]
    assert set(names) == {name for name, _ in EVERY_CALL}
    assert len(names) <= 12


def test_unknown_is_left_out_and_sessions_are_newest_first(tools):
    found = tools.list_sessions()["sessions"]
    assert [each["name"] for each in found] == ["step-up", "browser"]
    assert not [value for each in found for value in each.values() if value is None]


def test_ids_are_found_and_words_only_where_texts_may_be_shown(tools, open_tools):
    (found,) = [each for each in tools.find("user-7")["found"] if each["kind"] == "participant"]
    assert (found["name"], found["participant"]) == ("step-up", "user-7")
    assert tools.find("Please sign in") == {"found": []}
    assert tools.find('"READ"') == {"found": []}, "part of a payload"
    by_type = tools.find("AcceptStatusEvent")["found"]
    assert {(each["kind"], each["matched"]) for each in by_type} == {("frame", "type")}
    assert not any("text" in each for each in by_type)
    (found,) = open_tools.find("Please sign in")["found"]
    assert (found["sequence"], found["text"]) == (2, "Please sign in.")
    several = open_tools.find("text/plain", limit=1)
    assert (len(several["found"]), several["more"]) == (1, "ask with a higher limit")


def test_a_type_or_an_id_is_found_though_a_text_holds_it_too(archive, tmp_path):
    """A text that holds it neither hides what was meant nor is told of."""
    change = {
        "sequence": 3, "dialogId": "d1", "originatorId": "user-7",
        "event": {
            "type": "ContentEvent", "contentType": "text/plain",
            "message": "AcceptStatusEvent d1:3 text/plain",
        },
    }  # fmt: skip
    receipt = {
        "sequence": 4, "dialogId": "d1", "originatorId": "agent-1",
        "event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [3]},
    }  # fmt: skip
    kind = "ms.MessagingEventNotification"
    told = {"kind": "notification", "type": kind, "body": {"changes": [change, receipt]}}
    capture = tmp_path / "capture.jsonl"
    capture.write_bytes(orjson.dumps({"sender": "service", "text": orjson.dumps(told).decode()}))
    path = str(tmp_path / "other.db")
    with recipes.open_archive(path, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
    tools = AssistantTools(path, with_texts=False)
    for text, matched in (("AcceptStatusEvent", "type"), ("text/plain", "type"), ("d1:3", "message")):
        assert {each["matched"] for each in tools.find(text)["found"]} == {matched}


def test_a_message_tells_its_evidence(tools):
    found = tools.show_message("step-up", "2")
    assert (found["status"], found["receipts"][0]["frame"]) == ("read", 8)
    assert [each["frame"] for each in found["life"]] == [5, 7, 8]
    assert (found["dialog"], found["sequence"]) == ("d1", 2)


def test_a_list_is_cut_and_says_how_to_go_on(tools):
    first = tools.list_messages("step-up", limit=2)
    assert [each["sequence"] for each in first["messages"]] == [0, 2]
    assert first["more"] == "1 more; ask again with offset=2"
    rest = tools.list_messages("step-up", limit=2, offset=2)
    assert [each["sequence"] for each in rest["messages"]] == [3]
    assert "more" not in rest
    frames = tools.list_frames("step-up", limit=4)
    assert [each["frame"] for each in frames["frames"]] == [1, 2, 3, 4]
    assert frames["more"] == "more; ask again with offset=4"
    assert "more" not in tools.list_frames("step-up", limit=4, offset=5)
    assert "more" not in tools.list_frames("step-up", limit=10_000)


def test_messages_are_chosen_by_dialog_and_status(tools):
    assert tools.list_messages("browser", status="accepted")["messages"][0]["sequence"] == 0
    assert len(tools.list_messages("step-up", dialog="d1")["messages"]) == 3
    with pytest.raises(NotFound):
        tools.list_messages("step-up", dialog="other")


def test_a_check_lists_what_is_violated_worst_first(tools):
    found = tools.check_session("step-up")
    severities = [each["severity"] for each in found["violated"]]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert "recording-incomplete" in found["satisfied"]
    assert tools.check_session("step-up", rule="several-ids")["violated"][0]["rule"] == "several-ids"


def test_rules_are_listed_and_explained(tools):
    everything = tools.explain_rule()["rules"]
    assert {"rule", "severity", "title"} == set(everything[0])
    (one,) = tools.explain_rule("late-read")["rules"]
    assert one["explain"]


def test_two_sessions_are_compared_by_their_texts_without_showing_them(archive, tmp_path, samples):
    changed = tmp_path / "changed.jsonl"
    changed.write_text((samples / "step-up.jsonl").read_text().replace("Please sign in.", "Please log in!!"))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl", name="before")
        recipes.import_capture(opened, changed, name="after")
    assert AssistantTools(archive, with_texts=False).diff_sessions("before", "before") == {"changes": []}
    hidden = AssistantTools(archive, with_texts=False).diff_sessions("before", "after")["changes"]
    shown = AssistantTools(archive, with_texts=True).diff_sessions("before", "after")["changes"]
    assert [each["kind"] for each in hidden] == [each["kind"] for each in shown] != []
    assert "Please" not in str(hidden)
    assert "Please log in!!" in str(shown)


def test_a_secret_that_was_stored_is_not_shown(archive, tmp_path):
    capture = tmp_path / "kept.jsonl"
    told = {"kind": "req", "id": "1", "type": "InitConnection", "headers": [{"jwt": TOKEN}]}
    capture.write_bytes(orjson.dumps({"sender": "client", "text": orjson.dumps(told).decode()}))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture, keep_secrets=True)
    shown = AssistantTools(archive, with_texts=True).show_frame("last", 1)
    assert TOKEN not in str(shown)
    assert "⟦jwt:" in shown["payload"]
    assert (shown["envelope"], shown["type"], shown["request_id"]) == ("request", "InitConnection", "1")


def test_a_long_text_is_cut(archive, tmp_path):
    capture = tmp_path / "long.jsonl"
    capture.write_bytes(orjson.dumps({"sender": "client", "text": "x" * 100_000}))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
    shown = AssistantTools(archive, with_texts=True).show_frame("last", 1)
    assert len(shown["payload"]) < 4_100
    assert shown["payload"].endswith("(100,000 characters)")
    assert shown["envelope"].startswith("unreadable")


def test_what_cannot_be_answered_is_one_of_our_errors(tools):
    with pytest.raises(NotFound, match='no session "nobody"'):
        tools.show_session("nobody")
    with pytest.raises(BadOption):
        tools.list_sessions(offset=-1)
    with pytest.raises(BadOption):
        tools.list_frames("last", offset=-1)
    with pytest.raises(BadOption):
        tools.explain_rule("no-such-rule")
