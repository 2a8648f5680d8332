"""A corpus as its editors keep it: reading it in any of its forms, and every problem of it at once, in French.

`open_corpus` gives the `Corpus` of a folder or a file, and `check_corpus` tells all that is wrong with it. An
`AnswerList` is a corpus that a program has at hand.
"""

from indexer.corpus.answer_list import AnswerList
from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import Corpus, open_corpus

__all__ = ["AnswerList", "Corpus", "check_corpus", "open_corpus"]
