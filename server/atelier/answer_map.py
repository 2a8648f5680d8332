"""The map of the answers of an index: where each lies, and where a question would, in plain NumPy."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from indexer.index.index import Index
from server.page.views import OTHER_THEME, theme_facet, title_of

MOST_POINTS = 3000


class PointBody(BaseModel):
    """An answer on the map; theme: its place in `themes`. x and y in [0, 1]."""

    id: str
    title: str
    theme: int
    x: float
    y: float


class Plane:
    """The two directions in which the answers of an index differ most (principal components), scaled to [0, 1].

    Questions and bodies are each taken from their own mean: an encoder puts them in different places.
    """

    def __init__(self, index: Index) -> None:
        sums = index.vector_sums(most=MOST_POINTS)
        self.answers = sums.answers
        """The answers that are drawn, evenly spread where there are too many."""
        of_bodies, of_questions = sums.body_counts[:, np.newaxis], sums.question_counts[:, np.newaxis]
        body_mean = _mean(sums.bodies, of_bodies)
        self._question_mean = _mean(sums.questions, of_questions) if of_questions.any() else body_mean
        centred = sums.bodies - of_bodies * body_mean + sums.questions - of_questions * self._question_mean
        means = centred / np.maximum(1, of_bodies + of_questions)  # (points, dimension)
        self._directions = np.linalg.eigh(means.T @ means)[1][:, :-3:-1]  # (dimension, 2), the widest first
        flat = means @ self._directions
        self._low = flat.min(axis=0, initial=0)
        self._span = np.maximum(flat.max(axis=0, initial=0) - self._low, 1e-9)
        self.places = self._scale(flat)
        """Shape (points, 2), in [0, 1]."""

    def place_question(self, vector: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return where a question lies, shape (2,); one beyond the answers is put on the edge."""
        return self._scale((vector - self._question_mean) @ self._directions)

    def _scale(self, flat: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(np.round(np.clip((flat - self._low) / self._span, 0, 1), 4))


def _mean(sums: NDArray[np.floating], counts: NDArray[np.int64]) -> NDArray[np.floating]:
    return np.asarray(sums.sum(axis=0, dtype=np.float64) / max(1, counts.sum()))


def points_of(index: Index, plane: Plane) -> tuple[list[str], list[PointBody]]:
    """Return the themes that occur, and the drawn answers, each by the first of its themes."""
    facet = theme_facet(index.facets)
    answers = list(plane.answers)
    of_answer = [(answer.facets.get(facet.key, ()) if facet else ())[:1] or (OTHER_THEME,) for answer in answers]
    used = {theme for (theme,) in of_answer}
    themes = [value for value in (*(facet.values if facet else ()), OTHER_THEME) if value in used]
    points = [
        PointBody(id=answer.id, title=title_of(answer), theme=themes.index(theme), x=x, y=y)
        for answer, (theme,), (x, y) in zip(answers, of_answer, plane.places.tolist(), strict=True)
    ]
    return themes, points
