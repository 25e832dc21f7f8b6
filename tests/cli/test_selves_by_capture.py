"""Who is who, from capture to command: small captures as somebody writes them by hand, and what is said.

A capture holds the frames of one or two connections.
"""

from __future__ import annotations

import pytest
from builders.two_sides import AGENT, CONSUMER, GUEST, OTHER, USER, Capture, Line, Told


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
    return {"participant": None, "role": None, "connections": [connection], "name": None}


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
        {"participant": CONSUMER, "role": None, "connections": [1], "name": None}, unknown(2),
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


# --- taken without a sequence ---------------------------------------------------------------------------


def test_a_publish_that_was_answered_without_a_sequence_is_sent(told):
    """The service took it: 200. Where it stands nobody said, and no echo came."""
    about = told(Capture().opened(1, token=CONSUMER).say(1, 0, "Hello?", by=CONSUMER, to=(), answered=False))
    (message,) = about.messages()
    assert (message["sequence"], message["status"]) == (None, "sent")
    assert (message["sent"]["frame"], message["sent"]["proof"]) == (2, "acknowledged")
    assert "sent; the service took it, and nothing that was seen says under which sequence" in about.run(
        "message", "show", "last", "#1"
    )
    assert about.rows("message", "sequence", "status", "proof") == [(None, "sent", "acknowledged")]
