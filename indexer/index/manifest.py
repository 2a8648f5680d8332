"""The page that explains an index: what it was made of, by which encoder, and the sum of every file beside it."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.errors import IndexFolderError
from indexer.records import DenseChoice
from indexer.search.confidence import Calibration
from indexer.search.ranking import RankingWeights
from indexer.terminal import command_of

FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The encoder of an index's vectors; only an encoder of the same fingerprint may ask it."""

    name: str
    fingerprint: str
    dimension: int


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


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about an index that is not in its other files. built_at: ISO 8601, UTC. method: that
    of `building`, of which the same corpus makes the same index. files: name to sha256. replaced: the id of the index
    that was in service when this one was built, empty for none. corpus: None where it was no file, or is not known."""

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
    replaced: str = ""
    format_version: int = FORMAT_VERSION
    corpus: CorpusInfo | None = None

    def to_json(self) -> str:
        """Return the manifest as a JSON document that people can read."""
        record = dataclasses.asdict(self) | {"ranking": self.ranking.to_record()}
        if self.corpus is None:
            del record["corpus"]
        return json.dumps(record, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str) -> "Manifest":
        """Return the manifest written by `to_json`; *where* names its file in errors.

        IndexFolderError for an older or newer format, and for anything that is not a manifest.
        """
        try:
            content = json.loads(text)
            version = content["format_version"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise IndexFolderError(
                f'{where} is damaged: {error!r}. Run "{command_of("build")}" to build anew.'
            ) from error
        if version != FORMAT_VERSION:
            raise IndexFolderError(
                f"{where} has format {version}, this program reads format {FORMAT_VERSION}. "
                f'Run "{command_of("build")}" to build anew.'
            )
        try:
            return cls(
                id=content["id"],
                built_at=content["built_at"],
                method=content["method"],
                corpus_hash=content["corpus_hash"],
                encoder=EncoderInfo(**content["encoder"]),
                counts=Counts(**content["counts"]),
                dense=DenseChoice(**content["dense"]),
                ranking=RankingWeights.from_record(content["ranking"]),
                calibration=Calibration.from_record(content["calibration"]),
                files=dict(content["files"]),
                replaced=content.get("replaced", ""),
                corpus=CorpusInfo(**content["corpus"]) if content.get("corpus") else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IndexFolderError(
                f'{where} is damaged: {error!r}. Run "{command_of("build")}" to build anew.'
            ) from error
