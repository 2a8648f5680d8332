"""What a new index is asked: query sets beside the corpus, its own questions, and those that visitors judged.

Those of visitors are held out: one that is in the corpus by now is found word for word, and shows nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.publication.records import TrialQuestion
from evaluation.queries.query_sets import QUERIES_FILE, open_query_set
from evaluation.records import Scope
from indexer.corpus.phrasings.memory import DecidedQuestions, key_of
from indexer.index.index import Index
from server.feedback.asked import AskedQuestion, JudgedAnswer
from server.learning.grounds import is_personal

OWN = "questions de la FAQ"
VISITORS = "questions jugées par des visiteurs"
_QUERIES_FOLDER = "queries"
_MOST_OWN = 500
_MOST_OF_VISITORS = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """What visitors asked and said, and what editors decided of it."""

    asked: Sequence[AskedQuestion] = ()
    judged: Sequence[JudgedAnswer] = ()
    decided: DecidedQuestions = DecidedQuestions()


def query_folders(corpus: Path) -> list[Path]:
    """Return the query sets that lie with a corpus."""
    folder = corpus if corpus.is_dir() else corpus.parent
    found = sorted(file.parent for file in (folder / _QUERIES_FOLDER).glob(f"*/{QUERIES_FILE}"))
    return [*found, *([folder] if (folder / QUERIES_FILE).is_file() and corpus.is_dir() else [])]


def questions_of_sets(folders: Iterable[Path], *, known: Iterable[str]) -> Iterator[TrialQuestion]:
    """Yield the questions of query sets that judge answers of this FAQ; those of another FAQ are none of ours.

    known: the ids of the index in service. QuerySetError where a set cannot be read.
    """
    known = frozenset(known)
    for folder in folders:
        queries = open_query_set(folder)
        queries.require_sound(_Everything())
        if known.isdisjoint(queries.judged_answers):
            continue
        for query in queries:
            right = frozenset(answer_id for answer_id, relevance in query.expected.items() if relevance > 0)
            if query.scope is Scope.OFF_TOPIC or right:
                yield TrialQuestion(query.text, right, f"jeu « {queries.name} »")


def own_questions(before: Index, after: Index) -> Iterator[TrialQuestion]:
    """Yield the curated questions of the index in service, evenly spread, with the answers that have them now.

    One that an editor gave to another answer is expected there; one that was taken out, where it was.
    """
    now = _owners(after)
    questions = _owners(before)
    keys = sorted(questions)
    for key in keys[:: max(1, len(keys) // _MOST_OWN)]:
        text, owners = questions[key]
        yield TrialQuestion(text, now[key][1] if key in now else owners, OWN)


def visitors_questions(heard: Heard, before: Index, after: Index) -> Iterator[TrialQuestion]:
    """Yield questions judged useful without contradiction, or accepted as meaning the same, that no answer has.

    Certain are those that an editor accepted, or that were judged on two days or more.
    """
    known = _owners(before).keys() | _owners(after).keys()
    accepted = {key: one.answer_id for one in heard.decided.accepted for key in one.asked}
    judged = _judged(heard.judged)
    refused = heard.decided.refused_places
    found = 0
    for asked in sorted(heard.asked, key=lambda one: (-len(one.days), -one.times, one.folded)):
        key = key_of(asked.question)
        judged_id, lead = judged.get(asked.folded, ("", 0))
        answer_id = accepted.get(key) or judged_id
        if not answer_id or key in known or (key, answer_id) in refused or is_personal(asked.question):
            continue
        is_certain = key in accepted or lead > 1
        yield TrialQuestion(asked.question, frozenset([answer_id]), VISITORS, is_certain)
        found += 1
        if found == _MOST_OF_VISITORS:
            return


def _judged(judged: Iterable[JudgedAnswer]) -> Mapping[str, tuple[str, int]]:
    """Return the answer found useful for each question, where visitors agree on it, and on how many days more."""
    leads: dict[str, dict[str, int]] = {}
    for one in judged:
        leads.setdefault(one.folded, {})[one.answer_id] = len(one.useful_days) - len(one.useless_days)
    found = {}
    for folded, of_answers in leads.items():
        best, *others = sorted(of_answers, key=lambda answer_id: (-of_answers[answer_id], answer_id))
        if of_answers[best] > max([0, *(of_answers[other] for other in others)]):
            found[folded] = best, of_answers[best]
    return found


def _owners(index: Index) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the key of each curated question with its words and the ids of the answers that have it."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for answer in index.answers_with_questions():
        for question in answer.questions:
            text, owners = found.get(key_of(question), (question, frozenset()))
            found[key_of(question)] = text, owners | {answer.id}
    return found


class _Everything:
    """Holds every id: of answers that a set judges and the FAQ no longer has, the questions are left out later."""

    def __contains__(self, _answer_id: object) -> bool:
        return True
