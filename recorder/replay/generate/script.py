"""A recording made into a script: what the consumers did, waiting for what they waited for.

Ids become names that are bound when the script runs, pauses become delays from the message that was
awaited, receipts are timed from the message they are for, and secrets become variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from recorder.documents.writing import comment, entry, to_flow_yaml
from recorder.messaging import typenames

from .agent import Visit, agent_lines, comes_again
from .consumers import cast
from .pacing import Pace, Timeline
from .quoting import Common, Wording
from .step_lines import Sheet
from .steps import Steps
from .survey import is_of_survey, survey_of
from .timeline_events import Asked, Connected, Happening, Moment, Uttered, recollect_all

NOTHING = (comment("the recorded consumer did nothing"), "- wait: 0s")
OF_CONSUMER = {"brand": "brandId", "campaign": "campaignInfo", "context": "conversationContext"}
"""What a consumer says whenever it asks for a conversation, and the fields it stands in there."""


def write_script(happenings: Iterable[Happening], *, name: str, pace: Pace = Pace()) -> str:  # noqa: B008 - immutable
    """A script in YAML that does what was recorded; the simulator's agent is in it too.

    ``happenings`` are the session's payloads and connections in order. Connections of several consumers
    become several consumers. Never raises, whatever is in them.
    """
    listed = list(happenings)
    consumer_of = cast(listed)
    told = recollect_all(listed, consumer_of)
    timeline = Timeline((moment.at_s for _, moment in told), pace)
    parts = _parts(told)
    survey = _survey(parts, timeline)
    sheet = Sheet(timeline)
    for connection in (number for number, who in consumer_of.items() if who not in parts):
        sheet.note(f"connection {connection} is another consumer's, who did nothing; it is left out")
    visits = _write_steps(told, parts, sheet, survey=survey is not None)
    lines = [
        comment(f"Written from the recorded session {name}. Edit it as you like: nothing refers to it."),
        entry("name", name.replace("${", "$${")),
        *_consumers(parts),
        "steps:",
        *[f"  {line}" for line in sheet.lines or NOTHING],
        *agent_lines(visits, timeline),
        *([f"simulator: {{survey: {to_flow_yaml(dict(survey))}}}"] if survey is not None else []),
    ]
    return "\n".join(lines) + "\n"


class _Part(NamedTuple):
    """One consumer; ``name`` None: the only one."""

    name: str | None
    moments: list[Moment]
    wording: Wording


def _parts(told: Sequence[tuple[int, Moment]]) -> dict[int, _Part]:
    """Those who did anything, by their number."""
    common = Common()
    acting = list(dict.fromkeys(who for who, moment in told if isinstance(moment, Asked | Uttered)))
    acting = sorted(acting) or [0]
    parts = {}
    for place, who in enumerate(acting, 1):
        moments = [moment for one, moment in told if one == who]
        name = f"consumer_{place}" if len(acting) > 1 else None
        parts[who] = _Part(name, moments, Wording(moments, common))
    return parts


def _survey(parts: Mapping[int, _Part], timeline: Timeline) -> Mapping[str, Any] | None:
    surveys = (survey_of(part.moments, part.wording, timeline) for part in parts.values())
    return next((survey for survey in surveys if survey is not None), None)


def _write_steps(
    told: Sequence[tuple[int, Moment]], parts: Mapping[int, _Part], sheet: Sheet, *, survey: bool
) -> list[Visit]:
    """Everybody's steps, in the order of the recording."""

    def comes(wording: Wording) -> Any:
        return lambda arrived: comes_again(arrived, wording) or (survey and is_of_survey(arrived, wording))

    first = next(iter(parts))
    steps = {
        who: Steps(
            part.moments,
            part.wording,
            sheet,
            name=None if who == first else part.name,
            comes=comes(part.wording),
        )
        for who, part in parts.items()
    }
    places = dict.fromkeys(parts, 0)
    acts = [place for place, (who, one) in enumerate(told) if who in parts and _acts(one)]
    last_act = max(acts, default=-1)
    for place, (who, _) in enumerate(told):
        if who in parts:
            steps[who].take(places[who], going_on=place < last_act)
            places[who] += 1
    return [Visit(part.name, part.moments, part.wording, steps[who].opened) for who, part in parts.items()]


def _acts(moment: Moment) -> bool:
    return isinstance(moment, Asked | Uttered | Connected)


# --- who connects where ---------------------------------------------------------------------------------


def _consumers(parts: Mapping[int, _Part]) -> list[str]:
    if len(parts) == 1:
        ((only),) = parts.values()
        says = _consumer(only, "UMS_JWT")
        return [
            comment("Against a real service: --url script, with these two in the environment."),
            "consumer:",
            *[f"  {entry(key, value)}" for key, value in says.items()],
        ]
    described = [
        f"  {entry(part.name or '', _consumer(part, 'UMS_JWT' if place == 1 else f'UMS_JWT_{place}'))}"
        for place, part in enumerate(parts.values(), 1)
    ]
    return [
        comment(
            "Against a real service: --url script, with the address and everybody's token in the environment."
        ),
        "consumers:",
        *described,
    ]


def _consumer(part: _Part, token: str) -> dict[str, Any]:
    asked = [one.request for one in part.moments if isinstance(one, Asked)]
    says: dict[str, Any] = {"url": "${UMS_URL}", "token": f"${{{token}}}"}
    if any(request.type == typenames.INIT_CONNECTION for request in asked):
        says["init_connection"] = True
    for key, field in OF_CONSUMER.items():
        bodies = (one.body for one in asked if one.type == typenames.REQUEST_CONVERSATION)
        given = next((body[field] for body in bodies if isinstance(body, dict) and body.get(field)), None)
        if isinstance(given, str if key == "brand" else dict):
            says[key] = part.wording.envelope(given)
    return says
