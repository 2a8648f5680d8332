"""The whole course of a teaching, from folders of data to the adapter and its card."""

import hashlib
import logging
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.unpack import unpack_for_other_engines
from training.encoder.judging import ReadSet, judge
from training.encoder.network import Change, Network, use_threads
from training.encoder.plan import Plan
from training.encoder.questions import QuestionSet, join, read_corpus, read_folder
from training.encoder.report import Card, Measured, Use
from training.encoder.scales import change_between, changed, scales_of_ones, wheel_scales
from training.encoder.teaching import teach

logger = logging.getLogger(__name__)

_HELD_OUT_SHARE = 0.15
_REPORTED_TOKENS = 512
_MANY_ANSWERS = 1_000
_EVERY = 4
_LIBRARIES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught from, and where.

    folders: BEIR folders; the last answers of the first are held out, and choose the end together with those of
    *choosing* and the dev set of *corpus*. corpus: an FAQ whose curated questions stay as near to one another as they
    are; None for none. reported: folders that are only measured. query_sets: of the corpus, only measured. out: the
    file of the adapter. work: a folder for what a cut-off teaching is taken up from. model: a folder of another model
    in place of the bundled one.
    """

    folders: Sequence[Path]
    choosing: Sequence[Path]
    corpus: Path | None
    reported: Sequence[Path]
    query_sets: Sequence[str]
    out: Path
    work: Path
    from_layer: int
    threads: int
    model: Path | None = None


def run(course: Course, plan: Plan, *, command: str) -> Card:
    """Teach, save the adapter, and return its card; *command* is told in it. OSError, ValueError if a set is wrong."""
    use_threads(course.threads)
    course.work.mkdir(parents=True, exist_ok=True)
    first, *others = (read_folder(folder) for folder in course.folders)
    taught, held_out = first.split(_HELD_OUT_SHARE)
    judged = [held_out, *(read_folder(folder) for folder in course.choosing)]
    kept: tuple[tuple[str, ...], ...] = ()
    if course.corpus:
        dev = read_corpus(course.corpus, "dev")
        judged.append(dev)
        kept = dev.curated
    network = Network(course.model or unpack_for_other_engines().folder, from_layer=course.from_layer)
    before = scales_of_ones(network.change()) if course.model else wheel_scales(network.change())
    progress = teach(
        network, join([taught, *others]), kept, judged, plan, state_file=course.work / "state.pt", say=logger.info
    )
    after = changed(before, progress.best_change, share=plan.share)
    course.out.parent.mkdir(parents=True, exist_ok=True)
    Adapter.save(after, course.out)
    content = course.out.read_bytes()
    return Card(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        versions=f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        steps=progress.best_step,
        plan=[
            ("from_layer", str(course.from_layer)),
            ("threads", str(course.threads)),
            *((name, str(value)) for name, value in asdict(plan).items()),
        ],
        taught=[taught, *others],
        kept_questions=sum(map(len, kept)),
        measured=list(_measure(network, change_between(before, after), course, judged)),
    )


def _sample(asked: QuestionSet) -> QuestionSet:
    return asked.thinned(_EVERY) if len(asked.answers) > _MANY_ANSWERS else asked


def _measure(network: Network, change: Change, course: Course, judged: Sequence[QuestionSet]) -> Iterator[Measured]:
    reported = [_sample(read_folder(folder)) for folder in course.reported]
    if course.corpus:
        reported += [read_corpus(course.corpus, name) for name in course.query_sets]
    uses = [*((one, Use.CHOSE) for one in judged), *((one, Use.REPORTED) for one in reported)]
    for asked, use in uses:
        read = ReadSet.read(network, asked, most_tokens=_REPORTED_TOKENS)
        before = judge(network, read)
        with network.moved(change):
            after = judge(network, read)
        measured = Measured(asked, use, before, after)
        logger.info("%s: nDCG@10 %+.4f.", asked.name, measured.ndcg().mean)
        yield measured
