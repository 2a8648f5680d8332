"""Does an answer speak of what is asked? What of a question's words, numbers and intent each hit knows.

Looks at the few first hits only, in the light of their evidence. Words are found through the inverted file, so that
variants, acronyms and misspellings count as in the search; no text of an answer is read but its curated questions, and
its body where a price, a delay or a place is asked for. The numbers made here are read by `verifier`, by name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.french.intent import (
    KINDS,
    has_signs,
    is_foreign,
    negations,
    shipped_concepts,
    types_of,
    types_told,
    without_courtesies,
)
from indexer.french.text import words_of
from indexer.lexical.question_terms import QuestionTerm
from indexer.records import Hit, ReadWord
from indexer.search.contents import SearchContents
from indexer.search.evidence import Evidence
from indexer.search.standing import STANDING, standing_of
from indexer.search.word_places import AnswerTexts, weigh_words

COLUMNS = (
    *STANDING,
    *("questions", "foreign", "length", "known", "covered_body", "covered_question", "covered_any"),
    *("open_unknown", "open_elsewhere", "worst_unknown", "worst_elsewhere", "extra", "lacking"),
    *("substituted", "one_word_apart", "same_words", "open_numbers", "open_codes", "open_names", "open_asked"),
    *("open_action", "open_who", "type_asked", "type_open_any", "type_open_question", "negation"),
)
"""What is seen of a hit, in order; *open* is what the question has and the answer has not, in no other word either."""

COVERAGE = "coverage."
"""How the names begin under which these are shown."""

_COVERED_ANY, _SAME_WORDS = COLUMNS.index("covered_any"), COLUMNS.index("same_words")
_KNOWN_FROM = 0.45
"""The least weight of a variant that an answer is said to mention: an acronym read out, not a part of a code."""
_MOST_OPEN = 2.0
_UNTESTABLE = 0.3
"""What a type of question counts of which a text gives no signs that could be looked for."""
_FEW_WORDS = 1
_ALL = 0.95
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;\n«\"(]|  )\s*(?:\w{1,2}['’])?(\w+)")
_SMALL_NUMBER = re.compile(r"\A\d{1,2}\Z")
_REMEMBERED_QUESTIONS, _REMEMBERED_GROUPS = 4096, 1024


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is seen of the first hits of one question.

    rows: shape (hits, len(COLUMNS)). missing: of each hit, the numbers, codes, acronyms and names that its answer does
    not know, as they were asked. is_broad: whether the question is but a word, asks nothing of it, and more than one of
    the hits has it. read: the words of the question.
    """

    rows: NDArray[np.float64]
    missing: tuple[tuple[str, ...], ...]
    is_broad: bool
    read: tuple[ReadWord, ...] = ()

    @property
    def same_words(self) -> NDArray[np.bool_]:
        """Whether the question is a curated one of the hit word for word, shape (hits,)."""
        return self.rows[:, _SAME_WORDS] > 0


@dataclass(frozen=True, slots=True)
class _AskedWord:
    """A content word of a question. idf: how much it says, 1 for one that no text has. groups: those it stands in."""

    surface: str
    term: QuestionTerm
    idf: float
    groups: tuple[int, ...]
    is_number: bool
    is_name: bool

    @property
    def variants(self) -> tuple[tuple[str, float], ...]:
        """The terms that do for it, with what each counts."""
        return self.term.variants

    @property
    def is_plain(self) -> bool:
        """Whether it means one thing and no other: a number, a code, a name."""
        return self.is_number or self.term.is_code or self.is_name

    @property
    def known_as(self) -> frozenset[str]:
        """The terms that mention it."""
        return frozenset(term for term, weight in self.term.variants if weight >= _KNOWN_FROM)


@dataclass(frozen=True, slots=True)
class _Question:
    """A question read once for all hits."""

    plain: str
    words: tuple[_AskedWord, ...]
    is_foreign: bool
    is_negated: bool
    types: frozenset[str]
    terms: frozenset[str]
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Curated:
    """A curated question read once. words: of each content word the terms, the groups and how much it says."""

    plain: str
    types: frozenset[str]
    is_negated: bool
    words: tuple[tuple[frozenset[str], frozenset[int], float], ...]


@dataclass(frozen=True, slots=True)
class _Texts:
    """Which rows of the index the texts of a hit are: from first its body, then its curated questions, up to end.

    question_row: its nearest curated question, None where it has none.
    """

    answer: int
    first: int
    first_question: int
    end: int
    question_row: int | None


@dataclass(slots=True)
class _Sums:
    """What the words of a question add up to, over one hit."""

    total: float = 0.0
    known: float = 0.0
    body: float = 0.0
    nearest: float = 0.0
    anywhere: float = 0.0
    open_unknown: float = 0.0
    open_elsewhere: float = 0.0
    worst_unknown: float = 0.0
    worst_elsewhere: float = 0.0
    extra: float = 0.0
    extra_words: int = 0
    opened: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("number", "code", "name", *KINDS), 0.0))
    missing: list[str] = field(default_factory=list)


class CoverageReader:
    """Reads questions against the answers of one index; safe to use from several threads."""

    def __init__(self, contents: SearchContents) -> None:
        self._contents = contents
        self._lexical = contents.lexical
        self._concepts = shipped_concepts()
        self._unknown_idf = max(1e-6, self._lexical.idf(min(1, len(self._lexical))))
        self._curated = lru_cache(_REMEMBERED_QUESTIONS)(self._read_curated)
        self._terms_of_group = lru_cache(_REMEMBERED_GROUPS)(self._look_up_group)

    def read(
        self,
        question: str,
        evidence: Evidence,
        scores: NDArray[np.float64],
        positions: Sequence[int],
        *,
        at: int = 0,
        left_out: int | None = None,
    ) -> Coverage:
        """Return what is seen of the candidates at *positions*, best first.

        scores: of all candidates, shape (candidates, questions). at: which of the questions. left_out: a passage that
        is ignored, as in `gather_evidence`.
        """
        asked = self._read_question(without_courtesies(question))
        hits = [
            self._texts_of(int(evidence.answers[position]), evidence.question_row(position, at))
            for position in positions
        ]
        heard = self._look_for(asked, hits, left_out)
        rows = np.empty((len(hits), len(COLUMNS)))
        rows[:, : len(STANDING)] = standing_of(evidence, scores, positions, at=at)
        missing = []
        for number, (hit, weights) in enumerate(zip(hits, heard, strict=True)):
            rows[number, len(STANDING) :], open_words = self._compare(asked, hit, weights, left_out)
            missing.append(open_words)
        whole = int((rows[:, _COVERED_ANY] >= _ALL).sum())
        names_only = 0 < len(asked.words) <= _FEW_WORDS and not asked.types
        is_broad = names_only and whole > 1 and not rows[:, _SAME_WORDS].any()
        read = tuple(
            ReadWord(word.surface, tuple(sorted(word.known_as or word.term.names)), bool(word.known_as))
            for word in asked.words
        )
        return Coverage(rows, tuple(missing), is_broad, read)

    def _read_question(self, text: str) -> _Question:
        words = tuple(self._read_words(text))
        return _Question(
            plain=words_of(text),
            words=words,
            is_foreign=is_foreign(text),
            is_negated=negations(text) > 0,
            types=types_of(text),
            terms=frozenset().union(*(word.known_as for word in words)),
            groups=frozenset(group for word in words for group in word.groups),
        )

    def _read_words(self, text: str) -> list[_AskedWord]:
        shouted = text.isupper()
        starts = frozenset(found[1] for found in _SENTENCE_START.finditer(text))
        found = []
        for index, (word, term) in enumerate(self._lexical.read_words(text)):
            idf = self._lexical.idf(term.row_frequency or min(1, len(self._lexical))) / self._unknown_idf
            is_number = any(sign.isdigit() for sign in word.surface)
            capitals = sum(map(str.isupper, word.surface))
            begins_large = index > 0 and word.surface[:1].isupper() and word.surface not in starts
            is_name = not is_number and not shouted and (capitals > 1 or begins_large)
            groups = self._concepts.of(word.stems) if word.stems else ()
            found.append(_AskedWord(word.surface, term, idf, groups, is_number, is_name))
        return found

    def _texts_of(self, answer: int, question_row: int | None) -> _Texts:
        table = self._contents.table
        rows = table.first_rows[answer], table.later_rows[answer], table.first_rows[answer + 1]
        first, first_question, end = map(int, rows)
        return _Texts(answer, first, first_question, end, question_row)

    def _look_for(
        self, asked: _Question, hits: Sequence[_Texts], left_out: int | None
    ) -> Iterator[list[tuple[float, float, float]]]:
        """Yield of each hit, for each word, how far its body, its questions, and the nearest of these have it."""
        texts = AnswerTexts.of((hit.first, hit.first_question, hit.end) for hit in hits)
        weights = weigh_words(asked.words, texts, rows_of=self._lexical.rows_of, terms_of_group=self._terms_of_group)
        for at, hit in enumerate(hits):
            if left_out is not None and hit.first <= left_out < hit.end:
                weights[:, texts.column(at, left_out)] = 0
        best = texts.greatest(weights)
        for at, hit in enumerate(hits):
            body, questions = best[:, at].T.tolist()
            row = hit.question_row
            nearest = [0.0] * len(body) if row is None else weights[:, texts.column(at, row)].tolist()
            yield list(zip(body, questions, nearest, strict=True))

    def _compare(
        self,
        asked: _Question,
        hit: _Texts,
        weights: Sequence[tuple[float, float, float]],
        left_out: int | None,
    ) -> tuple[list[float], tuple[str, ...]]:
        """Return the columns that come from words, and what is missing, of one hit; weights: see `_look_for`."""
        sums = self._sum_words(asked, weights)
        curated = None if hit.question_row is None else self._curated(hit.question_row)
        lacking, lacking_words = _lacking(asked, curated)
        same = curated is not None and curated.plain == asked.plain
        others = [row for row in range(hit.first_question, hit.end) if row != left_out]
        type_open, type_open_nearest = self._open_types(asked, hit.answer, curated, others)
        share = 1 / sums.total if sums.total else 0.0
        extra = sums.extra * share if curated else 0.0
        apart = curated is not None and sums.extra_words == 1 and lacking_words <= 1 and not same
        negated = curated is not None and asked.is_negated != curated.is_negated
        opened = {kind: min(count, _MOST_OPEN) for kind, count in sums.opened.items()}
        columns = [
            np.log1p(len(others)) / 2,
            float(asked.is_foreign),
            np.log1p(len(asked.words)) / 3,
            sums.known * share,
            sums.body * share,
            sums.nearest * share,
            sums.anywhere * share,
            sums.open_unknown * share,
            sums.open_elsewhere * share,
            sums.worst_unknown,
            sums.worst_elsewhere,
            extra,
            lacking,
            min(extra, lacking),
            float(apart),
            float(same),
            opened["number"],
            opened["code"],
            opened["name"],
            opened["asked"],
            opened["action"],
            min(sums.opened["who"] + sums.opened["medium"], _MOST_OPEN),
            float(bool(asked.types)),
            type_open,
            type_open_nearest,
            float(negated),
        ]
        return columns, tuple(dict.fromkeys(sums.missing))

    def _sum_words(self, asked: _Question, weights: Sequence[tuple[float, float, float]]) -> _Sums:
        sums = _Sums()
        for word, (body, questions, nearest) in zip(asked.words, weights, strict=True):
            is_unknown = not word.term.variants
            if asked.is_foreign and is_unknown and not (word.is_number or word.term.is_code) and not word.groups:
                continue  # a word of another language counts neither for nor against
            best = max(body, questions)
            sums.total += word.idf
            sums.known += 0.0 if is_unknown else word.idf
            sums.body += word.idf * body
            sums.nearest += word.idf * nearest
            sums.anywhere += word.idf * best
            gap = word.idf * (1 - best)
            if is_unknown:
                sums.open_unknown += gap
                sums.worst_unknown = max(sums.worst_unknown, gap)
            else:
                sums.open_elsewhere += gap
                sums.worst_elsewhere = max(sums.worst_elsewhere, gap)
            sums.extra += word.idf * (1 - nearest)
            sums.extra_words += nearest < _KNOWN_FROM
            if best < _KNOWN_FROM:
                self._note_open(word, sums)
        return sums

    def _note_open(self, word: _AskedWord, sums: _Sums) -> None:
        """Count a word that the answer does not know by what it is."""
        if word.is_plain:
            sums.opened["number" if word.is_number else "code" if word.term.is_code else "name"] += 1
            # A number of one or two digits may count anything.
            if not _SMALL_NUMBER.match(word.surface):
                sums.missing.append(word.surface)
        for group in word.groups:
            sums.opened[self._concepts.kinds[group]] += 1

    def _open_types(
        self, asked: _Question, answer: int, curated: _Curated | None, other_rows: Sequence[int]
    ) -> tuple[float, float]:
        """Return the shares of what is asked for that nothing of the answer, and not its nearest question, tells of."""
        if not asked.types:
            return 0.0, 0.0
        of_nearest = curated.types if curated else frozenset()
        open_nearest = len(asked.types - of_nearest) / len(asked.types) if curated else 0.0
        told = types_told(self._contents.answers[answer].text) | of_nearest
        if asked.types - of_nearest:
            told |= frozenset().union(*(self._curated(row).types for row in other_rows))
        untold = asked.types - told
        testable = sum(has_signs(name) for name in untold)
        return (testable + _UNTESTABLE * (len(untold) - testable)) / len(asked.types), open_nearest

    def _look_up_group(self, group: int) -> tuple[str, ...]:
        known = (self._lexical.canonical(stem) for stem in self._concepts.stems[group])
        return tuple(dict.fromkeys(term for term in known if term))

    def _read_curated(self, row: int) -> _Curated:
        table = self._contents.table
        text = self._contents.answers[int(table.answers[row])].matched_texts[int(table.rows[row]["number"])]
        words = ((word.known_as, frozenset(word.groups), word.idf) for word in self._read_words(text))
        return _Curated(words_of(text), types_of(text), negations(text) > 0, tuple(words))


def named_coverage(hit: Hit) -> dict[str, float]:
    """Return what was seen of a hit, by name."""
    return {COVERAGE + name: value for name, value in zip(COLUMNS, hit.covered, strict=True)}


def _lacking(asked: _Question, curated: _Curated | None) -> tuple[float, int]:
    """Return the share of a curated question that the asked one has not, by weight, and how many words that is."""
    if curated is None:
        return 0.0, 0
    lacking = [idf for terms, groups, idf in curated.words if not (terms & asked.terms or groups & asked.groups)]
    total = sum(idf for _, _, idf in curated.words)
    return (sum(lacking) / total if total else 0.0), len(lacking)
