"""What serves where the index named in `current` cannot: the newest whole one beside it. Nothing is deleted.

For a server alone: whoever asks once in a terminal, or by the library, sees the error, and can mend it.
"""

import logging
from collections.abc import Callable

from indexer.index.index import Index
from indexer.index.indexes import Indexes
from server.answering.answering import Answering
from server.answering.prepared import UNFIT

logger = logging.getLogger(__name__)

FELL_BACK = "The index named in `current` is not fit to serve, and an earlier one does; the log says why."


def fall_back(indexes: Indexes, make: Callable[[Index], Answering], *, unfit: Exception) -> Answering:
    """Return what *make* makes of the newest whole index there is; *unfit* is raised again where there is none.

    make: raises one of UNFIT for an index that cannot answer. unfit: why the one named in `current` could not.
    """
    for index_id in reversed(indexes.ids()):
        try:
            answering = make(Index.open(indexes, index_id=index_id))
        except UNFIT as error:
            logger.warning("%s does not serve: %s", index_id, error)
            continue
        logger.error("Index %s serves instead of the one named in `current`, which is not fit: %s", index_id, unfit)
        answering.metrics.refused_reloads.inc()
        answering.degrade(FELL_BACK)
        return answering
    raise unfit
