"""The FAQs that teach, each in several shapes: with none, one, three or all of its curated questions, small and large.

Reads BEIR folders and the shipped corpus with its dev sets; never a test set. Two folders with the same answers are one
FAQ, the second's questions being in another language. Where questions have the style `autonome`, only these count.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from evaluation.queries.query_sets import CORPUS_FILE, QUERIES_FILE, open_query_set
from indexer.corpus import open_corpus
from indexer.french.sentences import split_sentences
from indexer.records import Acronym, Answer

SHIPPED = "shipped"
"""The name of the FAQ that ships with the program."""

SHAPES = (0, 1, 3)
"""Curated questions an answer that verifiers and thresholds tell apart; 3 stands for more too."""

_EVERY = 99
"""More questions than any answer has."""
_HANDWRITTEN = Path(__file__).parents[1] / "data" / "traps.jsonl"
_STANDS_ALONE = "autonome"
_MOST_ANSWERS, _MOST_SAMPLED = 800, 400
_MANY_SIZES, _FEW_SIZES = (20, 20, 20, 20, 60, 60, 60, 150, 200), (60, 150)
_SIZES_WITHOUT_SENTENCES = (60,)
_SMALLEST = 60
_ASKED_AN_ANSWER = 3


class Kind(StrEnum):
    """What a question of the teaching is."""

    REAL = "real"  # of a person, answered
    FOREIGN = "foreign"  # the same, in another language
    TWIN = "twin"  # of a person, answered, and like a trap
    IN_STYLE = "in_style"  # of a person in a hurry, answered
    RESTYLED = "restyled"  # a real one, written in another style by a program
    VERBATIM = "verbatim"  # a curated one
    CURATED_RESTYLED = "curated_restyled"
    APART = "apart"  # a curated one, itself left out: teaches no tree, but how easy its FAQ is
    LEFT_OUT = "left_out"  # a real one whose answer is left out
    OFF_TOPIC = "off_topic"
    TRAP = "trap"  # of a person, near an answer that does not answer it
    SWAPPED = "swapped"  # a real one with a word swapped
    ASKED_SWAPPED = "asked_swapped"  # with the thing asked for swapped
    CURATED_SWAPPED = "curated_swapped"
    SENTENCE_GONE = "sentence_gone"  # a real one whose answer lacks the sentence that answers it


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the ids of the answers that are right. query_set: of a shipped set, which, and its kind there."""

    text: str
    right: frozenset[str]
    kind: Kind
    query_set: str = ""


@dataclass(frozen=True, slots=True)
class Faq:
    """An FAQ with all its questions, every one asked; strays: texts known to have no answer there.

    told: of questions of which it is known, the words of the answer that answer them.
    """

    name: str
    answers: tuple[Answer, ...]
    asked: tuple[Asked, ...]
    acronyms: tuple[Acronym, ...] = ()
    strays: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of an FAQ as one index. curated: see `SHAPES`. label: tells it from the other shapes."""

    faq: str
    label: str
    curated: int
    answers: tuple[Answer, ...]
    asked: tuple[Asked, ...]
    acronyms: tuple[Acronym, ...]
    strays: tuple[str, ...]


def read_faqs(folders: Sequence[Path]) -> list[Faq]:
    """Return the FAQs of some BEIR folders, those with the same answers as one."""
    groups: dict[str, list[Path]] = {}
    for folder in folders:
        groups.setdefault(hashlib.sha256((folder / CORPUS_FILE).read_bytes()).hexdigest(), []).append(folder)
    return [_read_faq(group[0], others=group[1:]) for group in groups.values()]


def _read_faq(folder: Path, *, others: Sequence[Path]) -> Faq:
    answers = {answer.id: answer for answer in open_corpus(folder).answers()}
    asked = [*_read_queries(folder, Kind.REAL)]
    for other in others:
        asked += _read_queries(other, Kind.FOREIGN)
    asked += handwritten(folder.name)
    known = tuple(one for one in asked if one.right & answers.keys())
    return Faq(folder.name, tuple(answers.values()), known, told=_read_told(folder))


def _read_told(folder: Path) -> dict[str, str]:
    """Return the words that answer each question, where the set has them as `metadata.answer`."""
    records = map(json.loads, (folder / QUERIES_FILE).read_text(encoding="utf-8").splitlines())
    return {record["text"]: told for record in records if (told := record.get("metadata", {}).get("answer"))}


def _read_queries(folder: Path, kind: Kind) -> list[Asked]:
    queries = [query for query in open_query_set(folder) if any(grade > 0 for grade in query.expected.values())]
    alone = [query for query in queries if query.style == _STANDS_ALONE]
    return [
        Asked(query.text, frozenset(answer for answer, grade in query.expected.items() if grade > 0), kind)
        for query in alone or queries
    ]


def handwritten(faq: str, file: Path = _HANDWRITTEN) -> Iterator[Asked]:
    """Yield the traps and twins that people wrote for an FAQ; the answer of a trap's twin stands as its *right* one.

    Which answers a part of the FAQ has decides which traps are asked of it.
    """
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        record = json.loads(line)
        if record["faq"] == faq:
            yield Asked(record["trap"], frozenset([record["answer"]]), Kind.TRAP)
            yield Asked(record["twin"], frozenset([record["answer"]]), Kind.TWIN)


def read_shipped(corpus: Path) -> Faq:
    """Return the shipped FAQ with the questions of its dev sets, none of the test sets."""
    opened = open_corpus(corpus)
    asked = []
    for name in ("dev", "traps-dev", "styles-dev"):
        for query in open_query_set(corpus / "queries" / name):
            right = frozenset(answer for answer, grade in query.expected.items() if grade > 0)
            kind = Kind.REAL if query.language == "fr" else Kind.FOREIGN
            if name == "styles-dev":
                kind = Kind.IN_STYLE
            elif name == "traps-dev":
                kind = Kind.TWIN if right else Kind.TRAP
            elif not right:
                kind = Kind.OFF_TOPIC
            asked.append(Asked(query.text, right, kind, f"{name}/{query.kind}"))
    return Faq(SHIPPED, tuple(opened.answers()), tuple(asked), tuple(opened.acronyms), tuple(opened.off_topic))


def read_general(corpus: Path) -> list[str]:
    """Return the questions of general matters and the small talk of a corpus: no FAQ answers them."""
    sections = (corpus / "hors-sujet.txt").read_text(encoding="utf-8").split("\n# --- ")[1:]
    lines = [line.strip() for section in sections if not section.startswith("Près") for line in section.split("\n")[1:]]
    return [line for line in lines if line and not line.startswith("#")]


def shapes_of(faq: Faq, *, general: Sequence[str]) -> Iterator[Shape]:
    """Yield an FAQ in all its shapes; every second one knows some of the *general* questions as strays."""
    if faq.name == SHIPPED:
        for most, curated in ((_EVERY, 3), (3, 3), (1, 1), (0, 0)):
            kept = tuple(Answer(one.id, one.text, one.questions[:most]) for one in faq.answers)
            left = [Asked(text, frozenset([one.id]), Kind.REAL) for one in faq.answers for text in one.questions[most:]]
            label = f"{faq.name} {'all' if most == _EVERY else most}"
            yield Shape(faq.name, label, curated, kept, (*faq.asked, *left), faq.acronyms, faq.strays)
        return
    generator = random.Random(faq.name)
    for number, group in enumerate(_groups(faq, generator)):
        strays = tuple(generator.sample(general, min(len(general), 100))) if number % 2 == 0 else ()
        for curated in SHAPES if has_many_questions(faq) else SHAPES[:2]:
            yield _shape(faq, f"{faq.name} {number} {curated}", group, curated, strays)
            if faq.told and len(group) in _SIZES_WITHOUT_SENTENCES:
                without = _without_sentences(faq, group)
                yield _shape(without, f"{faq.name} {number} {curated} without sentences", group, curated, strays)


def _without_sentences(faq: Faq, group: Sequence[str]) -> Faq:
    """Return an FAQ in which each answer of a group lacks the sentence that answers one of its questions."""
    generator = random.Random(group[0])
    texts = {answer.id: answer.text for answer in faq.answers}
    shorter: dict[str, str] = {}
    asked = []
    of_answer: dict[str, list[Asked]] = {answer: [] for answer in group}
    for one in faq.asked:
        for answer in one.right & of_answer.keys():
            of_answer[answer].append(one)
    for answer, questions in of_answer.items():
        text = texts[answer]
        told = generator.choice([faq.told.get(one.text, "") for one in questions] or [""])
        kept = [span for span in split_sentences(text) if not told or told not in text[span.start : span.end]]
        shorter[answer] = " ".join(text[span.start : span.end] for span in kept) or text
        for one in questions:
            gone = faq.told.get(one.text, "") not in shorter[answer]
            asked.append(Asked(one.text, one.right, Kind.SENTENCE_GONE if gone else one.kind))
    answers = tuple(Answer(one.id, shorter.get(one.id, one.text)) for one in faq.answers)
    return Faq(faq.name, answers, tuple(asked))


def has_many_questions(faq: Faq) -> bool:
    """Whether its answers have two questions or more on average."""
    return sum(one.kind in (Kind.REAL, Kind.SENTENCE_GONE) for one in faq.asked) >= 2 * len(faq.answers)


def _groups(faq: Faq, generator: random.Random) -> Iterator[list[str]]:
    """Yield the ids of parts of an FAQ that share no answer."""
    many = has_many_questions(faq)
    counts = dict.fromkeys((answer.id for answer in faq.answers), 0)
    for one in faq.asked:
        for answer in one.right & counts.keys():
            counts[answer] += 1
    ids = sorted(answer for answer, count in counts.items() if count >= 2 or not many)
    if not many and len(ids) > _MOST_ANSWERS:
        real = [one for one in faq.asked if one.kind is Kind.REAL]
        judged = {answer for one in generator.sample(real, min(len(real), _MOST_SAMPLED)) for answer in one.right}
        others = sorted(counts.keys() - judged)
        ids = sorted(judged | {*generator.sample(others, max(0, min(len(others), _MOST_ANSWERS - len(judged))))})
    generator.shuffle(ids)
    for size in _MANY_SIZES if many else _FEW_SIZES:
        rest_is_small = len(ids) - size < _SMALLEST and not many
        if ids:
            yield ids if rest_is_small else ids[:size]
        ids = [] if rest_is_small else ids[size:]
    if ids and not many:
        yield ids


def _shape(faq: Faq, label: str, group: Sequence[str], curated: int, strays: tuple[str, ...]) -> Shape:
    texts = {answer.id: answer.text for answer in faq.answers}
    chosen = set(group)
    of_answer: dict[str, list[Asked]] = {answer: [] for answer in group}
    for one in faq.asked:
        if one.kind is Kind.REAL:
            for answer in sorted(one.right & chosen):
                of_answer[answer].append(one)
    most = _ASKED_AN_ANSWER if has_many_questions(faq) else None
    answers, asked, taken = [], {}, set()
    for answer, questions in of_answer.items():
        # Of an answer with several, one at least is left to ask.
        kept = min(curated, len(questions) - 1) if has_many_questions(faq) else curated
        own = [text for text in dict.fromkeys(one.text for one in questions[:kept]) if text not in taken]
        taken.update(own)
        answers.append(Answer(answer, texts[answer], tuple(own)))
        rest = questions[kept:] if most is None else questions[kept : kept + most]
        asked.update({one.text: one for one in rest})
    real = [one for text, one in asked.items() if text not in taken]
    others = [one for one in faq.asked if one.kind is not Kind.REAL and one.right & chosen]
    all_asked = (Asked(one.text, one.right & chosen, one.kind) for one in (*real, *others))
    return Shape(faq.name, label, curated, tuple(answers), tuple(all_asked), faq.acronyms, strays)
