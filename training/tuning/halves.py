"""What an FAQ can teach and be asked: half of its curated questions teach, the other half is asked, as visitors would.

A question that is left out is nowhere in the index that it is asked of, so that an answer with one question alone is
found by its text then, as for a visitor who words it otherwise.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.corpus.phrasings.memory import key_of
from indexer.records import Answer
from training.encoder.questions import Question, QuestionSet

_SEED = 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A curated question that is asked, and the ids of the answers that editors gave it to: each of them is right."""

    text: str
    answer_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Halves:
    """Answers with the half of their questions that teaches, and the other half."""

    answers: tuple[Answer, ...]
    asked: tuple[LeftOut, ...]


def halve(answers: Sequence[Answer]) -> Halves:
    """Return *answers* with every second question left out, drawn by chance, always the same.

    One that several answers have is left out of all of them.
    """
    texts: dict[str, str] = {}
    owners: dict[str, set[str]] = {}
    for answer in answers:
        for question in answer.questions:
            texts.setdefault(key_of(question), question)
            owners.setdefault(key_of(question), set()).add(answer.id)
    keys = sorted(texts)
    random.Random(_SEED).shuffle(keys)
    out = set(keys[::2])
    kept = [
        replace(answer, questions=tuple(text for text in answer.questions if key_of(text) not in out))
        for answer in answers
    ]
    return Halves(tuple(kept), tuple(LeftOut(texts[key], frozenset(owners[key])) for key in keys[::2]))


def as_taught(answers: Sequence[Answer]) -> QuestionSet:
    """Return what *answers* teach: a curated question is answered by the text of each answer that has it."""
    rows: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    for row, answer in enumerate(answers):
        for text in answer.questions:
            texts.setdefault(key_of(text), text)
            rows.setdefault(key_of(text), []).append(row)
    questions = tuple(Question(texts[key], tuple(dict.fromkeys(rows[key]))) for key in texts)
    return QuestionSet("own questions", tuple(answer.text for answer in answers), questions, sha256="")
