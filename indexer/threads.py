"""Keeps numpy's matrix products on the thread that asks for them.

Those of a search are over before a second thread has woken. And a library's threads wait for more work busily for a
while, on the core that the encoder needs next: with two cores and 500 answers, a search takes 2 to 6 ms instead of 0.7
so, and the next encoding up to twice as long. OpenVINO has threads of its own, and so has FAISS (indexer/dense.py).
"""

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # has no types

_NUMPY_BLAS = "libscipy_openblas"
"""The name of the library of matrix products inside numpy's wheels; FAISS's wheels have another."""


def keep_products_on_one_thread() -> None:
    """Do so in the whole process from now on: the library cannot tell its callers apart."""
    ThreadpoolController().select(prefix=_NUMPY_BLAS).limit(limits=1)
