"""A machine tells a session in any order, twice, in part; a model of plain dicts must agree with the fold."""

from __future__ import annotations

import itertools
from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from recorder.messaging.envelopes import dump, parse
from recorder.messaging.events import PublishLost, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.messaging.requests import publish_chat_state, publish_receipt, publish_text
from recorder.receipts.fold import apply, fold
from recorder.receipts.queries import view
from recorder.receipts.selves import selves_of
from recorder.receipts.state import Transcript

ME, AGENT, MANAGER = "consumer-1", "agent-1", "manager-1"
DIALOGS = st.sampled_from(["d1", "d2"])
OTHERS = st.sampled_from([AGENT, MANAGER])
PEOPLE = st.sampled_from([ME, AGENT, MANAGER])
STATUSES = st.sampled_from(["ACCEPT", "READ", "ACCESS", "NACK"])
STATUS_WORDS = {"ACCEPT": "accepted", "READ": "read"}


class Sessions(RuleBasedStateMachine):
    """One consumer's session. What the service says may be heard late, again, or never."""

    on_the_way = Bundle("events of the service that have not been heard yet")
    heard_before = Bundle("events that were heard")
    open_asks = Bundle("our publishes without an answer")
    open_claims = Bundle("our receipts without an answer")

    def __init__(self) -> None:
        super().__init__()
        self.interpreter = Interpreter()
        self.transcript = Transcript()
        self.events = []
        self.frames = itertools.count(1)
        self.ids = itertools.count(1)
        self.sequences = defaultdict(itertools.count)
        # The model: plain facts, and nothing of the fold's shapes.
        self.messages = {}  # (dialog, sequence) → author, of what was heard to stand there
        self.receipts = set()  # (dialog, sequence, participant, status), acknowledged or announced
        self.own_publishes = {}  # frame → pending, failed, unknown or (dialog, sequence)

    # --- events of both sides ---

    def apply_event(self, event):
        self.events.append(event)
        self.transcript = apply(self.transcript, event)

    def send(self, request):
        frame = next(self.frames)
        envelope = parse(dump(request).encode(), from_client=True)
        for event in self.interpreter.feed(envelope, Stamp(frame, 1, frame, frame)):
            self.apply_event(event)
        return frame

    def from_service(self, raw):
        frame = next(self.frames)
        envelope = parse(dump(raw).encode(), from_client=False)
        return self.interpreter.feed(envelope, Stamp(frame, 1, frame, frame))

    def answer(self, request_id, code, sequence=None):
        body = {"sequence": sequence} if code < 400 else "no"
        raw = {
            "kind": "resp",
            "reqId": request_id,
            "code": code,
            "type": "ms.PublishEventResponse",
            "body": body,
        }
        for event in self.from_service(raw):
            self.apply_event(event)

    def announced(self, dialog, sequence, author, event):
        change = {"dialogId": dialog, "originatorId": author, "event": event}
        if sequence is not None:
            change |= {"sequence": sequence, "serverTimestamp": 1_700_000_000_000 + sequence}
        body = {"changes": [change]}
        return self.from_service(
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}
        )

    # --- what happens ---

    @initialize()
    def we_say_who_we_are(self):
        stamp = Stamp(0, 1, 0, 0)
        for event in self.interpreter.connection_opened(1, token=f"jwt ⟦jwt:00000000 sub={ME}⟧", stamp=stamp):
            self.apply_event(event)

    @rule(target=on_the_way, dialog=DIALOGS, author=OTHERS)
    def somebody_writes(self, dialog, author):
        sequence = next(self.sequences[dialog])
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": f"{dialog} {sequence}"}
        return multiple(*self.announced(dialog, sequence, author, event))

    @rule(
        target=on_the_way,
        dialog=DIALOGS,
        by=PEOPLE,
        status=STATUSES,
        named=st.sets(st.integers(0, 6), max_size=4),
    )
    def somebody_gives_receipts(self, dialog, by, status, named):
        """Also for messages that were never seen, and for their own."""
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": sorted(named)}
        return multiple(*self.announced(dialog, next(self.sequences[dialog]), by, event))

    @rule(dialog=DIALOGS, by=PEOPLE)
    def somebody_types(self, dialog, by):
        for event in self.announced(dialog, None, by, {"type": "ChatStateEvent", "chatState": "COMPOSING"}):
            self.apply_event(event)

    @rule(dialog=DIALOGS)
    def we_type_and_are_answered_with_0(self, dialog):
        request_id = f"t{next(self.ids)}"
        self.send(publish_chat_state(request_id, dialog, "ACTIVE"))
        self.answer(request_id, 200, 0)

    @rule(target=open_asks, dialog=DIALOGS)
    def we_write(self, dialog):
        request_id = f"m{next(self.ids)}"
        frame = self.send(publish_text(request_id, dialog, f"ours {request_id}"))
        self.own_publishes[frame] = "pending"
        return request_id, frame, dialog

    @rule(target=on_the_way, asked=consumes(open_asks))
    def our_publish_is_taken(self, asked):
        request_id, frame, dialog = asked
        sequence = next(self.sequences[dialog])
        self.answer(request_id, 200, sequence)
        self.own_publishes[frame] = (dialog, sequence)
        self.messages[dialog, sequence] = ME
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": f"ours {request_id}"}
        return multiple(*self.announced(dialog, sequence, ME, event))

    @rule(asked=consumes(open_asks), code=st.sampled_from([400, 429, 500]))
    def our_publish_is_refused(self, asked, code):
        request_id, frame, _ = asked
        self.answer(request_id, code)
        self.own_publishes[frame] = "failed"

    @rule(asked=consumes(open_asks))
    def our_publish_is_lost(self, asked):
        _, frame, _ = asked
        self.apply_event(PublishLost(frame))
        self.own_publishes[frame] = "unknown"

    @rule(target=open_claims, dialog=DIALOGS, status=STATUSES, sequence=st.integers(0, 6))
    def we_give_a_receipt(self, dialog, status, sequence):
        request_id = f"r{next(self.ids)}"
        self.send(publish_receipt(request_id, dialog, status, [sequence]))
        return request_id, dialog, status, sequence

    @rule(claimed=consumes(open_claims), taken=st.booleans())
    def our_receipt_is_answered(self, claimed, taken):
        request_id, dialog, status, sequence = claimed
        if not taken:
            self.answer(request_id, 400)
            return
        self.answer(request_id, 200, next(self.sequences[dialog]))
        self.receipts.add((dialog, sequence, ME, status))

    @rule(target=heard_before, event=consumes(on_the_way))
    def the_service_is_heard(self, event):
        """In any order; what stays on the way is lost."""
        self.apply_event(event)
        if hasattr(event, "sequences"):
            self.receipts |= {(event.dialog_id, s, event.participant, event.status) for s in event.sequences}
        elif hasattr(event, "author"):
            self.messages[event.dialog_id, event.sequence] = event.author
        return event

    @rule(event=heard_before)
    def the_service_repeats_itself(self, event):
        self.apply_event(event)

    # --- what must hold ---

    def expected_status(self, dialog, sequence):
        if (dialog, sequence) not in self.messages:
            return "unseen"
        author = self.messages[dialog, sequence]
        reached = {
            status for (d, s, by, status) in self.receipts if (d, s) == (dialog, sequence) and by != author
        }
        return (
            STATUS_WORDS["READ"]
            if "READ" in reached
            else STATUS_WORDS["ACCEPT"]
            if "ACCEPT" in reached
            else "sent"
        )

    @invariant()
    def every_message_has_the_status_of_the_model(self):
        shown = {(m.dialog_id, m.sequence): m for m in view(self.transcript) if m.sequence is not None}
        assert self.messages.keys() <= shown.keys()
        for (dialog, sequence), message in shown.items():
            assert message.status == self.expected_status(dialog, sequence)
            proven = {
                (r.participant, r.status)
                for r in message.receipts
                if r.evidence.proof.word in ("acknowledged", "announced")
            }
            assert proven == {(by, st) for (d, s, by, st) in self.receipts if (d, s) == (dialog, sequence)}

    @invariant()
    def every_publish_has_the_outcome_of_the_model(self):
        open_ones = {m.request_frame: m.status for m in view(self.transcript) if m.sequence is None}
        assert open_ones == {
            frame: word for frame, word in self.own_publishes.items() if isinstance(word, str)
        }

    @invariant()
    def nothing_is_shown_that_no_frame_told(self):
        frames = {event.evidence.frame for event in self.events if not isinstance(event, PublishLost)}
        for message in view(self.transcript):
            assert message.sent is None or message.sent.frame in frames
            assert {receipt.evidence.frame for receipt in message.receipts} <= frames

    @invariant()
    def incremental_is_batch_backwards_is_forwards_and_halves_make_a_whole(self):
        assert self.transcript == fold(self.events) == fold(reversed(self.events))
        middle = len(self.events) // 2
        assert fold(self.events[:middle], fold(self.events[middle:])) == self.transcript
        assert selves_of(self.transcript).ids <= {ME}


Sessions.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSessions = Sessions.TestCase
