"""What comes from a session while it is recorded: by the recipes that follow it, until it is left."""

from __future__ import annotations

from queue import Queue

import pytest

from recorder.errors import BadOption
from recorder.recipes.filters import parse_filters
from recorder.tui.session_feeds import FeedFailed, FramesRead, MessagesChanged, SessionChecked, SessionFeeds


class News:
    """What came, by its kind."""

    def __init__(self):
        self.came = Queue()
        self._others = []

    def next(self, kind):
        for news in self._others:
            if isinstance(news, kind):
                self._others.remove(news)
                return news
        while not isinstance(news := self.came.get(timeout=30), kind):
            assert not isinstance(news, FeedFailed), news
            self._others.append(news)
        return news


@pytest.fixture
def feeds(recording):
    recording.say("one", "two")
    news = News()
    made = SessionFeeds(recording.path, "live", news.came.put, interval="10ms")
    yield made, news
    made.close(within_s=10)


def test_frames_messages_and_findings_come_and_then_those_that_are_new(recording, feeds):
    made, news = feeds
    made.start()
    assert [line.number for line in news.next(FramesRead).lines] == [1, 2]
    assert [message.text for message in news.next(MessagesChanged).changed] == ["one", "two"]
    recording.read(0)
    assert [line.row[-1] for line in news.next(FramesRead).lines] == ["READ [0]"]
    assert [message.status for message in news.next(MessagesChanged).changed] == ["read"]
    made.start_checks()
    made.start_checks()
    assert news.next(SessionChecked).checked.findings
    recording.end()
    assert news.next(MessagesChanged).over
    assert news.next(SessionChecked).checked


def test_frames_are_read_again_for_a_filter_and_keep_their_words(recording, feeds):
    made, news = feeds
    made.start()
    first = news.next(FramesRead)
    made.choose_frames(parse_filters(grep="two"))
    second = news.next(FramesRead)
    while second.reading == first.reading:
        second = news.next(FramesRead)
    assert [line.number for line in second.lines] == [2]
    assert (second.last, second.reading, made.reading) == (2, 2, 2)
    with pytest.raises(BadOption, match="a frame is sent by"):
        made.choose_frames(parse_filters(sender="agent"))
    assert made.reading == 2


def test_an_error_is_told_in_one_sentence(tmp_path):
    news = News()
    made = SessionFeeds(str(tmp_path / "none.db"), "live", news.came.put, interval="10ms")
    made.start()
    assert "none.db" in str(news.came.get(timeout=30).error)
    made.close(within_s=10)
