"""Messages by dialog."""

from __future__ import annotations

from recorder.receipts.delays import clocks_of
from recorder.receipts.fold import fold
from recorder.receipts.listing import dialogs_of
from recorder.receipts.queries import view


def test_messages_come_dialog_by_dialog_each_with_its_own_clocks(build):
    messages = view(fold([build.message(0, by="agent"), build.message(1, by="agent")]))
    other = [message._replace(dialog_id="other") for message in messages]
    mixed = [messages[0], other[0], messages[1], other[1]]
    first, second = dialogs_of(mixed)
    assert (first.dialog_id, first.messages) == (messages[0].dialog_id, messages)
    assert (second.dialog_id, second.messages) == ("other", other)
    assert [first.clocks.contradict(apart_us) for apart_us in (10**6, 10**6 + 1)] == [False, True]
    assert first.clocks.is_live(messages[0].sent) == clocks_of(messages).is_live(messages[0].sent)
