"""Everything that editors may decide today, from what visitors asked. Nothing is decided here, and nothing written.

The same feedback, index and decisions give the same proposals: how many questions are looked at is bounded by their
number, not by the time it takes.
"""

from collections.abc import Sequence

from indexer.records import Acronym
from server.learning.grounds import Grounds
from server.learning.phrasings import propose_phrasings
from server.learning.records import Proposals
from server.learning.suggestions import propose_suggestions
from server.learning.themes import propose_themes


def propose(grounds: Grounds, *, acronyms: Sequence[Acronym] = ()) -> Proposals:
    """Return the proposals, most valuable first. acronyms: those of the corpus."""
    phrasings, doubtful, judged = propose_phrasings(grounds)
    themes, unanswered = propose_themes(grounds)
    # One question stands in one place: decided twice, it might be off topic and have an answer.
    elsewhere = frozenset(key for theme in themes for key in theme.keys)
    suggestions, asked = propose_suggestions(grounds, acronyms, elsewhere=elsewhere)
    grounds.vectors.save()
    return Proposals(
        phrasings=phrasings,
        themes=themes,
        suggestions=suggestions,
        doubtful=doubtful,
        distinct=len(grounds.asked),
        looked_at=judged + unanswered + asked,
    )
