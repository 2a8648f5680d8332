"""The teaching itself: steps over batches, judged on held-out sets as it goes, and taken up where it was cut off.

What is judged, and kept, is part of the way from the old weights to the new (Wortsman et al., 2022, "robust
fine-tuning"): all the way, some FAQs lose.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.files import written_aside
from indexer.records import Progress, Vectors, no_progress
from training.encoder.batches import Batches
from training.encoder.judging import ReadSet, judge
from training.encoder.loss import Example, Weights, batch_loss
from training.encoder.network import Network, ReadText
from training.encoder.plan import Plan
from training.encoder.questions import QuestionSet
from training.styles import restyle

_NEIGHBOURS = 12
_OF_AN_ANSWER = 2
_QUESTION_TOKENS = 64

Say = Callable[[str], None]


@dataclass(slots=True)
class TeachingState:
    """Where the teaching stands: the step, the best judgement so far and the change that gave it."""

    step: int
    best: float
    best_step: int
    best_change: dict[str, NDArray[np.float32]]


def teach(
    network: Network,
    taught: QuestionSet,
    kept: Sequence[Sequence[str]],
    judged: Sequence[QuestionSet],
    plan: Plan,
    *,
    state_file: Path,
    say: Say,
    show: Progress = no_progress,
) -> TeachingState:
    """Teach *network*, and return where that ended, its best change the whole way; the network is left as it was.

    kept: the curated questions of each answer of a corpus. judged: its end is chosen by the mean of their nDCG@10; with
    none it is the last step. state_file: written at each judgement, and taken up where it is there of the same plan.
    ValueError where it is of another.
    """
    torch.manual_seed(plan.seed)
    parameters = list(network.changes.values())
    answers = network.read(taught.answers, are_questions=False, most_tokens=plan.most_tokens)
    neighbours = find_neighbours(network.encode(answers))
    styled = _styled([question.text for question in taught.questions], plan)
    kept = [[*texts, *_styled(texts, plan).values()] for texts in kept]
    questions = _ReadQuestions.read(network, [*styled.values(), *(text for texts in kept for text in texts)])
    read = [ReadSet.read(network, one, most_tokens=plan.most_tokens) for one in judged]
    optimiser = torch.optim.AdamW(parameters, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
    state = _resume(state_file, plan, network, optimiser)
    if state is None:
        before = _judge_all(network, read, say) if read else 0.0
        state = TeachingState(0, before, 0, network.change())
    batches = iter(Batches(taught.questions, neighbours, size=plan.pairs, seed=plan.seed))
    weights = Weights(plan.temperature, plan.sentence_weight, plan.kept_weight)
    for batch in islice(batches, state.step, plan.steps):
        state.step += 1
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _pace(state.step, plan)
        asked = [styled[question.text] for question, _ in batch]
        also = _some(kept, plan, step=state.step)
        examples = [
            Example(questions.texts[text], question, row, taught.answers[row], answers[row])
            for text, (question, row) in zip(asked, batch, strict=True)
        ]
        untaught = np.stack([questions.vectors[text] for text in (*asked, *also)])
        with torch.nn.utils.parametrize.cached():
            loss = batch_loss(network, examples, [questions.texts[text] for text in also], untaught, weights)
            loss.backward()  # type: ignore[no-untyped-call]  # has no types
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        say(f"step {state.step}: loss {loss.item():.4f}")
        show(state.step, plan.steps)
        if state.step % plan.judge_every == 0 or state.step == plan.steps:
            change = network.change()
            with network.moved(change, share=plan.share):
                # Where nothing judges, the latest is the best.
                value = _judge_all(network, read, say) if read else state.best + 1
            if value > state.best:
                state.best, state.best_step, state.best_change = value, state.step, change
            _save(state_file, plan, network, optimiser, state)
            if state.step - state.best_step >= plan.patience * plan.judge_every:
                say("no gain any more: stopped")
                break
    network.put({name: np.zeros_like(blocks) for name, blocks in network.change().items()})
    return state


def find_neighbours(answers: Vectors) -> NDArray[np.int64]:
    """Return the answers nearest to each answer, shape (answers, at most 12)."""
    cosines = answers @ answers.T
    np.fill_diagonal(cosines, -1)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :_NEIGHBOURS]


@dataclass(frozen=True, slots=True)
class _ReadQuestions:
    """Questions by their text: as read, and their vectors before any teaching."""

    texts: Mapping[str, ReadText]
    vectors: Mapping[str, NDArray[np.float32]]

    @classmethod
    def read(cls, network: Network, texts: Sequence[str]) -> "_ReadQuestions":
        unique = list(dict.fromkeys(texts))
        read = network.read(unique, are_questions=True, most_tokens=_QUESTION_TOKENS)
        vectors = zip(unique, network.encode(read), strict=True)
        return cls(dict(zip(unique, read, strict=True)), dict(vectors))


def _styled(texts: Sequence[str], plan: Plan) -> dict[str, str]:
    """Return how each question is asked: a share of them in another style, always the same ones."""
    styled = {}
    for text in texts:
        generator = random.Random(f"{plan.seed} {text}")
        styled[text] = restyle(text, generator) if generator.random() < plan.restyled else text
    return styled


def _some(kept: Sequence[Sequence[str]], plan: Plan, *, step: int) -> list[str]:
    """Return a few questions of some answers, other ones at each step."""
    generator = np.random.default_rng([plan.seed, step])
    chosen = generator.permutation(len(kept))[: plan.kept_questions // _OF_AN_ANSWER].tolist()
    picked = [(kept[at], generator.permutation(len(kept[at]))[:_OF_AN_ANSWER].tolist()) for at in chosen]
    return [texts[row] for texts, rows in picked for row in rows]


def _judge_all(network: Network, judged: Sequence[ReadSet], say: Say) -> float:
    values = [float(judge(network, read).ndcg.mean()) for read in judged]
    for read, value in zip(judged, values, strict=True):
        say(f"  {read.asked.name}: nDCG@10 {value:.4f}")
    mean = float(np.mean(values))
    say(f"  mean: {mean:.4f}")
    return mean


def _pace(step: int, plan: Plan) -> float:
    return min(1.0, step / plan.warm_up) * (0.1 + 0.9 * (1 - step / plan.steps))


def _save(file: Path, plan: Plan, network: Network, optimiser: torch.optim.Optimizer, state: TeachingState) -> None:
    saved: dict[str, Any] = {
        "plan": asdict(plan),
        "change": _tensors(network.change()),
        "optimiser": optimiser.state_dict(),
        "progress": asdict(state) | {"best_change": _tensors(state.best_change)},
    }
    with written_aside(file) as aside:
        torch.save(saved, aside)


def _tensors(change: Mapping[str, NDArray[np.float32]]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(blocks) for name, blocks in change.items()}


def _resume(file: Path, plan: Plan, network: Network, optimiser: torch.optim.Optimizer) -> TeachingState | None:
    if not file.exists():
        return None
    saved = torch.load(file, weights_only=True)
    if saved["plan"] != asdict(plan):
        raise ValueError(f"{file} is of another plan. Remove it, or teach as it says: {saved['plan']}")
    network.put({name: blocks.numpy() for name, blocks in saved["change"].items()})
    optimiser.load_state_dict(saved["optimiser"])
    best = {name: blocks.numpy() for name, blocks in saved["progress"]["best_change"].items()}
    return TeachingState(**saved["progress"] | {"best_change": best})
