"""What a batch is taught by: the right answer, the sentence of it that says so, and questions that stay as near as they
were to one another.

In-batch negatives both ways (Karpukhin et al., 2020; E5's own recipe), and at the same time the sentence that answers
against all sentences of the batch, pooled from the states of the same pass (late chunking). Pairs of question and
passage alone move the cosines of two questions, which nothing teaches then, and an FAQ with curated questions lives on
these: so they are held to those of the untaught encoder (distillation of similarities; Tung and Mori, 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from indexer.records import Vectors
from training.encoder.network import Network, ReadText, States, sentence_spans
from training.encoder.questions import Question

_NEVER = -1e4


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it is asked, with the question it was made of and a right answer: its row, its text, as read."""

    asked: ReadText
    question: Question
    row: int
    answer: str
    answer_read: ReadText


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much beside the right answer, which counts 1; temperature: of the cosines."""

    temperature: float
    sentence: float
    kept: float


def batch_loss(
    network: Network,
    examples: Sequence[Example],
    kept: Sequence[ReadText],
    untaught: Vectors,
    weights: Weights,
) -> Tensor:
    """Return the loss of one batch.

    kept: more questions. untaught: the vectors of the questions of *examples*, then of *kept*, before any teaching.
    """
    asked = network.vectors([*(example.asked for example in examples), *kept])
    questions = asked[: len(examples)]
    answers = network.states([example.answer_read for example in examples])
    also_right = torch.tensor([[other.row in one.question.right for other in examples] for one in examples])
    also_right.fill_diagonal_(False)
    scores = (questions @ answers.vectors().T / weights.temperature).masked_fill(also_right, _NEVER)
    own = torch.arange(len(examples))
    loss = (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
    if weights.sentence:
        loss = loss + weights.sentence * _sentence_loss(questions, answers, examples, weights.temperature)
    if weights.kept:
        loss = loss + weights.kept * _moved_apart(asked, torch.from_numpy(untaught), weights.temperature)
    return loss


def _sentence_loss(questions: Tensor, answers: States, examples: Sequence[Example], temperature: float) -> Tensor:
    """Return how far the sentence that answers is from standing out; any of the answer's, where it is not known."""
    texts = [example.answer for example in examples]
    spans = sentence_spans([example.answer_read for example in examples], texts)
    is_right = torch.zeros(len(examples), len(spans), dtype=torch.bool)
    for at, example in enumerate(examples):
        stretch = example.question.stretch or ""
        start = example.answer.find(stretch) if stretch else -1
        own = [row for row, span in enumerate(spans) if span[0] == at]
        saying = [row for row in own if start >= 0 and spans[row][3] < start + len(stretch) and spans[row][4] > start]
        is_right[at, saying or own] = True
    scores = questions @ answers.pooled([span[:3] for span in spans]).T / temperature
    right = scores.masked_fill(~is_right, _NEVER)
    return (torch.logsumexp(scores, 1) - torch.logsumexp(right, 1)).mean()


def _moved_apart(vectors: Tensor, before: Tensor, temperature: float) -> Tensor:
    """Return the mean square of how much the cosines of all pairs differ from those before, in temperatures."""
    difference: Tensor = (vectors @ vectors.T - before @ before.T) / temperature
    return difference.square().mean()
