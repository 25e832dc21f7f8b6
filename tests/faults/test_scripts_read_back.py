"""A script made of any session loads: of every capture held here, and of whatever others may put into one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders.payloads import PUBLISHED
from cli.test_rules_by_capture import CASES
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder import recipes
from recorder.errors import BadScript
from recorder.messaging.events import Stamp
from recorder.recipes.generate_script import read_again
from recorder.replay.generate.pacing import Pace
from recorder.replay.generate.script import write_script
from recorder.replay.generate.timeline_events import (
    RecordedClose,
    RecordedOpen,
    RecordedPayload,
    SessionRecord,
)

SAMPLES = Path(__file__).parents[2] / "samples"
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Said(NamedTuple):
    """A payload of a capture: who sent it, what it says."""

    by_client: bool
    text: str


def published() -> list[Said]:
    frames = [json.loads(line) for line in PUBLISHED.read_text("utf-8").splitlines()]
    return [Said(one["direction"] == "out", json.dumps(one["frame"])) for one in frames]


def said_in(lines: list[Any]) -> list[Said]:
    return [Said(line["sender"] == "client", line["text"]) for line in lines if "text" in line]


def sample(name: str) -> list[Said]:
    return said_in([json.loads(line) for line in (SAMPLES / name).read_text("utf-8").splitlines()])


CAPTURES: dict[str, list[Said]] = {
    "published": published(),
    **{path.name: sample(path.name) for path in sorted(SAMPLES.glob("*.jsonl"))},
    **{f"rule-{number}": said_in(case.lines) for number, case in enumerate(CASES)},
}


# --- the captures as they are -----------------------------------------------------------------------------


def files(folder: Path) -> Iterator[Path]:
    """Every capture as a file to import."""
    yield from sorted(SAMPLES.glob("*.jsonl"))
    for number, case in enumerate(CASES):
        file = folder / f"rule-{number}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in case.lines))
        yield file
    file = folder / "published.jsonl"
    lines = [{"sender": "client" if one.by_client else "service", "text": one.text} for one in published()]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    yield file


def test_a_script_of_every_capture_loads(tmp_path):
    """Once its variables are set, agent and simulator included, as whoever plays it checks it."""
    script = tmp_path / "again.yaml"
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as archive:
        for file in files(tmp_path):
            session = recipes.import_capture(archive, file).session
            for pace in ("original", "fast"):
                written = recipes.session_script(archive, session, pace=pace)
                script.write_text(written, "utf-8")
                names = set(_VARIABLE.findall(written))
                assert recipes.check_script(script, [f"{name}=x" for name in names]).endswith("fine")


# --- mixtures of them -------------------------------------------------------------------------------------

HOSTILE: list[Any] = [
    "${x}", "${a.b}", "${conversation.id}", "$${", "${", "\ud800", "\ufdd0", "x\ufdd1", "⟦jwt:0123abcd⟧",
    "\x00\x07\x85", "a\nb", "x" * 300, "- !!x &a *a <<", "<<", "~", "null", "true", "1e3", "٣", "\u2028", "",
    "main", "last_sent", "last_received", "said_1", "consumer_1", "READ", "read", "CLOSE", "CONSUMER",
    "ASSIGNED_AGENT", "POST_SURVEY", -1, 0, 1, 2**70, 1.5, 1e300, None, True, [], {}, [[1]],
    json.loads("[" * 70 + "]" * 70), json.loads('{"a":' * 300 + "1" + "}" * 300),
]  # fmt: skip
IDS = ("dialogId", "conversationId", "convId")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


def with_ids(value: Any, ids: dict[str, str]) -> Any:
    """Conversations and dialogs of these ids, so that frames of several captures belong together."""
    if isinstance(value, dict):
        renamed = {
            key: ids.get(key, inner) if isinstance(inner, str) else inner for key, inner in value.items()
        }
        return {key: with_ids(inner, ids) for key, inner in renamed.items()}
    return [with_ids(inner, ids) for inner in value] if isinstance(value, list) else value


@st.composite
def payloads(draw: st.DrawFn) -> Said:
    """A payload of a real capture, perhaps of another dialog, with something else in it, or cut off."""
    by_client, text = draw(st.sampled_from([one for said in CAPTURES.values() for one in said]))
    try:
        value = json.loads(text)
    except ValueError:
        return Said(by_client, text)
    if draw(st.booleans()):
        value = with_ids(value, dict.fromkeys(IDS, draw(st.sampled_from(["d", "c", "${x.y}"]))))
    if isinstance(value, dict) and draw(st.booleans()):
        value["id" if by_client else "reqId"] = draw(st.sampled_from(["1", "2", 3]))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        if paths := list(leaves(value)):
            value = changed(value, draw(st.sampled_from(paths)), draw(st.sampled_from(HOSTILE)))
    text = json.dumps(value)
    return Said(by_client, text[: len(text) // 2] if draw(st.sampled_from([False] * 20 + [True])) else text)


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    """A real capture whose frames are dropped, told twice, told in another order."""
    said = draw(st.sampled_from(list(CAPTURES.values())).filter(bool))
    places = draw(st.lists(st.integers(0, len(said) - 1), max_size=12))
    return [said[place] for place in (places if draw(st.booleans()) else sorted(places))]


STEPS_US = st.sampled_from([0, 1_000, 1_000_000, 60_000_000, 3_000_000_000_000, -5_000_000])
MIXTURES = st.lists(st.lists(payloads(), max_size=5) | conversations(), max_size=4)


@st.composite
def sessions(draw: st.DrawFn) -> list[SessionRecord]:
    """Several connections that begin and end anywhere, seen from either side, with times or without."""
    other_side = draw(st.booleans())
    records: list[SessionRecord] = []
    now_us = frame = 0
    for said in draw(MIXTURES):
        connection = draw(st.integers(1, 3))
        timed = draw(st.booleans())
        if draw(st.booleans()):
            records.append(RecordedOpen(connection, now_us if timed else None, None))
        for by_client, text in said:
            frame, now_us = frame + 1, now_us + draw(STEPS_US)
            stamp = Stamp(frame, connection, None, now_us if timed else None)
            binary = draw(st.sampled_from([False] * 30 + [True]))
            records.append(RecordedPayload(stamp, by_client is not other_side, text.encode(), binary))
        if draw(st.booleans()):
            records.append(
                RecordedClose(connection, now_us, draw(st.sampled_from([True, False, None])), 1000)
            )
    return records


PACES = st.sampled_from([Pace(), Pace(None), Pace(2.0), Pace(1.0, 0.5)])


@settings(max_examples=200)
@given(sessions(), PACES, st.sampled_from(["x", *(one for one in HOSTILE if isinstance(one, str))]))
def test_a_script_of_any_session_loads(records, pace, name):
    written = write_script(records, name=name, pace=pace, read=read_again)
    read_again(written.text.encode().decode())  # as it comes out of a file


# --- one kind after the other -------------------------------------------------------------------------------


def session_of(*texts: str) -> list[SessionRecord]:
    return [
        RecordedPayload(Stamp(frame, 1, None, frame * 1000), by_client, text.encode())
        for frame, (by_client, text) in enumerate([(True, text) for text in texts], 1)
    ]


def say(text: str, dialog: str = "d") -> str:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    body = {"dialogId": dialog, "event": event}
    return json.dumps({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body})


NESTED = '{"kind": "req", "id": "1", "type": "x", "body": ' + "[" * 150 + "]" * 150 + "}"
SPOKEN_OF_BEFORE = [
    '{"kind": "req", "id": "0", "type": "x", "body": {"conversationId": "late"}}', say("a"), say("b", "late")
]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "literal", "line"),
    [
        pytest.param([say("a\ufdd0b")], [1], "a\\ufdd0b", id="a-noncharacter"),
        pytest.param([NESTED], [], '"body":' + "[" * 150, id="deeper-than-scripts"),
        pytest.param(SPOKEN_OF_BEFORE, [1], "conversationId: late", id="a-conversation-before-it-is-opened"),
    ],
)
def test_a_request_that_no_step_stands_for_stays_literal_with_a_comment(texts, literal, line):
    written = write_script(session_of(*texts), name="x", read=read_again)
    assert list(written.literal) == literal
    lines = written.text.splitlines()
    (place,) = (place for place, one in enumerate(lines) if line in one)
    assert lines[place].startswith("  - send: ")
    assert [one for one in lines if "stays as it was recorded" in one] == lines[place - 1 : place] * len(
        literal
    )


def request(type: str, body: str, more: str = "") -> tuple[bool, str]:
    return True, f'{{"kind": "req", "id": "1", "type": "{type}", {more} "body": {body}}}'


READ = '{"dialogId": "d", "event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}}'
RICH = (
    '{"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [{"sequence": 0,'
    ' "originatorId": "a", "originatorMetadata": {"id": "a", "role": "ASSIGNED_AGENT"}, "dialogId": "d",'
    ' "event": {"type": "RichContentEvent", "content": {"a": DEEP}}}]}}'
)


@pytest.mark.parametrize("levels", [40, 60, 70, 260, 500, 990, 1_015])
@pytest.mark.parametrize(
    ("by_client", "text"),
    [
        pytest.param(*request("ms.PublishEvent", READ, '"metadata": [{"a": DEEP}],'), id="metadata"),
        pytest.param(
            *request("cm.ConsumerRequestConversation", '{"campaignInfo": {"a": DEEP}}'), id="campaign"
        ),
        pytest.param(*request("cm.UpdateConversationField", '{"conversationField": DEEP}'), id="field"),
        pytest.param(*request("x", "DEEP"), id="unknown-request"),
        pytest.param(True, '{"a": DEEP}', id="no-request"),
        pytest.param(False, RICH, id="rich-content"),
    ],
)
def test_nothing_is_nested_too_deep_for_a_script(by_client, text, levels):
    """Wherever it stands; the service takes more than a script may hold."""
    for deep in ("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels):
        payload = text.replace("DEEP", deep).encode()
        records = [RecordedPayload(Stamp(frame, 1, None, None), by_client, payload) for frame in (1, 2)]
        read_again(write_script(records, name="x", read=read_again).text)


def test_a_session_that_is_too_large_for_a_script_is_refused_in_one_sentence(tmp_path):
    capture = tmp_path / "long.jsonl"
    lines = [{"sender": "client", "text": say("x" * 600_000)} for _ in range(2)]
    capture.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, capture).session
        with pytest.raises(BadScript, match=f"^a script of session {session}: its steps .* the limit$"):
            recipes.session_script(archive, session)


def test_what_stays_literal_is_said(tmp_path):
    capture = tmp_path / "x.jsonl"
    lines = [{"sender": "client", "text": text} for text in SPOKEN_OF_BEFORE]
    capture.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said: list[str] = []
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as archive:
        recipes.import_capture(archive, capture, name="x")
        recipes.session_script(archive, "x", say=said.append)
    assert said == ["1 request stays as recorded (#1); comments in the script say why"]
