"""A trace that Perfetto reads: slices that nest, arrows with both ends on slices."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import orjson
import pytest

from recorder import recipes
from recorder.recipes.session_view import session_view
from recorder.report.perfetto_trace import CONNECTIONS, PARTICIPANTS, trace_clock, trace_pieces
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame


def trace(view, frames=()):
    return orjson.loads(b"".join(trace_pieces(view, frames)))


def slices(found, process):
    return [each for each in found["traceEvents"] if (each["ph"], each["pid"]) == ("X", process)]


def enclosing(found, event):
    return [
        each
        for each in slices(found, event["pid"])
        if each["tid"] == event["tid"] and each["ts"] <= event["ts"] <= each["ts"] + each["dur"]
    ]


def test_messages_are_slices_from_sent_to_read(view_of):
    found = trace(view_of("browser.har"))
    names = {
        each["tid"]: each["args"]["name"]
        for each in found["traceEvents"]
        if (each["name"], each["pid"]) == ("thread_name", PARTICIPANTS)
    }
    shown = [(names[each["tid"]], each["name"], each["dur"]) for each in slices(found, PARTICIPANTS)]
    assert shown[:4] == [
        ("you: messages", "0: Is anything new?", 112_000),
        ("agent: receipts", "ACCEPT 0", 1),
        ("agent: messages", "2: This is the first answer.", 309_000),
        ("you: receipts", "ACCEPT 2", 1),
    ]
    assert ("agent: messages 2", "4: This is the second answer.", 112_000) in shown  # it overlaps the first
    assert found["otherData"]["clock"] == "local"


@pytest.mark.parametrize("sample", ["browser.har", "step-up.jsonl", "tutorial.jsonl", "browser.wscat.log"])
def test_every_arrow_has_both_ends_on_slices_and_slices_never_cross(view_of, sample):
    found = trace(view_of(sample))
    ends = defaultdict(list)
    for each in found["traceEvents"]:
        assert {"ph", "name", "pid", "tid"} <= each.keys()
        if each["ph"] in "sf":
            ends[each["id"]].append(each)
            assert enclosing(found, each)
    assert ends
    assert all([each["ph"] for each in pair] == ["s", "f"] for pair in ends.values())
    by_thread = defaultdict(list)
    for each in slices(found, PARTICIPANTS):
        by_thread[each["tid"]].append((each["ts"], each["ts"] + each["dur"]))
    for spans in by_thread.values():
        for one in spans:
            for other in spans:
                assert (
                    other[0] >= one[1]
                    or other[1] <= one[0]
                    or one[0] <= other[0] <= other[1] <= one[1]
                    or (other[0] <= one[0] <= one[1] <= other[1])
                )


REQUIRED = {
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
    "X": {"name": str, "cat": str, "pid": int, "tid": int, "ts": int, "dur": int, "args": dict},
    "i": {"name": str, "cat": str, "pid": int, "tid": int, "ts": int, "s": str, "args": dict},
    "s": {"name": str, "cat": str, "pid": int, "tid": int, "ts": int, "id": int},
    "f": {"name": str, "cat": str, "pid": int, "tid": int, "ts": int, "id": int, "bp": str},
}
"""What the Trace Event Format demands of each phase that is written; no viewer of it runs offline."""


@pytest.mark.parametrize("sample", ["browser.har", "step-up.jsonl", "browser.wscat.log"])
def test_it_keeps_to_the_trace_event_format(tmp_path, sample):
    samples = Path(__file__).parents[2] / "samples"
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, samples / sample)
        view = session_view(archive, session.session)
        found = trace(view, list(archive.frames(session)))
    assert found["displayTimeUnit"] in ("ms", "ns")
    flows, named = defaultdict(list), []
    for each in found["traceEvents"]:
        fields = REQUIRED[each["ph"]]
        assert {key: type(each.get(key)) for key in fields} == fields
        assert each.keys() <= fields.keys() | {"ph", "args", "cname"}
        assert each.get("dur", 0) >= 0
        assert each.get("s", "t") in ("g", "p", "t")
        assert each.get("bp", "e") == "e", "an arrow ends at the slice that encloses its end"
        if each["ph"] == "M":
            assert each["name"] in ("process_name", "thread_name")
            assert each["args"].keys() == {"name"}
            named.append((each["name"], each["pid"], each["tid"]))
        elif each["ph"] in "sf":
            flows[each["id"]].append(each)
    assert len(set(named)) == len(named)
    used = {(each["pid"], each["tid"]) for each in found["traceEvents"] if each["ph"] != "M"}
    assert {("thread_name", *place) for place in used} <= set(named)
    assert {("process_name", process, 0) for process, _ in used} <= set(named)
    for start, end in flows.values():
        assert (start["ph"], end["ph"]) == ("s", "f")
        assert (start["name"], start["cat"]) == (end["name"], end["cat"])
        assert start["ts"] <= end["ts"]


def test_connections_have_their_frames_as_instants(tmp_path):
    script = Path(__file__).parents[2] / "samples" / "slow-reader.yaml"
    played = str(tmp_path / "played.db")
    session = recipes.replay(script, archive=played, clock="virtual").session
    with recipes.open_archive(played) as archive:
        frames = list(archive.frames(session))
        found = trace(session_view(archive, session), frames)
    (connection,) = slices(found, CONNECTIONS)
    instants = [each for each in found["traceEvents"] if each["ph"] == "i"]
    assert [each["args"]["frame"] for each in instants] == [frame.number for frame in frames]
    for each in instants:
        assert connection["ts"] <= each["ts"] <= connection["ts"] + connection["dur"]


def test_without_times_of_our_own_the_service_s_clock_is_taken(view_of):
    view = view_of("browser.wscat.log")
    assert trace_clock(view).name == "server"
    found = trace(view, [RecordedFrame(1, 1, 0, Side.CLIENT, None, None, 1, True, 0, b"x")])
    assert next(each["ts"] for each in slices(found, PARTICIPANTS)) == 0
    assert not [each for each in found["traceEvents"] if each["ph"] == "i"]
