"""Rules about requests and responses: unanswered, refused, ids used twice, retries after 429."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from recorder.messaging.events import RequestAnswered, RequestMade
from recorder.messaging.refusals import UNFILLED_PLACEHOLDER
from recorder.receipts.delays import local_delay

from .dependencies import Kind
from .findings import SATISFIED, Observation, Severity, not_observable, refused, span, violated
from .groups import Group, Part
from .observation import missing_answer
from .rule import Rule, alike, count_of
from .session_index import SessionIndex

_THROTTLED = 429


def _unanswered(session: SessionIndex, frame: int) -> Iterator[Observation]:
    request = session.asked.get(frame)
    if request is None or frame in session.receipts.request_frames:
        return
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


def _id_reused(session: SessionIndex, place: int) -> Iterator[Part]:
    kind, detail, evidence = session.oddities[place]
    if kind == "id-reused":
        yield Part(evidence.frame, (-place,), (evidence.frame,), detail)


def _reused_in(session: SessionIndex, frame: Hashable, group: Group) -> Iterator[Observation]:
    yield violated(group.first(1)[0], *group.frames(1))


def _id_not_reused(session: SessionIndex, frame: int) -> Iterator[Observation]:
    if session.facts.get(f"reused {frame}") is None:
        yield SATISFIED


def _without_question(session: SessionIndex, place: int) -> Iterator[Observation]:
    answer = session.given_answers[place]
    frame = answer.evidence.frame
    if answer.request_frame is not None:
        yield SATISFIED
        return
    what = f'an answer to id "{(answer.request_id or "")[:64]}", which nobody asked or which was answered'
    first_asked = session.first_asked.get(answer.evidence.connection)
    if first_asked is None or first_asked >= frame:
        yield not_observable(f"{what}; the recording may have begun after the question", frame)
    else:
        yield violated(what, frame)


def _error_answer(session: SessionIndex, place: int) -> Iterator[Observation]:
    answer = session.given_answers[place]
    asked = answer.request_frame
    if answer.code is None or (asked is not None and asked in session.receipts.request_frames):
        return
    if answer.code < 400:
        yield SATISFIED
        return
    what = _name(None if asked is None else session.asked.get(asked))
    frames = [frame for frame in (asked, answer.evidence.frame) if frame is not None]
    yield violated(f"{what} {refused(answer.code, answer.reason)}", *frames)


def _unfilled(session: SessionIndex, place: int) -> Iterator[Part]:
    kind, detail, evidence = session.oddities[place]
    if kind == UNFILLED_PLACEHOLDER:
        yield Part(detail, (place,), (evidence.frame,))


def _throttled(session: SessionIndex, place: int) -> Iterator[Observation]:
    answer = session.given_answers[place]
    if answer.code == _THROTTLED and answer.request_frame is not None:
        throttled = session.asked.get(answer.request_frame)
        if throttled is not None:
            yield _retried(session, answer, session.asked_next(throttled, answer.evidence.frame))


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
        looks=((Kind.REQUEST, _unanswered),),
    ),
    Rule(
        "request-id-reused",
        Severity.WARNING,
        "An id is not used again while its request waits",
        "Answers are matched by id, in the order of the questions. An id that is used again while the "
        "earlier question waits makes that a guess. Later use of an id is common and no violation.",
        looks=((Kind.ODDITY, _id_reused), (Kind.REQUEST, _id_not_reused)),
        together=_reused_in,
    ),
    Rule(
        "answer-without-question",
        Severity.WARNING,
        "Every answer has a question",
        "Looks for answers whose id no waiting request had. Not observable where no request was seen on that "
        "connection before: the recording may have begun later than the connection.",
        looks=((Kind.ANSWER, _without_question),),
    ),
    Rule(
        "error-answer",
        Severity.ERROR,
        "No request is answered with an error",
        "Looks for answers of 400 or more to anything but receipts (see refused-receipt). Codes follow HTTP; "
        "what the service says beside the code is in the finding, shortened. Policy: do not repeat after "
        "4xx, after 429 wait a second, after 5xx try again later.",
        looks=((Kind.ANSWER, _error_answer),),
    ),
    Rule(
        "unfilled-placeholder",
        Severity.WARNING,
        "No request holds a placeholder of a template",
        "Looks for __DIALOG_ID__, ${dialogId}, {{dialogId}}, <dialogId>, YOUR_DIALOG_ID and the like in your "
        "requests: something pasted that nobody filled in. Of a publish only its ids are looked at, because "
        "people may write anything. One finding for each. Whether the service refused it is told by "
        "error-answer and refused-receipt.",
        looks=((Kind.ODDITY, _unfilled),),
        together=alike,
        also_satisfied=count_of(Kind.REQUEST),
    ),
    Rule(
        "retry-after-429",
        Severity.WARNING,
        "After a 429 there is a pause",
        "LivePerson limits concurrent requests, answers 429 beyond that, and asks to wait at least 1 s. "
        "Looks at the next request of the same type on the same connection after each 429, on our own clock. "
        "Whether it is the same request once more, the recording cannot know.",
        looks=((Kind.ANSWER, _throttled),),
    ),
)  # fmt: skip
