"""A flat picture of vectors. The only module that knows scikit-learn."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from indexer.records import Vectors

_SEED = 0
_TSNE_AT_LEAST, _TSNE_AT_MOST = 10, 3_000
_PERPLEXITY = 30


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
