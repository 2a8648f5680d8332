"""What each piece of evidence is worth on the shipped `dev` set: the ranking without it, paired with the whole.

    python -m benchmarks.ranking_ablation

Prints, for each feature left out of the order, the share of first answers right and nDCG@10, and of each column left
out of the confidence, the AUROC of refusal. Differences with a 95 % bootstrap interval over questions.
"""

import dataclasses
from pathlib import Path

import numpy as np

from evaluation.metrics.ranking import RankingMeter
from evaluation.metrics.resampling import estimate_all, mean_of
from evaluation.queries.query_sets import open_query_set
from evaluation.records import DEPTH, Query, Scope
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders.loading import load_encoder
from indexer.index.index import Index
from indexer.search.confidence import COLUMNS, Calibration
from indexer.search.contents import IndexContents
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import FEATURES, feature_matrix
from indexer.search.ranking import RankingWeights
from indexer.search.reliability import Floats, Statistic, auroc

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
    keep_products_on_one_thread()
    index = Index.open(Path("build/index"))
    parts = IndexContents.load(Path("build/index") / index.manifest.id, cosine_scale=index.manifest.cosine_scale)
    ids = [answer.id for answer in index.answers]
    queries = list(open_query_set(Path("corpus/queries/dev")))
    vectors = load_encoder("bundled").encode_questions([query.text for query in queries])
    cases = [
        (query, gather_evidence(parts, [query.text], comparison))
        for at, query in enumerate(queries)
        for comparison in parts.comparer.compare(vectors[at : at + 1])
    ]
    inside = [case for case in cases if case[0].scope is Scope.IN_SCOPE]
    first, whole = _measure(inside, index.manifest.ranking, ids)
    print(f"{'order':44} first right  nDCG@10  difference of nDCG@10")
    print(f"{'all of it':44} {first.mean():11.3f}  {whole.mean():7.3f}")
    for name, gone in GROUPS.items():
        of_all = index.manifest.ranking
        weights = dataclasses.replace(of_all, by_feature={**of_all.by_feature, **dict.fromkeys(gone, 0.0)})
        first, part = _measure(inside, weights, ids)
        ((change, low, high),) = estimate_all([mean_of(part - whole)], count=len(inside))
        print(f"{name:44} {first.mean():11.3f}  {part.mean():7.3f}  {change:+.3f} [{low:+.3f}, {high:+.3f}]")
    print(f"\n{'confidence':44} AUROC")
    for gone_column in (None, *COLUMNS[1:]):
        calibration = _without(index.manifest.calibration, gone_column)
        name = f"without {gone_column}" if gone_column else "all of it"
        ((value, _, _),) = estimate_all([_auroc(cases, index.manifest.ranking, calibration)], count=len(cases))
        print(f"{name:44} {value:.3f}")


def _measure(cases: list[Case], weights: RankingWeights, ids: list[str]) -> tuple[Floats, Floats]:
    """Return of each case whether the first answer is right, and nDCG@10, ranked by *weights*."""
    rankings = {}
    for query, evidence in cases:
        order = np.argsort(-weights.score(feature_matrix(evidence)[:, 0]), kind="stable")[:DEPTH]
        rankings[query.id] = [ids[row] for row in evidence.answers[order].tolist()]
    values = RankingMeter().measure({query.id: query.expected for query, _ in cases}, rankings)
    first, ndcg = (np.array([values[query.id][name] for query, _ in cases]) for name in ("Success@1", "nDCG@10"))
    return first, ndcg


def _without(calibration: Calibration, column: str | None) -> Calibration:
    kept = (0.0 if name == column else value for name, value in zip(COLUMNS, calibration.coefficients, strict=True))
    return dataclasses.replace(calibration, coefficients=tuple(kept))


def _auroc(cases: list[Case], weights: RankingWeights, calibration: Calibration) -> Statistic:
    best = []
    for _, evidence in cases:
        features = feature_matrix(evidence)[:, 0]
        scores = weights.score(features)
        confidences = calibration.confidence(features, scores, off_topic=evidence.off_topic[0])
        best.append(float(confidences[np.argmax(scores)]))
    return auroc(np.array(best), np.array([query.scope is Scope.IN_SCOPE for query, _ in cases]))


if __name__ == "__main__":
    main()
