"""The house rules: who imports whom, which library is used where, how big a module may get, what names say.

To add a room or an arrow between rooms, change the table here first, and say why beside it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from builders.sources import MODULES, ROOT, nodes_of, place_of, text_of, tree_of

import recorder

TESTS = Path(__file__).parent

EVERY_ROOM = frozenset(
    {"wire", "redaction", "messaging", "receipts", "checks", "capture", "formats", "store", "projection",
     "replay", "simulator", "report"}
)  # fmt: skip
FREE = frozenset({"errors", "clock", "documents", "runtime", "lazy_exports", "load_summary", "counted"})

# `documents` reads what people write in YAML, with the line of everything: scripts (replay) and agents
# (simulator) both need it, and may not know each other.
# `checks` and `replay` may import `wire` for the close codes, which have one table.
# `report` may import `wire` because it prints frames, and `redaction` to leave texts and people out of them;
# `cli` may import `clock`-free words of `documents` (durations) and `wire` types it hands from a recipe to a
# printer.
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "counted": frozenset(),
    "clock": frozenset(),
    "lazy_exports": frozenset(),
    # The rows of a load run: `replay` makes them, `report` prints them, and neither may know the other.
    "load_summary": frozenset({"errors"}),
    # `listener` and `local_access` refuse options that ask for too much.
    "runtime": frozenset({"clock", "errors"}),
    # `patterns` measures what the searches for people's regular expressions cost, to stop the long ones.
    "documents": frozenset({"errors", "clock", "lazy_exports"}),
    "wire": frozenset({"errors"}),
    "redaction": frozenset(),
    "messaging": frozenset({"errors", "redaction"}),
    "receipts": frozenset({"errors", "messaging"}),
    "checks": frozenset({"errors", "messaging", "receipts", "wire"}),
    # A browser's token may be a subprotocol, and `capture` names those that were offered and chosen.
    "capture": frozenset({"errors", "clock", "runtime", "redaction", "wire"}),
    "formats": frozenset({"errors", "clock", "wire"}),
    # The archive holds frames and knows nothing of what they say; it blanks secrets before it keeps them.
    "store": frozenset({"errors", "wire", "redaction"}),
    "projection": frozenset({"errors", "runtime", "wire", "messaging", "receipts", "checks", "store"}),
    "replay": frozenset(
        {
            "errors",
            "load_summary",
            "clock",
            "runtime",
            "documents",
            "redaction",
            "messaging",
            "receipts",
            "wire",
        }
    ),
    "simulator": frozenset({"errors", "clock", "runtime", "documents", "lazy_exports", "wire", "messaging"}),
    "report": frozenset({"errors", "load_summary", "messaging", "receipts", "checks", "wire", "redaction"}),
    "recipes": EVERY_ROOM | FREE,
    # A screen of its own, which `cli` opens: it shows what recipes return in the words of `report`.
    "tui": frozenset({"recipes", "report", "receipts", "store", "errors", "wire"}),
    "cli": frozenset({"tui", "recipes", "report", "store", "simulator", "errors", "wire", "documents"}),
    # `testing` is a front door of its own, for other people's tests: it calls recipes as `cli` does, and
    # hands over what they return.
    "testing": frozenset(
        {
            "recipes",
            "simulator",
            "store",
            "receipts",
            "checks",
            "messaging",
            "wire",
            "errors",
            "clock",
            "lazy_exports",
        }
    ),
    # What brings a tool of others in stands before the recipes, as the command line does.
    "contrib": EVERY_ROOM | FREE | {"recipes"},
    "__main__": frozenset({"cli"}),
    "__init__": frozenset({*EVERY_ROOM, "recipes", "errors", "lazy_exports"}),
}

FENCES: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("store/", "projection/derived/"),
    "alembic": ("store/",),
    "psycopg": ("store/",),
    # The derived rows are read and written past SQLAlchemy where that is what a query costs.
    "sqlite3": ("store/", "projection/derived/", "projection/parallel/worker.py"),
    # Three modules: what makes a connection, what it is then, and the one to a browser's DevTools.
    "websocket": ("capture/client.py", "capture/opening_handshake.py", "capture/devtools/connection.py"),
    # Two modules: what serves, and what lives in its event loop. And for what masks bytes in C, which takes a
    # tenth of what Python does, and does no I/O.
    "websockets": ("simulator/server.py", "simulator/websocket_server.py", "wire/frames.py"),
    "python_socks": ("capture/tunnel.py",),
    "pytest": ("testing/plugin.py",),
    # It does no I/O: the core may use it.
    "h11": (
        "runtime/http/connection.py",
        "capture/rest.py",
        "capture/proxy/http_message.py",
        "wire/refusal.py",
    ),
    "typer": ("cli/",),
    "rich": ("cli/", "report/", "tui/"),
    "textual": ("tui/",),
    "prompt_toolkit": ("cli/prompt.py",),
    "yaml": ("documents/",),
    "ijson": ("formats/json_stream.py",),
    "time": ("clock.py",),
    "locust": ("contrib/locust.py",),
    "mcp": ("recipes/serve_mcp.py",),
    "mcp_types": ("recipes/serve_mcp.py",),
    "trustme": ("capture/proxy/certificates.py",),
    "gevent": ("contrib/locust.py",),
}

CORE = ("wire", "redaction", "messaging", "receipts", "checks")
BLOCKING = frozenset(
    {"socket", "ssl", "select", "selectors", "time", "threading", "asyncio", "subprocess", "sqlite3", "io",
     "os", "pathlib", "urllib.request", "http.client", "http.server", "queue", "signal", "multiprocessing"}
)  # fmt: skip


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@cache
def imports_of(path: Path, planted: ast.AST | None = None) -> frozenset[str]:
    """Every module a file imports, inside functions too, with relative names made absolute."""
    package = ["recorder", *path.relative_to(ROOT).parts[:-1]]
    found: set[str] = set()
    for node in nodes_of(path) if planted is None else ast.walk(planted):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found |= {module, *(f"{module}.{name.name}" for name in node.names)}
    return frozenset(found)


def rooms_imported(path: Path, planted: ast.AST | None = None) -> set[str]:
    parts = [name.split(".") for name in imports_of(path, planted)]
    return {names[1] for names in parts if names[0] == "recorder" and len(names) > 1 and names[1] in ALLOWED}


def test_rooms_import_only_what_the_table_allows():
    everybody = {"counted"}  # how many, in words, is for all
    found = {
        place_of(path): rooms_imported(path) - {room_of(path), *everybody} - ALLOWED[room_of(path)]
        for path in MODULES
    }
    assert {place: rooms for place, rooms in found.items() if rooms} == {}


def test_libraries_stay_behind_their_fences():
    used = {place_of(path): {name.split(".")[0] for name in imports_of(path)} for path in MODULES}
    assert [
        f"{place} may not import {library}"
        for place, libraries in used.items()
        for library in libraries & FENCES.keys()
        if not place.startswith(FENCES[library])
    ] == []


def test_the_core_imports_nothing_that_can_block():
    found = {place_of(path): imports_of(path) & BLOCKING for path in MODULES if room_of(path) in CORE}
    assert {place: names for place, names in found.items() if names} == {}
    assert len(found) > len(CORE)


def test_every_module_opens_with_a_sentence_and_stays_small():
    silent = [place_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))]
    assert silent == [], "a module opens with one sentence a user could read"
    large = [place_of(path) for path in MODULES if text_of(path).count("\n") > 400]
    assert large == [], "at 400 lines the design is talking to you"


@pytest.mark.parametrize(
    ("planted", "rooms"),
    [
        pytest.param("from recorder.store import archive", {"store"}, id="absolute"),
        pytest.param("from ..store import archive", {"store"}, id="relative"),
        pytest.param("from .. import store", {"store"}, id="from the package"),
        pytest.param("def f():\n    import recorder.capture.client", {"capture"}, id="inside a function"),
    ],
)
def test_the_reader_of_imports_sees_planted_violations(planted, rooms):
    assert rooms_imported(ROOT / "wire" / "planted.py", ast.parse(planted)) == rooms


def test_the_package_docstring_names_every_room():
    map_of_the_house = recorder.__doc__ or ""
    for room in sorted(EVERY_ROOM | {"recipes", "cli", "testing"} | FREE):
        assert f"{room}" in map_of_the_house


# Modules that hold only types, names or texts: what they promise is tested where it is used.
WITHOUT_A_TEST_OF_THEIR_OWN: dict[str, str] = {
    "checks/input.py": "named tuples; the tests of the rules make them",
    "checks/rule.py": "one type; the tests of the rules look at every field",
    "store/redacts.py": "one protocol; the tests of rows and exchange rows hand redactors to it",
    "formats/capture_format.py": "types alone; the tests of every format make and read them",
    "store/opened.py": "one type and one error; the tests of opening look at every field",
    "report/session_page/source.py": "types alone; the tests of the document make them of real sessions",
    "store/batch.py": "types alone; the tests of rows and writer look at every field",
    "store/info.py": "types alone; the tests of reading, maintenance and verify look at every field",
    "store/retry.py": "types alone; the tests of writer and intake wait by them",
}


def test_tests_mirror_the_house():
    tested = [
        path.relative_to(ROOT)
        for path in MODULES
        if path.name not in ("__init__.py", "__main__.py")
        and place_of(path) not in WITHOUT_A_TEST_OF_THEIR_OWN
    ]
    assert [
        place.as_posix()
        for place in tested
        if not (TESTS / place.parent / f"test_{place.name.lstrip('_')}").exists()
    ] == []


# --- imports run one way, inside rooms too ---------------------------------------------------------------


def dotted(path: Path) -> str:
    """``recorder.wire.frames`` for its file; a package for its ``__init__.py``."""
    parts = ("recorder", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {dotted(path): path for path in MODULES}
# A package's __init__ only hands on names of its modules (lazily, most of them): what it imports is not
# what its folder rests on, and what imports it rests on the module that the name comes from.
FACADES = frozenset(name for name, path in FILES.items() if path.name == "__init__.py")


def modules_imported(path: Path) -> frozenset[str]:
    """The modules of the package that a file imports, facades left out."""
    return (imports_of(path) & FILES.keys()) - FACADES - {dotted(path)}


def imports_by_module() -> dict[str, frozenset[str]]:
    return {name: modules_imported(path) for name, path in FILES.items() if name not in FACADES}


def cycle_of(graph: Mapping[str, Set[str]]) -> list[str]:
    """The names of one cycle, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_through_others():
    assert cycle_of(imports_by_module()) == []


def test_no_folder_imports_itself_through_others():
    """The package's own folder is left out: it holds __main__ beside the errors that everybody raises."""
    folders: dict[str, set[str]] = defaultdict(set)
    for name, imported in imports_by_module().items():
        here = name.rpartition(".")[0]
        folders[here] |= {other.rpartition(".")[0] for other in imported} - {here, "recorder"}
    del folders["recorder"]
    assert cycle_of(folders) == []


def test_the_finder_of_cycles_finds_one():
    assert set(cycle_of({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert cycle_of({"a": {"b", "c"}, "b": {"c"}}) == []


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names_used(path: Path, planted: ast.AST | None = None) -> set[str]:
    """Names with one underscore that a file takes from another module of the package."""
    imported = imports_of(path, planted)
    nodes = nodes_of(path) if planted is None else tuple(ast.walk(planted))
    found = {name for name in imported if name.startswith("recorder.") and is_private(name.split(".")[-1])}
    last_words = {name.rpartition(".")[2] for name in imported & FILES.keys()}
    modules = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
        if alias.name.rpartition(".")[2] in last_words
    }
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and is_private(node.attr):
            found |= {f"{node.value.id}.{node.attr}"} if node.value.id in modules else set()
    return found


def test_no_module_uses_a_private_name_of_another():
    used = {dotted(path): private_names_used(path) for path in MODULES}
    assert {name: private for name, private in used.items() if private} == {}


@pytest.mark.parametrize("planted", ["from .frames import _read", "from . import frames\nframes._read()"])
def test_the_finder_of_private_names_finds_a_planted_one(planted):
    assert private_names_used(ROOT / "wire" / "planted.py", ast.parse(planted))


# --- the contracts of import-linter, which see the same code ---------------------------------------------

CONTRACTS = tomllib.loads((TESTS.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
LAYERS = [contract for contract in CONTRACTS if contract["type"] == "layers"]
FORBIDDEN = [contract for contract in CONTRACTS if contract["type"] == "forbidden"]


def heights(contract: dict[str, list[str]], container: str = "") -> dict[str, int]:
    """How high each name of a layers contract stands; those of one line stand equally high."""
    lines = [re.split(r"\s*[|:]\s*", line) for line in reversed(contract["layers"])]
    prefix = f"{container}." if container else ""
    return {f"{prefix}{name}": height for height, names in enumerate(lines) for name in names}


def test_the_layers_of_the_contract_are_the_rooms_of_the_table():
    (of_the_house,) = (contract for contract in LAYERS if "containers" not in contract)
    rooms = {name.removeprefix("recorder."): height for name, height in heights(of_the_house).items()}
    assert rooms.keys() == ALLOWED.keys() - {"__main__", "__init__"}
    for room, allowed in ALLOWED.items():
        if room in rooms:
            assert [other for other in allowed if rooms[other] >= rooms[room]] == [], room


@pytest.mark.parametrize("contract", FORBIDDEN, ids=lambda contract: contract["name"])
def test_what_a_contract_forbids_the_table_does_not_allow(contract):
    forbidden = {name.removeprefix("recorder.") for name in contract["forbidden_modules"]}
    for source in contract["source_modules"]:
        assert ALLOWED[source.removeprefix("recorder.")] & forbidden == set()


WITH_FOLDERS = sorted({name.rpartition(".")[0] for name in FACADES} - {"", "recorder"})


@pytest.mark.parametrize("container", WITH_FOLDERS)
def test_a_contract_orders_everything_in_a_room_that_has_folders(container):
    """Every folder and module of the room stands in its layers, and imports only from below itself."""
    (contract,) = (contract for contract in LAYERS if container in contract.get("containers", ()))
    inside = {name for name in FILES if name.rpartition(".")[0] == container}
    height = heights(contract, container)
    assert height.keys() == inside
    for name, imported in imports_by_module().items():
        here = part_of(name, container)
        for there in {part_of(other, container) for other in imported} - {here, ""}:
            assert not here or height[there] < height[here], f"{name} imports {there}"


def part_of(name: str, container: str) -> str:
    """The folder or module right inside the container that a module belongs to; empty if it is elsewhere."""
    if not name.startswith(f"{container}."):
        return ""
    return ".".join(name.split(".")[: container.count(".") + 2])


# --- small modules ---------------------------------------------------------------------------------------

SMALL = 60
# A module that one other needs is part of that one, unless it hides a decision or a mechanism of its own.
SMALL_AND_WITH_ONE_IMPORTER: dict[str, str] = {
    "formats/growing_file.py": "how the end of a file is told that another program still writes",
    "cli/error_boundary.py": "the one place where errors become sentences and exit codes",
    "cli/help_layout.py": "how help is laid out, whatever builds the commands",
    "cli/import_.py": "one module a command",
    "cli/report.py": "one module a command",
    "formats/known.py": "the registry: one line a format, and who is asked first",
    "recipes/export_session.py": "one module a recipe",
    "messaging/ums_addresses.py": "what of a capture is LivePerson's: a decision, whoever made the capture",
    "wire/rest_purpose.py": "the addresses LivePerson documents, for whoever sees a request",
    "messaging/duplicate_keys.py": "a reader of JSON of its own; it knows nothing of frames",
    "recipes/load/limits.py": "the limit of descriptors, which is the operating system's",
    "recipes/session_diff.py": "one module a recipe",
    "recipes/session_view.py": "one module a recipe",
    "report/session_csv.py": "one module a format",
    "replay/run/receipt_batches.py": "the rule by which receipts leave together, tested without a schedule",
    "replay/run/subscriptions.py": "what is restored after a reconnect, tested without a connection",
    "report/load_html.py": "one module a format",
    "report/progress_bar.py": "loads rich.progress, only once something takes long",
    "recipes/rebuild_tables.py": "loads what writes rows, which no command that reads needs",
    "report/page.py": "how data gets into HTML without being executed",
    "simulator/delivery/disconnects.py": "one fault, in the words that users configure it with",
    "formats/jsonl_exchange.py": "one kind of line, both directions",
    "store/exchange_rows.py": "what is kept of a body, tested without a session",
    "store/maintenance.py": "what only writing needs: the archive is imported without SQLAlchemy",
    "projection/parallel/worker.py": "a process of its own, started by its name",
    "cli/bundle.py": "one module a command",
    "cli/mcp.py": "one module a command",
    "tui/filter_line.py": "what may be typed, tested without a screen",
    "cli/view.py": "one module a command",
    "replay/load/longest.py": "one user beside what all measure, tested without a run",
    "recipes/findings_over_time.py": "rules at every frame, tested against check of each moment",
    "recipes/serve_view.py": "sockets and waiting, apart from the page that grows",
    "recipes/serve_mcp.py": "the one place that knows the SDK of the protocol",
    "cli/follow.py": "a loop on the terminal, tested without the command",
}


def test_a_small_module_with_one_importer_is_merged_or_hides_something():
    importers: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for imported in modules_imported(path):
            importers[imported].add(dotted(path))
    small = {
        FILES[name].relative_to(ROOT).as_posix()
        for name, those in importers.items()
        if len(those) == 1 and text_of(FILES[name]).count("\n") < SMALL
    }
    assert small - SMALL_AND_WITH_ONE_IMPORTER.keys() == set()
    assert [name for name in SMALL_AND_WITH_ONE_IMPORTER if not (ROOT / name).exists()] == []
