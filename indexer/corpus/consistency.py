"""What must hold between answers, and between an answer and what stands beside it.

Keeps an id and a few numbers for each answer, never its text: a corpus may be larger than memory.
"""

import dataclasses
import difflib
import unicodedata
from collections.abc import Iterator, Sequence

from indexer.corpus.companion_files import Companions
from indexer.corpus.entries import Entry, told_at
from indexer.french.text import fold, normalise, question_key
from indexer.records import Problem, Severity


class Consistency:
    """Remembers the ids and questions seen so far. Each problem is told at its second place."""

    def __init__(self, companions: Companions) -> None:
        self._facets = {facet.key: facet for facet in companions.facets}
        self._spellings = {
            (facet.key, normalise(value)): value for facet in companions.facets for value in facet.values
        }
        self._places: dict[str, str] = {}
        self._former: dict[str, str] = {}
        self._ids = 0
        self._asked: dict[bytes, str] = {}
        path = companions.off_topic_path
        self._off_topic = {question_key(one.text): f"{path}:{one.line}" for one in companions.off_topic}

    def with_known_spelling(self, entry: Entry) -> Entry:
        """Return the entry with its facet values as they are defined, whatever apostrophe or accent signs it has."""
        if not self._spellings:
            return entry
        values = tuple(
            (key, dataclasses.replace(value, text=self._spellings.get((key, normalise(value.text)), value.text)))
            for key, value in entry.facet_values
        )
        facets: dict[str, tuple[str, ...]] = {}
        for key, value in values:
            if value.text not in facets.get(key, ()):
                facets[key] = (*facets.get(key, ()), value.text)
        return dataclasses.replace(entry, facet_values=values, answer=dataclasses.replace(entry.answer, facets=facets))

    def problems_with_others(self, entry: Entry) -> list[Problem]:
        """Return what is wrong with an answer beside the definitions and the answers before it; remember it."""
        return [
            *self._same_id(entry),
            *self._former_names(entry),
            *self._wrong_facets(entry),
            *self._same_questions(entry),
        ]

    def _same_id(self, entry: Entry) -> Iterator[Problem]:
        answer_id = entry.answer.id
        # Two that look the same, whatever the form of their accents, could not be told apart in an address.
        key = answer_id if answer_id.isascii() else unicodedata.normalize("NFC", answer_id)
        first = self._places.setdefault(key, f"{entry.path}:{entry.line}")
        if len(self._places) == self._ids:
            message = f"l'identifiant « {answer_id} » est déjà celui de {first} : changez l'un des deux."
            yield Problem(entry.path, entry.line, told_at(entry.id_column, entry.line, message))
        self._ids = len(self._places)

    def _former_names(self, entry: Entry) -> Iterator[Problem]:
        """Yield each former name that leads nowhere: what an answer is called now counts more, and one has it alone."""
        own = entry.answer.id
        if own in self._former:
            message = (
                f"« {own} » est aussi un ancien nom de {self._former[own]} : son adresse mène à cette réponse-ci. "
                "Retirez-le des anciens noms de l'autre."
            )
            yield Problem(entry.path, entry.line, message, Severity.WARNING)
        for name in entry.former_names:
            place = f"« {own} » ({entry.path}:{name.line})"
            if name.text == own:
                message = f"« {name.text} » est le nom que la réponse porte : retirez-le de ses anciens noms."
            elif name.text in self._places:
                message = (
                    f"« {name.text} » est le nom de {self._places[name.text]} : l'ancienne adresse mène à celle-là. "
                    "Retirez-le des anciens noms."
                )
            elif name.text in self._former:
                message = f"« {name.text} » est déjà un ancien nom de {self._former[name.text]} : laissez-le à une."
            else:
                self._former[name.text] = place
                continue
            yield Problem(entry.path, name.line, name.told(message), Severity.WARNING)

    def _wrong_facets(self, entry: Entry) -> Iterator[Problem]:
        if not self._facets:
            return
        for key, value in entry.facet_values:
            if key not in self._facets:
                hint = _choose(key, list(self._facets))
                yield Problem(entry.path, value.line, value.told(f"facette inconnue « {key} » : {hint}"))
            elif value.text not in self._facets[key].values:
                hint = _choose(value.text, self._facets[key].values)
                message = value.told(f"« {value.text} » n'est pas une valeur de « {key} » : {hint}")
                yield Problem(entry.path, value.line, message)

    def _same_questions(self, entry: Entry) -> Iterator[Problem]:
        own: dict[bytes, int] = {}
        for question in entry.questions:
            key = question_key(question.text)
            first = self._asked.get(key)
            if key in own:
                message = f"cette question est deux fois dans cette réponse (ligne {own[key]}) : gardez-en une."
                yield Problem(entry.path, question.line, question.told(message), Severity.WARNING)
            elif first is not None:
                message = f"cette question est déjà celle de « {first} » : laissez-la à une seule réponse."
                yield Problem(entry.path, question.line, question.told(message), Severity.WARNING)
            elif key in self._off_topic:
                message = f"cette question est aussi hors sujet ({self._off_topic[key]}) : retirez-la de l'un des deux."
                yield Problem(entry.path, question.line, question.told(message))
            own.setdefault(key, question.line)
            self._asked.setdefault(key, entry.answer.id)


def _choose(written: str, known: Sequence[str]) -> str:
    by_fold = {fold(one): one for one in known}
    nearest = difflib.get_close_matches(fold(written), by_fold, n=1)
    if nearest:
        return f"voulez-vous dire « {by_fold[nearest[0]]} » ?"
    return f"choisissez parmi {', '.join(f'« {one} »' for one in known)}."  # a value may hold a comma
