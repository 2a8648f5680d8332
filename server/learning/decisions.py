"""What editors decided, carried out: into the corpus and its memory, all or nothing, every problem at once in French.

Redaction is run again here, whatever it was before: what an editor typed or pasted into a sheet was never seen by it.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from pathlib import Path

from indexer.corpus import Corpus
from indexer.corpus.companion_files import OFF_TOPIC_TEXTS
from indexer.corpus.entries import MAX_CURATED_CHARACTERS
from indexer.corpus.phrasings.memory import AcceptedQuestion, RefusedQuestion, key_of, read_decided
from indexer.corpus.phrasings.write import CorpusAdditions, write_decisions
from indexer.errors import CorpusError
from indexer.french.text import normalise
from indexer.records import Problem
from server.learning.grounds import is_personal
from server.learning.records import Decision, Verdict


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. by_hand: what the editor has to write, where the corpus is a table, with its place."""

    accepted: int
    refused: int
    off_topic: int
    files: tuple[Path, ...]
    by_hand: tuple[Problem, ...]

    def __str__(self) -> str:
        parts = [
            _counted(self.accepted, "question acceptée", "questions acceptées"),
            _counted(self.refused, "refusée", "refusées"),
            _counted(self.off_topic, "hors sujet", "hors sujet"),
        ]
        return ", ".join(parts) + "."


def apply_decisions(decisions: Sequence[Decision], corpus: Corpus, *, day: date) -> Applied:
    """Write what was decided into the corpus and beside it. CorpusError, with nothing written, where one cannot be.

    A question that is accepted twice, or is there already, is written once; doing all of it again changes nothing.
    """
    problems = [
        Problem(one.place or str(corpus.path), one.line, reason)
        for one in decisions
        for reason in _reasons_against(one)
    ]
    standing = Standing(corpus)
    problems += [
        Problem(one.place or str(corpus.path), one.line, reason)
        for one, reason in chain(_without_answer(decisions, standing), _contradictions(decisions, standing))
    ]
    if problems:
        raise CorpusError(problems)
    accepted = [one for one in decisions if one.verdict is Verdict.ACCEPT]
    refused = [one for one in decisions if one.verdict is not Verdict.ACCEPT]
    off_topic = [one for one in decisions if one.verdict is Verdict.OFF_TOPIC]
    questions: dict[str, list[str]] = {}
    for one in accepted:
        questions.setdefault(one.answer_id, []).append(normalise(one.question))
    decided = read_decided(corpus.path)
    is_written_here = corpus.kind == "markdown"
    after = decided.with_more(
        accepted=(_accepted(one, day) for one in accepted) if is_written_here else (),
        refused=(RefusedQuestion(*place, day.isoformat()) for one in refused for place in _refused_places(one)),
    )
    written = write_decisions(corpus, CorpusAdditions(questions, [normalise(one.question) for one in off_topic]), after)
    return Applied(
        accepted=len(accepted) if is_written_here else 0,
        refused=len(refused) - len(off_topic),
        off_topic=len(off_topic),
        files=written.files,
        by_hand=written.by_hand,
    )


@dataclass(frozen=True)
class Standing:
    """What a corpus has already, which decisions must not contradict; its answers are read when they are needed."""

    corpus: Corpus

    @cached_property
    def answers(self) -> Mapping[str, Sequence[str]]:
        """The questions of each answer, by its id."""
        entries = (one.entry for one in self.corpus.examined() if one.entry)
        return {entry.answer.id: entry.answer.questions for entry in entries}

    @cached_property
    def curated(self) -> Mapping[str, str]:
        """The key of each question to the id of an answer that has it."""
        return {key_of(question): name for name, questions in self.answers.items() for question in questions}

    @cached_property
    def off_topic(self) -> frozenset[str]:
        """The keys of the questions off topic."""
        return frozenset(map(key_of, self.corpus.off_topic))


def still_to_do(decisions: Iterable[Decision], standing: Standing) -> list[Decision]:
    """Return those that are not carried out yet, by what is remembered and by what editors of a table wrote in it."""
    decided = read_decided(standing.corpus.path)
    accepted = {(one.key, one.answer_id) for one in decided.accepted}

    def is_done(one: Decision) -> bool:
        if one.verdict is not Verdict.ACCEPT:
            return all(place in decided.refused_places for place in _refused_places(one))
        key = key_of(one.question)
        return (key, one.answer_id) in accepted or key in map(key_of, standing.answers.get(one.answer_id, ()))

    return [one for one in decisions if not is_done(one)]


def why_not(one: Decision, before: Sequence[Decision], standing: Standing) -> str | None:
    """Return why a decision cannot be carried out after those *before*, in French; None where it can.

    For who takes one after the other, and is to be told at once.
    """
    of_others = chain(_without_answer([one], standing), _contradictions([*before, one], standing))
    return next(chain(_reasons_against(one), (reason for _, reason in of_others)), None)


def _accepted(one: Decision, day: date) -> AcceptedQuestion:
    return AcceptedQuestion(key_of(normalise(one.question)), one.answer_id, one.origin, day.isoformat(), one.keys)


def _refused_places(one: Decision) -> Iterator[tuple[str, str]]:
    """Yield key and answer of everything that this decision refuses."""
    answer_id = "" if one.verdict is Verdict.OFF_TOPIC else one.answer_id
    for key in one.keys or (key_of(one.question),):
        yield key, answer_id


def _reasons_against(one: Decision) -> Iterator[str]:
    if one.verdict is Verdict.REFUSE:
        return
    question = normalise(one.question)
    if not question:
        yield "la question est vide : écrivez-la, ou videz la décision."
    elif is_personal(question):
        yield f"une donnée personnelle est dans « {question[:80]} » : reformulez la question sans elle."
    elif len(question) > MAX_CURATED_CHARACTERS:
        yield f"la question compte {len(question)} caractères, {MAX_CURATED_CHARACTERS} au plus."
    if one.verdict is Verdict.ACCEPT and not one.answer_id:
        yield f"à quelle réponse va « {question[:80]} » ? Écrivez l'identifiant de cette réponse."


def _without_answer(decisions: Iterable[Decision], standing: Standing) -> Iterator[tuple[Decision, str]]:
    """Yield the questions accepted into an answer that is not there, and that in French."""
    for one in decisions:
        if one.verdict is Verdict.ACCEPT and one.answer_id and one.answer_id not in standing.answers:
            written = one.answer_id.rpartition("/")[2].removesuffix(".md")
            nearest = difflib.get_close_matches(written, standing.answers, n=1)
            hint = f"voulez-vous dire « {nearest[0]} » ?" if nearest else "corrigez son identifiant."
            yield one, f"il n'y a pas de réponse « {one.answer_id[:80]} » : {hint}"


def _contradictions(decisions: Sequence[Decision], standing: Standing) -> Iterator[tuple[Decision, str]]:
    """Yield the decisions that say the contrary of another, or of the corpus, and that in French."""
    off_topic = {key_of(one.question): one for one in decisions if one.verdict is Verdict.OFF_TOPIC}
    refused = {(key_of(one.question), one.answer_id): one for one in decisions if one.verdict is Verdict.REFUSE}
    for one in decisions:
        key, shown = key_of(one.question), f"« {normalise(one.question)[:80]} »"
        if one.verdict is Verdict.ACCEPT:
            if other := off_topic.get(key):
                yield one, f"{shown} est acceptée ici et hors sujet {_where(other)} : gardez l'un des deux."
            elif key in standing.off_topic:
                yield one, f"{shown} est dans {OFF_TOPIC_TEXTS} : retirez-la de ce fichier, ou ne l'acceptez pas."
            elif other := refused.get((key, one.answer_id)):
                yield one, f"{shown} est acceptée ici et refusée {_where(other)} : gardez l'un des deux."
        elif one.verdict is Verdict.OFF_TOPIC and (answer_id := standing.curated.get(key)):
            yield (
                one,
                f"{shown} est une question de « {answer_id} » : retirez-la de cette réponse, ou changez d'avis ici.",
            )


def _where(one: Decision) -> str:
    return f"ligne {one.line}" if one.place else "ailleurs"


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {more if number > 1 else one}"
