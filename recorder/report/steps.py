"""The results of a replay: one JSON object per step, JUnit XML with one test case per step, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from recorder.counted import counted

from .junit import seconds_text, suite_xml, xml_text
from .replay_target import ReplayTarget, target_json

OK, FAILED, STOPPED = "ok", "failed", "stopped"


_BAD = {FAILED: "failure", STOPPED: "error"}


class ReceiptReport(NamedTuple):
    """One timed receipt: when it was planned for and when it left, in seconds since the session began."""

    consumer: str
    dialog: str
    sequence: int
    status: str
    frame: int
    due_s: float
    sent_s: float

    @property
    def late_s(self) -> float:
        """How much later than planned."""
        return self.sent_s - self.due_s


class StepReport(NamedTuple):
    """The result of one step.

    Attributes:
        step: its number, from 1; 0 is what goes before the first one.
        file, line: where it stands.
        round: the round of its ``repeat``, from 1; None outside of any.
        outcome: "ok", "failed", "stopped" (under way when everything ended) or "not reached".
        sentence: what came of it; may quote the service.
        began_s, ended_s: seconds since the session began; None where not reached.
        receipts: those it asked for, and those of the standing rule that went out while it ran.
        shown: the transcript around a failure or a stop, a line per message.
    """

    step: int
    verb: str
    file: str
    line: int
    consumer: str
    round: int | None
    outcome: str
    sentence: str
    began_s: float | None
    ended_s: float | None
    receipts: tuple[ReceiptReport, ...] = ()
    shown: tuple[str, ...] = ()


def step_json(step: StepReport) -> dict[str, object]:
    """The object of one step; times are seconds since the session began."""
    fields = step._asdict()
    return {
        **{"says" if name == "sentence" else name: value for name, value in fields.items()},
        "began_s": _rounded(step.began_s),
        "ended_s": _rounded(step.ended_s),
        "receipts": [
            {
                **receipt._asdict(),
                "due_s": _rounded(receipt.due_s),
                "sent_s": _rounded(receipt.sent_s),
                "late_s": _rounded(receipt.late_s),
            }
            for receipt in step.receipts
        ],
        "shown": list(step.shown),
    }


def lateness_line(samples: int, p50_s: float, p99_s: float, max_s: float) -> str:
    """``6 planned receipts left 0.21 ms (p50), 0.34 ms (p99) after their time, 0.34 ms at most``."""
    planned = counted(samples, "planned receipt")
    return (
        f"{planned} left {p50_s * 1e3:.2f} ms (p50), {p99_s * 1e3:.2f} ms (p99) after their time,"
        f" {max_s * 1e3:.2f} ms at most"
    )


def steps_junit(
    name: str,
    session: str,
    steps: Sequence[StepReport],
    *,
    problems: Sequence[str] = (),
    started_at_us: int | None = None,
    cut_short: str | None = None,
    target: ReplayTarget | None = None,
) -> str:
    """The XML of one replay: a test case per step, and one more for each trouble that is of no step.

    ``cut_short`` says why it ended before its end: no failure of what was tested, but an error, at the
    step that was under way. Servers that build count that as bad: it would pass for a green run else.

    What steps that passed have to say, and every receipt, stands in the output of the suite.
    """
    cases = [_case(name, step) for step in steps] + [
        _problem(name, sentence, "failure") for sentence in problems
    ]
    if cut_short is not None and not any(step.outcome == STOPPED for step in steps):
        cases.append(_problem(name, cut_short, "error"))
    ended_s = max((step.ended_s for step in steps if step.ended_s is not None), default=0.0)
    out = "".join(f"{line}\n" for step in steps for line in _lines(step))
    return suite_xml(
        f"replay of {name}",
        session,
        cases,
        out=xml_text(out),
        took_s=ended_s,
        started_at_us=started_at_us,
        properties={} if target is None else _properties(target),
    )


def _properties(target: ReplayTarget) -> dict[str, str]:
    return {name: value for name, value in target_json(target).items() if value is not None}


def _case(name: str, step: StepReport) -> ET.Element:
    took_s = (step.ended_s or 0.0) - (step.began_s or 0.0)
    said = {
        "name": xml_text(_title(step)),
        "classname": xml_text(name) or "replay",
        "time": seconds_text(took_s),
    }
    case = ET.Element("testcase", said)
    if step.outcome in _BAD:
        failure = ET.SubElement(
            case, _BAD[step.outcome], {"message": xml_text(step.sentence), "type": step.verb}
        )
        failure.text = xml_text("\n".join((f"{step.file}, line {step.line}: {step.sentence}", *step.shown)))
    elif step.outcome != OK:
        ET.SubElement(case, "skipped", {"message": step.outcome})
    return case


def _lines(step: StepReport) -> list[str]:
    """A line for the step itself, if it passed and has something to say, and one for each receipt."""
    sentence = [f"{_title(step)}: {step.sentence}"] if step.sentence and step.outcome == OK else []
    return sentence + [f"{_title(step)}: {_receipt_line(receipt)}" for receipt in step.receipts]


def _title(step: StepReport) -> str:
    time_round = f", round {step.round}" if step.round is not None else ""
    return f"{step.step:03d} {step.verb} ({step.consumer}, line {step.line}{time_round})"


def _receipt_line(receipt: ReceiptReport) -> str:
    return (
        f"{receipt.status} for #{receipt.sequence} in frame {receipt.frame}:"
        f" planned +{receipt.due_s:.6f}s, left +{receipt.sent_s:.6f}s"
    )


def _problem(name: str, sentence: str, kind: str) -> ET.Element:
    case = ET.Element("testcase", {"name": "the whole", "classname": xml_text(name) or "replay", "time": "0"})
    ET.SubElement(case, kind, {"message": xml_text(sentence), "type": "trouble"})
    return case


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
