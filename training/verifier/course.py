"""The whole course of a teaching, from folders of data to the weights and the report on them."""

import hashlib
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evaluation.queries.query_sets import CORPUS_FILE, QUERIES_FILE
from indexer.encoders import Encoder
from indexer.search.verifier import Verifier
from training.verifier.cases import Built, Cases, ask, build, questions_for
from training.verifier.export import has_reference, lines_of, reference_of, save
from training.verifier.faqs import (
    SHIPPED,
    Faq,
    Kind,
    has_many_questions,
    read_faqs,
    read_general,
    read_shipped,
    shapes_of,
)
from training.verifier.measures import Standing, changes, judge, standing
from training.verifier.report import Report
from training.verifier.teaching import fit, left_out_logits

logger = logging.getLogger(__name__)

_STRANGERS_OF_AN_FAQ = 40


@dataclass(frozen=True, slots=True)
class Teaching:
    """What is taught from, and where. folders: BEIR folders. corpus: the shipped one. out: the file of the weights.

    work: a folder for indexes. trees: how many.
    """

    folders: Sequence[Path]
    corpus: Path
    out: Path
    work: Path
    trees: int = 200


def teach(teaching: Teaching, encoder: Encoder, *, command: str) -> Report:
    """Teach a verifier, save it, and return the report; *command* is told in it.

    The verifier that was in the file before is what the report compares with; the new one, if there was none.
    """
    before = Verifier.load(teaching.out) if teaching.out.exists() else None
    asked = list(_ask_all(teaching, encoder))
    cases = Cases.join([of for _, of in asked])
    logger.info("Teaching %d cases.", len(cases))
    cases.save(teaching.work / "cases.npz")
    logits, models = left_out_logits(
        cases, trees=teaching.trees, done=lambda faq: logger.info("Taught without %s.", faq)
    )
    lines = lines_of(cases, logits)
    taught = save(teaching.out, fit(cases, trees=teaching.trees), lines, reference_of(cases, logits, lines))
    standings = []
    for built, of in _largest(asked):
        without = built.shape.faq
        if not has_reference(cases, built.shape.curated, without=without):
            continue
        of_others = lines_of(cases, logits, without=without)
        reference = reference_of(cases, logits, of_others, without=without)
        file = teaching.work / f"without-{without}.npz"
        verifier = save(file, models[without], of_others, reference)
        standings.append(standing(of, judge(built, of, verifier)))
        logger.info("Measured %s.", _told(standings[-1]))
    built, of = next((built, of) for built, of in asked if built.shape.faq == SHIPPED)
    return Report(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        sums=dict(_sums(teaching.folders)),
        cases=cases,
        lines=lines.of_groups,
        changes=changes(of, judge(built, of, before or taught), judge(built, of, taught)),
        standings=standings,
    )


def _ask_all(teaching: Teaching, encoder: Encoder) -> Iterator[tuple[Built, Cases]]:
    faqs = [read_shipped(teaching.corpus), *read_faqs(teaching.folders)]
    general = read_general(teaching.corpus)
    for faq in faqs:
        strangers = [*_questions_of_others(faq, faqs), *general]
        for shape in shapes_of(faq, general=general):
            built = build(shape, teaching.work / "indexes", encoder)
            cases = ask(built, questions_for(shape, strangers=strangers), encoder)
            if shape.curated and not has_many_questions(faq):
                # The only question of an answer is curated here: what is left to ask is what several answers share.
                cases = cases.pick(~cases.are(Kind.REAL, Kind.RESTYLED, Kind.SWAPPED, Kind.LEFT_OUT))
            logger.info("Asked %s: %d answers, %d cases.", shape.label, len(shape.answers), len(cases))
            yield built, cases


def _questions_of_others(faq: Faq, faqs: Sequence[Faq]) -> Iterator[str]:
    generator = random.Random(faq.name)
    for other in faqs:
        if other is not faq and other.name != SHIPPED:
            texts = [one.text for one in other.asked if one.kind is Kind.REAL]
            yield from generator.sample(texts, min(_STRANGERS_OF_AN_FAQ, len(texts)))


def _largest(asked: Sequence[tuple[Built, Cases]]) -> list[tuple[Built, Cases]]:
    """Return of each FAQ and shape the largest index; of the shipped one, that of all questions comes first."""
    largest: dict[tuple[str, int], tuple[Built, Cases]] = {}
    for built, of in asked:
        shape = built.shape
        best = largest.get((shape.faq, shape.curated))
        if best is None or len(shape.answers) > len(best[0].shape.answers):
            largest[shape.faq, shape.curated] = (built, of)
    return list(largest.values())


def _told(one: Standing) -> str:
    told = f"{one.faq} with {one.curated} questions an answer, left out: answered {one.answered:.3f}"
    return f"{told}, wrong among them {one.wrong:.3f}, calibration error {one.calibration_error:.3f}"


def _sums(folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for name in (CORPUS_FILE, QUERIES_FILE):
            yield f"{folder.name}/{name}", hashlib.sha256((folder / name).read_bytes()).hexdigest()
