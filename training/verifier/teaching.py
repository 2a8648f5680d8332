"""Fitting the trees: how much each kind of question counts, which columns speak for and which against.

Every FAQ and shape counts the same, however many questions it has. Boosted trees were chosen over a logistic model and
over trees without monotone columns. Extra, lacking, substituted, one_word_apart and negation are left out of them, and
that helps: swapped curated questions teach that one word apart is a trap, and right questions often are that too.

Which half of the columns each split sees is drawn, and of a small corpus a few answers near the threshold hang on the
draw: so three draws are taught, and what ships is their mean.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from indexer.search.coverage import COLUMNS
from training.verifier.cases import Cases
from training.verifier.faqs import Kind

SHARES = {
    Kind.REAL: 0.50,
    Kind.FOREIGN: 0.15,
    Kind.TWIN: 0.08,
    Kind.IN_STYLE: 0.24,
    Kind.RESTYLED: 0.16,
    Kind.VERBATIM: 0.06,
    Kind.CURATED_RESTYLED: 0.06,
    Kind.LEFT_OUT: 0.08,
    Kind.OFF_TOPIC: 0.20,
    Kind.TRAP: 0.12,
    Kind.SWAPPED: 0.10,
    Kind.ASKED_SWAPPED: 0.08,
    Kind.CURATED_SWAPPED: 0.06,
    Kind.SENTENCE_GONE: 0.08,
}
"""What the questions of a kind count together, in each FAQ and shape that has any; others teach nothing."""

_FOR = (
    *("margin", "runner_up", "similarity", "question", "body", "sentence", "all_questions", "known"),
    *("covered_body", "covered_question", "covered_any", "same_words"),
)
_AGAINST = (
    *("off_topic_gap", "open_unknown", "open_elsewhere", "worst_unknown", "worst_elsewhere", "open_numbers"),
    *("open_codes", "open_names", "open_asked", "open_action", "open_who", "type_open_any", "type_open_question"),
)
_UNUSED = ("extra", "lacking", "substituted", "one_word_apart", "negation")
USED = [at for at, name in enumerate(COLUMNS) if name not in _UNUSED]
"""The columns that the trees see, by their number in `COLUMNS`."""

_DIRECTIONS = [1 if COLUMNS[at] in _FOR else -1 if COLUMNS[at] in _AGAINST else 0 for at in USED]
_SEEDS = (0, 1, 2)

Trees = Sequence[HistGradientBoostingClassifier]
"""Boosted trees of several draws; what they say is the mean of their log-odds."""

Floats = NDArray[np.float64]


def weights_of(cases: Cases) -> Floats:
    """Return how much each case counts, 1 on average."""
    weights = np.zeros(len(cases))
    for faq in np.unique(cases.faq):
        for curated in np.unique(cases.curated):
            here = (cases.faq == faq) & (cases.curated == curated)
            for kind, share in SHARES.items():
                chosen = here & cases.are(kind)
                weights[chosen] = share / max(1, chosen.sum())
    return np.asarray(weights * len(cases) / weights.sum(), dtype=np.float64)


def fit(cases: Cases, *, trees: int = 200) -> Trees:
    """Return what these cases teach, *trees* in each draw."""
    cases = cases.pick(cases.are(*SHARES))
    seen, weights = seen_by_trees(cases), weights_of(cases)
    return [_draw(trees, seed).fit(seen, cases.right, sample_weight=weights) for seed in _SEEDS]


def _draw(trees: int, seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=trees,
        max_depth=5,
        learning_rate=0.08,
        min_samples_leaf=40,
        l2_regularization=5,
        max_features=0.5,
        monotonic_cst=_DIRECTIONS,
        early_stopping=False,
        random_state=seed,
    )


def logits_of(models: Trees, cases: Cases) -> Floats:
    """Return what *models* say of each case, in log-odds."""
    seen = seen_by_trees(cases)
    return np.asarray(np.mean([model.decision_function(seen) for model in models], axis=0), dtype=np.float64)


def seen_by_trees(cases: Cases) -> Floats:
    """Return the columns that trees see, shape (cases, len(USED))."""
    return np.asarray(cases.rows[:, USED], dtype=np.float64)


def left_out_logits(
    cases: Cases, *, trees: int = 200, done: Callable[[str], None] = lambda _: None
) -> tuple[Floats, dict[str, Trees]]:
    """Return the logits of all cases, each by trees that no case of its FAQ taught; and these trees by that FAQ.

    done: told each FAQ that was left out.
    """
    logits = np.zeros(len(cases))
    models = {}
    for faq in np.unique(cases.faq).tolist():
        inside = cases.faq == faq
        models[faq] = fit(cases.pick(~inside), trees=trees)
        logits[inside] = logits_of(models[faq], cases.pick(inside))
        done(faq)
    return logits, models
