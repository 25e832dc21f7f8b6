"""The findings of every moment in columns; what a browser makes of them is looked at in tests/browser."""

from __future__ import annotations

from itertools import accumulate

from recorder.checks.engine import RULES
from recorder.checks.finding_history import FindingHistory, ObservedSpan, RuleHistory
from recorder.checks.findings import Observation, OpenSentence, Outcome, Placeholder
from recorder.redaction.people import PeopleRedaction
from recorder.report.session_page.finding_columns import FindingColumns
from recorder.report.session_page.frames import FrameColumns
from recorder.report.session_page.id_references import IdReferences
from recorder.report.session_page.states import places_of

RULE = RULES[0]


def columns_of(spans, *, looked_at=(), redact=(), letters=None, ends=((None, None),)):
    history = FindingHistory([RuleHistory(RULE, RULE.severity, spans, looked_at)], ends, "the end")
    redaction = PeopleRedaction(redact, letters or {})
    places = places_of([])
    frames = FrameColumns("0", places, {}, redaction, IdReferences([]))
    return FindingColumns(history, places, redaction, frames).json()


def violated(sentence, *frames, since=1, until=None, **more):
    return ObservedSpan(Observation(Outcome.VIOLATED, sentence, frames, **more), since, until)


def test_alike_sentences_share_a_text():
    told = columns_of(
        [violated("READ of message 5 came after 7 s", 4), violated("READ of message 8 came after 9 s", 6)]
    )
    assert told["texts"] == [("READ of message ", 0, " came after ", 0, " s")]
    assert told["text"] == [0, 0]
    assert told["numbers"] == [5 - 4, 7 - 4, 8 - 6, 9 - 6]


def test_numbers_in_words_and_fractions_stay_as_they_are():
    told = columns_of([violated("agent 3d834d4d took 0.345 s for 007", 1)])
    text = "".join(part if isinstance(part, str) else "#" for part in told["texts"][0])
    assert text == "agent 3d834d4d took #.345 s for 007"


def test_frames_and_moments_are_differences():
    spans = [violated("a", 9, 4, 9, since=10, until=12), violated("b", since=3), violated("c", 20, since=21)]
    told = columns_of(spans)
    assert told["count"] == [2, 0, 1]
    assert told["frames"] == [4, 5, 16]
    assert told["since"] == [6, -1, 1]
    assert told["lasts"] == [2, 0, 0]


def test_an_open_sentence_says_since_when():
    sentence = OpenSentence(("for ", Placeholder.SECONDS, " until ", Placeholder.END), 7, None, 0)
    told = columns_of([violated(sentence, 4, dialog="d", sequence=3)])
    assert told["texts"] == [("for ", 1, " until ", 2)]
    assert told["open"] == {0: [7, None]}
    assert told["about"] == {0: [0, 3]}


def test_names_are_left_out_of_an_open_sentence_too():
    sentence = OpenSentence(("anna-1234 was silent for ", Placeholder.SECONDS), 7, None, 0)
    told = columns_of([violated(sentence, 4)], redact=("names",), letters={"anna-1234": "A"})
    assert told["texts"] == [("A was silent for ", 1)]


def test_steps_add_up_to_how_often_a_rule_was_satisfied():
    told = columns_of([], looked_at=[(2, 1), (5, 4), (9, 7)])["counts"]
    assert told["steps"] == [(0, 1), (0, 3)]
    assert list(accumulate(told["frames"])) == [2, 5, 9]
    assert told["which"] == [0, 1, 1]


def test_ends_that_no_frame_tells_are_told():
    assert columns_of([], ends=((None, None),))["ends"] == []
    assert columns_of([], ends=((3, 4),))["ends"] == [[0, 3, 4]]
