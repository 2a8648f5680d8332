"""The scale of an encoder of which nothing is known."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Answer, Vectors
from indexer.search.contents import IndexContents
from indexer.search.cosines import fit_cosine_scale
from indexer.store.embedded import EmbeddedStore
from server.answering.answering import Answering
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

WORDS = ("certificat", "carte", "dossier", "médecin", "hôpital", "export", "clé", "compte", "délai", "erreur", "mot")
ANSWERS = tuple(
    Answer(
        f"reponse-{number:02}",
        f"Le {WORDS[number % 11]} numéro {number} se demande au service {WORDS[number * 7 % 11]}. "
        f"Il est valable {number + 2} ans, comme le {WORDS[number * 5 % 11]}.",
    )
    for number in range(40)
)
QUESTIONS = [f"Comment demander le {WORDS[number % 11]} {number} ?" for number in range(0, 40, 3)]


class Squashed(FakeEncoder):
    """The fake encoder with a direction that all vectors share: its cosines are c * (1 - share) + share."""

    def __init__(self, share: float) -> None:
        super().__init__(dimension=65, name=f"squashed {share}", cosine_scale=None)
        self._share = share

    def _encode(self, texts: Sequence[str]) -> Vectors:
        plain = FakeEncoder(dimension=64)._encode(texts) * np.sqrt(1 - self._share)
        shared = np.full((len(texts), 1), np.sqrt(self._share))
        return np.concatenate((plain, shared), axis=1, dtype=np.float32)


def contents_of(path: Path, encoder: FakeEncoder) -> IndexContents:
    return IndexContents.load(path / build_index(MemoryCorpus(ANSWERS), path, encoder=encoder).manifest.id)


def test_the_median_and_the_quartiles_are_brought_to_those_of_e5(tmp_path: Path) -> None:
    """Recomputed in another way: of all pairs of bodies, 0.842 in the middle, and 0.026 from quartile to quartile."""
    contents = contents_of(tmp_path, FakeEncoder(cosine_scale=None))
    scale = fit_cosine_scale(contents)
    bodies = contents.embeddings.every
    around = [np.delete(scale.to_e5(bodies @ body), row) for row, body in enumerate(bodies)]
    assert np.median([np.median(one) for one in around]) == pytest.approx(0.842, abs=1e-3)
    quartiles = [np.median([np.quantile(one, share) for one in around]) for share in (0.25, 0.75)]
    assert quartiles[1] - quartiles[0] == pytest.approx(0.026, abs=1e-3)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_squashed_cosines_give_the_same_ranking_and_the_same_confidence(tmp_path: Path, share: float) -> None:
    """Cosines that lie elsewhere, and closer together, mean the same; read on E5's scale they would not."""
    plain, squashed = FakeEncoder(dimension=64, cosine_scale=None), Squashed(share)
    build_index(MemoryCorpus(ANSWERS), tmp_path / "plain", encoder=plain)
    manifest = build_index(MemoryCorpus(ANSWERS), tmp_path / "squashed", encoder=squashed).manifest
    expected = Answering.open(tmp_path / "plain", encoder=plain)
    found = Answering.open(tmp_path / "squashed", encoder=squashed)
    as_e5 = Answering(
        Index(
            EmbeddedStore(IndexContents.load(tmp_path / "squashed" / manifest.id)),
            dataclasses.replace(manifest, cosine_scale=E5),
        ),
        squashed,
    )
    moved = 0.0
    for question in QUESTIONS:
        reply, other = expected.answer(question), found.answer(question)
        assert [hit.answer.id for hit in other.hits] == [hit.answer.id for hit in reply.hits]
        assert [hit.confidence for hit in other.hits] == pytest.approx([hit.confidence for hit in reply.hits], abs=5e-3)
        assert other.hits[0].dense == pytest.approx(share + (1 - share) * reply.hits[0].dense, abs=1e-4)
        moved = max(moved, abs(as_e5.answer(question).confidence - reply.confidence))
    assert moved > 0.02


def test_the_scale_is_kept_in_the_manifest(tmp_path: Path) -> None:
    """What the encoder says of itself as it is, else what the corpus says; few answers, or all alike, say nothing."""

    def scale(name: str, answers: tuple[Answer, ...], given: CosineScale | None) -> CosineScale:
        build_index(MemoryCorpus(answers), tmp_path / name, encoder=FakeEncoder(cosine_scale=given))
        return Index.open(tmp_path / name).manifest.cosine_scale

    known = CosineScale(0.5, 0.4)
    assert scale("known", ANSWERS, known) == known
    assert scale("few", ANSWERS[:5], None) == E5
    alike = tuple(Answer(f"a-{number}", "Toujours la même chose.") for number in range(30))
    assert scale("alike", alike, None) == E5
    assert scale("fitted", ANSWERS, None) not in (E5, known)


def test_cosines_of_e5_stay_as_they_are() -> None:
    """To the last bit, also those that stand for nothing; the ends of another scale are brought to E5's."""
    cosines = np.array([0.7512345, 0.95, -np.inf, np.nan], dtype=np.float32)
    assert_array_equal(E5.to_e5(cosines), cosines)
    assert E5.to_e5(cosines).dtype == np.float32
    assert [CosineScale(0.5, 0.4).to_e5(one) for one in (0.5, 0.7, 0.9)] == pytest.approx([0.75, 0.85, 0.95])
