"""The course of tuning the bundled encoder to one FAQ: does it gain from its own questions, and if so, into service.

First half of the questions teach and the other half are asked, of an index with the encoder as it was and of one with
what it learnt. Only where the gain is more than chance, all questions teach, and the index of that encoder is published
as any other: through the gate.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.publication.publish import HowToBuild, Publication, publish
from evaluation.publication.questions import Heard
from indexer.corpus import Corpus
from indexer.corpus.answer_list import AnswerList
from indexer.encoders import Encoder
from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.unpack import unpack_for_other_engines
from indexer.encoders.loading import load_encoder
from indexer.errors import SouffleurError
from indexer.files import written_aside
from indexer.index.build import build_index
from indexer.index.encoder import keep_adapter
from indexer.index.index import Index
from indexer.records import Answer, Progress
from training.encoder.network import Network, use_threads
from training.encoder.plan import Plan
from training.encoder.scales import changed, wheel_scales
from training.encoder.teaching import teach
from training.tuning.asking import Said, ask
from training.tuning.gain import Gain
from training.tuning.halves import Halves, as_taught, halve

logger = logging.getLogger(__name__)

LEAST_QUESTIONS = 60
"""Below, the half that is asked says nothing, and the half that teaches teaches little."""

TUNING = Plan(steps=40, judge_every=10)
_FROM_LAYER = 6
_WORK = "tuning"
_MODELS = "model"
"""Where the models are unpacked that are not needed any more afterwards."""


class TooFewQuestionsError(SouffleurError):
    """The FAQ has too few questions to learn from."""


class Show(Protocol):
    """Shows the progress of one part of the work, named in French."""

    def __call__(self, what: str, /, *, unit: str = ...) -> AbstractContextManager[Progress]:
        """Return what is told how far that part is."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is tuned. path: the index folder. served_by: the encoder of the index in service there. base: the bundled
    one, untaught. heard, query_sets, how: as for publishing. threads: of teaching. cache: where models are unpacked.
    """

    corpus: Corpus
    path: Path
    served_by: Encoder
    base: Encoder
    heard: Heard
    query_sets: Sequence[Path]
    how: HowToBuild
    keep_days: int
    threads: int
    cache: Path | None


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it. publication: None where nothing is gained for certain, or where nothing was to be published."""

    gain: Gain
    publication: Publication | None


def tune(tuning: Tuning, *, dry_run: bool, show: Show, plan: Plan = TUNING) -> Tuned:
    """Teach, ask, and publish if it is worth it. What is in service stays until then, and where it is not.

    The same command goes on where it was interrupted. TooFewQuestionsError where there is little to learn from; others
    as `publish`.
    """
    answers = list(tuning.corpus.answers())
    halves = halve(answers)
    if (count := len(as_taught(answers).questions)) < LEAST_QUESTIONS:
        raise TooFewQuestionsError(
            f"{tuning.corpus.path} : {count} questions ne suffisent pas pour apprendre, il en faut {LEAST_QUESTIONS}. "
            "Ajoutez des questions aux réponses, ou acceptez celles des visiteurs avec « souffleur learn »."
        )
    use_threads(tuning.threads)
    work = tuning.path / _WORK
    work.mkdir(parents=True, exist_ok=True)
    try:
        gain = _try(tuning, halves, work, plan, show)
        if dry_run or not gain.is_certain:
            return Tuned(gain, None)
        with show("Apprentissage, toutes les questions", unit="étape") as progress:
            adapter = _teach(answers, work, plan, progress)
    finally:
        shutil.rmtree(work / _MODELS, ignore_errors=True)
    tuned = load_encoder(adapter=adapter, cache_folder=tuning.cache)
    keep_adapter(tuning.path, adapter.read_bytes(), fingerprint=tuned.fingerprint)
    with show("Publication", unit="texte") as progress:
        publication = publish(
            tuning.corpus,
            tuning.path,
            encoder=tuned,
            served_by=tuning.served_by,
            heard=tuning.heard,
            how=tuning.how,
            query_sets=tuning.query_sets,
            keep_days=tuning.keep_days,
            progress=progress,
        )
    shutil.rmtree(work)
    return Tuned(gain, publication)


def _try(tuning: Tuning, halves: Halves, work: Path, plan: Plan, show: Show) -> Gain:
    with show("Apprentissage, la moitié des questions", unit="étape") as progress:
        adapter = _teach(halves.answers, work, plan, progress)
    with show("Index, avant", unit="texte") as progress:
        before = _said(tuning, halves, tuning.base, work / "before", progress)
    half = load_encoder(adapter=adapter, cache_folder=work / _MODELS)
    with show("Index, après", unit="texte") as progress:
        after = _said(tuning, halves, half, work / "after", progress)
    return Gain.of(before, after)


def _teach(answers: Sequence[Answer], work: Path, plan: Plan, progress: Progress) -> Path:
    """Return the adapter that the questions of *answers* make; one that is there already is not made again."""
    taught = as_taught(answers)
    made_of = json.dumps([(answer.text, answer.questions) for answer in answers], ensure_ascii=False)
    name = hashlib.sha256(f"{made_of} {plan}".encode()).hexdigest()[:16]
    file = work / f"{name}.npz"
    if file.exists():
        return file
    network = Network(unpack_for_other_engines(work / _MODELS).folder, from_layer=_FROM_LAYER)
    kept = [answer.questions for answer in answers if answer.questions]
    state = work / f"{name}.pt"
    learnt = teach(network, taught, kept, [], plan, state_file=state, say=logger.debug, show=progress)
    scales = wheel_scales(learnt.best_change)
    with written_aside(file) as aside:
        Adapter.save(changed(scales, learnt.best_change, share=plan.share), aside)
    state.unlink(missing_ok=True)
    return file


def _said(tuning: Tuning, halves: Halves, encoder: Encoder, path: Path, progress: Progress) -> Said:
    corpus = tuning.corpus
    without = AnswerList.of(halves.answers, facets=corpus.facets, acronyms=corpus.acronyms, off_topic=corpus.off_topic)
    build_index(without, path, encoder=encoder, risk=tuning.how.risk, keep=1, progress=progress)
    return ask(Index.open(path), encoder, halves.asked)
