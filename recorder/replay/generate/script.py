"""Generate a script (YAML) from a recorded session.

Ids become names that are bound when the script is played, pauses become delays from the awaited message,
receipts are timed from the message they are for, and redacted secrets become variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from recorder.documents import TooLarge
from recorder.documents.writing import comment, entry, to_flow_yaml
from recorder.errors import BadScript
from recorder.messaging import typenames

from .agent import ConsumerTimeline, agent_can_send, agent_lines
from .consumers import consumer_by_connection
from .pacing import CLOSE_DELAY_S, Pace, Timeline, as_duration
from .read_back import ReadBack, ReadScript, read_steps
from .script_names import ScriptNames, SharedNames
from .step_lines import StepLines
from .steps import StepWriter
from .timeline_builder import timeline_events
from .timeline_events import (
    Connected,
    ConversationUpdated,
    MessageArrived,
    RawPayloadSent,
    RequestSent,
    SessionRecord,
    TimelineEvent,
)

NOTHING = (comment("the recorded consumer did nothing"), "- wait: 0s")
CUT = "what took longer than thirty days is cut to that"
OF_CONSUMER = {"brand": "brandId", "campaign": "campaignInfo", "context": "conversationContext"}
"""Keys of ``consumer:`` that go into each cm.RequestConversation, and the fields of its body."""

POST_SURVEY = "POST_SURVEY"

_NumberedEvents = Sequence[tuple[int, TimelineEvent]]
_Timelines = Mapping[int, ConsumerTimeline]


class WrittenScript(NamedTuple):
    """A script in YAML, and the frames of requests that stay in it as they were recorded."""

    text: str
    literal: Sequence[int]


def write_script(
    records: Iterable[SessionRecord],
    *,
    name: str,
    pace: Pace = Pace(),  # noqa: B008 - immutable
    read: ReadScript = read_steps,
) -> WrittenScript:
    """A script in YAML that does what was recorded, with ``agent:`` rules for the simulator.

    ``records`` are the session's payloads, connection starts and ends, in order. A recording of several
    consumers becomes a script of several consumers. It is read back with ``read``, and if it does not load,
    every part of it is: a request that no step with names can stand for is sent as it was recorded, with a
    comment; anything else that does not load is left out, with a comment.

    Raises:
        TooLarge: it is larger than scripts may be. Whatever else the records contain, it loads.
    """
    records = list(records)
    try:
        written = _written(records, name, pace, ReadBack(None))
        read(written.text)
    except TooLarge:  # also without its parts that do not load, but in rare cases
        raise
    except BadScript:
        written = _written(records, name, pace, ReadBack(read))
        read(written.text)
    return written


def _written(records: Sequence[SessionRecord], name: str, pace: Pace, read_back: ReadBack) -> WrittenScript:
    consumer_of = consumer_by_connection(records)
    events = timeline_events(records, consumer_of)
    timeline = Timeline((event.at_s for _, event in events), pace)
    timelines = _timelines(events)
    surveys = (survey_of(consumer.events, consumer.names, timeline) for consumer in timelines.values())
    lines_of = (f"simulator: {{survey: {to_flow_yaml(dict(one))}}}" for one in surveys if one is not None)
    survey = next((line for line in lines_of if read_back.section(line) is None), None)
    steps = StepLines(timeline, read_back)
    for connection, number in consumer_of.items():
        if number not in timelines:
            steps.note(f"connection {connection} is another consumer's, who did nothing; it is left out")
    consumers = _write_steps(events, timelines, steps, survey=survey is not None, read_back=read_back)
    agent = agent_lines(consumers, timeline, read_back)
    lines = [
        comment(f"Written from the recorded session {name}. Edit it as you like: nothing refers to it."),
        *_name_lines(name, read_back),
        *_consumer_lines(list(timelines.values()), read_back),
        "steps:",
        *([f"  {comment(CUT)}"] if timeline.was_cut else []),
        *[f"  {line}" for line in (*steps.lines, *(NOTHING if steps.is_empty else ()))],
        *agent,
        *([survey] if survey is not None else []),
    ]
    return WrittenScript("\n".join(lines) + "\n", tuple(steps.literal))


def _name_lines(name: str, read_back: ReadBack) -> list[str]:
    line = entry("name", name.replace("${", "$${"))
    problem = read_back.section(line)
    return [line] if problem is None else [comment(f"its name is left out: {problem}")]


def _timelines(numbered: _NumberedEvents) -> _Timelines:
    """The consumers that sent anything, by number; consumer 0 if none did."""
    shared = SharedNames()
    sending = {number for number, event in numbered if isinstance(event, RequestSent | RawPayloadSent)} or {0}
    timelines = {}
    for position, number in enumerate(sorted(sending), 1):
        events = [event for one, event in numbered if one == number]
        name = f"consumer_{position}" if len(sending) > 1 else None
        timelines[number] = ConsumerTimeline(name, events, ScriptNames(events, shared))
    return timelines


def _write_steps(
    numbered: _NumberedEvents, timelines: _Timelines, lines: StepLines, *, survey: bool, read_back: ReadBack
) -> list[ConsumerTimeline]:
    """Write the steps of all consumers, in the order of the recording."""

    def writer(number: int, name: str | None, names: ScriptNames) -> StepWriter:
        def will_arrive(arrived: MessageArrived) -> bool:
            return agent_can_send(arrived, names, read_back) or (survey and is_of_survey(arrived, names))

        name = None if number == first else name
        return StepWriter(timelines[number].events, names, lines, name=name, will_arrive=will_arrive)

    first = next(iter(timelines))
    writers = {number: writer(number, one.name, one.names) for number, one in timelines.items()}
    events = [(number, event) for number, event in numbered if number in timelines]
    may_be_step = RequestSent | RawPayloadSent | Connected
    steps = [index for index, (_, event) in enumerate(events) if isinstance(event, may_be_step)]
    last_step = max(steps, default=-1)
    for index, (number, _) in enumerate(events):
        writers[number].write_next(more_follows=index < last_step)
    return [consumer._replace(opened=writers[number].opened) for number, consumer in timelines.items()]


# --- consumers ------------------------------------------------------------------------------------------


def _consumer_lines(consumers: Sequence[ConsumerTimeline], read_back: ReadBack) -> list[str]:
    notes: list[str] = []
    tokens = ["UMS_JWT", *(f"UMS_JWT_{position}" for position in range(2, len(consumers) + 1))]
    settings = [_consumer(one, token, read_back, notes) for one, token in zip(consumers, tokens, strict=True)]
    if len(consumers) == 1:
        needed = "with these two in the environment"
        lines = ["consumer:", *[f"  {entry(key, value)}" for key, value in settings[0].items()]]
    else:
        needed = "with the address and everybody's token in the environment"
        named = zip(consumers, settings, strict=True)
        lines = ["consumers:", *[f"  {entry(one.name or '', held)}" for one, held in named]]
    return [*map(comment, [f"Against a real service: --url script, {needed}.", *notes]), *lines]


def _consumer(
    consumer: ConsumerTimeline, token: str, read_back: ReadBack, notes: list[str]
) -> dict[str, Any]:
    requests = [event.request for event in consumer.events if isinstance(event, RequestSent)]
    settings: dict[str, Any] = {"url": "${UMS_URL}", "token": f"${{{token}}}"}
    if any(request.type == typenames.INIT_CONNECTION for request in requests):
        settings["init_connection"] = True
    for key, field in OF_CONSUMER.items():
        bodies = (one.body for one in requests if one.type == typenames.REQUEST_CONVERSATION)
        given = next((body[field] for body in bodies if isinstance(body, dict) and body.get(field)), None)
        if isinstance(given, str if key == "brand" else dict):
            value = consumer.names.literal(given)
            problem = read_back.consumer_setting(entry(key, value))
            if problem is None:
                settings[key] = value
            else:
                notes.append(f"the {field} of the conversation is left out: {problem}")
    return settings


# --- the survey -----------------------------------------------------------------------------------------


def survey_of(
    events: Sequence[TimelineEvent], names: ScriptNames, timeline: Timeline
) -> Mapping[str, Any] | None:
    """The simulator's ``survey:`` setting; None: no survey, or none the simulator could reproduce.

    Before the first answer the bot sends an optional greeting and its first question, then one question for
    each answer, and thanks for the last one. Parts that were not recorded are left out.
    """
    dialog_id, opened_s = _survey_dialog(events)
    if dialog_id is None:
        return None
    rounds: list[list[MessageArrived]] = [[]]
    for event in events:
        if isinstance(event, MessageArrived) and event.key.dialog_id == dialog_id:
            rounds[-1].append(event)
        elif isinstance(event, RequestSent) and event.message is not None and event.dialog_id == dialog_id:
            rounds.append([])
    first, *later = ([one.message.text or "" for one in texts] for texts in rounds)
    if not 1 <= len(first) <= 2 or any(len(texts) > 1 for texts in later):
        return None
    pause_s = timeline.between_s(opened_s, rounds[0][0].at_s) if timeline.pace.keeps_time else CLOSE_DELAY_S
    asked = [text for texts in later for text in texts]
    thanks = asked[-1:] if _is_closed(events, dialog_id) else []
    questions = [first[-1], *asked[: len(asked) - len(thanks)]]
    survey: dict[str, Any] = {
        "greeting": names.text(first[0]) if len(first) == 2 else None,
        "questions": [names.text(text) for text in questions],
        "pace": as_duration(pause_s) if pause_s else "0",
    }
    return {**survey, "thanks": names.text(thanks[0])} if thanks else survey


def is_of_survey(arrived: MessageArrived, names: ScriptNames) -> bool:
    """Whether a message is in the dialog of a survey."""
    return names.type_of(arrived.key.dialog_id) == POST_SURVEY


def _survey_dialog(events: Sequence[TimelineEvent]) -> tuple[str | None, float | None]:
    """The id of the first survey dialog, and when it was opened."""
    for event in events:
        for dialog in event.conversation.dialogs if isinstance(event, ConversationUpdated) else ():
            if dialog.type == POST_SURVEY:
                return dialog.dialog_id, event.at_s
    return None, None


def _is_closed(events: Sequence[TimelineEvent], dialog_id: str) -> bool:
    return any(
        dialog.dialog_id == dialog_id and dialog.state == "CLOSE"
        for event in events
        if isinstance(event, ConversationUpdated)
        for dialog in event.conversation.dialogs
    )
