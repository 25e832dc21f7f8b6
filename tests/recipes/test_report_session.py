"""The report of a session: what it is made of, what is left out, how two are laid side by side."""

from __future__ import annotations

import json
import os
import queue
import re
import stat
import threading
from pathlib import Path

import pytest
from builders.relaying_service import relaying_service
from builders.two_sides import AGENT, CONSUMER, content

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.recipes.endpoints import simulated_token
from recorder.recipes.report_session import session_source

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def archive(tmp_path):
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened:
        for name in ("browser.netlog.json", "browser.har", "tutorial.jsonl"):
            recipes.import_capture(opened, SAMPLES / name, name=name.partition(".")[2])
        yield opened


def data_of(file):
    return json.loads(re.search(r'id="data">(.*?)</script>', file.read_text(), re.DOTALL).group(1))


@pytest.mark.parametrize(
    ("umask", "redact", "mode"),
    [(0o022, "", 0o600), (0o022, "names", 0o600), (0o022, "text", 0o644), (0o077, "text", 0o600)],
)
def test_who_may_read_the_file_depends_on_what_it_holds(archive, tmp_path, umasked, umask, redact, mode):
    umasked(umask)
    recipes.write_report(archive, "har", tmp_path / "r.html", redact=redact)
    assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == mode


@pytest.fixture
def umasked():
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_moment_leaves_out_all_that_is_later(archive, tmp_path):
    said = []
    recipes.write_report(archive, "har", tmp_path / "r.html", at="#12", say=said.append)
    (session,) = data_of(tmp_path / "r.html")["sessions"]
    assert session["last"] == session["columns"]["frame_size"][2] == 12
    assert session["honesty"][0].startswith("Only up to frame #12 of ")
    assert said == [f"as of frame #12 of {session['frames']}"]
    source = session_source(archive, "har", at="#12")
    assert source.messages == recipes.messages(archive, "har", at="#12")[1]


def test_the_same_conversation_twice_is_paired_message_by_message(archive, tmp_path):
    recipes.write_report(archive, "har", tmp_path / "r.html", other="netlog.json")
    data = data_of(tmp_path / "r.html")
    assert len(data["sessions"]) == 2
    assert [pair[0] is not None and pair[1] is not None for pair in data["pairs"]] == [True] * len(
        data["pairs"]
    )
    assert data["pairs"]
    assert data["sameWire"]


def test_what_only_one_of_two_sessions_has_stands_alone(archive, tmp_path):
    recipes.write_report(archive, "har", tmp_path / "r.html", other="jsonl")
    pairs = data_of(tmp_path / "r.html")["pairs"]
    assert [pair[:2] for pair in pairs if None in pair[:2]]
    assert all(pair[2] for pair in pairs if None in pair[:2])
    assert not data_of(tmp_path / "r.html")["sameWire"]


def test_only_what_can_be_left_out_is_taken(archive, tmp_path):
    with pytest.raises(BadOption, match="--redact"):
        recipes.write_report(archive, "har", tmp_path / "r.html", redact="texts")


def test_a_session_that_is_not_there_is_told(archive, tmp_path):
    with pytest.raises(NotFound):
        recipes.write_report(archive, "nothing", tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


# --- both sides of one conversation, recorded while it took place ------------------------------------------


class Side:
    """Records a side in a thread of its own, and knows the payloads that came."""

    def __init__(self, address, archive, path, who):
        self._lines, self._payloads, self._ids = queue.Queue(), queue.Queue(), iter(range(1, 99))
        arguments = {
            "archive": archive, "lines": iter(self._lines.get, None), "deliver": self._payloads.put,
            "token": simulated_token(who), "name": path, "linger": "50ms",
        }  # fmt: skip
        self._thread = threading.Thread(target=recipes.record, args=(f"{address}/{path}",), kwargs=arguments)
        self._thread.start()

    def publish(self, event):
        body = {"dialogId": "d", "event": event}
        envelope = {"kind": "req", "id": str(next(self._ids)), "type": "ms.PublishEvent", "body": body}
        self._lines.put(json.dumps(envelope))

    def hear(self, count):
        for _ in range(count):
            self._payloads.get(timeout=60)

    def end(self):
        self._lines.put(None)
        self._thread.join(60)


def given(status, sequence):
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}


def test_two_live_recordings_show_where_a_receipt_got_lost(tmp_path):
    """The agent reads the answer; that it was read never gets to the consumer."""
    archive, other = str(tmp_path / "consumer.db"), str(tmp_path / "agent.db")

    def is_lost(who, event):
        return who == CONSUMER and event.get("status") == "READ"

    with relaying_service({"consumer": CONSUMER, "agent": AGENT}, is_lost) as address:
        consumer = Side(address, archive, "consumer", CONSUMER)
        consumer.publish(content("Where is it?"))
        consumer.hear(2)
        agent = Side(address, other, "agent", AGENT)
        agent.publish(content("Here."))
        agent.hear(2)
        consumer.hear(1)
        consumer.publish(content("Thanks!"))
        consumer.hear(2)
        agent.hear(1)
        agent.publish(given("ACCEPT", 2))
        agent.hear(2)
        consumer.hear(1)
        agent.publish(given("READ", 2))
        agent.hear(2)
        agent.end()
        consumer.end()
    with recipes.open_archive(other) as opened:
        recipes.export_to_file(opened, "agent", tmp_path / "agent.jsonl")
    with recipes.open_archive(archive, mode="write") as opened:
        recipes.import_capture(opened, tmp_path / "agent.jsonl")
        recipes.write_report(opened, "consumer", tmp_path / "r.html", other="agent")
        data = data_of(tmp_path / "r.html")
    assert data["sameWire"]
    lost, *others = [pair[2] for pair in data["pairs"] if None not in pair[:2] and pair[2]]
    assert others == []
    assert [re.sub(r"#\d+|[+]\S+s", "…", each) for each in lost] == [
        "status accepted in the first recording, read in the second",
        "READ by agent 1 is in the second recording only (announced in …, …)",
    ]
    alone = [pair[1] for pair in data["pairs"] if None in pair[:2]]
    assert alone == [None]  # the agent came after the first message
