"""Title and words of each answer, for the list of all: made once for an index, since a filter looks at every answer."""

from dataclasses import dataclass

from indexer.french.text import visible_words_of
from indexer.records import Answer
from server.page.views import title_of

_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Listed:
    """An answer in the list. words: its own and those of its questions, folded, each with a space before it."""

    title: str
    words: str

    def has(self, beginnings: list[str]) -> bool:
        """Return whether a word begins like each of *beginnings*, which are folded."""
        return all(f" {beginning}" in self.words for beginning in beginnings)


class ListedAnswers:
    """What is listed of the answers of one index, made when it is asked for; safe for several threads."""

    def __init__(self) -> None:
        self._made: tuple[str, dict[str, Listed]] = ("", {})

    def of(self, answer: Answer, *, index_id: str) -> Listed:
        """Return what is listed of an answer of this index."""
        known_id, made = self._made
        if known_id != index_id:
            made = {}
            self._made = index_id, made
        listed = made.get(answer.id)
        if listed is None:
            title = title_of(answer)
            words = visible_words_of(" ".join([title, *answer.matched_texts, answer.text]))
            listed = Listed(title, f" {words}")
            if len(made) < _MOST_KEPT:
                made[answer.id] = listed
        return listed
