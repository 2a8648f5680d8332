"""Every problem of a corpus at once, for its editors: in French, with file and line."""

from collections.abc import Iterator
from pathlib import Path

from indexer.corpus.corpus import Corpus, open_corpus
from indexer.corpus.near_duplicates import NearDuplicates
from indexer.errors import CorpusError
from indexer.records import Problem, Severity


def check_corpus(path: Path) -> list[Problem]:
    """Return every problem of the corpus at *path*, by file and line; without errors, it can be built."""
    try:
        corpus = open_corpus(path)
    except CorpusError as error:
        return list(error.problems)
    return sorted(_problems(corpus), key=lambda problem: (problem.path, problem.line, problem.message))


def _problems(corpus: Corpus) -> Iterator[Problem]:
    near_duplicates = NearDuplicates()
    places: list[tuple[str, int, str]] = []
    for examined in corpus.examined():
        yield from examined.problems
        entry = examined.entry
        if entry and entry.answer.text:  # that there is none is told already
            near_duplicates.add(entry.answer.text)
            places.append((entry.path, entry.line, entry.answer.id))
    for found in near_duplicates.found():
        path, line, _ = places[found.second]
        percent = round(found.overlap * 100)
        message = (
            f"ce texte est à {percent} % celui de « {places[found.first][2]} » : est-ce voulu ? Sinon, gardez-en un."
        )
        yield Problem(path, line, message, Severity.WARNING)
