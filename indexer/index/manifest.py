"""The page that explains an index: what it was made of, by which encoder, and the sum of every file beside it.

It has a sum of itself too, so that a number changed by accident is noticed; those of older versions have none. What is
read is held to what a build writes, down to each number: it decides which files are opened, and is shown as it is.
"""

import dataclasses
import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.errors import IndexFolderError
from indexer.records import DenseChoice
from indexer.search.confidence import Calibration
from indexer.search.ranking import RankingWeights
from indexer.terminal import command_of

FORMAT_VERSION = 2

RECIPE = 6
"""Raised where the same corpus would make other passages or be taught otherwise: older indexes are then built anew.
An older index is served as it is; a later one is refused: what its words mean is not known here."""

_SUM = "manifest_sha256"
_FILE_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)
_SHA256 = re.compile("[0-9a-f]{64}")
_LARGEST = 2**53
"""Of a whole number: what every reader of JSON reads alike."""
_Part = TypeVar("_Part")


_MAY_BE_UNKNOWN = ("expected_calibration_error", "auroc", "line", "listed_from", "own")
_YES_OR_NO = ("fitted", "is_calibrated")


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The encoder of an index's vectors; only an encoder of the same fingerprint may ask it.

    arithmetic: of the passages that were encoded for it; others were taken from an earlier index. Empty where an older
    version made it.
    """

    name: str
    fingerprint: str
    dimension: int
    arithmetic: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of what an index holds. cut_answers: bodies longer than the encoder's window, made into stretches."""

    answers: int
    questions: int
    passages: int
    spans: int
    cut_answers: int
    off_topic: int
    reused: int
    embedded: int


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """Which corpus an index was built from. path: as it was named; from_index: the way there from the index folder."""

    kind: str
    path: str
    from_index: str

    @classmethod
    def of(cls, kind: str, corpus: Path, index: Path) -> "CorpusInfo":
        """Return what is said of a corpus in an index of the folder *index*."""
        return cls(kind, str(corpus), os.path.relpath(corpus, index))


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """Where the vectors and answers of an index are, if not in files beside its manifest.

    address: without any secret. version: of the server that took it. words: `milvus`, or `souffleur` where each server
    holds them in its memory.
    """

    address: str
    version: str
    words: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about an index that is not in its other files.

    built_at: ISO 8601, UTC. method: `RECIPE`, by which the same corpus makes the same index. files: name to
    sha256. cosine_scale: of the encoder, known of it or fitted to this corpus. sizes: name to bytes, none in those of
    older versions. replaced: the id of the index that was in service when this one was built, empty for none. corpus:
    what it was built from, None where that was no file, or is not known. store: None for files. *files* then says of
    what it was copied, and of which of them it has copies.
    """

    id: str
    built_at: str
    method: int
    corpus_hash: str
    encoder: EncoderInfo
    counts: Counts
    dense: DenseChoice
    ranking: RankingWeights
    calibration: Calibration
    files: Mapping[str, str]
    cosine_scale: CosineScale = E5
    sizes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    replaced: str = ""
    format_version: int = FORMAT_VERSION
    corpus: CorpusInfo | None = None
    store: StoreInfo | None = None

    def to_json(self) -> str:
        """Return the manifest as a JSON document that people can read."""
        content = dataclasses.asdict(self) | {"ranking": self.ranking.to_record()}
        for name in ("corpus", "store"):
            if content[name] is None:
                del content[name]
        return json.dumps(content | {_SUM: _sum_of(content)}, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str) -> "Manifest":
        """Return the manifest written by `to_json`; *where* names its file in errors.

        IndexFolderError for another format, a later recipe, and for anything that is not a manifest.
        """
        try:
            content = json.loads(text, parse_constant=_refuse_constant)
            version = content["format_version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _damaged(where, error) from error
        if version != FORMAT_VERSION:
            raise IndexFolderError(
                f"{where} has format {version!s:.20}, this program reads format {FORMAT_VERSION}. "
                f'Run "{command_of("build")}" to build anew.'
            )
        try:
            given = content.pop(_SUM, None)
            if given not in (None, _sum_of(content)):
                raise ValueError("it is not as it was written: its sum differs")
            if (method := _count(content, "method")) > RECIPE:
                raise IndexFolderError(
                    f"{where} was built by a later version of Souffleur (recipe {method}; this one knows {RECIPE}). "
                    f'Install that version, go back with "{command_of("rollback")}" to an index from before, or run '
                    f'"{command_of("build")}" to build anew.'
                )
            _require_finite(content)
            return cls(
                id=_text(content, "id"),
                built_at=_time(content, "built_at"),
                method=method,
                corpus_hash=_text(content, "corpus_hash"),
                encoder=_part(EncoderInfo, {"arithmetic": "", **content["encoder"]}),
                counts=_part(Counts, content["counts"]),
                dense=_part(DenseChoice, content["dense"]),
                ranking=RankingWeights.from_record(_numbers(content["ranking"])),
                calibration=Calibration.from_record(_numbers(content["calibration"])),
                files=_files(content["files"]),
                cosine_scale=_cosine_scale(content),
                sizes=_sizes(content.get("sizes", {}), content["files"]),
                replaced=_text(content, "replaced") if "replaced" in content else "",
                corpus=_part(CorpusInfo, found) if (found := content.get("corpus")) else None,
                store=_part(StoreInfo, found) if (found := content.get("store")) else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(where, error) from error


def _damaged(where: str, error: Exception) -> IndexFolderError:
    return IndexFolderError(f'{where} is damaged: {error!r:.300}. Run "{command_of("build")}" to build anew.')


def _sum_of(content: Mapping[str, Any]) -> str:
    """Return the sha256 of a manifest without its own sum, however it is laid out."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _require_finite(value: object) -> None:
    """ValueError for a number that not every reader of JSON has: infinite, or too large to be exact."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _require_finite(inner)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is infinite")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("a number is too large")


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content[name]
    if not isinstance(value, str) or len(value) > 1_000 or not value.isprintable():
        raise ValueError(f"{name} is no text")
    return value


def _count(content: Mapping[str, Any], name: str) -> int:
    value = content[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is no count")
    return value


def _time(content: Mapping[str, Any], name: str) -> str:
    value = _text(content, name)
    if datetime.fromisoformat(value).tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return value


def _part(kind: type[_Part], content: Mapping[str, Any]) -> _Part:
    """Return the record of texts, counts and measures that *content* is."""
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # records of this program
        if field.type is str:
            _text(content, field.name)
        elif field.type is int:
            _count(content, field.name)
        elif not _is_number(content[field.name]):
            raise ValueError(f"{field.name} is no number")
    return kind(**content)


def _numbers(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *content*, whose values are numbers, lists of them, or of objects of them; some may be unknown."""
    for name, value in content.items():
        if isinstance(value, list | dict):
            items = value if isinstance(value, list) else [value]
            inner = [number for item in items for number in (item.values() if isinstance(item, dict) else [item])]
            wrong = not all(map(_is_number, inner))
        else:
            unknown = value is None and name in _MAY_BE_UNKNOWN
            wrong = not (unknown or _is_number(value) or (isinstance(value, bool) and name in _YES_OR_NO))
        if wrong:
            raise ValueError(f"{name} is no number")
    _count(content, "examples")
    return content


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cosine_scale(content: Mapping[str, Any]) -> CosineScale:
    """Return the scale of an encoder; before it was kept, all encoders were read by that of E5."""
    scale = _part(CosineScale, content["cosine_scale"]) if "cosine_scale" in content else E5
    if scale.span <= 0:
        raise ValueError("cosine_scale has no span")
    return scale


def _files(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the sums of files that lie in the folder of the index, wherever a name would lead."""
    for name, digest in content.items():
        if not _FILE_NAME.fullmatch(name) or not _SHA256.fullmatch(digest):
            raise ValueError(f"{name[:80]!r} is no file of an index, or has no sum")
    return dict(content)


def _sizes(content: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, int]:
    if content and content.keys() != files.keys():
        raise ValueError("the sizes are not those of the files")
    return {name: _count(content, name) for name in content}
