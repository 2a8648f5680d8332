"""The shape of the house: which package may import which, and where each heavy library lives."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {"indexer": {"indexer"}, "server": {"server", "indexer"}, "evaluation": {"evaluation", "server", "indexer"}}
HOMES = {
    "faiss": {"indexer/dense/faiss_index.py"},
    # One builds the network, the other runs it.
    "openvino": {"indexer/encoders/bundled/graph.py", "indexer/encoders/bundled/engine.py"},
    "tokenizers": {"indexer/encoders/bundled/tokenizer.py"},
    "sentence_transformers": {"indexer/encoders/sentence_transformers_encoder.py"},
    "torch": {"indexer/encoders/sentence_transformers_encoder.py"},
    "tqdm": {"indexer/terminal.py"},
    "filelock": {"indexer/index/folder.py", "indexer/encoders/bundled/unpack.py"},
    # One reads what people wrote, the other writes.
    "yaml": {"indexer/corpus/handwritten_yaml.py", "indexer/corpus/markdown.py"},
    # One brings the tables to their present form, the other reads and writes them.
    "sqlite3": {"server/feedback/schema.py", "server/feedback/store.py"},
    "opentelemetry": {"server/tracing.py"},
    "nh3": {"server/page/markdown.py"},
    "markdown_it": {"server/page/markdown.py"},
    "rapidfuzz": {"indexer/lexical/spelling.py"},
    "Stemmer": {"indexer/french/words.py"},
    "ir_measures": {"evaluation/metrics/ranking.py"},
    "matplotlib": {"evaluation/report/plots.py"},
    "sklearn": {"evaluation/report/answer_map.py"},
}
SOURCES = [file for package in ALLOWED for file in sorted((ROOT / package).rglob("*.py"))]


def imports(file: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_go_one_way(file: Path) -> None:
    """evaluation imports server, server imports indexer, and never back."""
    package = file.relative_to(ROOT).parts[0]
    ours = {name for name in imports(file) if name in {*ALLOWED, "tests", "benchmarks"}}
    assert ours <= ALLOWED[package]


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
    behind = ("indexer.search.contents", "indexer.answers", "indexer.dense")
    for file in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Attribute) or node.attr != "_contents", file
            assert not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(behind), file
