"""The shape of the house: which package may import which, and where each heavy library lives."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "server", "evaluation", "souffleur", "training")
"""Each imports itself and those before it; so nothing imports `training`."""
FLOORS: dict[str, tuple[set[str], ...]] = {
    "indexer": (
        {"records"},
        {"errors", "terminal", "store_address", "arithmetic"},
        {"french", "setting_values"},
        {"corpus", "files", "settings"},
        {"answers", "lexical", "encoders"},
        {"dense", "workforce"},
        {"search"},
        {"store"},
        {"index"},
        {"cli"},
    ),
    "server": (
        {"headers", "periodic", "terminal", "exports", "colour", "local_address", "access", "disk_space"},
        {"settings", "metrics", "privacy"},
        {"settings_reload", "answering", "feedback"},
        {"http and page"},
        {"tracing", "learning"},
        {"atelier"},
        {"http/routes"},
        {"app"},
        {"serve"},
        {"batch"},
        {"cli"},
    ),
    "evaluation": (
        {"json_documents"},
        {"records"},
        {"queries", "metrics"},
        {"runs"},
        {"summary", "comparison"},
        {"gate", "measure", "report"},
        {"curve", "digest", "publication"},
        {"commands"},
        {"cli"},
    ),
}
"""The rooms of a package: each imports itself and those of the floors below. The pages are shown over HTTP, and HTTP
shows a page where it fails: they are one room. The `commands` of a room are part of the command line."""
MOST_MODULES = 18
HEAVY = ("faiss", "openvino", "sentence_transformers", "torch", "fastapi", "pymilvus")
HOMES = {
    "faiss": {"indexer/dense/faiss_index.py"},
    # One builds the network, the other runs it.
    "openvino": {
        "indexer/encoders/bundled/graph.py",
        "indexer/encoders/bundled/eight_bit.py",
        "indexer/encoders/bundled/engine.py",
    },
    "tokenizers": {"indexer/encoders/bundled/tokenizer.py"},
    "marisa_trie": {"indexer/encoders/bundled/tokenizer.py"},
    "sentence_transformers": {"indexer/encoders/sentence_transformers_encoder.py"},
    # One runs any model, the others teach the bundled one.
    "torch": {
        "indexer/encoders/sentence_transformers_encoder.py",
        *(f"training/encoder/{name}.py" for name in ("eight_bits", "loss", "network", "teaching")),
    },
    "pymilvus": {"indexer/store/milvus/client.py"},
    "grpc": {"indexer/store/milvus/failures.py"},
    "distributed": {"indexer/workforce/dask_cluster.py"},
    "tqdm": {"indexer/terminal.py"},
    "filelock": {"indexer/index/folder.py", "indexer/encoders/bundled/unpack.py"},
    # One reads what people wrote, one writes, one finds the place of a new line.
    "yaml": {
        *("indexer/corpus/handwritten_yaml.py", "indexer/corpus/markdown.py"),
        "indexer/corpus/phrasings/insertion.py",
    },
    # All that touches the file of the feedback is in one room.
    "sqlite3": {
        f"server/feedback/{name}.py"
        for name in ("backup", "file", "inbox", "merge", "reader", "retention", "schema", "store", "writer")
    },
    "langchain_core": {"souffleur/adapters/langchain.py"},
    "haystack": {"souffleur/adapters/haystack.py"},
    "mteb": {"souffleur/adapters/mteb.py"},
    "mcp": {"souffleur/adapters/mcp_server.py"},
    "opentelemetry": {"server/tracing.py"},
    "nh3": {"server/page/markdown.py"},
    "markdown_it": {"server/page/markdown.py"},
    "rapidfuzz": {"indexer/lexical/spelling.py"},
    "Stemmer": {"indexer/french/words.py"},
    "ir_measures": {"evaluation/metrics/ranking.py"},
    "matplotlib": {"evaluation/report/plots.py"},
    # One projects answers, the other fits the trees of the verifier.
    "sklearn": {
        "evaluation/report/answer_map.py",
        "training/verifier/teaching.py",
    },
}
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def imports(file: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_go_one_way(file: Path) -> None:
    """souffleur imports evaluation, that server, that indexer, and never back."""
    package = file.relative_to(ROOT).parts[0]
    ours = {name for name in imports(file) if name in {*PACKAGES, "tests", "benchmarks"}}
    assert ours <= {*PACKAGES[: PACKAGES.index(package) + 1]}


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_import_only_rooms_below(package: str) -> None:
    """Inside of a package too, imports go one way; what is only named in a type is not imported."""
    floor_of = {room: floor for floor, rooms in enumerate(FLOORS[package]) for room in rooms}
    files = [file for file in SOURCES if file.is_relative_to(ROOT / package)]
    assert {room_of(file) for file in files} - {"__init__", "__main__"} == {*floor_of}
    for file in files:
        room = room_of(file)
        for other in rooms_imported(file, package) - {room}:
            assert room == "__main__" or floor_of[other] < floor_of[room], f"{file} imports {other}"


def room_of(file: Path) -> str:
    """Return the room of its package that a file, or a module of that path, is in."""
    package, room, *inner = file.relative_to(ROOT).with_suffix("").parts
    if inner == ["commands"]:
        return "cli"
    if (package, room) == ("server", "http") and inner[:1] == ["routes"]:
        return "http/routes"
    return "http and page" if package == "server" and room in ("http", "page") else room


def rooms_imported(file: Path, package: str) -> set[str]:
    """Return the rooms of *package*, its own, that a file imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named_only = {
        below
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for below in ast.walk(node)
    }
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node not in named_only:
            # What is taken from a package may be one of its modules.
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return {room_of(ROOT / module.replace(".", "/")) for module in modules if module.startswith(f"{package}.")}


def test_a_folder_can_be_seen_at_once() -> None:
    """No folder has more modules than a person can keep in mind."""
    for folder in {file.parent for file in SOURCES}:
        modules = [file.name for file in folder.glob("*.py") if file.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES, folder


@pytest.mark.parametrize(
    "module",
    [
        *("souffleur", "souffleur.cli", "indexer.records", "indexer.corpus", "indexer.lexical", "indexer.settings"),
        *("indexer.index.manifest", "indexer.index.folder", "indexer.search.ranking", "indexer.search.confidence"),
        *("indexer.workforce", "indexer.index.place"),
    ],
)
def test_what_is_light_loads_nothing_heavy(module: str) -> None:
    """Reading a corpus, a manifest or the settings needs neither an engine nor a web framework."""
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_lives_in_one_place(library: str) -> None:
    """The files named here import it, each of them, and no other does."""
    assert {file.relative_to(ROOT).as_posix() for file in SOURCES if library in imports(file)} == HOMES[library]


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_owns(file: Path) -> None:
    """A module begins with a docstring."""
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("package", ["server", "evaluation"])
def test_an_index_has_one_door(package: str) -> None:
    """Outside of indexer/, what is in an index is asked of `Index`, never of the files and rows behind it."""
    behind = (
        "indexer.search.contents",
        "indexer.answers",
        "indexer.dense.faiss_index",
        "indexer.dense.vector_table",
        "indexer.store.",
    )
    for file in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Attribute) or node.attr != "_contents", file
            assert not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(behind), file
