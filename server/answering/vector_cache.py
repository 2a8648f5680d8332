"""The vectors of questions asked before: who asks again waits for no encoder."""

import threading
from collections import OrderedDict

from indexer.records import Vectors


class VectorCache:
    """The vectors of the questions asked last; the one not asked for longest makes room. Safe for several threads."""

    def __init__(self, capacity: int) -> None:
        """capacity: most questions; none are kept for 0."""
        self._capacity = capacity
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: str) -> Vectors | None:
        """Return the vector of *question*, shape (dimension,), None where it is not kept."""
        with self._lock:
            vector = self._vectors.get(question)
            if vector is not None:
                self._vectors.move_to_end(question)
            return vector

    def put(self, question: str, vector: Vectors) -> None:
        """Keep the vector of *question*."""
        with self._lock:
            self._vectors[question] = vector
            if len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)
