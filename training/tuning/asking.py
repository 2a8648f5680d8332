"""What an index says to left-out questions, one value a question."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.metrics.ranking import RankingMeter
from indexer.encoders import Encoder
from indexer.index.index import Index
from indexer.records import Status
from indexer.search.reliability import Floats
from server.answering.questions import read_question
from training.tuning.halves import LeftOut

_AT = 10


@dataclass(frozen=True, slots=True)
class Said:
    """All shape (questions,): nDCG@10; 1 where the first answer is right; where it is given as sure; where it is so and
    wrong."""

    ndcg: Floats
    first_right: Floats
    answered: Floats
    wrong: Floats


def ask(index: Index, encoder: Encoder, asked: Sequence[LeftOut]) -> Said:
    """Return what *index* says; *encoder* is the one that built it. QuestionError where one cannot be asked."""
    texts = [read_question(one.text) for one in asked]
    replies = list(index.search(texts, encoder.encode_questions(texts), limit=_AT))
    found = [[hit.answer.id for hit in reply.hits] for reply in replies]
    expected = {str(at): dict.fromkeys(one.answer_ids, 1) for at, one in enumerate(asked)}
    measured = RankingMeter().measure(expected, {str(at): ids for at, ids in enumerate(found)})
    right = np.array([measured[str(at)]["Success@1"] for at in range(len(asked))])
    answered = np.array([float(reply.status is Status.ANSWERED) for reply in replies])
    return Said(
        ndcg=np.array([measured[str(at)]["nDCG@10"] for at in range(len(asked))]),
        first_right=right,
        answered=answered,
        wrong=answered * (1 - right),
    )
