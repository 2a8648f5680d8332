"""A corpus that a program has at hand: a list of answers, and what stands beside them, in no file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from indexer.records import Acronym, Answer, Facet


@dataclass(frozen=True, slots=True)
class AnswerList:
    """Answers in memory, to build an index from."""

    entries: tuple[Answer, ...]
    facets: tuple[Facet, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
    off_topic: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        answers: Iterable[Answer],
        *,
        facets: Sequence[Facet] = (),
        acronyms: Sequence[Acronym] = (),
        off_topic: Sequence[str] = (),
    ) -> "AnswerList":
        """Return the corpus of *answers*.

        ValueError where there are none, one is blank, two have the same id, or one text stands where several belong.
        """
        entries = tuple(answers)
        if not entries:
            raise ValueError("there is no answer in the list")
        seen: set[str] = set()
        for answer in entries:
            if not answer.id.strip() or not answer.text.strip():
                raise ValueError(f"the answer {answer.id!r} has no id or no text")
            if answer.id in seen:
                raise ValueError(f"two answers have the id {answer.id!r}")
            seen.add(answer.id)
            for name in ("questions", "keywords", "former_ids"):
                _require_texts(getattr(answer, name), f"{name} of the answer {answer.id!r}")
            for key, values in answer.facets.items():
                _require_texts(values, f"facets[{key!r}] of the answer {answer.id!r}")
        _require_texts(off_topic, "off_topic")
        return cls(entries, tuple(facets), tuple(acronyms), tuple(off_topic))

    def answers(self) -> Iterator[Answer]:
        """Yield every answer once."""
        return iter(self.entries)


def _require_texts(texts: Sequence[str], name: str) -> None:
    """ValueError for a text alone, whose letters would be taken for texts, and for what is blank or no text."""
    if isinstance(texts, str):
        raise ValueError(f"{name} is the text {texts[:80]!r}; a sequence of texts is needed, such as [{texts[:80]!r}]")
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} has {text!r:.80}, which is no text or a blank one")
