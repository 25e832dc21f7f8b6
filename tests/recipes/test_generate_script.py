"""A recording made into a script, and the script played: the receipts are the same."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.redaction.tokens import PLACEHOLDER

SAMPLES = Path(__file__).parents[2] / "samples"

AWAY_AND_BACK = """\
steps:
  - open_conversation
  - say: Are you there?
  - await: {message: {from: agent, matching: Yes}, as: yes}
  - accept: {message: yes, after: 100ms}
  - wait: 1s
  - disconnect: abort
  - reconnect: {from_sequence: 0, after: 2s}
  - read: {message: yes, after: 4s}
  - say: I was away for a moment
  - expect: {message: last_sent, status: read}
agent:
  - on: message
    do: [{read: {after: 300ms}}]
  - on: message
    nth: 1
    do: [{say: "Yes (of course)?", after: 500ms}]
"""

TWICE_THE_SAME = """\
receipts: {accept: 100ms}
steps:
  - open_conversation
  - await: {message: {matching: one}, as: one}
  - await: {message: {matching: two}, as: two}
  - read: {message: [one, two], after: 2s}
  - type: COMPOSING
  - wait: 3s
  - receipt: {status: READ, message: one}
  - receipt: {status: NACK, message: two, after: 4s}
  - say: "costs $${5} {message}"
  - wait: 5s
agent:
  - on: conversation
    do: [{say: one, after: 500ms}, {say: two, after: 700ms}]
  - on: message
    do: [{receipt: NACK, after: 200ms}, {close: {after: 6s}}]
"""

WRITTEN_HERE = {"away and back": AWAY_AND_BACK, "twice the same": TWICE_THE_SAME}
PLAYED = [*(path.stem for path in sorted(SAMPLES.glob("*.yaml"))), *WRITTEN_HERE]


def play(script: Path, archive: str) -> str:
    played = recipes.replay(script, archive=archive, clock="virtual")
    played.raise_if_failed()
    return played.session


def script_of(archive: str, session: str, **options: str) -> str:
    with recipes.open_archive(archive) as opened:
        return recipes.session_script(opened, session, **options)


@pytest.mark.parametrize("name", PLAYED)
def test_a_generated_script_repeats_the_recording(name, archive, tmp_path):
    """Receipt for receipt, and each as long after its message as before."""
    first, again = SAMPLES / f"{name}.yaml", tmp_path / "again.yaml"
    if name in WRITTEN_HERE:
        first = tmp_path / "first.yaml"
        first.write_text(WRITTEN_HERE[name])
    recorded = play(first, archive)
    again.write_text(script_of(archive, recorded))
    replayed = play(again, archive)
    with recipes.open_archive(archive) as opened:
        assert recipes.messages(opened, recorded)[1]
        assert recipes.session_difference(opened, recorded, replayed, delays_over="20ms").changes == ()


@pytest.mark.parametrize("sample", ["tutorial.jsonl", "step-up.jsonl"])
def test_a_capture_from_elsewhere_can_be_played_against_the_simulator(sample, archive, samples, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / sample, name="imported")
    again = tmp_path / "again.yaml"
    again.write_text(script_of(archive, "imported", pace="fast"))
    play(again, archive)


def test_receipts_of_a_message_whose_answer_was_lost_are_repeated(archive, samples, tmp_path):
    """The connection was over before the answer; the history brought the message, and then it was read."""
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl", name="imported")
    again = tmp_path / "again.yaml"
    again.write_text(script_of(archive, "imported"))
    replayed = play(again, archive)
    with recipes.open_archive(archive) as opened:
        _, messages = recipes.messages(opened, replayed)
        assert messages[-1].text == "Done, are you there?"
        assert messages[-1].status == "read"


# --- scripts by the dozen -------------------------------------------------------------------------------


class Author:
    """Makes up a script that can be played: each seed mixes the language in another way."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.steps: list[dict[str, Any]] = []
        self.several = self.dice.random() < 0.4
        self.people = ["anna", "ben"] if self.several else ["consumer"]
        self.heard: dict[str, list[str]] = {one: [] for one in self.people}
        self.pending = dict.fromkeys(self.people, 0)
        self.opened = dict.fromkeys(self.people, 0)
        self.away = dict.fromkeys(self.people, False)
        self.names = 0
        self.greets = False

    def script(self) -> dict[str, Any]:
        """The script, as JSON has it."""
        script: dict[str, Any] = {"name": "made up", "agent": self.agent(), "receipts": self.rule()}
        if self.several:
            own = [{"receipts": self.rule()} if self.dice.random() < 0.5 else {} for _ in self.people]
            script["consumers"] = dict(zip(self.people, own, strict=True))
        for _ in range(self.dice.randint(4, 14)):
            self.go_on(self.dice.choice(self.people))
        for one in self.people:
            if self.away[one]:
                self.come_back(one)
            if self.opened[one] and self.dice.random() < 0.3:
                self.step(one, self.dice.choice(["close_conversation", "close_dialog"]), self.after())
        if self.dice.random() < 0.7:
            self.steps.append({"wait": "10s"})
        return {**script, "steps": self.steps}

    def delay(self, longest_s: float = 4.0) -> str:
        return f"{self.dice.randint(20, int(longest_s * 1000))}ms"

    def after(self) -> dict[str, str]:
        return {"after": self.delay()} if self.dice.random() < 0.5 else {}

    def name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def rule(self) -> dict[str, str]:
        kinds = [self.delay(), f"{self.dice.randint(50, 400)}ms..2s", "700ms ± 100ms", "never"]
        rule = {one: self.dice.choice(kinds) for one in ("accept", "read") if self.dice.random() < 0.6}
        return {**rule, "batch": self.delay(1.0)} if self.dice.random() < 0.3 else rule

    def agent(self) -> list[dict[str, Any]]:
        self.greets = self.dice.random() < 0.5
        may: list[tuple[float, dict[str, Any]]] = [
            (0.7, {"accept": {"after": self.delay(1)}}),
            (0.7, {"read": {"after": self.delay(3)}}),
            (0.3, {"type": "COMPOSING", "after": self.delay(1)}),
            (0.2, {"receipt": "NACK", "after": self.delay(2)}),
            (0.2, {"send_file": {"caption": "a file"}, "after": self.delay(2)}),
            (0.2, {"rich": {"content": {"type": "vertical", "elements": []}}, "after": self.delay(2)}),
        ]
        acts = [act for chance, act in may if self.dice.random() < chance]
        rules = [{"on": "message", "do": [{"say": "You wrote {message}", "after": self.delay(3)}, *acts]}]
        if self.greets:
            rules.append({"on": "conversation", "do": [{"say": "Good day", "after": self.delay(2)}]})
        if self.dice.random() < 0.3:
            second: dict[str, Any] = {"on": "message", "nth": 2, "do": [{"say": "2", "after": self.delay(3)}]}
            rules.append(second)
        return rules

    def step(self, who: str, verb: str, says: dict[str, Any] | None = None) -> None:
        acting = {"consumer": who} if self.several and who != "anna" else {}
        self.steps.append({verb: {**(says or {}), **acting} or None})

    def go_on(self, who: str) -> None:
        if self.away[who]:
            self.come_back(who)
        elif not self.opened[who]:
            self.open(who)
        else:
            often = [self.say, self.hear, self.give] * 5
            rare = [self.type, self.pause, self.live, self.send, self.file, self.leave, self.open]
            self.dice.choice([*often, *rare])(who)

    def open(self, who: str) -> None:
        if self.opened[who] < 2:
            self.opened[who] += 1
            self.pending[who] += self.greets
            self.step(who, "open_conversation", self.after())

    def say(self, who: str) -> None:
        self.pending[who] += 1
        text = self.dice.choice(["Hello", "Hello", "costs $${5}", "(a) b?", self.name("text ")])
        self.step(who, "say", {"text": text, **self.after()})

    def hear(self, who: str) -> None:
        if self.pending[who]:
            self.pending[who] -= 1
            self.heard[who].append(self.name("heard"))
            self.step(who, "await", {"as": self.heard[who][-1]})

    def give(self, who: str) -> None:
        if not self.heard[who]:
            return
        verb, heard = self.dice.choice(["accept", "read", "read", "receipt"]), self.heard[who]
        several = len(heard) > 1 and self.dice.random() < 0.3
        says: dict[str, Any] = {"message": self.dice.sample(heard, 2) if several else self.dice.choice(heard)}
        others = [] if several or self.opened[who] > 1 else [one for one in heard if one != says["message"]]
        when = self.dice.random()
        if when < 0.5:
            says["after"] = self.delay(6)
        elif when < 0.65 and verb != "receipt":
            says["after"] = "never"
        elif when < 0.75 and verb != "receipt" and others:
            says["with"] = self.dice.choice(others)
        if verb == "receipt":
            says["status"] = self.dice.choice(["READ", "NACK", "ACCESS", "ACCEPT"])
            says |= {"metadata": [{"type": "ExternalId", "id": "x"}]} if self.dice.random() < 0.3 else {}
        self.step(who, verb, says)

    def type(self, who: str) -> None:
        self.step(who, "type", {"state": self.dice.choice(["COMPOSING", "PAUSE"]), **self.after()})

    def pause(self, who: str) -> None:
        self.steps.append({"wait": self.delay(5)})

    def live(self, who: str) -> None:
        self.step(who, "keep_alive", self.after())

    def send(self, who: str) -> None:
        body = {"dialogId": "${conversation.id}", "maxQuantity": 5}
        envelope = {"kind": "req", "id": self.name("raw"), "type": "ms.QueryMessages", "body": body}
        self.step(who, "send", {"envelope": envelope, **self.after()})

    def file(self, who: str) -> None:
        self.pending[who] += 1
        self.step(who, "send_file", {"file": "a.png", "caption": "look", **self.after()})

    def leave(self, who: str) -> None:
        self.away[who] = True
        how = self.dice.choice(["clean", "abort", "mid-frame"])
        self.step(who, "disconnect", {"how": how, **self.after()})

    def come_back(self, who: str) -> None:
        self.away[who] = False
        self.step(who, "reconnect", {"from_sequence": self.dice.choice([0, "last"]), **self.after()})


def written_again(script: dict[str, Any], archive: str, folder: Path, **options: str) -> tuple[str, Path]:
    """The script played, and its recording as a script again."""
    (folder / "a.png").write_bytes(b"png")
    first, again = folder / "first.yaml", folder / "again.yaml"
    first.write_text(json.dumps(script, ensure_ascii=False))
    recorded = recipes.replay(first, archive=archive, clock="virtual").session
    text = script_of(archive, recorded, **options)
    assert "eyJ" not in text
    assert PLACEHOLDER.search(text) is None
    again.write_text(text)
    recipes.check_script(again)
    return recorded, again


@pytest.mark.parametrize("seed", range(60))
def test_any_recording_is_repeated_by_its_script(seed, archive, tmp_path):
    """One consumer or two, receipts of every kind, several conversations, breaks, files, raw frames."""
    recorded, again = written_again(Author(seed).script(), archive, tmp_path)
    replayed = play(again, archive)
    with recipes.open_archive(archive) as opened:
        assert recipes.session_difference(opened, recorded, replayed, delays_over="20ms").changes == ()


@pytest.mark.parametrize("options", [{"pace": "2x"}, {"pace": "0.5x"}, {"max_gap": "1s"}], ids=str)
@pytest.mark.parametrize("seed", range(8))
def test_at_another_pace_only_the_delays_differ(seed, options, archive, tmp_path):
    recorded, again = written_again(Author(seed).script(), archive, tmp_path, **options)
    replayed = play(again, archive)
    with recipes.open_archive(archive) as opened:
        assert not recipes.session_difference(opened, recorded, replayed).differs


@pytest.mark.parametrize("seed", range(40))
def test_without_pauses_the_consumers_receipts_keep_their_order(seed, archive, tmp_path):
    """Each in its place among the steps; what the other side does between them comes at once."""
    script = Author(seed).script()
    recorded, again = written_again(script, archive, tmp_path, pace="fast")
    assert '"wait"' not in again.read_text()
    replayed = play(again, archive)
    orders = [order_of_receipts(archive, session) for session in (recorded, replayed)]
    assert orders[0] == orders[1]


def order_of_receipts(archive: str, session: str) -> list[list[tuple[str, tuple[str, ...]]]]:
    """What each consumer gave, frame by frame: status, and the texts of the messages."""
    given: dict[str, dict[tuple[int, str], list[str]]] = {}
    with recipes.open_archive(archive) as opened:
        _, messages = recipes.messages(opened, session)
    for message in messages:
        for receipt in message.receipts:
            if receipt.mine:
                theirs = given.setdefault(str(receipt.participant), {})
                theirs.setdefault((receipt.evidence.frame, receipt.status), []).append(str(message.text))
    return sorted(
        [(status, tuple(sorted(texts))) for (_, status), texts in sorted(theirs.items())]
        for theirs in given.values()
    )


# --- what the service may do besides ---------------------------------------------------------------------

CALM_SCRIPT = """\
receipts: {accept: 200ms}
consumer: {reconnect: always}
steps:
  - open_conversation
  - say: one
  - await: {as: answer}
  - read: {message: answer, after: 1s}
  - wait: 3s
  - say: two
  - await
  - wait: 8s
agent:
  - on: message
    do: [{accept: {after: 100ms}}, {say: "re {message}", after: 500ms}, {read: {after: 900ms}}]
"""
SURVEYED = """\
steps:
  - open_conversation
  - say: bye
  - close_dialog
  - subscribe: post_survey
  - await: {message: {dialog: post_survey, nth: 2}, as: question}
  - read: {message: question, after: 100ms}
  - say: {text: "5", dialog: post_survey}
  - await: {message: {dialog: post_survey, matching: Thank}}
simulator: {survey: true}
agent: []
"""
ALIKE = (
    "read_only: true", "duplicated_receipts: true", "duplicated_receipts: same", "lost_receipts: true",
    "malformed_receipts: true", "scalar_sequence_list: true", "scalar_changes: true", "sequence_gaps: 2",
    "absent_conversation_id: true", "absent_originator_metadata: true", "absent_last_content: true",
    "dialect: v2", "unknown_fields: true", "unanswered: GetClock", "step_up: 2s",
    "transfer: {after: 2s, suggested_for: 1s}", "transfer: {after: 2s, away: 1s, suggested_for: 0}",
    "close_after: {code: 4401, after: 3s}", "drop_after: {after: 3s}",
)  # fmt: skip
REMARKED = {
    "late_receipts: 2s": "told up to 2.001s after it happened",
    "transfer: {after: 2s, system_message: one moment}": "was by CONTROLLER; here the agent says it",
    "errors: [{to: ms.PublishEvent, code: 429, nth: 3}]": "was answered with 429",
    "push_delay: 0..1s": "after it happened",
}


@pytest.mark.parametrize("mood", ALIKE)
def test_effects_of_moods_are_repeated(mood, archive, tmp_path):
    """With moods that only spell things otherwise, and with those that a script can bring about itself."""
    first = tmp_path / "first.yaml"
    first.write_text(f"{CALM_SCRIPT}simulator: {{{mood}}}\n")
    recorded = play(first, archive)
    first.write_text(script_of(archive, recorded))
    replayed = play(first, archive)
    with recipes.open_archive(archive) as opened:
        assert recipes.session_difference(opened, recorded, replayed, delays_over="20ms").changes == ()


def test_a_survey_is_repeated(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text(SURVEYED)
    recorded = play(script, archive)
    script.write_text(script_of(archive, recorded))
    replayed = play(script, archive)
    with recipes.open_archive(archive) as opened:
        assert recipes.session_difference(opened, recorded, replayed, delays_over="20ms").changes == ()


CLOSED_BY_THE_AGENT = """\
receipts: {accept: 100ms, read: 2s}
steps:
  - open_conversation
  - say: bye
  - await
  - wait: 6s
agent:
  - on: message
    do: [{say: bye, after: 1s}, {read: {after: 2s}}, {close: {after: 5s}}]
"""


def test_without_pauses_the_agent_closes_when_the_receipts_are_out(archive, tmp_path):
    """What is closed takes none."""
    script = tmp_path / "s.yaml"
    script.write_text(CLOSED_BY_THE_AGENT)
    recorded = play(script, archive)
    script.write_text(script_of(archive, recorded, pace="fast"))
    replayed = play(script, archive)
    with recipes.open_archive(archive) as opened:
        assert not recipes.session_difference(opened, recorded, replayed).differs


@pytest.mark.parametrize("pace", ["fast", "2x"])
def test_a_survey_is_repeated_at_another_pace(pace, archive, tmp_path):
    """Without pauses the bot reads the last answer all the same, before it closes the survey."""
    script = tmp_path / "s.yaml"
    script.write_text(SURVEYED)
    recorded = play(script, archive)
    script.write_text(script_of(archive, recorded, pace=pace))
    replayed = play(script, archive)
    with recipes.open_archive(archive) as opened:
        assert not recipes.session_difference(opened, recorded, replayed).differs


@pytest.mark.parametrize(("mood", "remark"), REMARKED.items(), ids=REMARKED)
def test_what_the_simulator_cannot_repeat_is_noted(mood, remark, archive, tmp_path):
    first = tmp_path / "first.yaml"
    first.write_text(f"{CALM_SCRIPT}simulator: {{{mood}}}\n")
    recorded = recipes.replay(first, archive=archive, clock="virtual").session
    text = script_of(archive, recorded)
    assert any(remark in line for line in text.split("\n") if line.strip().startswith("#"))
    first.write_text(text)
    play(first, archive)


def test_without_pauses_it_takes_no_time_and_gives_the_same_receipts(archive, tmp_path):
    first, fast = tmp_path / "first.yaml", tmp_path / "fast.yaml"
    first.write_text((SAMPLES / "slow-reader.yaml").read_text())
    recorded = play(first, archive)
    fast.write_text(script_of(archive, recorded, pace="fast"))
    assert "after" not in fast.read_text()
    assert "- wait" not in fast.read_text()
    replayed = play(fast, archive)
    with recipes.open_archive(archive) as opened:
        assert not recipes.session_difference(opened, recorded, replayed).differs


def test_no_secret_is_written(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text(
        "steps: [open_conversation, {say: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'}]\n"
    )
    text = script_of(archive, play(script, archive))
    assert "eyJ" not in text
    assert PLACEHOLDER.search(text) is None
    assert "say: '${JWT_1}'" in text


def test_bad_pace_options_are_refused(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text("steps: [open_conversation]\n")
    session = play(script, archive)
    with pytest.raises(BadOption, match="--pace"):
        script_of(archive, session, pace="slow")
    with pytest.raises(BadOption, match="--max-gap"):
        script_of(archive, session, max_gap="long")
    with pytest.raises(NotFound):
        script_of(archive, "nothing")
