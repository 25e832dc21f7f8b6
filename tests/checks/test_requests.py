"""Questions and answers: unanswered, reused, unasked, refused, asked again too soon."""

from __future__ import annotations

import pytest

V, S, N = "violated", "satisfied", "not-observable"

CASES = [
    ("request-unanswered", "answered", lambda s: s.answer(s.say(), 0), [S]),
    ("request-unanswered", "refused is answered", lambda s: s.answer(s.say(), code=400), [S]),
    ("request-unanswered", "waited ten seconds", lambda s: (s.say(), s.at(10)), [V]),
    ("request-unanswered", "waited nine", lambda s: (s.say(), s.at(9)), [N]),
    (
        "request-unanswered",
        "connection ended first",
        lambda s: (s.say(), s.at(3).ends("lost"), s.at(99)),
        [N],
    ),
    ("request-unanswered", "connection ended much later", lambda s: (s.say(), s.at(30).ends("lost")), [V]),
    ("request-unanswered", "no times", lambda s: s.at(None).say(), [N]),
    (
        "request-unanswered",
        "no id",
        lambda s: (s.raw(b'{"kind":"req","type":"GetClock"}', from_client=True), s.at(99)),
        [N],
    ),
    ("request-unanswered", "a receipt is for another rule", lambda s: (s.give("READ", 1), s.at(99)), []),
    ("request-id-reused", "while the first waits", lambda s: (s.say(id=7), s.say(id=7)), [V]),
    ("request-id-reused", "after the answer", lambda s: (s.answer(s.say(id=7), 0), s.say(id=7)), [S]),
    ("request-id-reused", "on another connection", lambda s: (s.say(id=7), s.on(2).say(id=7)), [S]),
    ("answer-without-question", "asked", lambda s: s.answer(s.say(), 0), [S]),
    (
        "answer-without-question",
        "twice answered",
        lambda s: [ask := s.say(), s.answer(ask, 0), s.answer(ask, 0)],
        [V],
    ),
    ("answer-without-question", "before any question", lambda s: s.answer(0, 0, id="9"), [N]),
    (
        "answer-without-question",
        "on a connection that never asked",
        lambda s: (s.say(), s.on(2).answer(0, 0, id="9")),
        [N],
    ),
    ("error-answer", "fine", lambda s: s.answer(s.say(), 0), [S]),
    ("error-answer", "400", lambda s: s.answer(s.say(), code=400), [V]),
    ("error-answer", "500 to nobody", lambda s: s.answer(0, code=500, id="9"), [V]),
    (
        "error-answer",
        "a refused receipt is for another rule",
        lambda s: s.answer(s.give("READ", 1), code=400),
        [],
    ),
    ("retry-after-429", "never throttled", lambda s: s.answer(s.say(), 0), []),
    ("retry-after-429", "not retried", lambda s: s.answer(s.say(), code=429), [S]),
    ("retry-after-429", "at once", lambda s: (s.answer(s.say(), code=429), s.at(0.999).say()), [V]),
    ("retry-after-429", "after a second", lambda s: (s.answer(s.say(), code=429), s.at(1).say()), [S]),
    (
        "retry-after-429",
        "something else at once",
        lambda s: (s.answer(s.say(), code=429), s.request("GetClock")),
        [S],
    ),
    ("retry-after-429", "on another connection", lambda s: (s.answer(s.say(), code=429), s.on(2).say()), [S]),
    ("retry-after-429", "no times", lambda s: (s.at(None), s.answer(s.say(), code=429), s.say()), [N]),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_questions_and_answers(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


def test_an_error_names_the_question_and_both_frames(session):
    ask = session.say()
    answer = session.answer(ask, code=400)
    (finding,) = session.check("error-answer")
    assert finding.frames == (ask, answer)
    assert finding.sentence == 'ms.PublishEvent (id "1") was answered with 400'


def test_an_answer_of_a_recording_that_goes_on_may_still_come(session):
    session.say()
    session.at(3)
    (finding,) = session.check("request-unanswered")
    assert finding.sentence.endswith("was seen in the 3 s until the recording ended after frame #1")
