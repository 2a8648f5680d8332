"""Every problem of a corpus at once, for its editors: in French, with file and line."""

import difflib
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz

from indexer.corpus import Corpus, duplicate_id, open_corpus
from indexer.entries import Entry, Unreadable, problems_of
from indexer.errors import CorpusError
from indexer.records import Facet, Problem, Severity
from indexer.text import fold

_NEAR_PERCENT = 90
"""Two answers with this many of their words alike look like one that was copied."""

_SHINGLE_WORDS = 4
_SKETCH_HASHES = 8


def check_corpus(path: Path) -> list[Problem]:
    """Return every problem of the corpus at *path*, by file and line; none where it can be built."""
    try:
        corpus = open_corpus(path)
    except CorpusError as error:
        return list(error.problems)
    return sorted(_problems(corpus), key=lambda problem: (problem.path, problem.line, problem.message))


def _problems(corpus: Corpus) -> Iterator[Problem]:
    yield from corpus.companions.problems
    ids: dict[str, str] = {}
    asked: dict[str, Entry] = {}
    sketches: dict[int, list[Entry]] = defaultdict(list)
    found_any = False
    for entry in corpus.entries():
        found_any = True
        if isinstance(entry, Unreadable):
            yield from entry.problems
            continue
        yield from problems_of(entry)
        yield from duplicate_id(entry, ids)
        yield from _facet_problems(entry, corpus.facets)
        yield from _same_questions(entry, asked)
        yield from _near_duplicates(entry, sketches)
    if not found_any:
        yield Problem(str(corpus.path), 1, "le corpus ne contient aucune réponse : ajoutez-en une.")
    for question in corpus.off_topic:
        answered = asked.get(_folded(question))
        if answered:
            yield Problem(
                str(corpus.path),
                1,
                f"« {question} » est à la fois hors sujet et une question de « {answered.answer.id} » : choisissez.",
            )


def _facet_problems(entry: Entry, facets: Sequence[Facet]) -> Iterator[Problem]:
    known = {facet.key: facet.values for facet in facets}
    if not known:
        return
    for key, value in entry.facet_values:
        if key not in known:
            yield Problem(entry.path, value.line, f"facette inconnue « {key} » : {_choose(key, list(known))}")
        elif value.text not in known[key]:
            hint = _choose(value.text, known[key])
            yield Problem(entry.path, value.line, f"« {value.text} » n'est pas une valeur de « {key} » : {hint}")


def _choose(written: str, known: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(written, known, n=1)
    return f"voulez-vous dire « {nearest[0]} » ?" if nearest else f"choisissez parmi {', '.join(known)}."


def _same_questions(entry: Entry, asked: dict[str, Entry]) -> Iterator[Problem]:
    for question in entry.questions:
        first = asked.setdefault(_folded(question.text), entry)
        if first is not entry:
            message = f"cette question est déjà celle de « {first.answer.id} » : laissez-la à une seule réponse."
            yield Problem(entry.path, question.line, message)


def _near_duplicates(entry: Entry, sketches: dict[int, list[Entry]]) -> Iterator[Problem]:
    """Compare the answer with those that share a part of its sketch: few, however large the corpus is."""
    words = _folded(entry.answer.text).split()
    ends = range(max(1, len(words) - _SHINGLE_WORDS + 1))
    shingles = {" ".join(words[at : at + _SHINGLE_WORDS]) for at in ends}
    sketch = sorted(int.from_bytes(hashlib.blake2b(s.encode(), digest_size=8).digest()) for s in shingles)
    compared: set[str] = set()
    for number in sketch[:_SKETCH_HASHES]:
        for other in sketches[number][:_SKETCH_HASHES]:
            if other.answer.id in compared or other.answer.id == entry.answer.id:
                continue
            compared.add(other.answer.id)
            if fuzz.token_sort_ratio(_folded(other.answer.text), " ".join(words)) >= _NEAR_PERCENT:
                message = f"ce texte ressemble beaucoup à celui de « {other.answer.id} » : est-ce voulu ?"
                yield Problem(entry.path, entry.line, message, Severity.WARNING)
        sketches[number].append(entry)


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in fold(text)).split())
