"""Who is who, from capture to command: small captures as somebody writes them by hand, and what is said.

A capture holds the frames of one or two connections. What the service is told and tells is as short as the
protocol allows; each second has one envelope.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recorder.cli.app import app

CONSUMER, AGENT, OTHER = "109f41a2-consumer", "3d834d4d-agent", "5e6f7a8b-agent"
GUEST, USER = "guest-1", "user-7"
ROLES = {
    **dict.fromkeys((CONSUMER, GUEST, USER), "CONSUMER"), **dict.fromkeys((AGENT, OTHER), "ASSIGNED_AGENT"),
}  # fmt: skip
SINCE_MS = 1_704_067_200_000
URL = "wss://va.example.com/ws_api/account/12345678/messaging"

Line = dict[str, object]


class Capture:
    """Writes a capture line by line; each line comes a second after the one before."""

    def __init__(self, *, dialect: str = "v3") -> None:
        self.lines: list[Line] = []
        self._second = 0
        self._ids = 0
        self._v2 = dialect == "v2"

    def opened(self, connection: int, *, token: str | None = None, path: str | None = None) -> Capture:
        header = [] if token is None else [["Authorization", f"jwt ⟦jwt:3f9a1c2{connection} sub={token}⟧"]]
        url = f"{URL}/brand/⟦jwt:3f9a1c2{connection} sub={path}⟧?v=2" if path else f"{URL}/consumer?v=3"
        self.lines.append({"connection": connection, "url": url, "request_headers": header})
        return self

    def _frame(self, connection: int, sender: str, envelope: object) -> None:
        self._second += 1
        at = f"2024-01-01T00:{self._second // 60:02}:{self._second % 60:02}.000Z"
        text = json.dumps(envelope)
        self.lines.append({"connection": connection, "sender": sender, "at": at, "text": text})

    def ask(self, connection: int, event: object, *, id: str | None = None) -> str:
        self._ids += 1
        name = id or str(self._ids)
        kind = ".ams.ms.PublishEvent" if self._v2 else "ms.PublishEvent"
        body = {"dialogId": "d", "conversationId": "d", "event": event}
        self._frame(connection, "client", {"kind": "req", "id": name, "type": kind, "body": body})
        return name

    def answer(self, connection: int, name: str, sequence: int | None) -> None:
        body = {} if sequence is None else {"sequence": sequence}
        kind = ".ams.ms.PublishEventResponse" if self._v2 else "ms.PublishEventResponse"
        answer = {"kind": "resp", "reqId": name, "code": 200, "type": kind, "body": body}
        self._frame(connection, "service", answer)

    def tell(self, connection: int, sequence: int | None, by: str, event: object) -> None:
        change: Line = {
            "dialogId": "d", "originatorId": by, "event": event,
            "serverTimestamp": SINCE_MS + self._second * 1_000,
            "originatorMetadata": {"id": by, "role": ROLES[by]},
        }  # fmt: skip
        if sequence is not None:
            change["sequence"] = sequence
        kind = "ms.MessagingEventNotification"
        body: object = {"changes": [change]}
        if self._v2:
            kind, body = ".ams.ms.OnlineEventDistribution", change
        self._frame(connection, "service", {"kind": "notification", "type": kind, "body": body})

    def say(
        self, on: int, sequence: int, text: str, *, by: str, to: tuple[int, ...] = (1,),
        echo: str | None = None, answered: bool = True, id: str | None = None,
    ) -> Capture:  # fmt: skip
        """A message: asked on ``on`` (0: by somebody who is not recorded), answered, told to ``to``."""
        if on:
            name = self.ask(on, content(text), id=id)
            self.answer(on, name, sequence if answered else None)
        for connection in to:
            self.tell(connection, sequence, by, content(text if echo is None else echo))
        return self

    def give(
        self, on: int, status: str, named: int, sequence: int, *, by: str, to: tuple[int, ...] = (1,),
        answered: bool = True, numbered: bool = True,
    ) -> Capture:  # fmt: skip
        """A receipt, likewise. ``numbered``: the notification says which sequence it took."""
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [named]}
        if on:
            self.answer(on, self.ask(on, event), sequence if answered else None)
        for connection in to:
            self.tell(connection, sequence if numbered else None, by, event)
        return self


def content(text: str) -> Line:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


class Told:
    """What the commands say about one capture."""

    def __init__(self, path: Path) -> None:
        self._archive = str(path / "x.db")
        self._path = path

    def run(self, *arguments: str, code: int | None = 0) -> str:
        result = CliRunner().invoke(app, [*arguments, "--archive", self._archive])
        assert code is None or result.exit_code == code, result.output
        return result.stdout

    def imports(self, capture: Capture, name: str) -> None:
        file = self._path / f"{name}.jsonl"
        lines = [{"recorder": 1, "name": name}, *capture.lines]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        self.run("import", str(file))

    def shown(self, command: str) -> str:
        """What ``message show 0`` and the like print about the last session."""
        noun, verb, *which = command.split()
        return self.run(noun, verb, "last", *which)

    def messages(self) -> list[Line]:
        return [json.loads(line) for line in self.run("message", "list", "last", "--json").splitlines()]

    def summary(self) -> Line:
        return json.loads(self.run("session", "show", "last", "--json"))

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._archive)) as opened:
            return opened.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2, 3").fetchall()

    def findings(self, rule: str) -> list[Line]:
        out = self.run("check", "last", "--json", "--rule", rule, code=None)
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def told(tmp_path):
    def tell(capture: Capture) -> Told:
        about = Told(tmp_path)
        about.imports(capture, "first")
        return about

    return tell


# --- the captures ---------------------------------------------------------------------------------------


def both_sides(*, consumer_token: bool, agent_token: bool) -> Capture:
    """A consumer on connection 1 and an agent on connection 2; each hears everything."""
    capture = Capture().opened(1, token=CONSUMER if consumer_token else None)
    capture.opened(2, token=AGENT if agent_token else None)
    both = (2, 1)
    capture.say(1, 0, "Where is my order?", by=CONSUMER, to=both)
    capture.give(2, "ACCEPT", 0, 1, by=AGENT, to=both)
    capture.give(2, "READ", 0, 2, by=AGENT, to=both)
    capture.say(2, 3, "On its way.", by=AGENT, to=both)
    capture.give(1, "READ", 3, 4, by=CONSUMER, to=both)
    return capture


def only_reading() -> Capture:
    """An agent who only reads, without a token: nothing but the sequences of receipts tells who it is."""
    capture = Capture().opened(1, path=None)
    capture.say(0, 0, "Hello?", by=CONSUMER).give(1, "ACCEPT", 0, 1, by=AGENT).give(1, "READ", 0, 2, by=AGENT)
    return capture.say(0, 3, "Anybody?", by=CONSUMER).give(1, "READ", 3, 4, by=AGENT)


def agents_path() -> Capture:
    """An agent's bot in the dialect of version 2; its bearer stands in the path."""
    capture = Capture(dialect="v2").opened(1, path=AGENT)
    capture.say(0, 0, "Hello?", by=CONSUMER).give(1, "ACCEPT", 0, 1, by=AGENT).give(1, "READ", 0, 2, by=AGENT)
    return capture.say(1, 3, "Hi, I am a bot.", by=AGENT).give(0, "READ", 3, 4, by=CONSUMER)


def step_up(*, second_token: bool) -> Capture:
    """A guest writes and reads on connection 1, and goes on signed in on connection 2."""
    capture = Capture().opened(1, token=GUEST).opened(2, token=USER if second_token else None)
    capture.say(1, 0, "Hello?", by=GUEST).say(0, 1, "Please sign in.", by=AGENT)
    capture.give(1, "READ", 1, 2, by=GUEST).say(0, 3, "Are you there?", by=AGENT, to=(2,))
    capture.give(2, "ACCEPT", 3, 4, by=USER, to=(2,)).give(2, "READ", 3, 5, by=USER, to=(2,))
    return capture.say(2, 6, "Yes.", by=USER, to=(2,))


def reconnect(*, token: bool) -> Capture:
    """The same consumer on two connections; after the second subscription the old message is read again."""
    capture = Capture().opened(1, token=CONSUMER if token else None).opened(2)
    capture.say(0, 0, "Hello?", by=AGENT).give(1, "READ", 0, 1, by=CONSUMER)
    return capture.give(2, "READ", 0, 2, by=CONSUMER, to=(2,))


def masked() -> Capture:
    """The service masks digits; the sequence tells that the echo is ours all the same."""
    capture = Capture().opened(1).say(1, 0, "my card is 4111", by=CONSUMER, echo="my card is ****")
    return capture.give(0, "READ", 0, 1, by=AGENT)


def two_agents() -> Capture:
    capture = Capture().opened(1, token=AGENT).opened(2, token=OTHER)
    capture.say(0, 0, "Hello?", by=CONSUMER, to=(1, 2)).give(1, "READ", 0, 1, by=AGENT, to=(1, 2))
    return capture.say(2, 2, "Let me take this.", by=OTHER, to=(1, 2)).give(
        1, "READ", 2, 3, by=AGENT, to=(1, 2)
    )


def without_sequences() -> Capture:
    """An old dialect: neither answers nor receipts tell a sequence."""
    capture = Capture().opened(1).say(0, 0, "Hello?", by=AGENT)
    capture.give(1, "READ", 0, 1, by=CONSUMER, answered=False, numbered=False)
    return capture.say(1, 2, "Where is my order?", by=CONSUMER, answered=False)


CASES = {
    "both with tokens": both_sides(consumer_token=True, agent_token=True),
    "both with echoes": both_sides(consumer_token=False, agent_token=False),
    "both, the consumer with a token": both_sides(consumer_token=True, agent_token=False),
    "both, the agent with a token": both_sides(consumer_token=False, agent_token=True),
    "an agent who only reads": only_reading(),
    "an agent's path": agents_path(),
    "step-up": step_up(second_token=True),
    "step-up without the second token": step_up(second_token=False),
    "reconnect": reconnect(token=True),
    "reconnect without tokens": reconnect(token=False),
    "masked": masked(),
    "two agents": two_agents(),
    "without sequences": without_sequences(),
}  # fmt: skip

C, A, T = CONSUMER, AGENT, "announced"
BOTH = (
    [(0, C, True, "read"), (3, A, True, "read")],
    [(0, A, True, "ACCEPT", T), (0, A, True, "READ", T), (3, C, True, "READ", T)],
    [(C, [1]), (A, [2])],
)
EXPECTED = {
    **dict.fromkeys([name for name in CASES if name.startswith("both")], BOTH),
    "an agent who only reads": (
        [(0, C, False, "read"), (3, C, False, "read")],
        [(0, A, True, "ACCEPT", T), (0, A, True, "READ", T), (3, A, True, "READ", T)],
        [(A, [1])],
    ),
    "an agent's path": (
        [(0, C, False, "read"), (3, A, True, "read")],
        [(0, A, True, "ACCEPT", T), (0, A, True, "READ", T), (3, C, False, "READ", T)],
        [(A, [1])],
    ),
    **dict.fromkeys(
        ["step-up", "step-up without the second token"],
        (
            [(0, GUEST, True, "sent"), (1, A, False, "read"), (3, A, False, "read"), (6, USER, True, "sent")],
            [(1, GUEST, True, "READ", T), (3, USER, True, "ACCEPT", T), (3, USER, True, "READ", T)],
            [(GUEST, [1]), (USER, [2])],
        ),
    ),
    **dict.fromkeys(
        ["reconnect", "reconnect without tokens"],
        ([(0, A, False, "read")], [(0, C, True, "READ", T)], [(C, [1, 2])]),
    ),
    "masked": ([(0, C, True, "read")], [(0, A, False, "READ", T)], [(C, [1])]),
    "two agents": (
        [(0, C, False, "read"), (2, OTHER, True, "read")],
        [(0, A, True, "READ", T), (2, A, True, "READ", T)],
        [(A, [1]), (OTHER, [2])],
    ),
    # Nothing proves who we are, equal texts and lists suggest it: the receipt stays as proven as its answer.
    "without sequences": (
        [(0, A, False, "read"), (2, C, True, "sent")],
        [(0, C, True, "READ", "acknowledged")],
        [(C, [1])],
    ),
}  # fmt: skip
"""Messages, receipts, selves with their connections."""


@pytest.mark.parametrize("name", CASES)
def test_everybody_is_told_by_what_the_frames_say(told, name):
    messages, receipts, selves = EXPECTED[name]
    about = told(CASES[name])
    listed = about.messages()
    assert [(m["sequence"], m["author"], m["mine"], m["status"]) for m in listed] == messages
    assert [
        (m["sequence"], r["participant"], r["mine"], r["status"], r["proof"])
        for m in listed
        for r in m["receipts"]
    ] == receipts
    assert [(each["participant"], each["connections"]) for each in about.summary()["selves"]] == selves
    assert about.rows("message", "sequence", "author", "mine", "status") == messages
    assert about.rows("receipt", "sequence", "participant", "status", "mine", "proof") == [
        (sequence, who, status, mine, proof) for sequence, who, mine, status, proof in receipts
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_session_does_not_differ_from_itself(told, name):
    about = told(CASES[name])
    about.imports(CASES[name], "second")
    assert about.run("session", "diff", "first", "second", "--fail", "--json") == ""


@pytest.mark.parametrize("name", CASES)
def test_every_delay_is_counted_once(told, name):
    """Nobody is two people, and no receipt is timed on both clocks."""
    numbers = told(CASES[name]).summary()["numbers"]
    timed = [each for each in numbers["latencies"] if each["kind"].startswith("sent")]
    moved = [receipt for receipt in EXPECTED[name][1] if receipt[3] in ("ACCEPT", "READ")]
    assert sum(each["samples"] for each in timed) == len(moved)
    assert all(each["participant"] is not None for each in timed)


@pytest.mark.parametrize("name", CASES)
def test_a_step_up_is_suggested_where_a_consumer_changes_ids_alone(told, name):
    about, stepped = told(CASES[name]), name.startswith("step-up")
    assert [each["new"] for each in about.summary()["suggested_aliases"]] == [USER] * stepped
    outcomes = {each["outcome"] for each in about.findings("several-ids")}
    assert ("violated" in outcomes) is stepped


@pytest.mark.parametrize("name", CASES)
def test_no_rule_takes_two_of_us_for_one(told, name):
    for rule in ("receipt-for-own-message", "regressed-receipt", "unechoed-receipt", "duplicate-receipt"):
        violated = [each for each in told(CASES[name]).findings(rule) if each["outcome"] == "violated"]
        again = name.startswith("reconnect") and rule == "duplicate-receipt"
        assert len(violated) == int(again), violated


def test_tables_name_each_of_us(told):
    both = told(CASES["both with echoes"])
    table = both.run("message", "list", "last")
    assert "you (consumer)" in table
    assert "you (agent 3d834d4d)" in table
    shown = both.run("session", "show", "last")
    assert f"you (consumer): {CONSUMER}, connection 1\n" in shown
    assert f"you (agent 3d834d4d): {AGENT}, connection 2\n" in shown
    shown = both.run("message", "show", "last", "0")
    assert "from     you (consumer)" in shown
    assert "read, by you (agent 3d834d4d)" in shown


def test_two_agents_are_told_apart(told):
    table = told(CASES["two agents"]).run("message", "list", "last")
    assert "you (agent 3d834d4d)" in table
    assert "you (agent 5e6f7a8b)" in table


def test_a_message_that_one_of_us_never_touched_names_the_other_all_the_same(told):
    shown = told(CASES["step-up"]).run("message", "show", "last", "0")
    assert "from     you (consumer guest-1)" in shown


def test_an_only_self_is_you(told):
    table = told(CASES["an agent who only reads"]).run("message", "list", "last")
    assert "you " in table
    assert "you (" not in table


def test_an_answer_on_another_connection_proves_nothing(told):
    """Neither side has a token or an echo: two unknown selves, and each receipt stays where it was given."""
    capture = Capture().opened(1).opened(2)
    capture.say(0, 0, "Hello?", by=OTHER, to=(1, 2))
    capture.give(1, "READ", 0, 1, by=AGENT, to=()).give(2, "READ", 0, 2, by=AGENT, to=())
    about = told(capture)
    (message,) = about.messages()
    assert [(r["participant"], r["mine"], r["frame"]) for r in message["receipts"]] == [
        (None, True, 4), (None, True, 6),
    ]  # fmt: skip
    assert about.rows("receipt", "place", "participant", "frame") == [(0, None, 4), (1, None, 6)]


def test_with_a_reused_id_only_an_equal_text_is_an_echo(told):
    """Then the answer may be another's, and so may its sequence."""
    capture = Capture().opened(1)
    capture.ask(1, {"type": "ChatStateEvent", "chatState": "COMPOSING"}, id="1")
    capture.say(0, 0, "theirs", by=AGENT)
    capture.say(1, 0, "mine", by=CONSUMER, to=(), id="1")
    assert told(capture).summary()["selves"] == [unknown(1)]


def test_a_message_without_a_sequence_is_probably_its_echo(told):
    shown = told(CASES["without sequences"]).run("message", "show", "last", "2")
    assert "stored   probably" in shown


# --- selves that nothing tells the ids of ---------------------------------------------------------------


def unknown(connection: int) -> Line:
    return {"participant": None, "role": None, "connections": [connection]}


def both_unknown() -> Capture:
    """A consumer's connection and a brand's; no tokens, no echoes."""
    capture = Capture().opened(1).opened(2)
    capture.say(0, 0, "Hello?", by=OTHER, to=(1, 2))
    capture.give(1, "READ", 0, 1, by=CONSUMER, to=()).give(2, "READ", 0, 2, by=AGENT, to=())
    return capture.say(1, 3, "Yes.", by=CONSUMER, to=()).say(2, 4, "No.", by=AGENT, to=())


def one_known() -> Capture:
    """The consumer has a token and never writes nor reads; what the other does is echoed by nobody."""
    capture = Capture().opened(1, token=CONSUMER).opened(2)
    capture.say(0, 0, "Hello?", by=OTHER, to=(1, 2)).give(2, "READ", 0, 1, by=AGENT, to=())
    return capture.say(2, 2, "Yes.", by=AGENT, to=())


def test_two_of_unknown_ids_are_told_apart_by_their_connections(told):
    about = told(both_unknown())
    first, second = "you (connection 1)", "you (connection 2)"
    hello, yes, no = about.run("message", "list", "last").splitlines()[2:]
    assert f"{first} +3.000s~ #4, {second} +5.000s~ #6" in hello
    assert (first in yes, second in yes) == (True, False)
    assert (first in no, second in no) == (False, True)
    assert f"from     {first} (id unknown)" in about.run("message", "show", "last", "3")
    rows = about.run("message", "show", "last", "0").splitlines()
    assert [(first in row, second in row) for row in rows if "answered with 2xx" in row] == [
        (True, False), (False, True),
    ]  # fmt: skip


def test_session_show_lists_and_counts_each_of_unknown_id(told):
    about = told(both_unknown())
    shown = about.run("session", "show", "last").splitlines()
    for connection in (1, 2):
        name = f"you (connection {connection})"
        assert f"{name}: id unknown, connection {connection}" in shown
        assert [line.split()[3:] for line in shown if line.startswith(f"{name}  ")] == [["1", "0", "1"]]
    summary = about.summary()
    assert summary["selves"] == [unknown(1), unknown(2)]
    counts = [each for each in summary["numbers"]["participants"] if each["mine"]]
    assert [(each["participant"], each["connection"], each["read"]) for each in counts] == [
        (None, 1, 1), (None, 2, 1),
    ]  # fmt: skip


def test_an_unknown_self_beside_a_known_one_has_one_name_everywhere(told):
    about, name = told(one_known()), "you (connection 2)"
    for command in ("message list", "message show 0", "message show 2", "session show", "frame show #4"):
        said = about.shown(command)
        others = said.replace(name, "").replace(f"you ({CONSUMER[:8]})", "")
        assert name in said
        assert "you " not in others
    assert about.summary()["selves"] == [
        {"participant": CONSUMER, "role": None, "connections": [1]}, unknown(2),
    ]  # fmt: skip


def test_a_frame_is_not_proven_better_by_another_of_us(told):
    about = told(both_unknown())
    assert "best proven by frame #4" in about.run("frame", "show", "last", "#3")
    assert "best proven by frame #6" in about.run("frame", "show", "last", "#5")
    assert "best proven" not in about.run("frame", "show", "last", "#6")


def test_checks_name_each_of_unknown_id(told):
    capture = both_unknown()
    capture.give(1, "READ", 0, 5, by=CONSUMER, to=()).give(2, "READ", 0, 6, by=AGENT, to=())
    found = told(capture).findings("duplicate-receipt")
    sentences = [each["says"] for each in found if each["outcome"] == "violated"]
    assert [sentence.split(" gave ")[0] for sentence in sentences] == [
        "you (connection 1)", "you (connection 2)",
    ]  # fmt: skip


def test_an_only_self_of_unknown_id_is_you_and_listed(told):
    capture = Capture().opened(1).say(0, 0, "Hello?", by=OTHER).give(1, "READ", 0, 1, by=AGENT, to=())
    about = told(capture)
    for command in ("message list", "message show 0", "session show"):
        said = about.shown(command)
        assert "you " in said
        assert "you (" not in said
    assert about.summary()["selves"] == [unknown(1)]
