"""Rules about requests and responses: unanswered, refused, ids used twice, retries after 429."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging.events import RequestAnswered, RequestMade
from recorder.messaging.refusals import UNFILLED_PLACEHOLDER
from recorder.receipts.delays import local_delay

from .findings import SATISFIED, Observation, Severity, not_observable, refused, span, violated
from .observation import missing_answer
from .session_index import Rule, SessionIndex

_THROTTLED = 429


def _unanswered(session: SessionIndex) -> Iterator[Observation]:
    for frame, request in session.asked.items():
        if frame in session.receipt_request_frames:
            continue
        if frame in session.answers:
            yield SATISFIED
        elif request.request_id is None:
            yield not_observable(f"{_name(request)} has no id, so no answer can be told to be its own", frame)
        else:
            yield missing_answer(session, request.evidence, _name(request))


def _name(request: RequestMade | None) -> str:
    if request is None:
        return "a request that was not seen"
    named = "" if request.request_id is None else f' (id "{request.request_id[:64]}")'
    return f"{request.type[:64] or 'a request without a type'}{named}"


def _id_reused(session: SessionIndex) -> Iterator[Observation]:
    reused = {oddity.evidence.frame: oddity.detail for oddity in session.oddities("id-reused")}
    for frame, detail in reused.items():
        yield violated(detail, frame)
    for frame in session.asked:
        if frame not in reused:
            yield SATISFIED


def _without_question(session: SessionIndex) -> Iterator[Observation]:
    first_asked: dict[int, int] = {}
    for request in session.asked.values():
        first_asked.setdefault(request.evidence.connection, request.evidence.frame)
    for answer in session.of(RequestAnswered):
        frame = answer.evidence.frame
        what = f'an answer to id "{(answer.request_id or "")[:64]}", which nobody asked or which was answered'
        if answer.request_frame is not None:
            yield SATISFIED
        elif first_asked.get(answer.evidence.connection, frame) >= frame:
            yield not_observable(f"{what}; the recording may have begun after the question", frame)
        else:
            yield violated(what, frame)


def _error_answer(session: SessionIndex) -> Iterator[Observation]:
    for answer in session.of(RequestAnswered):
        if answer.request_frame in session.receipt_request_frames or answer.code is None:
            continue
        if answer.code < 400:
            yield SATISFIED
            continue
        what = _name(None if answer.request_frame is None else session.asked.get(answer.request_frame))
        frames = [frame for frame in (answer.request_frame, answer.evidence.frame) if frame is not None]
        yield violated(f"{what} {refused(answer.code, answer.reason)}", *frames)


def _unfilled(session: SessionIndex) -> Iterator[Observation]:
    frames: defaultdict[str, list[int]] = defaultdict(list)
    for oddity in session.oddities(UNFILLED_PLACEHOLDER):
        frames[oddity.detail].append(oddity.evidence.frame)
    for detail, found in frames.items():
        yield violated(f"{detail}{'' if len(found) == 1 else f' ({len(found)} times)'}", *found)
    for _ in session.asked:
        yield SATISFIED


def _throttled(session: SessionIndex) -> Iterator[Observation]:
    asked: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for frame, request in sorted(session.asked.items()):
        asked[request.evidence.connection, request.type].append(frame)
    for answer in session.of(RequestAnswered):
        throttled = session.asked.get(answer.request_frame) if answer.request_frame is not None else None
        if answer.code == _THROTTLED and throttled is not None:
            frames = asked[throttled.evidence.connection, throttled.type]
            place = bisect_right(frames, answer.evidence.frame)
            again = session.asked[frames[place]] if place < len(frames) else None
            yield _retried(session, answer, again)


def _retried(session: SessionIndex, answer: RequestAnswered, again: RequestMade | None) -> Observation:
    if again is None:
        return SATISFIED
    frames = (answer.evidence.frame, again.evidence.frame)
    passed = local_delay(answer.evidence, again.evidence)
    if passed is None:
        return not_observable(
            f"{again.type} was asked again after a 429; the capture tells no times", *frames
        )
    if passed.seconds >= session.limits.retry_after_s:
        return SATISFIED
    least = span(session.limits.retry_after_s)
    return violated(
        f"{again.type} was asked again {span(passed.seconds)} after a 429; wait at least {least}", *frames
    )


RULES = (
    Rule(
        "request-unanswered",
        Severity.WARNING,
        "Every request is answered",
        "Looks for an answer to every request but receipts (see unanswered-receipt). Not observable where "
        "connection or recording ended within 10 s of it: whether a message was stored then is unknowable "
        "from here, and sending it again may store it twice.",
        _unanswered,
    ),
    Rule(
        "request-id-reused",
        Severity.WARNING,
        "An id is not used again while its request waits",
        "Answers are matched by id, in the order of the questions. An id that is used again while the "
        "earlier question waits makes that a guess. Later use of an id is common and no violation.",
        _id_reused,
    ),
    Rule(
        "answer-without-question",
        Severity.WARNING,
        "Every answer has a question",
        "Looks for answers whose id no waiting request had. Not observable where no request was seen on that "
        "connection before: the recording may have begun later than the connection.",
        _without_question,
    ),
    Rule(
        "error-answer",
        Severity.ERROR,
        "No request is answered with an error",
        "Looks for answers of 400 or more to anything but receipts (see refused-receipt). Codes follow HTTP; "
        "what the service says beside the code is in the finding, shortened. Policy: do not repeat after "
        "4xx, after 429 wait a second, after 5xx try again later.",
        _error_answer,
    ),
    Rule(
        "unfilled-placeholder",
        Severity.WARNING,
        "No request holds a placeholder of a template",
        "Looks for __DIALOG_ID__, ${dialogId}, {{dialogId}}, <dialogId>, YOUR_DIALOG_ID and the like in your "
        "requests: something pasted that nobody filled in. Of a publish only its ids are looked at, because "
        "people may write anything. One finding for each. Whether the service refused it is told by "
        "error-answer and refused-receipt.",
        _unfilled,
    ),
    Rule(
        "retry-after-429",
        Severity.WARNING,
        "After a 429 there is a pause",
        "LivePerson limits concurrent requests, answers 429 beyond that, and asks to wait at least 1 s. "
        "Looks at the next request of the same type on the same connection after each 429, on our own clock. "
        "Whether it is the same request once more, the recording cannot know.",
        _throttled,
    ),
)  # fmt: skip
