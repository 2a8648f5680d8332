"""What was brought in, from which file: kept beside the answers, so that the next import knows what has changed where.

In a small file, `.imports.json`, and not in each answer: an editor's file holds what the editor wrote, and may be
renamed, moved or copied. It belongs with the answers, in git too where they are; without it, answers are known by
their words alone.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import CorpusError
from indexer.records import Answer, Problem

FILE = ".imports.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was brought in last. *draft*: sum of what the source said; *written*: of the file made of it.

    key: the id in the source, or empty. questions: their keys, the first one first.
    """

    id: str
    key: str
    questions: tuple[str, ...]
    draft: str
    written: str


Memory = Mapping[str, tuple[Remembered, ...]]
"""The name of a source to what came from it."""


def read_memory(folder: Path) -> Memory:
    """Return what was brought into *folder*; nothing where no import is remembered. CorpusError where it is damaged."""
    file = folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError([_damaged(file)]) from error
    try:
        sources = json.loads(text)["sources"]
        return {
            name: tuple(
                Remembered(one["id"], one["key"], tuple(one["questions"]), one["draft"], one["written"]) for one in some
            )
            for name, some in sources.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError([_damaged(file)]) from error


def memory_text(memory: Memory) -> str:
    """Return the file of *memory*: one line an answer, by source and id, so that a change is a line."""
    sources = []
    for name in sorted(memory):
        lines = [
            json.dumps(
                {
                    "id": one.id,
                    "key": one.key,
                    "questions": list(one.questions),
                    "draft": one.draft,
                    "written": one.written,
                },
                ensure_ascii=False,
            )
            for one in sorted(memory[name], key=lambda one: one.id)
        ]
        inner = ",\n".join(f"  {line}" for line in lines)
        sources.append(f" {json.dumps(name, ensure_ascii=False)}: [\n{inner}\n ]" if lines else "")
    body = ",\n".join(filter(None, sources))
    return f'{{"version": {_VERSION}, "sources": {{\n{body}\n}}}}\n'


def sum_of_answer(answer: Answer) -> str:
    """Return a sum of what an answer says, whatever its id."""
    said: dict[str, object] = {
        "text": answer.text,
        "questions": list(answer.questions),
        "facets": {key: list(answer.facets[key]) for key in sorted(answer.facets)},
        "source": answer.source,
    }
    if answer.keywords:
        said["keywords"] = list(answer.keywords)
    if answer.changed_on:
        said["changed_on"] = answer.changed_on.isoformat()
    if answer.former_ids:
        said["former_ids"] = list(answer.former_ids)
    return sum_of(json.dumps(said, ensure_ascii=False).encode(errors="surrogatepass"))


def sum_of(content: bytes) -> str:
    """Return a sum of the bytes of a file."""
    return hashlib.sha256(content).hexdigest()[:32]


def _damaged(file: Path) -> Problem:
    message = (
        "ce fichier garde la trace des imports, et ne se lit plus : remettez-en une copie, ou effacez-le ; les "
        "réponses déjà là seront alors reconnues à leurs mots."
    )
    return Problem(str(file), 1, message)
