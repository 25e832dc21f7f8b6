"""The page as a file: nothing fetched, nothing run, the data as its package describes it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from recorder import recipes
from recorder.recipes.report_session import session_source
from recorder.report.session_page.document import document

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    where = str(tmp_path_factory.mktemp("archive") / "a.db")
    with recipes.open_archive(where, mode="write", create=True) as opened:
        recipes.import_capture(opened, SAMPLES / "tutorial.jsonl", name="tutorial")
        recipes.import_capture(opened, SAMPLES / "browser.netlog.json", name="browser")
        yield opened


def written(archive, name, **options):
    return "".join(document([session_source(archive, name)], **options))


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1))


def block_of(text, name):
    return gzip.decompress(base64.b64decode(re.search(f'id="{name}">([^<]*)<', text).group(1)))


def test_the_file_fetches_nothing_and_runs_no_text(archive):
    text = written(archive, "browser")
    own = text.split("<!-- blocks -->")[0]
    assert not re.search(
        r"\b(src|href)=|@import|url\(|fetch\(|XMLHttpRequest|innerHTML|eval\(|insertAdjacent", own
    )
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    assert not re.search(
        r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|fetch\(", scripts[0]
    )


def test_the_data_is_what_the_package_describes(archive):
    text = written(archive, "browser")
    (session,) = data_of(text)["sessions"]
    rows = {name.partition("_")[0]: column[2] for name, column in session["columns"].items()}
    assert rows["frame"] == session["frames"] == session["last"]
    assert rows["message"] > 0
    assert session["chunks"] == [1]
    assert [each["fidelity"] for each in session["connections"]] == ["bytes"]
    assert {"frame_proofs", "message_publish", "fact_from", "fact_earlier"} <= session["columns"].keys()
    contents = json.loads(block_of(text, "0-messages"))["contents"]
    assert "This is the first answer." in {content[3] for content in contents}
    evidence = json.loads(block_of(text, "0-evidence-0"))
    assert len(evidence) == rows["message"]
    findings = json.loads(block_of(text, "0-findings"))
    assert [rule for rule, _, _ in findings["rules"]] == list(session["rules"])
    assert sum(rows for _, _, rows in findings["rules"]) == len(findings["text"]) > 0
    assert findings["last"] == session["last"]


def test_the_first_line_is_honest(archive):
    (browser,) = data_of(written(archive, "browser"))["sessions"]
    assert browser["honesty"][0] == "Complete"
    assert browser["honesty"][-1] == "It holds message texts of 2 people"
    (redacted,) = data_of(written(archive, "browser", redact=("text", "names")))["sessions"]
    assert "Left out of this page: texts, names and ids" in redacted["honesty"]
    assert redacted["honesty"][-1] == "It holds no message text"


def everything(text):
    whole = [text.encode()]
    for name in re.findall(r'type="application/octet-stream;base64" id="([^"]*)"', text):
        whole.append(block_of(text, name))
    return b"".join(whole)


def test_what_is_left_out_is_nowhere_in_the_file(archive):
    plain = everything(written(archive, "browser"))
    assert b"This is the first answer." in plain
    without_text = everything(written(archive, "browser", redact=("text",)))
    assert b"This is the first answer." not in without_text
    ids = {each["id"] for each in data_of(written(archive, "browser"))["sessions"][0]["people"]} - {None}
    assert ids
    without_names = everything(written(archive, "browser", redact=("names",)))
    assert [each for each in ids if each[:8].encode() in without_names] == []
