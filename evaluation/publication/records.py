"""The nouns of publishing, frozen: a question asked of both indexes, what each said, what speaks against the new."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from indexer.records import Status


@dataclass(frozen=True, slots=True)
class TrialQuestion:
    """A question with the ids of the answers that are right, none for one off topic. source: in French, for editors.

    is_certain: whether those are surely the right ones: the vote of one day may be a mistake.
    """

    text: str
    expected: frozenset[str]
    source: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """What an index says of a question: the first answer, and how sure it is."""

    answer_id: str
    status: Status

    @property
    def answered(self) -> bool:
        """Whether it is given as sure."""
        return self.status is Status.ANSWERED


@dataclass(frozen=True, slots=True)
class Compared:
    """What the index in service and the new one say of a question."""

    question: TrialQuestion
    before: Said
    after: Said

    @property
    def was_right(self) -> bool:
        """Whether the index in service does well: the first answer is right, or nothing is given as sure."""
        return _right(self.question, self.before)

    @property
    def is_right(self) -> bool:
        """Whether the new index does well."""
        return _right(self.question, self.after)


class Ill(StrEnum):
    """What may get worse; the value is what editors read."""

    LOST = "premières réponses devenues fausses"
    WRONG = "mauvaises réponses données comme sûres"
    REFUSED = "questions restées sans réponse"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """Some questions of one source, counted: how many are right first, wrongly sure, and refused, before and after.

    Wrongly sure: only of those whose right answer is certain.
    """

    source: str
    count: int
    right: tuple[int, int]
    wrong: tuple[int, int]
    refused: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that was seen when both indexes were asked the same.

    objections: in French, why the new one should not serve; none where it may. gone: answers that are not in the new
    index under any name. unasked: questions left out because their answers are gone, by source.
    """

    compared: tuple[Compared, ...]
    figures: tuple[SourceFigures, ...]
    objections: tuple[str, ...]
    gone: tuple[str, ...]
    added: tuple[str, ...]
    unasked: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether the new index may serve."""
        return not self.objections

    @property
    def better(self) -> tuple[Compared, ...]:
        """What was wrong and is right."""
        return tuple(one for one in self.compared if one.is_right and not one.was_right)

    @property
    def worse(self) -> tuple[Compared, ...]:
        """What was right and is wrong."""
        return tuple(one for one in self.compared if one.was_right and not one.is_right)


def _right(question: TrialQuestion, said: Said) -> bool:
    return said.answer_id in question.expected if question.expected else not said.answered
