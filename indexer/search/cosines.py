"""The scale of an encoder of which nothing is known, learnt from the vectors of a corpus.

Bodies of different answers are of one matter, and wrong for each other: where their cosines lie, and how far they
spread around one text, tells where the cosines of an encoder are, and how fine. The scale is the one that brings this
place and this spread to those of E5. Medians and quartiles, so that a few answers that say the same do not count.
"""

import numpy as np

from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.search.contents import IndexContents

_E5_MEDIAN, _E5_QUARTILES = 0.842, 0.026
"""Of E5 on three FAQs: the median cosine of bodies of different answers, and the quartiles around one."""

_MOST_ANSWERS = 300
_FEWEST_ANSWERS = 20
"""Fewer tell less of an encoder than to take it for E5 does."""


def fit_cosine_scale(contents: IndexContents) -> CosineScale:
    """Return the scale of the encoder of *contents*, that of E5 where there are too few answers, or all are alike."""
    first_rows = contents.table.first_rows[:-1]
    if len(first_rows) < _FEWEST_ANSWERS:
        return E5
    some = np.linspace(0, len(first_rows) - 1, min(len(first_rows), _MOST_ANSWERS), dtype=np.int64)
    bodies = contents.embeddings.every[first_rows[some]]
    cosines = (bodies @ bodies.T)[~np.eye(len(bodies), dtype=np.bool_)].reshape(len(bodies), -1)
    low, middle, high = np.median(np.quantile(cosines, [0.25, 0.5, 0.75], axis=1), axis=1).tolist()
    finer = (high - low) / _E5_QUARTILES
    if finer <= 0:
        return E5
    return CosineScale(floor=middle - (_E5_MEDIAN - E5.floor) * finer, span=E5.span * finer)
