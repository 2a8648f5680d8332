"""Search by words: what is indexed of a text, what is looked for in a question, and the inverted file between.

A `LexicalIndex` gives for each question a `LexicalMatch`, whose rows are `SCORE`, `COVERAGE` and `CODES`.
"""

from indexer.lexical.index import CODES, COVERAGE, SCORE, LexicalIndex, LexicalMatch

__all__ = ["CODES", "COVERAGE", "SCORE", "LexicalIndex", "LexicalMatch"]
