"""The rows of the messages, whatever changes came and in which order."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption
from recorder.recipes.filters import parse_filters
from recorder.tui.conversation import Conversation, id_of, reference_of


@pytest.fixture
def messages(recording):
    recording.say("one", "two", "three")
    recording.read(1)
    with recipes.open_archive(recording.path) as archive:
        return recipes.messages(archive, "last")[1]


def texts(conversation):
    table = conversation.table
    return [table.searchable(index).split(" ")[:4] for index in range(len(table))]


def test_it_shows_what_message_list_prints_in_its_order_whatever_came_first(messages):
    conversation, at_once = Conversation(), Conversation()
    for message in (messages[2], messages[0], messages[1], messages[0]):
        conversation.update([message], {})
    at_once.replace(messages, {})
    assert texts(conversation) == texts(at_once)
    assert texts(conversation)[1:] == [
        [str(number), "participant", "agent", text] for number, text in enumerate(("one", "two", "three"))
    ]
    assert conversation.count == 3
    assert conversation.message_at(0) is None
    assert conversation.place_of(id_of(messages[1])) == 2
    assert conversation.message_at(9) is None


def test_a_publish_that_gets_its_sequence_is_no_longer_listed_without(messages):
    asked = messages[0]._replace(sequence=None, request_frame=7, status="pending")
    answered = messages[0]._replace(request_frame=7)
    conversation = Conversation()
    conversation.update([asked], {})
    assert reference_of(conversation.message_at(1)) == "#7"
    conversation.update([answered], {})
    assert [reference_of(conversation.message_at(1)), conversation.count] == ["d:0", 1]


def test_a_filter_holds_for_what_comes_and_one_that_fails_is_left_out(messages):
    conversation = Conversation()
    conversation.update(messages[:2], {})
    conversation.choose(parse_filters(grep="t"), "s")
    conversation.update(messages[2:], {})
    assert [conversation.message_at(index).text for index in (1, 2)] == ["two", "three"]
    conversation.update([messages[1]._replace(text="one")], {})
    assert (conversation.count, conversation.message_at(1).text) == (1, "three")
    conversation.choose(parse_filters(limit=2), "s")
    assert conversation.count == 2
    untimed = [each._replace(sent=each.sent._replace(at_us=None)) for each in messages]
    conversation.replace(untimed, {})
    with pytest.raises(BadOption, match="carries no time"):
        conversation.choose(parse_filters(since="2026-01-31"), "s")
    assert conversation.count == 3


def test_receipts_are_shown_where_there_is_room(messages):
    conversation = Conversation()
    conversation.replace(messages, {})
    for width, shown in ((80, False), (120, True)):
        conversation.table.resize(width)
        conversation.table.prepare(0, 9)
        assert ("me +" in conversation.table.line(2)) is shown
