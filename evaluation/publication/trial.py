"""Asks the index in service and a new one the same questions, and says whether the new one may serve.

The gate is stricter than a test of significance: an edit that spoils one answer of a FAQ of a hundred is lost in
chance, and visitors meet it all the same. So what counts is how many questions get worse on balance, by source; an
answer that is not found any more at all; and answers that have gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evaluation.publication.records import Compared, Ill, Said, SourceFigures, Trial, TrialQuestion
from indexer.errors import QuestionError
from indexer.index.index import SEARCHED_TOGETHER, Index
from indexer.records import Status, Vectors
from server.answering.questions import read_question

Encode = Callable[[Sequence[str]], Vectors]

ALLOWED_SHARES = {Ill.LOST: 0.01, Ill.WRONG: 0.02, Ill.REFUSED: 0.03}
"""Of the questions of a source that may get worse on balance; one may always. How sure an index is moves a little with
each build, since its thresholds are chosen anew; which answer is first does not."""
_GONE_SHARE = 0.1
_TELLING = 2
"""Right questions of an answer before, from which on it is missed when none is right any more."""


@dataclass(frozen=True, slots=True)
class Side:
    """An index with what encodes its questions, as `read_question` leaves them."""

    index: Index
    encode: Encode


def try_index(before: Side, after: Side, questions: Iterable[TrialQuestion]) -> Trial:
    """Return what the questions get from the index in service and from the new one.

    The same question of two sources is asked in each.
    """
    now = _ids_now(after.index)
    kept: list[TrialQuestion] = []
    unasked: dict[str, int] = {}
    for question in questions:
        expected = frozenset(now[one] for one in question.expected if one in now)
        if question.expected and not expected:
            unasked[question.source] = unasked.get(question.source, 0) + 1
            continue
        kept.append(replace(question, expected=expected | question.expected))
    compared = tuple(_ask(kept, before, after))
    names = [answer.id for answer in before.index.answers]
    gone = tuple(name for name in names if name not in now)
    figures = tuple(_figures(source, some) for source, some in _by_source(compared).items())
    return Trial(
        compared=compared,
        figures=figures,
        objections=(*_objections(compared, figures), *_too_many_gone(gone, len(names))),
        gone=gone,
        added=tuple(sorted(set(now.values()) - {now.get(name) for name in names})),
        unasked=unasked,
    )


def _ids_now(index: Index) -> dict[str, str]:
    """Return every id that an answer has or had, and the one it has."""
    former = {name: answer.id for answer in index.answers for name in answer.former_ids}
    return former | {answer.id: answer.id for answer in index.answers}


def _ask(questions: Sequence[TrialQuestion], before: Side, after: Side) -> Iterator[Compared]:
    askable = [(one, text) for one in questions if (text := _read(one.text))]
    sides = [(side.index, side.encode([text for _, text in askable])) for side in (before, after)]
    for start in range(0, len(askable), SEARCHED_TOGETHER):
        some = slice(start, start + SEARCHED_TOGETHER)
        texts = [text for _, text in askable[some]]
        said = (_said(index, texts, vectors[some]) for index, vectors in sides)
        for (question, _), old, new in zip(askable[some], *said, strict=True):
            yield Compared(question, old, new)


def _read(text: str) -> str:
    try:
        return read_question(text)
    except QuestionError:  # a curated text of another age that nobody could ask
        return ""


def _said(index: Index, texts: Sequence[str], vectors: Vectors) -> list[Said]:
    found = index.search(texts, vectors, limit=1)
    return [Said(one.hits[0].answer.id, one.status) if one.hits else Said("", Status.NO_ANSWER) for one in found]


def _by_source(compared: Iterable[Compared]) -> Mapping[str, list[Compared]]:
    sources: dict[str, list[Compared]] = {}
    for one in compared:
        sources.setdefault(one.question.source, []).append(one)
    return sources


def _figures(source: str, some: Sequence[Compared]) -> SourceFigures:
    in_scope = [one for one in some if one.question.expected]
    certain = [one for one in some if one.question.is_certain]
    return SourceFigures(
        source,
        len(some),
        (sum(one.was_right for one in some), sum(one.is_right for one in some)),
        (
            sum(one.before.answered and not one.was_right for one in certain),
            sum(one.after.answered and not one.is_right for one in certain),
        ),
        (
            sum(one.before.status is Status.NO_ANSWER for one in in_scope),
            sum(one.after.status is Status.NO_ANSWER for one in in_scope),
        ),
    )


def _objections(compared: Sequence[Compared], figures: Iterable[SourceFigures]) -> Iterator[str]:
    for one in figures:
        grown = {
            Ill.LOST: one.right[0] - one.right[1],
            Ill.WRONG: one.wrong[1] - one.wrong[0],
            Ill.REFUSED: one.refused[1] - one.refused[0],
        }
        for ill, more in grown.items():
            if more > max(1, ALLOWED_SHARES[ill] * one.count):
                yield f"{one.source} : {more} {ill.value} de plus, sur {one.count}."
    for answer_id in _lost_answers(compared):
        yield f"la réponse « {answer_id} » n'est plus trouvée par aucune des questions qui la trouvaient."


def _lost_answers(compared: Iterable[Compared]) -> Iterator[str]:
    """Yield the answers that questions found, and none does any more."""
    found: dict[str, list[bool]] = {}
    for one in compared:
        if one.question.expected and one.was_right:
            found.setdefault(one.before.answer_id, []).append(one.is_right)
    for answer_id in sorted(found):
        if len(found[answer_id]) >= _TELLING and not any(found[answer_id]):
            yield answer_id


def _too_many_gone(gone: Sequence[str], answers: int) -> Iterator[str]:
    if len(gone) > max(1, _GONE_SHARE * answers):
        listed = ", ".join(islice(gone, 5)) + (", …" if len(gone) > 5 else "")
        yield f"{len(gone)} réponses sur {answers} ont disparu : {listed}."
