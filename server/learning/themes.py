"""What visitors ask and get no sure answer to, by meaning: what is missing, in their own words."""

from indexer.corpus.phrasings.memory import key_of
from indexer.records import Status
from server.feedback.asked import AskedQuestion
from server.learning.grounds import Grounds, is_personal
from server.learning.meaning import group_by_meaning
from server.learning.phrasings import MOST_OTHERS, value_of
from server.learning.records import Origin, Proposal

MOST_UNANSWERED = 1500
"""Unanswered questions that are looked at, those of the most days first."""
MOST_THEMES = 100
_NEAREST = 3


def propose_themes(grounds: Grounds) -> tuple[tuple[Proposal, ...], int]:
    """Return groups of questions without a sure answer, each titled by one of them, and how many were looked at.

    What the index in service is sure of by now is left out, and what an editor has decided.
    """
    unanswered = [one for one in grounds.asked if _is_open(grounds, one)]
    unanswered.sort(key=lambda one: (-len(one.days), -one.times, one.folded))
    unanswered = unanswered[:MOST_UNANSWERED]
    vectors = grounds.encode(unanswered)
    today = list(grounds.search(unanswered, vectors))
    open_rows = [
        row
        for row, said in enumerate(today)
        if said.status is not Status.ANSWERED or unanswered[row].folded in grounds.judged_useless
    ]
    found = []
    for group in group_by_meaning(vectors[open_rows], nearness=grounds.nearness):
        rows = [open_rows[at] for at in group]
        # A question with something personal in it cannot be a title, however often it was asked.
        rows.sort(key=lambda row: is_personal(unanswered[row].question))
        head = rows[0]
        days = frozenset().union(*(unanswered[row].days for row in rows))
        confidence = max(today[head].confidences.values(), default=0.0)
        found.append(
            Proposal(
                origin=Origin.UNANSWERED,
                question=unanswered[head].question,
                answer=None,
                days=len(days),
                times=sum(unanswered[row].times for row in rows),
                confidence=confidence,
                value=value_of(days=len(days), confidence=confidence, change=1.0),
                keys=tuple(key_of(unanswered[row].question) for row in rows[:MOST_OTHERS]),
                others=tuple(unanswered[row].question for row in rows[1:4]),
                nearest=tuple(filter(None, map(grounds.named, list(today[head].confidences)[:_NEAREST]))),
            )
        )
    found.sort(key=lambda one: (-one.value, -one.times, one.question))
    return tuple(found[:MOST_THEMES]), len(unanswered)


def _is_open(grounds: Grounds, asked: AskedQuestion) -> bool:
    """Whether it got no sure answer, or a useless one and no useful one, and nothing was decided of it."""
    is_unsure = asked.no_answer + asked.uncertain > 0 or asked.folded in grounds.judged_useless
    key = key_of(asked.question)
    is_decided = key in grounds.curated or key in grounds.accepted or (key, "") in grounds.refused
    return is_unsure and not is_decided and asked.folded not in grounds.judged_useful
