"""What is read of a manifest, and what is not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.encoders.cosine_scale import E5
from indexer.errors import IndexFolderError
from indexer.index.folder import IndexFolder
from indexer.index.manifest import Manifest

Content = dict[str, Any]


@pytest.fixture
def written(small_index: Path) -> str:
    """A manifest as a build writes it."""
    folder = IndexFolder(small_index)
    return folder.manifest(folder.current_id()).to_json()


def read(content: Content) -> Manifest:
    return Manifest.from_json(json.dumps(content), where="manifest.json")


def without_sum(text: str) -> Content:
    content: Content = json.loads(text)
    del content["manifest_sha256"]
    return content


def test_what_was_written_is_read(written: str) -> None:
    """However it is laid out; older versions wrote no sum, no sizes and no scale, as all were read by that of E5."""
    manifest = Manifest.from_json(written, where="here")
    assert manifest.to_json() == written
    assert read(json.loads(written)) == manifest
    older = without_sum(written)
    del older["sizes"]
    del older["cosine_scale"]
    assert read(older).files == manifest.files
    assert read(older).cosine_scale == E5


def test_a_number_changed_by_accident_is_noticed(written: str) -> None:
    """The sum of the manifest itself differs, although it is a manifest."""
    changed = json.loads(written)
    changed["calibration"]["answered_from"] = 0.5
    with pytest.raises(IndexFolderError, match="its sum differs"):
        read(changed)
    read(changed | {"manifest_sha256": None})


CHANGES: dict[str, Callable[[Content], object]] = {
    "infinite count": lambda content: content["counts"].update(answers=float("inf")),
    "no number": lambda content: content["calibration"].update(risk=float("nan")),
    "enormous count": lambda content: content["counts"].update(answers=10**400),
    "negative count": lambda content: content["counts"].update(passages=-1),
    "text as a count": lambda content: content["counts"].update(questions="12"),
    "truth as a count": lambda content: content["counts"].update(questions=True),
    "text as a measure": lambda content: content["calibration"].update(auroc="high"),
    "nothing as a measure": lambda content: content["calibration"].update(risk=None),
    "text as a weight": lambda content: content["ranking"].update(body="much"),
    "nothing as a coefficient": lambda content: content["calibration"]["coefficients"].__setitem__(0, None),
    "scale without a span": lambda content: content["cosine_scale"].update(span=0),
    "text as a floor": lambda content: content["cosine_scale"].update(floor="low"),
    "no time": lambda content: content.update(built_at="yesterday"),
    "no time zone": lambda content: content.update(built_at="2026-01-01T00:00:00"),
    "number as a name": lambda content: content["encoder"].update(name=3),
    "line break in a name": lambda content: content["encoder"].update(name="a\nb"),
    "escape in a name": lambda content: content.update(replaced="\x1b[2J"),
    "absolute file": lambda content: content["files"].update({"/proc/self/environ": "0" * 64}),
    "file outside": lambda content: content["files"].update({"../answers.jsonl": "0" * 64}),
    "hidden file": lambda content: content["files"].update({"lexical/.x": "0" * 64}),
    "no sum": lambda content: content["files"].update({"answers.jsonl": ""}),
    "sum of another kind": lambda content: content["files"].update({"answers.jsonl": 3}),
    "size of no file": lambda content: content["sizes"].update({"x": 3}),
    "files as a list": lambda content: content.update(files=["answers.jsonl"]),
    "files missing": lambda content: content.pop("files"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_build_writes_is_refused(written: str, name: str) -> None:
    """Whatever its sum: files elsewhere, and numbers that no page could show."""
    content = without_sum(written)
    CHANGES[name](content)
    with pytest.raises(IndexFolderError, match="damaged"):
        read(content)


@pytest.mark.parametrize(
    "text", ["1e999", "[" * 100_000, '{"format_version": ' + "1" * 5_000 + "}", '{"format_version": NaN}', "\ud800", ""]
)
def test_strange_json_is_refused(text: str) -> None:
    """In words, whatever the reader of JSON makes of it."""
    with pytest.raises(IndexFolderError, match=r"damaged|format"):
        Manifest.from_json(text, where="manifest.json")
