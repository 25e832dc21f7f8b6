"""What can be asked of an archive from Python."""

from __future__ import annotations

import pytest

import recorder
from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.receipts.aliases import Suggestion
from recorder.recipes.queries import alias_remarks


@pytest.fixture
def opened(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as writing:
        recipes.import_capture(writing, samples / "tutorial.jsonl", name="by hand")
    with recipes.open_archive(archive) as reading:
        yield reading


def test_messages_carry_their_receipts(opened):
    session, (message,) = recipes.messages(opened, "by hand")
    assert session == opened.find_session("last").session
    assert (message.status, message.text) == ("read", "some agent text")
    assert [receipt.status for receipt in message.receipts] == ["ACCEPT", "READ"]


def test_the_transcript_is_there_for_questions_of_ones_own(opened):
    transcript = recipes.transcript(opened, "last")
    assert isinstance(transcript, recorder.Transcript)
    assert [message.sequence for message in recorder.view(transcript)] == [3]
    assert any(oddity.kind == "id-reused" for oddity in transcript.oddities)


def test_a_message_is_referred_to_by_sequence_dialog_and_sequence_or_the_frame_that_asked(opened):
    _, message, entries = recipes.message_life(opened, "last", "3")
    assert recipes.message_life(opened, "last", f"{message.dialog_id}:3")[1] == message
    assert [entry.evidence.frame for entry in entries] == [3, 4, 5, 6, 7]
    for nothing in ("4", "other:3", "#4"):
        with pytest.raises(NotFound):
            recipes.message_life(opened, "last", nothing)
    for nonsense in ("", "x", "3:x", "#x", "٣"):
        with pytest.raises(BadOption):
            recipes.message_life(opened, "last", nonsense)


def test_a_publish_without_a_sequence_is_referred_to_by_its_frame(archive, tmp_path):
    capture = tmp_path / "refused.jsonl"
    capture.write_text(
        r'{"sender":"client","text":"{\"id\":1,\"type\":\"ms.PublishEvent\",\"body\":{\"dialogId\":\"d\",'
        r'\"event\":{\"type\":\"ContentEvent\",\"contentType\":\"text/plain\",\"message\":\"hi\"}}}"}'
        "\n"
        r'{"sender":"service","text":"{\"kind\":\"resp\",\"reqId\":\"1\",\"code\":400,\"body\":\"no\"}"}'
    )
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        _, message, entries = recipes.message_life(opened, "last", "#1")
    assert (message.status, message.text, message.sequence) == ("failed", "hi", None)
    assert [entry.sentence for entry in entries] == ["publish requested", "publish refused with 400"]


def test_a_sequence_that_stands_in_two_dialogs_asks_which(archive, tmp_path):
    capture = tmp_path / "two.jsonl"
    capture.write_text(
        "\n".join(
            r'{"sender":"service","text":"{\"kind\":\"notification\",\"type\":\"ms.MessagingEventNotification\",'
            r"\"body\":{\"changes\":[{\"sequence\":0,\"dialogId\":\"" + dialog + r"\",\"originatorId\":\"a\","
            r'\"event\":{\"type\":\"ContentEvent\",\"contentType\":\"text/plain\",\"message\":\"x\"}}]}}"}'
            for dialog in ("d1", "d2")
        )
    )
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        with pytest.raises(NotFound, match="d1:0, d2:0"):
            recipes.message_life(opened, "last", "0")
        assert recipes.message_life(opened, "last", "d2:0")[1].dialog_id == "d2"
        assert len(recipes.messages(opened, "last", dialog="d1")[1]) == 1


# --- the sample with a reconnect and a step-up ----------------------------------------------------------

STEP_UP = {"guest-1": "user-7"}


@pytest.fixture
def step_up(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as writing:
        recipes.import_capture(writing, samples / "step-up.jsonl")
    with recipes.open_archive(archive) as reading:
        yield reading


def test_a_publish_whose_answer_never_came_is_the_message_that_was_announced_later(step_up):
    _, message, entries = recipes.message_life(step_up, "last", "#6")
    assert (message.sequence, message.status, message.request_frame, message.mine) == (3, "read", 6, True)
    assert message.echo is not None
    assert [entry.evidence.frame for entry in entries] == [6, 7, 9]
    assert recipes.message_life(step_up, "last", "3")[1:] == (message, entries)


def test_before_the_echo_it_was_unknown_or_pending(step_up):
    _, message, entries = recipes.message_life(step_up, "last", "#6", at="#6")
    assert (message.sequence, message.status, message.echo) == (None, "pending", None)
    assert [entry.evidence.frame for entry in entries] == [6]
    with pytest.raises(NotFound):
        recipes.message_life(step_up, "last", "3", at="#6")
    with pytest.raises(NotFound, match='no dialog "d1"'):
        recipes.messages(step_up, "last", dialog="d1", at="#0")


def test_suggestions_are_said_and_never_applied(step_up):
    said = []
    _, plain = recipes.messages(step_up, "last", say=said.append)
    assert {message.author for message in plain} == {"guest-1", "agent-9"}
    (remark,) = said
    assert remark.startswith("maybe the same person: --alias guest-1=user-7 (")
    said.clear()
    _, merged = recipes.messages(step_up, "last", aliases=STEP_UP, say=said.append)
    assert {message.author for message in merged} == {"user-7", "agent-9"}
    assert said == []
    summary = recipes.summary(step_up, "last")
    assert [suggestion.option for suggestion in summary.suggestions] == ["--alias guest-1=user-7"]
    assert recipes.summary(step_up, "last", aliases=STEP_UP).suggestions == []


def test_an_alias_for_nobody_is_said_and_changes_nothing(step_up):
    said = []
    _, listed = recipes.messages(step_up, "last", aliases={"nobody": "x"}, say=said.append)
    assert listed == recipes.messages(step_up, "last")[1]
    assert any('no participant "nobody"' in remark for remark in said)


def test_the_moment_is_said_as_the_frame_it_came_down_to(step_up):
    said = []
    opened = recipes.open_session(step_up, "last", at="+5s", say=said.append)
    assert opened.last == 5
    assert said[0] == "as of frame #5 of 9"


def test_many_suggestions_are_cut_short():
    many = [Suggestion(f"a{number}", f"b{number}", "why") for number in range(9)]
    remarks = list(alias_remarks(many))
    assert len(remarks) == 6
    assert remarks[-1].startswith("and 4 more")


def test_a_frame_tells_what_it_proves(step_up):
    assert [fact.sentence for fact in recipes.frame_proofs(step_up, "last", 8)] == [
        "READ by you (consumer user-7) on message 2 of dialog d1"
    ]
    assert [fact.better for fact in recipes.frame_proofs(step_up, "last", 7)] == [3, 4, 5, None]
    assert recipes.frame_proofs(step_up, "last", 99) == []
    (fact,) = recipes.frame_proofs(step_up, "last", 3, aliases=STEP_UP)
    assert fact.participant == "user-7"
