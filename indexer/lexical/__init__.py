"""Search by words: what is indexed of a text, what is looked for in a question, and the inverted file between.

A `LexicalIndex` gives for each question a `Match`, whose rows are `SCORE`, `COVERAGE` and `CODES`.
"""

from indexer.lexical.index import LexicalIndex
from indexer.lexical.match import CODES, COVERAGE, SCORE, LexicalMatch, Match
from indexer.lexical.read_texts import ReadTexts

__all__ = ["CODES", "COVERAGE", "SCORE", "LexicalIndex", "LexicalMatch", "Match", "ReadTexts"]
