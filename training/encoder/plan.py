"""How to teach, as far as it is a matter of choice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How to teach. share: of the way to the new weights that is judged and kept. patience: judgements without gain.

    kept_questions: of the corpus, in each batch, whose nearness is kept. restyled: the share of questions asked in
    another style.
    """

    steps: int = 60
    pairs: int = 48
    rate: float = 3e-3
    warm_up: int = 6
    temperature: float = 0.01
    sentence_weight: float = 0.3
    kept_weight: float = 0.3
    kept_questions: int = 64
    restyled: float = 0.0
    most_tokens: int = 144
    share: float = 0.8
    judge_every: int = 20
    patience: int = 3
    seed: int = 1
