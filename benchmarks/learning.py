"""Simulates a FAQ that learns: half of a set's questions come as feedback, the other half measures what it taught.

    python -m benchmarks.learning ../shared/data/piaf-training [--answers 300] [--wrong 0.1] [--personal 0.05]

Of the passages with three stand-alone questions or more, half of the questions are asked on some days by visitors who
see five answers: who finds the right one among them says so, one vote in ten is wrong, and one question in twenty has
something personal pasted into it. What is proposed is accepted as it is, at most so many questions an answer; a real
editor would refuse some. Each round is published through the gate, which may refuse it. Prints, as Markdown, what the
other half gets by number of accepted phrasings.
Ends with 1 if something personal reached the corpus.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evaluation.publication.publish import HowToBuild, Publication, publish
from evaluation.publication.questions import Heard
from indexer.corpus import open_corpus
from indexer.corpus.markdown import format_markdown_answer
from indexer.corpus.phrasings.memory import read_decided
from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Answer, Status
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.learning.decisions import apply_decisions
from server.learning.grounds import Grounds
from server.learning.propose import propose
from server.learning.records import Decision, Proposals, Verdict
from server.learning.vectors import KeptVectors

_SEED = 27
_INDEX = Path("build/benchmarks/learning-index")
_SHOWN = 5
_DAYS = 60
_START = 1_790_000_000
_PERSONAL = ("Mme Durand-Leroy", "06 39 98 12 34", "1 85 05 78 006 084 36", "paul.martin@exemple.fr")
_ROUNDS = (1, 1, 1, 2)
"""How many phrasings of an answer are accepted in each round."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the set and the passage that answers it."""

    text: str
    answer_id: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the other half gets. wrong: among those given as answered. refused: of questions that have an answer."""

    accepted: int
    right: float
    answered: float
    wrong: float
    refused: float


def main() -> int:
    """Run the simulation, and print its table."""
    options = _options()
    rng = random.Random(_SEED)
    answers, heard, held_out = read_set(options.set, most=options.answers, others=options.others, rng=rng)
    encoder = load_encoder("bundled")
    with tempfile.TemporaryDirectory(prefix="souffleur-learning-") as folder:
        corpus, feedback = Path(folder, "corpus"), Path(folder, "feedback.sqlite")
        index = _INDEX  # stays, so that the next run encodes little
        for answer in answers:
            file = corpus / "answers" / f"{answer.id}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(format_markdown_answer(answer), encoding="utf-8")
        build_index(open_corpus(corpus), index, encoder=encoder, keep=1)
        rows = [measure(index, encoder, held_out, accepted=0)]
        votes = ask(index, encoder, heard, feedback, rng=rng, wrong=options.wrong, personal=options.personal)
        print(f"{len(answers)} answers, {len(heard)} questions heard, {len(held_out)} held out; {votes}", flush=True)
        accepted = right = 0
        for most in _ROUNDS:
            proposals = _propose(index, encoder, corpus, feedback)
            taken = accept(proposals, corpus, most=most, heard=heard if options.careful else None)
            accepted += len(taken)
            right += sum(_is_right(one, heard) for one in taken)
            done = _publish(index, encoder, corpus, feedback)
            rows.append(measure(index, encoder, held_out, accepted=accepted))
            word = "published" if done.served else "nothing new" if done.unchanged else "refused by the gate"
            print(
                f"{len(taken)} of {len(proposals.phrasings)} accepted, {len(proposals.doubtful)} doubtful: {word}",
                *(done.trial.objections if done.trial else ()),
                sep="\n  ",
                flush=True,
            )
        print(table(rows))
        print(f"\n{right} of {accepted} accepted questions are of the answer they were accepted for.")
        leaks = [
            word for word in _PERSONAL for file in corpus.rglob("*") if file.is_file() and word in file.read_text()
        ]
        print(f"{len(leaks)} personal data in the corpus.")
    return 1 if leaks else 0


def read_set(
    folder: Path, *, most: int, others: int, rng: random.Random
) -> tuple[list[Answer], list[Question], list[Question]]:
    """Return some answers, and half of their stand-alone questions each to be heard and to measure with."""
    texts = {row["_id"]: row["text"] for row in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))}
    rows = {row["_id"]: row for row in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))}
    of_answer: dict[str, list[str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, answer, _ = line.split("\t")
        if rows[query]["metadata"]["style"] == "autonome":
            of_answer.setdefault(answer, []).append(rows[query]["text"])
    enough = sorted(answer for answer, questions in of_answer.items() if len(set(questions)) >= 3)
    chosen = rng.sample(enough, min(most, len(enough)))
    heard, held_out = [], []
    for answer in chosen:
        questions = sorted(set(of_answer[answer]))
        rng.shuffle(questions)
        half = (len(questions) + 1) // 2
        heard += [Question(text, answer) for text in questions[:half]]
        held_out += [Question(text, answer) for text in questions[half:]]
    # Passages of which nobody asks are in the way of the others.
    beside = rng.sample(sorted(texts.keys() - {*chosen}), others)
    return [Answer(key, texts[key]) for key in (*chosen, *beside)], heard, held_out


def ask(
    index: Path,
    encoder: Encoder,
    questions: Sequence[Question],
    feedback: Path,
    *,
    rng: random.Random,
    wrong: float,
    personal: float,
) -> str:
    """Ask and judge every question once, on a day of its own, and return in words what was said."""
    answering = Answering.open(index, encoder=encoder)
    now = [float(_START)]
    useful = mistaken = pasted = 0
    with FeedbackStore.open(feedback, keep_questions="redacted", retention_days=3650, clock=_clock(now)) as store:
        for question, reply in zip(questions, answering.answer_many([one.text for one in questions]), strict=True):
            now[0] = _START + rng.randrange(_DAYS) * 86_400
            text = question.text
            if rng.random() < personal:
                text = f"{text} {rng.choice(_PERSONAL)}"
                pasted += 1
            shown = [hit.answer.id for hit in reply.hits[:_SHOWN]]
            store.record_question(
                reply.query_id,
                text,
                status=reply.status,
                confidence=reply.confidence,
                answer_id=shown[0],
                index_id=reply.index.id,
            )
            if rng.random() < wrong:
                others = [one for one in shown if one != question.answer_id]
                store.record_feedback(reply.query_id, rng.choice(others), useful=True, index_id=reply.index.id)
                mistaken += 1
            elif question.answer_id in shown:
                store.record_feedback(reply.query_id, question.answer_id, useful=True, index_id=reply.index.id)
                useful += 1
            else:
                store.record_feedback(reply.query_id, shown[0], useful=False, index_id=reply.index.id)
    return f"{useful} found useful, {mistaken} by mistake, {pasted} with something personal"


def accept(proposals: Proposals, corpus: Path, *, most: int, heard: Sequence[Question] | None) -> list[Decision]:
    """Accept at most so many phrasings of each answer, as they are. heard: to refuse those of other answers."""
    taken: dict[str, list[Decision]] = {}
    refused: list[Decision] = []
    for one in proposals.phrasings:
        answer_id = one.answer.id if one.answer else ""
        decision = Decision(Verdict.ACCEPT, one.question, answer_id, one.origin, one.keys)
        if heard is not None and not _is_right(decision, heard):
            refused.append(Decision(Verdict.REFUSE, one.question, answer_id, one.origin, one.keys))
        elif len(taken.setdefault(answer_id, [])) < most:
            taken[answer_id].append(decision)
    decisions = [one for some in taken.values() for one in some]
    apply_decisions([*decisions, *refused], open_corpus(corpus), day=datetime.now(UTC).date())
    return decisions


def measure(index: Path, encoder: Encoder, questions: Sequence[Question], *, accepted: int) -> Measured:
    """Return what the questions held out get from the index in service."""
    answering = Answering.open(index, encoder=encoder)
    replies = answering.answer_many([one.text for one in questions])
    right = [reply.hits[0].answer.id == one.answer_id for one, reply in zip(questions, replies, strict=True)]
    answered = [reply.status is Status.ANSWERED for reply in replies]
    wrong = sum(sure and not good for sure, good in zip(answered, right, strict=True))
    refused = sum(reply.status is Status.NO_ANSWER for reply in replies)
    count = len(questions)
    return Measured(
        accepted,
        sum(right) / count,
        sum(answered) / count,
        wrong / max(1, sum(answered)),
        refused / count,
    )


def table(rows: Sequence[Measured]) -> str:
    """Return the figures as a table of Markdown."""
    lines = [
        "| accepted | first answer right | answered | wrong among answered | refused |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.accepted} | {row.right:.3f} | {row.answered:.3f} | {row.wrong:.3f} | {row.refused:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _propose(index: Path, encoder: Encoder, corpus: Path, feedback: Path) -> Proposals:
    with FeedbackStore.open(feedback, keep_questions="redacted", retention_days=3650) as store:
        vectors = KeptVectors(encoder, KeptVectors.file_beside(feedback, encoder))
        return propose(Grounds.of(Index.open(index), store, read_decided(corpus), vectors))


def _publish(index: Path, encoder: Encoder, corpus: Path, feedback: Path) -> Publication:
    with FeedbackStore.open(feedback, keep_questions="redacted", retention_days=3650) as store:
        heard = Heard(store.asked(), store.judged(), read_decided(corpus))
        return publish(open_corpus(corpus), index, encoder=encoder, heard=heard, how=HowToBuild(keep=1))


def _is_right(one: Decision, heard: Sequence[Question]) -> bool:
    return any(one.question == question.text and one.answer_id == question.answer_id for question in heard)


def _clock(now: Sequence[float]) -> Callable[[], float]:
    return lambda: now[0]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path, help="a BEIR folder, such as ../shared/data/piaf-training")
    parser.add_argument("--answers", type=int, default=300, help="answers whose questions are asked (default: 300)")
    parser.add_argument("--others", type=int, default=300, help="answers of which nobody asks (default: 300)")
    parser.add_argument("--wrong", type=float, default=0.1, help="share of wrong votes (default: 0.1)")
    parser.add_argument("--personal", type=float, default=0.05, help="share with something personal (default: 0.05)")
    parser.add_argument("--careful", action="store_true", help="refuse what was voted by mistake, as who reads does")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
