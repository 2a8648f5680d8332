"""Which curated questions are shown: those that a person would ask, not strings of keywords that an editor left there.

Keywords that are marked are no questions, see `Answer`. Others are guessed; where an answer has nothing else, its guess
is its title.
"""

from indexer.french.keywords import looks_like_keywords
from indexer.records import Answer


def shown_questions(answer: Answer) -> tuple[str, ...]:
    """Return the curated questions of *answer* that are shown, in their order."""
    asking = tuple(question for question in answer.questions if not looks_like_keywords(question))
    return asking or answer.questions[:1]
