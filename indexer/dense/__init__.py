"""Nearest vectors: FAISS, the tables of vectors on disk, and the processor's matrix products."""
