"""What YAML lets through and people do not mean is refused, with the line, in words."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import read_document
from recorder.documents.reading import MAX_ALIASES, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES
from recorder.errors import BadScript

TEN_FOLD = "a: &a [" + "x," * 3000 + "]\nb: &b [" + "*a," * 9 + "]\nc: [" + "*b," * 9 + "]"


def chain(levels: int) -> str:
    """Anchors that each hold the one before, one level deeper."""
    return "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n" + "".join(
        f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]\n" for n in range(1, levels)
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        pytest.param("a: 1\nb: 2\na: 3", 3, 'the key "a" is here twice: lines 1 and 3', id="S05 key twice"),
        pytest.param("a:\n - {b: 1, b: 2}", 2, '"b" is here twice: lines 2 and 2', id="key twice in flow"),
        pytest.param("a: 1\nb: !!python/object/apply:os.system [ls]", 2, "the tag", id="S01 python tag"),
        pytest.param("a: !mine 1", 1, "the tag !mine is not allowed", id="own tag"),
        pytest.param("a: !!str 1", 1, "the tag", id="harmless tag"),
        pytest.param("a: 1\n---\nb: 2", 2, "a second document", id="S08 two documents"),
        pytest.param("a:\n\t- b", 2, "a tab where YAML wants spaces", id="S07 tab"),
        pytest.param("b: 1\na: 'x\nb: c\n", 2, "a quote is opened here and never closed", id="S07 quote"),
        pytest.param("a: 1\nb: [1, 2\n", 2, "a bracket is opened here and never closed", id="bracket"),
        pytest.param("a: 1\n b: 2", 2, "the indentation does not fit the lines above", id="S07 indentation"),
        pytest.param("say: now: then", 1, 'a ":" stands where none fits', id="colon in text"),
        pytest.param("a: @x", 1, "must be in quotes", id="reserved character"),
        pytest.param("ok: 1\na: \x01", 2, "the control character U+0001", id="S09 control character"),
        pytest.param("a: \x9b", 1, "the control character U+009B", id="S09 C1 control"),
        pytest.param('a: "\\ud800"', 1, "half of a surrogate pair", id="surrogate escape"),
        pytest.param('a: "\\U00110000"', 1, "means nothing", id="escape beyond Unicode"),
        pytest.param('a: "\\q"', 1, "a backslash begins an escape", id="unknown escape"),
        pytest.param("a: *x", 1, "there is no &x above", id="alias of nothing"),
        pytest.param("a: &a [*a]", 1, "*a stands inside &a itself", id="S03 recursive anchor"),
        pytest.param("a: &a\n  b: {c: *a}", 2, "*a stands inside &a itself", id="S03 deeper recursion"),
        pytest.param(f"a: &a 1\nb: [{'*a,' * (MAX_ALIASES + 1)}]", 2, "more than 50 aliases", id="aliases"),
        pytest.param(TEN_FOLD, 3, f"more than {MAX_NODES:,} values", id="S02 laughs within the aliases"),
        pytest.param("[" * 5000, 1, f"deeper than {MAX_DEPTH}", id="S04 depth"),
        pytest.param("- " * 5000 + "x", 1, f"deeper than {MAX_DEPTH}", id="S04 depth in blocks"),
        pytest.param(chain(8), 7, f"deeper than {MAX_DEPTH}", id="S04 depth by aliases"),
        pytest.param("<<: {a: b}", 1, "merge keys", id="merge key"),
        pytest.param("? [a]\n: b", 1, "a key must be text", id="list as key"),
        pytest.param("&x a: 1\n*x : 2", 2, "a key must be text", id="alias as key"),
        pytest.param(b"a: 1\nb: \xff", 2, "not UTF-8", id="not UTF-8"),
        pytest.param("a: 1".encode("utf-16"), 1, "not UTF-8", id="UTF-16"),
        pytest.param("%YAML " + "1" * 5000 + ".1\n---\na: b", 1, "means nothing", id="5000 digits"),
    ],
)
def test_refused_yaml_features_are_named_with_their_line(text, line, says):
    with pytest.raises(BadScript) as refused:
        read_document(text, file="trap.yaml")
    assert says in str(refused.value)
    assert (refused.value.file, refused.value.line) == ("trap.yaml", line)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null", "~", "\ufeff", "\n\n"])
def test_an_empty_document_is_refused(text):
    with pytest.raises(BadScript, match="it is empty"):
        read_document(text, file="empty.yaml")


def test_a_document_beyond_the_limit_is_refused_before_it_is_parsed():
    with pytest.raises(BadScript, match="are the limit"):
        read_document("#" * (MAX_CHARACTERS + 1), file="huge.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[
            pytest.param(text, text, id=text)
            for text in (
                "no", "yes", "on", "off", "y", "True", "12:30:45", "2024-01-01", "2024-01-01T10:00:00Z",
                "007", "0o17", "0x1F", "1_000", "+1", ".5", "1.", ".inf", ".nan", "1e999", "200ms", "=",
                "1" * 30,
            )
        ],
        pytest.param("true", True, id="true"),
        pytest.param("false", False, id="false"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="tilde"),
        pytest.param("", None, id="nothing"),
        pytest.param("4711", 4711, id="integer"),
        pytest.param("-3", -3, id="negative"),
        pytest.param("1.5", 1.5, id="fraction"),
        pytest.param("1e3", 1000.0, id="S06 exponent as in JSON"),
        pytest.param("'4711'", "4711", id="quoted number"),
        pytest.param('"true"', "true", id="quoted constant"),
        pytest.param("|\n  4711\n", "4711\n", id="block text"),
    ],
)  # fmt: skip
def test_only_json_numbers_and_constants_are_not_text(written, value):
    read = read_document(f"a: {written}", file="plain.yaml").value["a"]
    assert read == value
    assert type(read) is type(value)


def test_surrogate_escapes_are_joined():
    """Envelopes are pasted into scripts as they stand."""
    assert read_document(r'{"a": "\ud83d\ude00", "\ud83d\ude00": 1}', file="f").value == {"a": "😀", "😀": 1}


def test_keys_are_always_text():
    assert read_document("on: 1\n1: 2\nnull: 3\ntrue: 4", file="f").value == {
        "on": 1,
        "1": 2,
        "null": 3,
        "true": 4,
    }


@pytest.mark.parametrize("text", ["\ufeffa: 1\r\nb: 2\r\n", b"\xef\xbb\xbfa: 1\nb: 2\n"])
def test_a_byte_order_mark_and_windows_lines_do_no_harm(text):
    document = read_document(text, file="f")
    assert document.value == {"a": 1, "b": 2}
    assert document.line(("b",)) == 2


def test_every_value_has_its_line():
    document = read_document("a: 1\nsteps:\n- say: hi\n- wait:\n    for: 2s\nlast: [x,\n y]", file="f")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("steps",): 2,
        ("steps", 0): 3,
        ("steps", 0, "say"): 3,
        ("steps", 1): 4,
        ("steps", 1, "wait"): 4,
        ("steps", 1, "wait", "for"): 5,
        ("last",): 6,
        ("last", 0): 6,
        ("last", 1): 7,
    }


def test_an_alias_is_the_value_it_stands_for():
    assert read_document("a: &x {b: [1]}\nc: *x", file="f").value == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_thirty_thousand_steps_are_read():
    """S23: long is not wrong."""
    document = read_document("steps:\n" + "- wait: 1s\n" * 20_000, file="long.yaml")
    assert document.line(("steps", 19_999)) == 20_001


def refusal(text: str | bytes) -> BadScript | None:
    try:
        read_document(text, file="any.yaml")
    except BadScript as refused:
        return refused
    return None


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_input_is_read_or_refused_as_a_script(text):
    refused = refusal(text)
    assert refused is None or refused.file == "any.yaml"


YAMLISH = st.text(alphabet="ab:-[]{}&*!|>'\"#%@,?~ \n\t0.", max_size=60)


@given(YAMLISH)
def test_a_refusal_names_a_line_of_the_document(text):
    refused = refusal(text)
    assert refused is None or refused.line is None or 1 <= refused.line <= text.count("\n") + 1


def test_reading_loads_no_pydantic():
    """Help texts and durations must not pay for models."""
    says = "import sys, recorder.documents; print('pydantic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


SAMPLES = [path.read_text("utf-8") for path in sorted((Path(__file__).parents[2] / "samples").glob("*.yaml"))]
PIECES = [
    *(": ", "- ", "? ", "\n", "  ", '"', "'", "\\", "{", "}", "[", "]", ",", "#", " #c", "&a ", "*a", "~"),
    *("<<: ", ">\n", "|2-\n", "\r\n", "\x85", "\u2028", "é", "😀", "1e3", "null"),
]
INSERTED = st.tuples(st.integers(0, 5_000), st.sampled_from(PIECES))


@given(st.sampled_from(SAMPLES), st.lists(INSERTED, max_size=3))
def test_what_libyaml_and_the_parser_in_python_take_they_read_alike(text, inserted):
    for place, piece in inserted:
        text = text[:place] + piece + text[place:]
    documents = []
    for with_libyaml in (True, False):
        with pytest.MonkeyPatch.context() as patched, suppress(BadScript):
            patched.setattr(yaml, "__with_libyaml__", with_libyaml)
            documents.append(read_document(text, file="f.yaml"))
    assert documents[:1] == documents[1:] or len(documents) < 2
