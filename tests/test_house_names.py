"""Names: each class once, words a reader knows or finds in the glossary, and no pictures to learn.

To add a word, define it in recorder/guide/glossary.md, or put it into house_words.txt if everybody knows it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from builders.sources import MODULES, ROOT, nodes_of, place_of, tree_of

TESTS = Path(__file__).parent

DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def test_no_two_classes_share_a_name():
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(place_of(path))
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


@cache
def words(name: str) -> tuple[str, ...]:
    """``KeepAliveSent`` and ``keep_alive_sent`` alike: keep, alive, sent."""
    return tuple(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def public_definitions(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_"):
            yield node.name
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body)
        elif isinstance(node, (ast.If, ast.Try)):
            yield from public_definitions(node.body)


@cache
def public_names() -> dict[str, set[str]]:
    """Where each word stands: in the names of modules, folders, public classes, functions and methods."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        place = place_of(path)
        for name in (*place.removesuffix(".py").split("/"), *public_definitions(tree_of(path).body)):
            for word in words(name):
                found[word].add(f"{name} ({place})")
    return found


GLOSSARY = ROOT / "guide" / "glossary.md"


def glossary_words() -> set[str]:
    """The words of the terms it defines: the first column of its tables."""
    terms = re.findall(r"^\| *([^|]+?) *\|", GLOSSARY.read_text("utf-8"), re.MULTILINE)
    return {word for term in terms for word in words(term)}


def base_forms(word: str) -> Iterator[str]:
    """The word itself, and what it may be a form of: published, publishes, publisher are forms of publish."""
    yield word
    for ending in ("s", "es", "ed", "er", "ing", "ings"):
        if word.endswith(ending) and len(stem := word.removesuffix(ending)) > 1:
            yield from (stem, f"{stem}e", stem[:-1] if stem[-1] == stem[-2] else stem)


def known(word: str, vocabulary: set[str]) -> bool:
    return not vocabulary.isdisjoint(base_forms(word))


# Words of English, Python and the protocols that need no definition.
COMMON_WORDS = (TESTS / "house_words.txt").read_text("utf-8").split()


def test_every_public_name_is_made_of_words_of_the_glossary_or_of_everybody():
    vocabulary = {*COMMON_WORDS, *glossary_words()}
    assert {word: at for word, at in public_names().items() if not known(word, vocabulary)} == {}


def test_the_list_of_common_words_is_sorted_and_holds_only_what_is_used():
    assert sorted(set(COMMON_WORDS)) == COMMON_WORDS
    used = {form for word in public_names() for form in base_forms(word)}
    assert [word for word in COMMON_WORDS if word not in used] == []


# Pictures of a theatre, a hotel, a post office, an ear: a stranger would have to learn what each stands for.
METAPHORS = frozenset((TESTS / "house_metaphors.txt").read_text("utf-8").split())
# Too vague to be a whole name; `look_up` says what it does.
VAGUE = frozenset(
    {"act", "acts", "beside", "deed", "ground", "look", "says", "thing", "things", "wanted", "way", "went"}
)
# Words that mean something else elsewhere: HTTP has POST.
METAPHORS_BY_ROOM = {"simulator": frozenset({"lane", "lanes", "letter", "letters", "post"})}


def all_names(path: Path) -> Iterator[str]:
    """Classes, functions and parameters, private ones too."""
    for node in nodes_of(path):
        if isinstance(node, DEFINITIONS):
            yield node.name
        if isinstance(node, ast.arguments):
            yield from (each.arg for each in (*node.posonlyargs, *node.args, *node.kwonlyargs))
            yield from (each.arg for each in (node.vararg, node.kwarg) if each is not None)


def metaphors_in(path: Path) -> list[str]:
    banned = METAPHORS | METAPHORS_BY_ROOM.get(path.relative_to(ROOT).parts[0], frozenset())
    names = {path.stem, path.parent.name, *all_names(path)}
    vague = {name for name in names if name.strip("_").lower() in VAGUE}
    return sorted(vague | {name for name in names if banned.intersection(words(name))})


def test_no_metaphor_names_anything():
    found = {place_of(path): metaphors_in(path) for path in MODULES}
    assert {place: names for place, names in found.items() if names} == {}
