"""What each piece of evidence is worth on the shipped `dev` set: the ranking without it, paired with the whole.

    python -m benchmarks.ranking_ablation

Prints, for each feature left out of the order, the share of first answers right and nDCG@10, and of each column left
out of the confidence, the AUROC of refusal. Differences with a 95 % bootstrap interval over questions.
"""

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.query_sets import open_query_set
from evaluation.records import Query, Scope
from indexer.calibration import COLUMNS, Calibration
from indexer.encoders.loading import load_encoder
from indexer.evidence import Evidence, gather_evidence
from indexer.index import Index
from indexer.ranking import FEATURES, RankingWeights, feature_matrix

GROUPS: dict[str, tuple[str, ...]] = {
    "without question, all_questions": ("question", "all_questions"),
    "without all_questions": ("all_questions",),
    "without body, stretch, sentence, opening": ("body", "stretch", "sentence", "opening"),
    "without stretch, sentence, opening": ("stretch", "sentence", "opening"),
    "without lexical, coverage, codes": ("lexical", "coverage", "codes"),
    "without codes": ("codes",),
    "body alone (dense only)": tuple(name for name in FEATURES if name != "body"),
}
Case = tuple[Query, Evidence]


def main() -> None:
    """Print both tables."""
    index = Index.open(Path("build/index"))
    ids = [answer.id for answer in index.parts.answers]
    queries = list(open_query_set(Path("corpus/queries/dev")))
    vectors = load_encoder("bundled").encode_questions([query.text for query in queries])
    cases = [
        (query, gather_evidence(index.parts, query.text, vector))
        for query, vector in zip(queries, vectors, strict=True)
    ]
    inside = [case for case in cases if case[0].scope is Scope.IN_SCOPE]
    whole = np.array([_judge(case, index.manifest.ranking, ids) for case in inside])
    print(f"{'order':44} first right  nDCG@10  difference of nDCG@10")
    print(f"{'all of it':44} {whole[:, 0].mean():11.3f}  {whole[:, 1].mean():7.3f}")
    for name, gone in GROUPS.items():
        weights = dataclasses.replace(index.manifest.ranking, **dict.fromkeys(gone, 0.0))
        part = np.array([_judge(case, weights, ids) for case in inside])
        low, high = _interval(part[:, 1] - whole[:, 1])
        change = (part[:, 1] - whole[:, 1]).mean()
        print(f"{name:44} {part[:, 0].mean():11.3f}  {part[:, 1].mean():7.3f}  {change:+.3f} [{low:+.3f}, {high:+.3f}]")
    print(f"\n{'confidence':44} AUROC")
    for gone_column in (None, *COLUMNS[1:]):
        calibration = _without(index.manifest.calibration, gone_column)
        name = f"without {gone_column}" if gone_column else "all of it"
        print(f"{name:44} {_auroc(cases, index.manifest.ranking, calibration):.3f}")


def _judge(case: Case, weights: RankingWeights, ids: list[str]) -> tuple[float, float]:
    """Return whether the first answer is right, and nDCG@10 with linear gains."""
    query, evidence = case
    order = np.argsort(-weights.score(feature_matrix(evidence)), kind="stable")[:10]
    gains = np.array([query.expected.get(ids[row], 0) for row in evidence.answers[order].tolist()], dtype=float)
    ideal = np.sort(np.array(list(query.expected.values()), dtype=float))[::-1][:10]
    return float(gains[0] > 0), _discounted(gains) / _discounted(ideal)


def _discounted(gains: NDArray[np.float64]) -> float:
    return float((gains / np.log2(np.arange(len(gains)) + 2)).sum())


def _interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    draws = np.random.default_rng(1).integers(0, len(differences), (5_000, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _without(calibration: Calibration, column: str | None) -> Calibration:
    kept = (0.0 if name == column else value for name, value in zip(COLUMNS, calibration.coefficients, strict=True))
    return dataclasses.replace(calibration, coefficients=tuple(kept))


def _auroc(cases: list[Case], weights: RankingWeights, calibration: Calibration) -> float:
    best: dict[bool, list[float]] = {True: [], False: []}
    for query, evidence in cases:
        features = feature_matrix(evidence)
        scores = weights.score(features)
        confidences = calibration.confidence(features, scores, off_topic=evidence.off_topic)
        best[query.scope is Scope.IN_SCOPE].append(float(confidences[np.argmax(scores)]))
    inside, outside = np.array(best[True])[:, np.newaxis], np.array(best[False])
    return float((inside > outside).mean() + (inside == outside).mean() / 2)


if __name__ == "__main__":
    main()
