"""How connections ended, and what the wire forbids."""

from __future__ import annotations

import pytest

from recorder.checks.input import WireFact

V, S, N = "violated", "satisfied", "not-observable"


def closed(s, code, **more):
    s.say()
    return s.ends("closed", code=code, **more)


def lost(s, how="lost"):
    s.say()
    return s.ends(how)


CASES = [
    *[
        ("auth-close", f"{code}", lambda s, code=code: closed(s, code, by_client=False), [V])
        for code in (4401, 4407, 1008, 1011)
    ],
    ("auth-close", "normal", lambda s: closed(s, 1000, by_client=False), [S]),
    ("auth-close", "we sent it", lambda s: closed(s, 1011, by_client=True), [S]),
    ("auth-close", "no code", lambda s: (s.say(), s.ends("lost")), []),
    ("not-let-in", "refused", lambda s: s.ends("refused"), [V]),
    ("not-let-in", "closed", lambda s: closed(s, 1000), [S]),
    ("not-let-in", "still open", lambda s: s.say(), [S]),
    ("silence-before-close", "61 s", lambda s: (s.say(), s.at(61).ends("lost")), [V]),
    ("silence-before-close", "60 s", lambda s: (s.say(), s.at(60).ends("lost")), [S]),
    (
        "silence-before-close",
        "we closed",
        lambda s: (s.say(), s.at(99).ends("closed", code=1000, by_client=True)),
        [S],
    ),
    (
        "silence-before-close",
        "the service closed",
        lambda s: (s.say(), s.at(99).ends("closed", code=1000, by_client=False)),
        [V],
    ),
    ("silence-before-close", "no times", lambda s: (s.at(None).say(), s.ends("lost")), [N]),
    ("silence-before-close", "still open", lambda s: (s.say(), s.at(99)), []),
    ("ended-without-close", "closed", lambda s: closed(s, 1000), [S]),
    ("ended-without-close", "lost", lambda s: (s.say(), s.ends("lost")), [V]),
    ("ended-without-close", "failed", lambda s: (s.say(), s.ends("failed")), [V]),
    ("ended-without-close", "nobody saw it", lambda s: (s.say(), s.ends(None)), [N]),
    ("ended-without-close", "still open", lambda s: s.say(), []),
    ("ended-without-close", "never let in", lambda s: (s.say(), s.ends("refused")), []),
    ("protocol-violation", "none", lambda s: s.say(), [S]),
    *[
        (
            rule,
            f"{told}, {story}",
            lambda s, end=end, told=told: end(s).told_by(told),
            outcomes,
        )
        for told in ("messages", "lines")
        for rule, story, end, outcomes in (
            ("auth-close", "no code", lambda s: lost(s), [N]),
            ("auth-close", "a code", lambda s: closed(s, 4401, by_client=False), [V]),
            ("auth-close", "never let in", lambda s: s.ends("refused"), []),
            ("silence-before-close", "who ended it", lambda s: lost(s.at(0)), [N]),
            ("silence-before-close", "a code", lambda s: closed(s.at(0), 1000, by_client=True), [S]),
            ("ended-without-close", "no code", lambda s: lost(s), [N]),
            ("ended-without-close", "no end", lambda s: lost(s, None), [N]),
            ("ended-without-close", "a code", lambda s: closed(s, 1000, by_client=False), [S]),
            ("ended-without-close", "never let in", lambda s: s.ends("refused"), []),
            ("protocol-violation", "none", lambda s: lost(s), [N]),
            ("not-let-in", "let in", lambda s: lost(s), [S]),
        )
    ],
    ("protocol-violation", "bytes", lambda s: lost(s).told_by("bytes"), [S]),
    ("auth-close", "bytes", lambda s: lost(s).told_by("bytes"), []),
    (
        "protocol-violation",
        "one kind, often",
        lambda s: (
            s.say(),
            s.violations.extend(WireFact(frame, 1, True, "not masked") for frame in (1, 2, 3)),
        ),
        [V],
    ),
    (
        "protocol-violation",
        "both sides",
        lambda s: (
            s.say(),
            s.violations.extend(WireFact(frame, 1, frame == 1, "reserved opcode") for frame in (1, 2)),
        ),
        [V, V],
    ),
    ("protocol-violation", "nothing on the wire", lambda s: s.ends("refused"), []),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_connections(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(4401, "documentation"), (4407, "documentation"), (1008, "client code only"), (1011, "readme only")],
)
def test_an_authentication_close_says_what_it_means_and_who_says_so(session, code, meaning):
    closed(session, code, by_client=False)
    (finding,) = session.check("auth-close")
    assert str(code) in finding.sentence
    assert meaning in finding.sentence


def test_silence_is_not_called_the_cause(session):
    session.say()
    session.at(200).ends("lost")
    (finding,) = session.check("silence-before-close")
    assert (
        finding.sentence
        == "connection 1 ended after 3 m 20 s without data; whether that is why, no frame tells"
    )


def test_a_silence_without_times_names_the_close_frame(session):
    session.at(None)
    session.say()
    session.ends("closed", code=1000, by_client=False)
    (finding,) = session.check("silence-before-close")
    assert (finding.outcome, finding.frames) == (N, (2,))


def test_what_a_source_lacks_is_said_by_name(session):
    """So that nobody looks for a Close frame in a HAR."""
    lost(session).told_by("messages")
    for rule, says in (
        ("auth-close", "of connection 1: this source has no close codes"),
        (
            "silence-before-close",
            "of connection 1: this source has no close frames, so who ended it is not known",
        ),
        ("ended-without-close", "of connection 1: this source has no control frames"),
        ("protocol-violation", "of connection 1: this source has no control frames, fragments and masks"),
    ):
        assert [finding.sentence for finding in session.check(rule)] == [says]
