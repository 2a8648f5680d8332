"""The texts of passages, read from the answers when they are wanted: a large corpus does not fit into memory."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from indexer.answer_store import AnswerStore
from indexer.passage_table import KINDS, PassageTable
from indexer.records import Answer, PassageKind

_QUESTION = KINDS.index(PassageKind.QUESTION)


class PassageTexts:
    """The text of every row of a table."""

    def __init__(self, answers: AnswerStore, table: PassageTable) -> None:
        self._answers = answers
        self._table = table

    def __iter__(self) -> Iterator[str]:
        """Yield the texts by row."""
        for answer, (start, end) in zip(self._answers, pairwise(self._table.first_rows.tolist()), strict=True):
            for row in range(start, end):
                yield self._text(answer, row)

    def read(self, rows: Sequence[int]) -> list[str]:
        """Return the texts of some rows, in their order."""
        texts: list[str] = []
        last, answer = -1, None
        for row in rows:
            owner = int(self._table.answers[row])
            if answer is None or owner != last:
                last, answer = owner, self._answers[owner]
            texts.append(self._text(answer, row))
        return texts

    def _text(self, answer: Answer, row: int) -> str:
        passage = self._table.rows[row]
        if passage["kind"] == _QUESTION:
            return answer.questions[int(passage["number"])]
        return answer.text[int(passage["start"]) : int(passage["end"])]
