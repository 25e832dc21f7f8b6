"""Without texts and names a session gives the same receipts and findings, and nothing of them is left."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zipfile

import pytest

from recorder import recipes
from recorder.recipes.redacted_session import RedactedSession
from recorder.report.json_views import message_json
from recorder.wire.frames import CompressedPayload, Opcode
from recorder.wire.payloads import PayloadAssembler

CONSUMER, AGENT, BOT = "7f3c1d2e-consumer-canary", "le-account.agent-canary", "bot-9-canary"
WORDS = [
    "where-is-my-parcel-canary", "on-its-way-canary", "rich-canary", "caption-canary", "reason-canary",
    "ping-canary", "close-canary", "binary-canary", "no-json-canary", "fragment-canary", "query-canary",
    "body-canary", "metadata-canary", "unknown-key-canary", "refusal-canary", "form-canary",
]  # fmt: skip
NAMES = [CONSUMER, AGENT, BOT, "Annabel", "Ladislaus", "annabel@canary.example", "person-in-path-canary"]
DIALOG = "5bf5238b-d10a-429e-bcf1-954d4e9c191b"


def envelopes():
    """Both sides of a conversation with something of everything."""
    ids = iter(range(1, 100))

    def asks(kind, body=None, **more):
        return "client", {"kind": "req", "id": str(next(ids)), "type": kind, "body": body, **more}

    def publishes(event, **more):
        return asks("ms.PublishEvent", {"dialogId": DIALOG, "event": event, **more})

    def answers(body, code=200, kind="ms.PublishEventResponse", to=None):
        return "service", {"kind": "resp", "reqId": str(to), "code": code, "type": kind, "body": body}

    def tells(sequence, who, role, event):
        change = {
            "sequence": sequence, "dialogId": DIALOG, "originatorId": who, "event": event,
            "originatorMetadata": {"id": who, "role": role}, "serverTimestamp": 1487455441507 + sequence,
        }  # fmt: skip
        body = {"changes": [change]}
        return "service", {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}

    def text(words):
        return {"type": "ContentEvent", "contentType": "text/plain", "message": words}

    def receipt(status, *sequences):
        return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}

    token = f"⟦jwt:3f9a1c22 sub={CONSUMER} aud=acc:1⟧"
    yield asks("InitConnection", headers=[{"type": ".ams.headers.ConsumerAuthentication", "jwt": token}])
    yield answers("connection established", kind="StringResponse", to=1)
    profile = {"firstName": "Annabel", "lastName": "Ladislaus", "email": NAMES[5]}
    yield asks("userprofile.SetUserProfile", profile)
    yield answers({}, kind="StringResponse", to=2)
    yield asks("userprofile.GetUserProfile", AGENT)
    yield answers({"nickname": "Ladislaus"}, kind="userprofile.GetUserProfileResponse", to=3)
    yield publishes(text(WORDS[0]), metadata=[{"type": "ExternalId", "id": WORDS[12]}])
    yield answers({"sequence": 0}, to=4)
    yield tells(0, CONSUMER, "CONSUMER", text(WORDS[0]))
    yield tells(1, AGENT, "ASSIGNED_AGENT", receipt("ACCEPT", 0))
    yield tells(2, AGENT, "ASSIGNED_AGENT", text(f"Annabel, {CONSUMER}: {WORDS[1]}"))
    yield tells(2, AGENT, "ASSIGNED_AGENT", text(f"Annabel, {CONSUMER}: {WORDS[1][::-1]}"))  # another content
    content = {"type": "vertical", "elements": [{"type": "text", "text": WORDS[2], "state": WORDS[2]}]}
    yield tells(3, BOT, "CONTROLLER", {"type": "RichContentEvent", "content": content})
    file = {"caption": WORDS[3], "relativePath": f"/{WORDS[3]}.png", "fileType": "PNG"}
    yield tells(4, BOT, "CONTROLLER", {"type": "ContentEvent", "contentType": "hosted/file", "message": file})
    yield publishes(receipt("READ", 2, 3))
    yield answers({"sequence": 5}, to=5)
    yield tells(5, CONSUMER, "CONSUMER", receipt("READ", 2, 3))
    yield publishes(text("refused"))
    yield answers(WORDS[14], code=400, kind="StringResponse", to=6)
    details = {
        "participantsPId": {"CONSUMER": [CONSUMER], "ASSIGNED_AGENT": [AGENT], "CONTROLLER": [BOT]},
        "dialogs": [{"dialogId": DIALOG, "dialogType": "MAIN", "state": "OPEN", "note": WORDS[13]}],
        "state": "OPEN", "stage": "OPEN", "convId": DIALOG,
    }  # fmt: skip
    change = {"type": "UPSERT", "result": {"convId": DIALOG, "conversationDetails": details}}
    yield "service", {
        "kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": {"changes": [change]},
    }  # fmt: skip


def lines():
    url = f"wss://h/ws_api/account/1/messaging/consumer?v=3&topic=is+{WORDS[10]}&visitor={NAMES[6]}+x"
    yield {"recorder": 1, "name": f"call of {CONSUMER}"}
    yield {
        "connection": 1, "url": url, "request_line": f"GET /{AGENT}?topic={WORDS[10]}+x HTTP/1.1",
        "request_headers": [["Referer", f"https://shop/?email={NAMES[5]}"], ["X-Who", AGENT]],
        "closed_at": "2026-01-31T12:01:00Z", "close_code": 1011, "close_reason": WORDS[4],
        "how": "closed", "detail": f'it said "{WORDS[4]}"',
    }  # fmt: skip
    yield {
        "exchange": "login", "method": "POST", "url": f"https://h/login?q={WORDS[10]}+x", "status": 200,
        "request_body": f"form={WORDS[15]}", "response_body": json.dumps({"userName": WORDS[11]}),
    }  # fmt: skip
    for second, (sender, envelope) in enumerate(envelopes()):
        at = f"2026-01-31T12:00:{second:02}Z"
        yield {"connection": 1, "sender": sender, "at": at, "text": json.dumps(envelope)}
    late = {"connection": 1, "sender": "service", "at": "2026-01-31T12:00:58Z"}
    told = {"kind": "notification", "type": "x", "body": {"é": WORDS[9] * 3}}
    pieces = json.dumps(told, ensure_ascii=False)
    yield late | {"fin": False, "text": pieces[:20]}
    yield late | {"opcode": Opcode.PING, "text": WORDS[5]}
    yield late | {"sender": "client", "opcode": Opcode.PONG, "text": WORDS[5]}
    yield late | {"fin": False, "opcode": 0, "text": pieces[20:45]}
    yield late | {"opcode": 0, "text": pieces[45:]}
    yield late | {"text": f"{WORDS[8]} of {AGENT}"}
    yield late | {"opcode": Opcode.BINARY, "data": base64.b64encode(WORDS[7].encode()).decode()}
    close = (1011).to_bytes(2, "big") + WORDS[6].encode()
    yield late | {"opcode": Opcode.CLOSE, "data": base64.b64encode(close).decode()}


@pytest.fixture
def filled(archive, tmp_path):
    capture = tmp_path / "capture.jsonl"
    capture.write_text("".join(json.dumps(each) + "\n" for each in lines()))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        yield opened


def unpacked(file):
    """Everything in a bundle, and what its members hold compressed or in base64."""
    with zipfile.ZipFile(file) as members:
        found = [members.read(name) for name in members.namelist()]
    page = next(each for each in found if b"<html" in each[:100])
    found += map(gzip.decompress, map(base64.b64decode, _blocks(page)))
    for line in found[0].splitlines():
        fields = json.loads(line)
        found += [base64.b64decode(fields[key]) for key in ("raw", "data") if key in fields]
    return b"\n".join(found)


def _blocks(page):
    return re.findall(rb'<script type="application/octet-stream;base64"[^>]*>([^<]+)</script>', page)


@pytest.mark.parametrize("parts", ["text", "names", "text,names"])
def test_no_text_and_no_name_is_anywhere_in_a_bundle(filled, tmp_path, parts):
    """The search finds all of them where nothing is left out."""
    looked_for = [*(WORDS if "text" in parts else ()), *(NAMES[:-1] if "names" in parts else ())]
    whole = unpacked(recipes.bundle(filled, "last", tmp_path / "whole.zip"))
    assert [each for each in looked_for if each.encode() not in whole] == []
    content = unpacked(recipes.bundle(filled, "last", tmp_path / "x.zip", redact=parts))
    assert [each for each in looked_for if each.encode() in content] == []
    beginnings = {each: each[:8] for each in (CONSUMER, AGENT, BOT)} if "names" in parts else {}
    assert [each for each in beginnings.values() if each.encode() in content] == []
    with zipfile.ZipFile(tmp_path / "x.zip") as members:
        assert json.loads(members.read("versions.json"))["left_out"] == sorted(parts.split(","))


def conclusions(archive, session, people):
    """What follows from the frames, with people called as in ``people`` and without words."""

    def plain(value):
        if isinstance(value, dict):
            words = ("text", "reason")
            return {key: key if key in words and each else plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return sorted(map(plain, value), key=json.dumps)
        return people.get(value, value) if isinstance(value, str) else value

    found, messages = recipes.messages(archive, session)
    findings = recipes.check(archive, session)
    return (
        [plain(message_json("", message)) for message in messages],
        [(each.rule, each.outcome, each.dialog, each.sequence, each.frames) for each in findings],
        [(each.close_code, each.how, each.frames) for each in archive.connections(found)],
    )


@pytest.mark.parametrize("capture", [None, "step-up.jsonl", "browser.netlog.json"])
def test_the_same_receipts_and_findings_follow(filled, tmp_path, samples, capture):
    if capture is not None:
        recipes.import_capture(filled, samples / capture)
    found = filled.find_session("last")
    people = RedactedSession(filled, found, ["names"]).people
    recipes.export_to_file(filled, found.session, tmp_path / "without.jsonl", redact="text,names")
    with recipes.open_archive(str(tmp_path / "other.db"), mode="write", create=True) as other:
        without = recipes.import_capture(other, tmp_path / "without.jsonl")
        expected = conclusions(filled, found.session, people)
        assert conclusions(other, without.session, {}) == expected
        scripts = [recipes.session_script(*each) for each in ((filled, "last"), (other, "last"))]
        assert len(scripts[0].splitlines()) == len(scripts[1].splitlines())


def test_a_payload_in_pieces_stays_in_pieces_and_reads(filled):
    frames = list(RedactedSession(filled, filled.find_session("last"), ["text"]).frames())
    before = list(filled.frames(filled.find_session("last")))
    assert [(each.fin, each.opcode) for each in frames] == [(each.fin, each.opcode) for each in before]
    assembler = PayloadAssembler()
    payloads = [payload for frame in frames if (payload := assembler.feed(frame)) is not None]
    (joined,) = (each for each in payloads if each.first != each.number)
    assert json.loads(joined.data)["body"] == {"é": f"text of {len(WORDS[9] * 3)} characters"}
    ping, pong = (each.payload for each in frames if each.opcode in (Opcode.PING, Opcode.PONG))
    assert ping == pong == b"11 bytes withheld"
    assert frames[-1].payload[:2] == (1011).to_bytes(2, "big")


def test_the_digest_of_a_compressed_text_goes_with_it(filled):
    """It would tell whether a guess at the text is right."""
    session = RedactedSession(filled, filled.find_session("last"), ["text"])
    frame = next(
        each for each in filled.frames(filled.find_session("last")) if WORDS[0].encode() in each.payload
    )
    compressed = CompressedPayload(100, bytes(range(32)), data=b"x")
    without = session.redacted(frame._replace(compressed=compressed))
    assert without.compressed == CompressedPayload(100, bytes(32))
    assert without.redacted


def test_with_nothing_left_out_it_is_what_the_archive_holds(filled):
    found = filled.find_session("last")
    session = RedactedSession(filled, found)
    assert list(session.frames()) == list(filled.frames(found))
    assert session.connections() == filled.connections(found)
    assert list(session.exchanges()) == filled.exchanges(found)
