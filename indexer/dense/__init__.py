"""Nearest vectors: FAISS, the tables of vectors on disk, and the processor's matrix products.

Hands no names on: a program asks `blas` for one thread before it loads anything, and FAISS would come with it.
"""
