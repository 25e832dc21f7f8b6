"""Captures as somebody writes them by hand: for each rule of ``check`` one for each of its outcomes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from recorder.checks.engine import RULES

TITLE = {rule.id: rule.title for rule in RULES}

V, S, N = "violated", "satisfied", "not-observable"
SINCE_MS = 1_704_067_200_000
"""2024-01-01T00:00:00Z, second 0 of every capture."""

Line = dict[str, object]


# --- lines of a capture: the second it came (None: the capture tells no times), then what it says ----------


def frame(sender: str, second: float | None, text: object, **more: object) -> Line:
    return {"sender": sender, "at": at(second), "text": text} | more


def at(second: float | None) -> str | None:
    return None if second is None else f"2024-01-01T00:{int(second) // 60:02}:{second % 60:06.3f}Z"


def ask(second: float | None, id: object, type: str = "GetClock", **body: object) -> Line:
    more = {"body": body} if body else {}
    return frame("client", second, json.dumps({"kind": "req", "id": id, "type": type} | more))


def answer(second: float | None, id: str, code: int = 200, **body: object) -> Line:
    return frame("service", second, json.dumps({"kind": "resp", "reqId": id, "code": code, "body": body}))


def publish(second: float | None, id: object, event: object, dialog: str = "d") -> Line:
    return ask(second, id, "ms.PublishEvent", dialogId=dialog, event=event)


def subscribe(second: float | None, id: object) -> Line:
    return ask(second, id, "ms.SubscribeMessagingEvents", dialogId="d", fromSeq=0)


def told(
    second: float | None,
    sequence: int | None,
    by: str | None,
    event: object,
    dialog: str = "d",
    dated: object = True,
) -> Line:
    """A notification; ``dated`` is the service's own time in seconds, True for that of arrival."""
    change = {"sequence": sequence, "originatorId": by, "event": event, "dialogId": dialog}
    if dated is not None and second is not None:
        change["serverTimestamp"] = SINCE_MS + round((second if dated is True else dated) * 1_000)
    change = {key: value for key, value in change.items() if value is not None}
    return frame("service", second, notification("ms.MessagingEventNotification", change))


def changes(*lines: Line) -> list[object]:
    """The changes of notifications, to stand in one of them together."""
    return [change for line in lines for change in json.loads(str(line["text"]))["body"]["changes"]]


def notification(type: str, *changes: object) -> str:
    return json.dumps({"kind": "notification", "type": type, "body": {"changes": changes}})


def close(second: float | None, code: int, sender: str = "service") -> Line:
    payload = base64.b64encode(code.to_bytes(2, "big")).decode()
    return {"sender": sender, "at": at(second), "opcode": 8, "data": payload}


def text(message: str = "hi") -> object:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": message}


def receipt(status: str, *sequences: int) -> object:
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}


ACCEPT_0, READ_0 = receipt("ACCEPT", 0), receipt("READ", 0)


def connection(**facts: object) -> Line:
    return {"connection": 1} | facts


def token(sub: str) -> str:
    parts = [{"alg": "RS256"}, {"sub": sub, "aud": "acc:1"}]
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )


def init(second: float, id: object, sub: str) -> Line:
    headers = [{"type": ".ams.headers.ConsumerAuthentication", "jwt": f"{token(sub)}.c2lnbmF0dXJl"}]
    return frame(
        "client", second, json.dumps({"kind": "req", "id": id, "type": "InitConnection", "headers": headers})
    )


# --- the table ------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """One capture, and what a rule says of it."""

    rule: str
    outcome: str
    frames: tuple[int, ...]
    says: str
    lines: list[Line]
    options: tuple[str, ...]
    number: int = 0


def violated(rule: str, frames: tuple[int, ...], says: str, lines: list[Line], *options: str) -> Case:
    return Case(rule, V, frames, says, lines, options)


def unknown(rule: str, frames: tuple[int, ...], says: str, lines: list[Line], *options: str) -> Case:
    return Case(rule, N, frames, says, lines, options)


def holds(rule: str, lines: list[Line], *options: str) -> Case:
    return Case(rule, S, (), TITLE[rule], lines, options)


ME = connection(request_headers=[["Authorization", f"jwt {token('me')}.c2lnbmF0dXJl"]])
HEARD = told(0, 0, "agent", text())
GIVEN = [HEARD, publish(1, "1", READ_0), answer(1.1, "1", sequence=1)]
SAID = [ME, publish(0, "1", text()), answer(0.1, "1", sequence=0), told(0.2, 0, "me", text())]
SNAPSHOT = {"convId": "d", "conversationDetails": {"dialogs": [{"dialogId": "d", "state": "OPEN"}]}}
OVERVIEW = [
    ask(0, "1", "cqm.SubscribeExConversations", convState=["OPEN"]),
    answer(0.1, "1"),
    frame(
        "service",
        0.2,
        notification("cqm.ExConversationChangeNotification", {"type": "UPSERT", "result": SNAPSHOT}),
    ),
]

CASES = [
    # receipts and what they name
    violated(
        "receipt-for-unknown-message",
        (2,),
        "you gave READ for message 7, which was not seen in this recording",
        [HEARD, publish(1, "1", receipt("READ", 7))],
    ),
    holds("receipt-for-unknown-message", GIVEN),
    unknown(
        "receipt-for-unknown-message",
        (2,),
        "you gave READ for message 3, not in this recording: it may be older, or not for your eyes",
        [told(0, 5, "agent", text()), publish(1, "1", receipt("READ", 3))],
    ),
    violated(
        "receipt-in-another-dialog",
        (4,),
        "you gave READ for message 1 in a dialog where it was not seen; dialog survey "
        "has it, without such a receipt",
        [
            HEARD,
            told(1, 0, "bot", text(), "survey"),
            told(2, 1, "bot", text(), "survey"),
            publish(3, "1", receipt("READ", 1), "d"),
        ],
    ),
    holds(
        "receipt-in-another-dialog",
        [
            HEARD,
            told(1, 0, "bot", text(), "survey"),
            told(2, 1, "bot", text(), "survey"),
            publish(3, "1", receipt("READ", 1), "survey"),
        ],
    ),
    violated(
        "receipt-for-own-message",
        (4,),
        "you gave READ for message 0 of your own",
        [*SAID, publish(1, "2", READ_0)],
    ),
    holds("receipt-for-own-message", [ME, *GIVEN]),
    unknown(
        "receipt-for-own-message", (2,), "whether READ of message 0 is by its own author is not known", GIVEN
    ),
    violated(
        "receipt-for-receipt",
        (5,),
        "you gave READ for 1, which is no message but a receipt",
        [*SAID, told(1, 1, "agent", READ_0), publish(2, "2", receipt("READ", 1))],
    ),
    holds("receipt-for-receipt", GIVEN),
    violated(
        "malformed-sequence-list",
        (2,),
        "a receipt that names no message",
        [HEARD, publish(1, "1", receipt("READ"))],
    ),
    holds("malformed-sequence-list", GIVEN),
    violated(
        "misspelt-status",
        (2, 4),
        'status "ACCEPTED" was sent; ACCEPT was probably meant; the service took it all the same (200)',
        [
            HEARD,
            publish(1, "1", receipt("ACCEPTED", 0)),
            answer(1.1, "1", sequence=1),
            told(1.2, 1, "me", receipt("ACCEPTED", 0)),
        ],
    ),
    holds("misspelt-status", GIVEN),
    # receipts: once, forwards, answered and echoed
    violated(
        "duplicate-receipt",
        (2, 4),
        "you gave READ for message 0 again, after frame #2",
        [*GIVEN, publish(2, "2", READ_0), answer(2.1, "2", sequence=2)],
    ),
    holds("duplicate-receipt", GIVEN),
    unknown(
        "duplicate-receipt",
        (4, 5),
        "agent gave READ for message 0 again, after frame #4; or this is the same "
        "receipt, told again: it has neither number nor time",
        [*SAID, told(1, None, "agent", READ_0, dated=None), told(2, None, "agent", READ_0, dated=None)],
    ),
    violated(
        "history-read-again",
        (4, 7),
        "after the subscription in frame #4, READ was given again for 1 message of the history",
        [
            *GIVEN,
            subscribe(2, "2"),
            answer(2.1, "2"),
            told(2.2, 0, "agent", text(), dated=0),
            publish(3, "3", READ_0),
        ],
    ),
    holds(
        "history-read-again",
        [*GIVEN, subscribe(2, "2"), answer(2.1, "2"), told(2.2, 0, "agent", text(), dated=0)],
    ),
    violated(
        "regressed-receipt",
        (2, 4),
        "you gave ACCEPT for message 0 after READ in frame #2",
        [*GIVEN, publish(2, "2", ACCEPT_0), answer(2.1, "2", sequence=2)],
    ),
    holds(
        "regressed-receipt",
        [HEARD, publish(1, "1", ACCEPT_0), answer(1.1, "1", sequence=1), publish(2, "2", READ_0)],
    ),
    violated(
        "read-without-accept",
        (2,),
        "you gave READ without ACCEPT for message 0; READ does not imply it",
        GIVEN,
    ),
    holds(
        "read-without-accept",
        [
            HEARD,
            publish(1, "1", ACCEPT_0),
            answer(1.1, "1", sequence=1),
            publish(2, "2", READ_0),
            answer(2.1, "2", sequence=2),
        ],
    ),
    unknown(
        "read-without-accept",
        (2,),
        "whether other gave ACCEPT before READ for message 3 is not known: when "
        "the message came is not in this recording",
        [told(0, 5, "agent", text()), told(1, 6, "other", receipt("READ", 3))],
    ),
    violated(
        "refused-receipt",
        (2, 3),
        "READ of message 0 was answered with 400",
        [HEARD, publish(1, "1", READ_0), answer(1.1, "1", 400)],
    ),
    holds("refused-receipt", GIVEN),
    violated(
        "unanswered-receipt",
        (2,),
        "no answer to READ of message 0 was seen, in 19 s",
        [HEARD, publish(1, "1", READ_0), told(20, 1, "agent", text())],
    ),
    holds("unanswered-receipt", GIVEN),
    unknown(
        "unanswered-receipt",
        (2,),
        "no answer to READ of message 0 was seen in the 1 s until the recording ended after frame #3",
        [HEARD, publish(1, "1", READ_0), told(2, 1, "agent", text())],
    ),
    violated(
        "unechoed-receipt",
        (5, 6),
        "READ of message 1 was answered, and no echo of it was seen, though others were",
        [
            *SAID,
            told(1, 1, "agent", text()),
            publish(2, "2", receipt("READ", 1)),
            answer(2.1, "2", sequence=2),
            told(30, 3, "agent", text()),
        ],
    ),
    holds("unechoed-receipt", [ME, *GIVEN, told(1.2, 1, "me", READ_0)]),
    unknown(
        "unechoed-receipt",
        (2,),
        "READ of message 0 was answered, and no echo of it was seen; nothing of ours "
        "was echoed in this dialog",
        [ME, *GIVEN, told(30, 2, "agent", text())],
    ),
    # times
    violated(
        "never-accepted",
        (1,),
        "no ACCEPT of message 0 was sent or seen in this recording, "
        "in the 30 s until the recording ended after frame #2",
        [ME, HEARD, ask(30, "1")],
    ),
    holds("never-accepted", GIVEN),
    unknown(
        "never-accepted",
        (1,),
        "no ACCEPT of message 0 was sent or seen in the 5 s until the recording ended after frame #2",
        [ME, HEARD, ask(5, "1")],
    ),
    violated(
        "never-read",
        (1,),
        "no READ of message 0 was sent or seen in this recording, "
        "in the 90 s until the recording ended after frame #4",
        [ME, HEARD, publish(1, "1", ACCEPT_0), answer(1.1, "1", sequence=1), ask(90, "2")],
    ),
    holds("never-read", GIVEN),
    unknown(
        "never-read",
        (1,),
        "no READ of message 0 was sent or seen in the 30 s until the recording ended after frame #2",
        [ME, HEARD, ask(30, "1")],
    ),
    violated(
        "late-accept",
        (1, 3),
        "READ of message 0 came after 1.1 s (local clock); 0.5 s are allowed",
        GIVEN,
        "--accept-within",
        "500ms",
    ),
    holds("late-accept", GIVEN, "--accept-within", "2s"),
    unknown(
        "late-accept",
        (1,),
        "no ACCEPT within 2 s of message 0 was seen; nobody else was seen in the dialog "
        "who could have given it",
        [HEARD, ask(1, "1")],
        "--accept-within",
        "2s",
    ),
    violated(
        "late-read",
        (1, 3),
        "READ of message 0 came after 1.1 s (local clock); 0.5 s are allowed",
        GIVEN,
        "--read-within",
        "500ms",
    ),
    holds("late-read", GIVEN, "--read-within", "2s"),
    unknown(
        "late-read",
        (1,),
        "no READ within 2 s of message 0 was seen; nobody else was seen in the dialog "
        "who could have given it",
        [HEARD, ask(1, "1")],
        "--read-within",
        "2s",
    ),
    violated(
        "local-clock-backwards",
        (2, 3),
        "our clock was set back by 5 s; the frames keep their order",
        [HEARD, told(10, 1, "agent", text()), told(5, 2, "agent", text()), told(6, 3, "agent", text())],
    ),
    holds("local-clock-backwards", [HEARD, told(0, 1, "agent", text()), told(1, 2, "agent", text())]),
    violated(
        "read-too-fast",
        (2,),
        "you gave READ for message 0 less than 0.1 s after it arrived (message 0: 0.01 "
        "s): it was hardly shown to anybody",
        [HEARD, publish(0.01, "1", READ_0), answer(0.4, "1", sequence=1)],
    ),
    holds("read-too-fast", GIVEN),
    unknown(
        "read-too-fast",
        (3,),
        "no clock saw message 0 before its READ",
        [told(None, 0, "agent", text()), publish(None, "1", READ_0), answer(None, "1", sequence=1)],
    ),
    violated(
        "unfilled-placeholder",
        (1,),
        'the dialogId "__DIALOG_ID__" is a placeholder that nobody filled in, in ms.PublishEvent',
        [publish(0, "1", text(), "__DIALOG_ID__"), answer(0.1, "1", sequence=0)],
    ),
    holds("unfilled-placeholder", SAID),
    violated(
        "never-subscribed",
        (3,),
        "dialog d was announced, and nobody subscribed to its messages, so none could come",
        [*OVERVIEW, ask(20, "2")],
    ),
    holds("never-subscribed", [*OVERVIEW, subscribe(1, "2"), answer(1.1, "2")]),
    unknown(
        "never-subscribed",
        (3,),
        "dialog d was announced, and nobody subscribed to its messages; there were only 2 s "
        "until the recording ended after frame #4",
        [*OVERVIEW, ask(2.2, "2")],
    ),
    # requests
    violated(
        "request-unanswered",
        (1,),
        'no answer to GetClock (id "1") was seen, in 20 s',
        [ask(0, "1"), told(20, 0, "agent", text())],
    ),
    holds("request-unanswered", [ask(0, "1"), answer(0.1, "1")]),
    unknown(
        "request-unanswered",
        (1,),
        'no answer to GetClock (id "1") was seen in the 2 s until the recording ended after frame #2',
        [ask(0, "1"), told(2, 0, "agent", text())],
    ),
    violated(
        "request-id-reused",
        (2,),
        'id "1" is used again while frame 1 waits for its answer',
        [ask(0, 1), ask(0.1, "1")],
    ),
    holds("request-id-reused", [ask(0, 1), answer(0.1, "1"), ask(1, 1)]),
    violated(
        "answer-without-question",
        (2,),
        'an answer to id "2", which nobody asked or which was answered',
        [ask(0, "1"), answer(0.1, "2")],
    ),
    holds("answer-without-question", [ask(0, "1"), answer(0.1, "1")]),
    unknown(
        "answer-without-question",
        (1,),
        'an answer to id "1", which nobody asked or which was answered; the recording '
        "may have begun after the question",
        [answer(0, "1"), ask(1, "2")],
    ),
    violated(
        "error-answer",
        (1, 2),
        'GetClock (id "1") was answered with 500',
        [ask(0, "1"), answer(0.1, "1", 500)],
    ),
    holds("error-answer", [ask(0, "1"), answer(0.1, "1")]),
    violated(
        "retry-after-429",
        (2, 3),
        "GetClock was asked again 0.2 s after a 429; wait at least 1 s",
        [ask(0, "1"), answer(0.1, "1", 429), ask(0.3, "2")],
    ),
    holds("retry-after-429", [ask(0, "1"), answer(0.1, "1", 429), ask(1.1, "2")]),
    unknown(
        "retry-after-429",
        (2, 3),
        "GetClock was asked again after a 429; the capture tells no times",
        [ask(None, "1"), answer(None, "1", 429), ask(None, "2")],
    ),
    # numbers
    violated(
        "conflicting-content",
        (1, 2),
        "0 was announced with 2 different contents: a message in frame #1, a message in frame #2",
        [HEARD, told(1, 0, "agent", text("bye"))],
    ),
    holds("conflicting-content", [HEARD, HEARD]),
    violated(
        "echo-differs",
        (1, 3),
        "message 0 was announced with another content than was published",
        [*SAID[:3], told(0.2, 0, "me", text("bye"))],
    ),
    holds("echo-differs", SAID),
    violated(
        "sequence-gap",
        (1,),
        "between 0 and 2, 1 number was not seen: 1; of those seen, receipts took none. "
        "Private messages are possible, and events before a subscription, or lost; "
        "fetching again from there would tell",
        [HEARD, told(1, 2, "agent", text())],
    ),
    holds("sequence-gap", [HEARD, told(1, 1, "agent", text())]),
    violated("out-of-order", (1, 2), "0 arrived after 1, 1 behind", [told(1, 1, "agent", text()), HEARD]),
    holds("out-of-order", [HEARD, told(1, 1, "agent", text())]),
    violated(
        "server-time-backwards",
        (1, 2),
        "1 is dated 0.5 s before 0",
        [told(1, 0, "agent", text()), told(2, 1, "agent", text(), dated=0.5)],
    ),
    holds("server-time-backwards", [HEARD, told(1, 1, "agent", text())]),
    unknown(
        "server-time-backwards",
        (1,),
        "0 carries no time of the service's",
        [told(0, 0, "agent", text(), dated=None)],
    ),
    # connections
    violated(
        "recording-incomplete",
        (1,),
        "connection 1 could not go on: the disk is full",
        [connection(how="failed", detail="the disk is full"), HEARD],
    ),
    holds("recording-incomplete", [HEARD]),
    violated(
        "auth-close",
        (2,),
        "connection 1 was closed with 4401: the token is missing or has expired: get a "
        "fresh one from the brand, then reconnect (according to LivePerson's "
        "documentation)",
        [HEARD, close(1, 4401)],
    ),
    holds("auth-close", [HEARD, close(1, 1000)]),
    violated(
        "not-let-in",
        (),
        'connection 2 did not come about: the service answered 401 instead of 101: "no"',
        [
            HEARD,
            {"connection": 2, "how": "refused", "detail": 'the service answered 401 instead of 101: "no"'},
        ],
    ),
    holds("not-let-in", [HEARD]),
    violated(
        "silence-before-close",
        (2,),
        "connection 1 ended after 61 s without data; whether that is why, no frame tells",
        [HEARD, close(61, 1000)],
    ),
    holds("silence-before-close", [HEARD, close(60, 1000)]),
    unknown(
        "silence-before-close",
        (2,),
        "how long connection 1 was silent is not known: the capture tells no times",
        [told(None, 0, "agent", text()), close(None, 1000)],
    ),
    violated(
        "ended-without-close",
        (1,),
        "connection 1: its transport ended without a Close frame; what was under way then is unknown",
        [connection(how="lost"), HEARD],
    ),
    holds("ended-without-close", [HEARD, close(1, 1000)]),
    unknown("ended-without-close", (1,), "the end of connection 1 is not in the recording", [HEARD]),
    violated(
        "protocol-violation",
        (1,),
        "the service, on connection 1: a frame of the service is masked",
        [HEARD | {"violation": "a frame of the service is masked"}],
    ),
    holds("protocol-violation", [{"sender": "client", "at": at(0), "raw": "iYAAAAAA"}]),
    unknown(
        "protocol-violation",
        (1,),
        "of connection 1 only what its frames carry was recorded, not their bytes",
        [HEARD],
    ),
    # what the protocol does not describe
    violated(
        "unreadable-payload",
        (1,),
        "a payload that is no envelope: not-json: unexpected character, expected a JSON "
        "value: line 1 column 1 (char 0)",
        [frame("service", 0, "hello")],
    ),
    holds("unreadable-payload", [HEARD]),
    violated("malformed-envelope", (1,), "a change without an event", [told(0, 0, "agent", None)]),
    holds("malformed-envelope", [HEARD]),
    violated("undescribed", (1,), 'a request of type "ms.Sing"', [ask(0, "1", "ms.Sing")]),
    holds("undescribed", [HEARD]),
    violated(
        "several-ids",
        (1, 3),
        "we appear under 2 ids (guest, me): a step-up?",
        [init(0, "1", "guest"), answer(0.1, "1"), init(1, "2", "me")],
    ),
    holds("several-ids", [ME, HEARD]),
    unknown(
        "several-ids",
        (),
        "who you are is not told: there is neither a token nor an echo of your own",
        [HEARD],
    ),
]

# --- clocks that lie ------------------------------------------------------------------------------------

SKEWED = [told(1, 0, "agent", text(), dated=500), told(602, None, "c", READ_0, dated=400)]
"""The service dates a READ before its message; it came ten minutes after it."""

DOUBTFUL = [HEARD, told(60, None, "c", READ_0, dated=0.5)]
"""The service dates a READ half a second after its message; it came a minute after it."""

HISTORY = [
    frame(
        "service",
        20,
        notification(
            "ms.MessagingEventNotification",
            *changes(told(10, 0, "agent", text()), told(6, None, "c", READ_0)),
        ),
    )
]
"""A history in which a READ is dated before its message; nobody saw either happen."""

NOT_SEEN = "the service dates READ 4 s before message 0, and our clock did not see both happen"

CLOCKS = [
    violated(
        "late-read",
        (1, 2),
        "READ of message 0 came after 10 m 1 s (local clock); 1 s are allowed",
        SKEWED,
        "--read-within",
        "1s",
    ),
    violated(
        "late-read",
        (1, 2),
        "READ of message 0 came after 60 s (local clock); 1 s are allowed",
        DOUBTFUL,
        "--read-within",
        "1s",
    ),
    unknown("late-read", (1,), NOT_SEEN, HISTORY, "--read-within", "2s"),
    holds("read-too-fast", SKEWED),
    unknown("read-too-fast", (1,), NOT_SEEN, HISTORY),
    violated(
        "server-time-backwards",
        (1, 2),
        "READ of message 0 is dated 100 s before it, and came 10 m 1 s after it on our clock",
        SKEWED,
    ),
    violated(
        "server-time-backwards",
        (1, 2),
        "READ of message 0 is dated 0.5 s after it, and came 60 s after it on our clock",
        DOUBTFUL,
    ),
    violated("server-time-backwards", (1,), "READ of message 0 is dated 4 s before it", HISTORY),
    violated(
        "local-clock-backwards",
        (4, 5),
        "our clock was set back by 7 s, the farthest of 2 times; the frames keep their order",
        [HEARD, *(told(second, n, "agent", text()) for n, second in enumerate((9, 8, 10, 3), 1))],
    ),
]
"""More captures for the rules about times, judged as those of the table are."""

CLOCKS = [case._replace(number=number) for number, case in enumerate(CLOCKS, 1)]


def name_of(case: Case) -> str:
    return f"{case.rule} {case.outcome}" + (f" {case.number}" if case.number else "")


def rule_captures(folder: Path) -> Iterator[Path]:
    """Write every capture of the table into a file, which names it as ``name_of`` does."""
    for number, case in enumerate([*CASES, *CLOCKS]):
        header: Line = {"recorder": 1, "name": name_of(case)}
        file = folder / f"{number}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in [header, *case.lines]))
        yield file
