"""Stories of a session, drawn by Hypothesis: moves that a capture may hold, however odd."""

from __future__ import annotations

from typing import Any

from builders.sessions import SessionBuilder
from hypothesis import strategies as st

from recorder.checks.input import WireFact
from recorder.messaging.events import Evidence, OddityNoticed, Proof

ME, AGENT, OTHER = "consumer-1", "agent-1", "consumer-2"

people = st.sampled_from((ME, AGENT, OTHER))
numbers = st.integers(0, 4)
dialogs = st.sampled_from(("d", "e"))
statuses = st.sampled_from(("ACCEPT", "READ", "NACK", "ACTION", "READD"))
codes = st.sampled_from((200, 200, 200, 400, 429))
texts = st.sampled_from(("hi", "ho"))
times = st.one_of(st.none(), st.sampled_from((0, 1, 3, 3_000_000)))

moves = st.one_of(
    st.tuples(st.just("i_am"), people),
    st.tuples(st.just("say"), texts),
    st.tuples(st.just("give"), statuses, st.lists(numbers, max_size=3), dialogs),
    st.tuples(st.just("subscribe")),
    st.tuples(st.just("query")),
    st.tuples(st.just("answer"), st.one_of(st.none(), numbers), codes),
    st.tuples(st.just("answer"), numbers, st.just(200)),
    st.tuples(st.just("message"), numbers, people, texts, dialogs, times),
    st.tuples(st.just("echo"), numbers, people),
    st.tuples(st.just("receipt"), statuses, st.lists(numbers, max_size=3), people, numbers, dialogs, times),
    st.tuples(st.just("receipt"), statuses, st.lists(numbers, max_size=3), people, st.none(), dialogs, times),
    st.tuples(st.just("private"), numbers, people),
    st.tuples(st.just("snapshot"), st.lists(people, max_size=2, unique=True), st.booleans()),
    st.tuples(st.just("last"), numbers, people, st.lists(people, max_size=2, unique=True)),
    st.tuples(st.just("suspicious"), st.sampled_from(("id-reused", "doubled-key", "unknown-type"))),
    st.tuples(st.just("garbage")),
    st.tuples(st.just("violation")),
    st.tuples(st.just("reuse")),
    st.tuples(st.just("wait"), st.sampled_from((0.05, 1, 11, 61, -3))),
    st.tuples(st.just("untimed")),
    st.tuples(st.just("on"), st.integers(1, 3)),
    st.tuples(st.just("ends"), st.sampled_from(("closed", "lost", "failed", None)), st.booleans()),
    st.tuples(st.just("told_by"), st.sampled_from(("messages", "bytes"))),
)


class Story:
    """Makes moves in a session; each is one that a capture may hold, however odd."""

    def __init__(self) -> None:
        self.session = SessionBuilder()
        self.now_s: float = 0
        self.asked: list[int] = []

    def make(self, name: str, *given: Any) -> None:
        getattr(self, f"_{name}")(*given)

    def _i_am(self, who: str) -> None:
        self.session.i_am(who)

    def _say(self, text: str) -> None:
        self.asked.append(self.session.say(text))

    def _give(self, status: str, listed: list[int], dialog: str) -> None:
        self.asked.append(self.session.give(status, *listed, dialog=dialog))

    def _subscribe(self) -> None:
        self.asked.append(self.session.subscribe())

    def _query(self) -> None:
        self.asked.append(self.session.request("ms.QueryMessages", {"dialogId": "d"}))

    def _reuse(self) -> None:
        self.asked.append(self.session.say("again", id=1))

    def _answer(self, sequence: int | None, code: int) -> None:
        if self.asked:
            self.session.answer(self.asked.pop(0), sequence, code=code)
        else:
            self.session.answer(0, sequence, code=code, id="nobody")

    def _message(self, sequence: int, by: str, text: str, dialog: str, ms: int | None) -> None:
        self.session.message(sequence, by=by, text=text, dialog=dialog, ms=self._ms(ms))

    def _echo(self, sequence: int, by: str) -> None:
        self.session.message(sequence, by=by, text="hi")

    def _private(self, sequence: int, by: str) -> None:
        self.session.message(sequence, by=by, audience="AGENTS_AND_MANAGERS")

    def _receipt(
        self, status: str, listed: list[int], by: str, own: int | None, dialog: str, ms: int | None
    ) -> None:
        self.session.receipt(status, *listed, by=by, own=own, dialog=dialog, ms=self._ms(ms))

    def _ms(self, ms: int | None) -> int | None:
        return None if ms is None else 1_700_000_000_000 + ms + int(self.now_s * 1_000)

    def _snapshot(self, who: list[str], is_open: bool) -> None:
        self.session.snapshot(*who, dialog_state="OPEN" if is_open else "CLOSE")

    def _last(self, sequence: int, by: str, who: list[str]) -> None:
        self.session.snapshot(*who, last=self.session.content(sequence, by=by))

    def _suspicious(self, kind: str) -> None:
        frame = self.session.say("odd")
        evidence = Evidence(Proof.CLAIMED, frame, self.session.connection, None, None)
        self.session.events.append(OddityNoticed(kind, f"{kind} here", evidence))

    def _garbage(self) -> None:
        self.session.raw(b"\xff{", from_client=False)

    def _violation(self) -> None:
        frame = self.session.say("odd")
        self.session.violations.append(WireFact(frame, self.session.connection, True, "no mask"))

    def _wait(self, seconds: float) -> None:
        self.now_s = max(0, self.now_s + seconds)
        self.session.at(self.now_s)

    def _untimed(self) -> None:
        self.session.at(None)

    def _on(self, connection: int) -> None:
        self.session.on(connection)

    def _ends(self, how: str | None, by_client: bool) -> None:
        self.session.ends(how, by_client=by_client)

    def _told_by(self, fidelity: str) -> None:
        self.session.told_by(fidelity)
