"""What editors decided of visitors' questions, kept beside the answers: what was accepted, from where, and refused.

In a small file, `.apprentissage.json`, and not in each answer: an editor's file stays as calm as it was written. It
holds sums of questions and no words, so that a question that was refused, or taken out of an answer again, lives on
nowhere. It outlives every index, and is the same whoever decides: the terminal, a file that was ticked, the page.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.errors import CorpusError
from indexer.french.text import question_key
from indexer.records import Problem

FILE = ".apprentissage.json"
_VERSION = 1
_MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class AcceptedQuestion:
    """A question that an answer was given: where from, and who else asked the same.

    key: see `key_of`, of the question as it was written into the answer. asked: the keys of the questions that
    visitors put, and that mean the same. origin: the word of the list it was taken from. day: ISO 8601.
    """

    key: str
    answer_id: str
    origin: str
    day: str
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedQuestion:
    """A question that an answer shall not be given; answer_id is empty where it shall not be shown again at all."""

    key: str
    answer_id: str
    day: str


@dataclass(frozen=True, slots=True)
class DecidedQuestions:
    """Everything that was decided, by key and answer."""

    accepted: tuple[AcceptedQuestion, ...] = ()
    refused: tuple[RefusedQuestion, ...] = ()

    def with_more(
        self, *, accepted: Iterable[AcceptedQuestion] = (), refused: Iterable[RefusedQuestion] = ()
    ) -> "DecidedQuestions":
        """Return these and some more; what was decided later of the same question and answer counts."""
        kept_accepted = {(one.key, one.answer_id): one for one in self.accepted}
        kept_refused = {(one.key, one.answer_id): one for one in self.refused}
        for one in accepted:
            kept_accepted[one.key, one.answer_id] = one
            for key in (one.key, *one.asked):
                kept_refused.pop((key, one.answer_id), None)
        for other in refused:
            kept_refused.setdefault((other.key, other.answer_id), other)
        return DecidedQuestions(
            tuple(kept_accepted[place] for place in sorted(kept_accepted)),
            tuple(kept_refused[place] for place in sorted(kept_refused)),
        )

    @property
    def refused_places(self) -> frozenset[tuple[str, str]]:
        """Key and answer of everything refused."""
        return frozenset((one.key, one.answer_id) for one in self.refused)

    def to_json(self) -> str:
        """Return the text of the file: a line a decision, by key, so that a change is a line."""
        parts = (
            (name, ",\n".join(f"  {json.dumps(asdict(one), ensure_ascii=False)}" for one in some))
            for name, some in (("accepted", self.accepted), ("refused", self.refused))
        )
        body = ",\n".join(f' "{name}": [\n{lines}\n ]' if lines else f' "{name}": []' for name, lines in parts)
        return f'{{"version": {_VERSION},\n{body}\n}}\n'


def key_of(question: str) -> str:
    """Return 16 digits that are the same for questions of the same words."""
    return question_key(question).hex()


def decided_file(corpus: Path) -> Path:
    """Return where the decisions of a corpus are: in its folder, or beside its file."""
    return (corpus if corpus.is_dir() else corpus.parent) / FILE


def read_decided(corpus: Path) -> DecidedQuestions:
    """Return what was decided for a corpus, nothing where nothing was. CorpusError where the file is damaged."""
    file = decided_file(corpus)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise CorpusError([_damaged(file)])
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise CorpusError([_damaged(file)])
        return DecidedQuestions(
            tuple(
                AcceptedQuestion(one["key"], one["answer_id"], one["origin"], one["day"], tuple(one["asked"]))
                for one in content["accepted"]
            ),
            tuple(RefusedQuestion(one["key"], one["answer_id"], one["day"]) for one in content["refused"]),
        )
    except FileNotFoundError:
        return DecidedQuestions()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError([_damaged(file)]) from error


def _damaged(file: Path) -> Problem:
    message = (
        "ce fichier garde ce que vous avez accepté et refusé, et ne se lit plus : remettez-en une copie, ou "
        "effacez-le ; ce qui a été refusé sera alors proposé à nouveau."
    )
    return Problem(str(file), 1, message)
