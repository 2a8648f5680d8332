"""How the libraries of matrix products (BLAS) use this processor. numpy and FAISS each bring one of their own.

Those of a search are over before a second thread has woken. And a library's threads wait for more work busily for a
while, on the core that the encoder needs next: with two cores and 500 answers, a search takes 2 to 6 ms instead of 0.7
so, and the next encoding up to twice as long. FAISS's threads are its own, and kept in indexer/dense/faiss_index.py.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np  # noqa: F401  # brings its library into the process
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # has no types

_OF_NUMPY = "libscipy_openblas"
"""The beginning of the name of the library inside numpy's wheels; the one inside FAISS's has another."""

_PROCESSOR = "OPENBLAS_CORETYPE"
"""What OpenBLAS reads, when it is loaded, to choose among the instructions that it was written for."""


def keep_products_on_one_thread() -> None:
    """Keep numpy's on the calling thread, in the whole process from now on: it cannot tell its callers apart.

    So it is for a program to decide, once, at its start: the command lines do, the library does not.
    """
    ThreadpoolController().select(prefix=_OF_NUMPY).limit(limits=1)


@contextmanager
def processor_named() -> Iterator[None]:
    """Within the block, a library that is loaded takes this processor for what numpy's takes it for.

    FAISS's is years older, and uses the instructions of 2004 on a processor that it does not know: the lists of a
    million vectors take four times as long to make.
    """
    names = [library.architecture for library in ThreadpoolController().select(prefix=_OF_NUMPY).lib_controllers]
    if _PROCESSOR in os.environ or not names:
        yield
        return
    os.environ[_PROCESSOR] = names[0]
    try:
        yield
    finally:
        del os.environ[_PROCESSOR]
