"""The index behind a run, as the report shows it: a map of its answers with failed questions, and their likeness.

Owns the flat picture of vectors; the only module that knows scikit-learn.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from evaluation.records import EvaluationError, Result, Scope
from indexer.encoders import Encoder
from indexer.index.index import Index
from indexer.index.manifest import EncoderInfo
from indexer.records import Answer, Vectors
from server.page.views import title_of

OTHER = "other"
"""The label of answers without a value, or with a rare one."""

NEIGHBOURS = 3
"""How many answers nearest to another are like it."""

_MOST_COLOURS = 6
_SEED = 0
_TSNE_AT_LEAST, _TSNE_AT_MOST = 10, 3_000
_PERPLEXITY = 30


@dataclass(frozen=True, slots=True)
class AnswerMap:
    """Places in the plane. labels: the facet value each answer is coloured by, of *facet*; empty where there is none.

    missed: the places of failed in-scope questions; targets: of their expected answers; strays: of off-topic questions
    that were not refused.
    """

    answers: NDArray[np.float64]
    labels: tuple[str, ...]
    facet: str
    missed: NDArray[np.float64]
    targets: NDArray[np.float64]
    strays: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AnswerVectors:
    """The answers of an index, each with the mean of the vectors of its passages, at unit length.

    encoder: that of the vectors; only its questions lie among them. answered_from, show_from, risk: see `Calibration`.
    """

    index_id: str
    encoder: EncoderInfo
    answered_from: float
    show_from: float
    risk: float
    answers: Mapping[str, Answer]
    facets: Sequence[Mapping[str, tuple[str, ...]]]
    rows: Mapping[str, int]
    vectors: Vectors

    @classmethod
    def load(cls, path: Path, index_id: str) -> "AnswerVectors":
        """Return those of an index. IndexFolderError if it cannot be read."""
        index = Index.open(path, index_id=index_id)
        answers = list(index.answers)
        return cls(
            index_id=index_id,
            encoder=index.manifest.encoder,
            answered_from=index.manifest.calibration.answered_from,
            show_from=index.manifest.calibration.show_from,
            risk=index.manifest.calibration.risk,
            answers={answer.id: answer for answer in answers},
            facets=[answer.facets for answer in answers],
            rows={answer.id: row for row, answer in enumerate(answers)},
            vectors=index.answer_vectors(),
        )

    def title(self, answer_id: str) -> str:
        """Return what an answer is called: its first curated question, or the beginning of its text."""
        answer = self.answers.get(answer_id)
        return title_of(answer) if answer else answer_id

    def cosine(self, one: str, other: str) -> float:
        """Return how alike two answers are, in [-1, 1]."""
        return float(self.vectors[self.rows[one]] @ self.vectors[self.rows[other]])

    def is_near(self, one: str, other: str) -> bool:
        """Return whether *other* is among the NEIGHBOURS answers most like *one*; False for one that is not there."""
        if one not in self.rows or other not in self.rows:
            return False
        likeness = self.vectors @ self.vectors[self.rows[one]]
        likeness[self.rows[one]] = -np.inf
        return int((likeness > likeness[self.rows[other]]).sum()) < NEIGHBOURS


def make_map(answers: AnswerVectors, failed: Sequence[Result], *, encoder: Encoder) -> AnswerMap:
    """Return the map of all answers with the questions of *failed* on it. EvaluationError for another encoder."""
    if encoder.fingerprint != answers.encoder.fingerprint:
        raise EvaluationError(
            f"The index {answers.index_id} of this run was built with {answers.encoder.name} "
            f"({answers.encoder.fingerprint[:7]}), but {encoder.name} ({encoder.fingerprint[:7]}) is in use here: its "
            "questions have no place among those answers. Name the encoder of the index with --encoder."
        )
    questions = encoder.encode_questions([result.query.text for result in failed])
    answer_places, question_places = project(answers.vectors, questions)
    inside = [at for at, result in enumerate(failed) if result.query.scope is Scope.IN_SCOPE]
    outside = [at for at, result in enumerate(failed) if result.query.scope is Scope.OFF_TOPIC]
    expected = [max(failed[at].query.expected.items(), key=lambda pair: pair[1])[0] for at in inside]
    facet, labels = _labels(answers.facets)
    return AnswerMap(
        answers=answer_places,
        labels=labels,
        facet=facet,
        missed=question_places[inside],
        targets=answer_places[[answers.rows[answer] for answer in expected]],
        strays=question_places[outside],
    )


def _labels(facets: Sequence[Mapping[str, tuple[str, ...]]]) -> tuple[str, tuple[str, ...]]:
    """Return the facet that most answers have, and each answer's first value of it, the rare ones as OTHER."""
    having = Counter(key for some in facets for key, values in some.items() if values)
    if not having:
        return "", ()
    facet = min(having, key=lambda key: (-having[key], key))
    values = [some[facet][0] if some.get(facet) else OTHER for some in facets]
    frequent = {value for value, _ in Counter(values).most_common(_MOST_COLOURS)}
    return facet, tuple(value if value in frequent else OTHER for value in values)


def project(answers: Vectors, questions: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a place in the plane for each answer and each question, shapes (answers, 2) and (questions, 2).

    Near vectors come near each other; distances across the picture mean little. t-SNE (van der Maaten and Hinton, 2008)
    from a seeded start, or PCA where there are too few points for it, or so many that it would take minutes.
    Each of the two groups is centred first: questions are more like questions than like answers, and would stand apart.
    """
    centred = np.concatenate([group - group.mean(axis=0) if len(group) else group for group in (answers, questions)])
    count = len(centred)
    if count < 2:
        places = np.zeros((count, 2))
    elif _TSNE_AT_LEAST <= count <= _TSNE_AT_MOST:
        perplexity = min(_PERPLEXITY, (count - 1) / 3)
        # One thread: sums added in another order would give another picture, and on a busy machine more are slower.
        with threadpool_limits(limits=1):
            places = TSNE(init="pca", perplexity=perplexity, random_state=_SEED, metric="cosine").fit_transform(centred)
    else:
        places = PCA(n_components=2, svd_solver="full").fit_transform(centred)
    return places[: len(answers)].astype(np.float64), places[len(answers) :].astype(np.float64)
