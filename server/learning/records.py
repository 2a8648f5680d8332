"""The nouns of learning, frozen: what is proposed to editors, why something is not, and what they decide."""

from dataclasses import dataclass, field
from enum import StrEnum


class Origin(StrEnum):
    """Where a proposal comes from; the value is what editors read."""

    JUDGED = "jugée utile"
    """A visitor asked it, and found the answer useful."""
    UNANSWERED = "sans réponse"
    """Visitors asked it and got no sure answer; the editor says which answer is meant, or writes one."""
    ASKED = "posée"
    """A visitor asked it, and got this answer, without a word on it; the answer has few questions."""
    WORDED = "tirée du texte"
    """Made from a sentence or an acronym of the answer itself, to be worded by the editor."""


class Doubt(StrEnum):
    """Why a question that was judged useful is not proposed; the value is what editors read."""

    CONTRADICTORY = "les avis se contredisent"
    ELSEWHERE = "elle est plus proche d'une autre réponse"
    PERSONAL = "une donnée personnelle y était : à reformuler"
    LONG = "elle est trop longue : à raccourcir"


class Verdict(StrEnum):
    """What an editor decides of a proposal."""

    ACCEPT = "oui"
    REFUSE = "non"
    OFF_TOPIC = "hors sujet"


@dataclass(frozen=True, slots=True)
class NearAnswer:
    """An answer near to a question: its id, and how a person knows it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question for an answer. answer: None where no answer is known to be meant.

    days: on how many it was asked, by however many people; times: how often. confidence: in that answer being the
    right one, as the index in service says. value: higher is better, see `phrasings.value_of`. keys: of the question
    and of those that mean the same, see `phrasings.memory.key_of`. others: some of these as they were put.
    nearest: the nearest answers, where none is known.
    """

    origin: Origin
    question: str
    answer: NearAnswer | None
    days: int
    times: int
    confidence: float
    value: float
    keys: tuple[str, ...]
    others: tuple[str, ...] = ()
    nearest: tuple[NearAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class DoubtfulQuestion:
    """A question that was judged useful, and is not proposed."""

    question: str
    answer: NearAnswer
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Proposals:
    """Everything there is to decide, each kind most valuable first.

    distinct: how many different questions are kept; looked_at: how many of them were, the most asked.
    """

    phrasings: tuple[Proposal, ...]
    themes: tuple[Proposal, ...]
    suggestions: tuple[Proposal, ...]
    doubtful: tuple[DoubtfulQuestion, ...]
    distinct: int
    looked_at: int

    @property
    def all(self) -> tuple[Proposal, ...]:
        """Every proposal, in the order in which editors see them."""
        return (*self.phrasings, *self.themes, *self.suggestions)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an editor decided of a proposal: the question perhaps reworded, the answer perhaps another.

    place, line: the file it was written in and its line, for messages; empty where it was said at once.
    """

    verdict: Verdict
    question: str
    answer_id: str
    origin: str
    keys: tuple[str, ...] = field(default=())
    place: str = ""
    line: int = 1
