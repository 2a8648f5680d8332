"""What an operator may call a cluster: the address of a scheduler, or this machine."""

import os
import re
from dataclasses import dataclass

from indexer.errors import ClusterError

_LOCAL = "local"
_LOCAL_ADDRESS = re.compile(rf"{_LOCAL}(?::([1-9]\d*))?")
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):\d+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster is. address: of its scheduler, None on this machine, with so many *workers*."""

    address: str | None
    workers: int = 0

    @classmethod
    def of(cls, text: str) -> "Place":
        """Return what is meant by tcp://host:port, tls://host:port, local or local:4. ClusterError for anything else.

        A local cluster has a worker for each core that this process may use, if nothing else is said.
        """
        if local := _LOCAL_ADDRESS.fullmatch(text):
            return cls(None, int(local[1] or len(os.sched_getaffinity(0))))
        if _ADDRESS.fullmatch(text):
            return cls(text)
        raise ClusterError(
            f"--dask cannot be {text!r}. Give the address of a scheduler, such as tcp://scheduler:8786, or "
            f"`{_LOCAL}` for workers on this machine, or `{_LOCAL}:4` for four of them."
        )

    @property
    def threads_each(self) -> int | None:
        """How many threads of the processor each encoder of a local cluster has; None elsewhere."""
        return max(1, len(os.sched_getaffinity(0)) // self.workers) if self.address is None else None

    def __str__(self) -> str:
        return self.address or "this machine"
