"""The README and the guide cannot drift: their code blocks run, their tables are made from the code.

``python tests/update_guide.py`` writes the tables anew, ``--outputs`` also what the commands print.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
from guide_blocks import BLOCK, PageRunner, normal
from update_guide import GENERATED, MARKED, every_command, updated

from recorder.cli.app import app
from recorder.cli.guide import PAGES, TOPICS
from recorder.cli.samples import sample_names
from recorder.errors import RecorderError

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EVERY_PAGE = [README, *sorted(PAGES.glob("*.md"))]
# Blocks of one of these run; text blocks only show.
LANGUAGES = {"console", "yaml", "python", "sql", "text"}

every_page = pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)


@every_page
def test_the_blocks_run_and_print_what_the_page_shows(page, tmp_path):
    for run in PageRunner(tmp_path).run(page.read_text("utf-8")):
        assert normal(run.printed) == normal(run.shown), run.command


@every_page
def test_the_tables_are_those_of_the_code(page):
    text = page.read_text("utf-8")
    assert updated(text) == text, "run: python tests/update_guide.py"


@every_page
def test_blocks_are_in_a_known_language(page):
    text = page.read_text("utf-8")
    assert {language for language, _ in BLOCK.findall(text)} <= LANGUAGES
    assert text.count("\n```") == 2 * len(BLOCK.findall(text))


@every_page
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_generated_table_has_a_place():
    places = [name for page in EVERY_PAGE for _, name, _, _ in MARKED.findall(page.read_text("utf-8"))]
    assert sorted(places) == sorted(GENERATED)


def test_every_page_is_a_topic_and_linked_from_the_readme():
    assert {page.stem for page in PAGES.glob("*.md")} == set(TOPICS)
    for topic in TOPICS:
        assert f"(recorder/guide/{topic}.md)" in README.read_text("utf-8")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_opens_with_a_title_and_one_line_about_it(topic):
    title, about = (PAGES / f"{topic}.md").read_text("utf-8").split("\n\n")[:2]
    assert title == f"# {topic.capitalize()}"
    assert "\n" not in about
    assert about.endswith(".")


def test_the_readme_is_short_and_keeps_the_first_commands():
    text = README.read_text("utf-8")
    assert text.count("\n") <= 250
    assert "\n$ pip install . && recorder replay samples/slow-reader.yaml\n" in text
    assert "\n$ pip install '.[test]' && pytest\n" in text


def test_every_command_and_exit_code_is_in_the_readme():
    text = README.read_text("utf-8")
    for path, _ in every_command(typer.main.get_command(app)):
        assert f"`recorder {' '.join(path)}" in text or f"`{' '.join(path)}`" in text

    def leaves(kind):
        yield kind
        for child in kind.__subclasses__():
            yield from leaves(child)

    for kind in leaves(RecorderError):
        assert re.search(rf"\b{kind.exit_code}\b", text)


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_is_on_the_page_about_its_kind(name):
    """Scripts on the page about scripts, without the suffix; captures on the page about importing."""
    if name.endswith(".yaml"):
        assert f"`{name.removesuffix('.yaml')}`" in (PAGES / "scripts.md").read_text("utf-8")
    else:
        assert f"samples/{name}" in (PAGES / "import.md").read_text("utf-8")
