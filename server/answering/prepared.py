"""An index with all that is made of it before the first question: loaded, checked and warmed.

Whatever is wrong with an index is found here, before visitors find it; putting it into service takes a moment then.
"""

from dataclasses import dataclass
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.bundled.layout import TAUGHT_NAME
from indexer.errors import IndexFolderError, SouffleurError
from indexer.index.encoder import adapter_name
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.records import IndexInfo
from indexer.terminal import command_of
from server.answering.shown_questions import shown_questions
from server.answering.suggestions import Suggester

VERIFIED_AT_ONCE = 100_000_000
"""Bytes of the largest file whose sum is worked out before the first answer, which takes 0.07 s."""

UNFIT = (SouffleurError, OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, MemoryError)
"""What opening and preparing an index may raise: a library's own errors where only the content is wrong."""

_WARMING_QUESTION = "Combien de temps un certificat est-il valable ?"


@dataclass(frozen=True, slots=True)
class PreparedIndex:
    """An index with all that is made from it, loaded, checked and warm: ready to be put into service."""

    index: Index
    info: IndexInfo
    suggester: Suggester

    @classmethod
    def of(cls, index: Index, encoder: Encoder) -> "PreparedIndex":
        """Return *index* prepared for questions that *encoder* encodes.

        A question is asked of it and of its suggestions, so that what cannot answer fails here and not before visitors,
        and nobody waits for tables that are made on first use. IndexFolderError if another encoder built it.
        """
        built_by = index.manifest.encoder
        if encoder.fingerprint != built_by.fingerprint:
            taught = (
                f" What it was taught is {adapter_name(built_by.fingerprint)} of the folder that it was built in, and "
                "is copied with it."
            )
            raise IndexFolderError(
                f"The index was built with {built_by.name} ({built_by.fingerprint[:7]}), but {encoder.name} "
                f'({encoder.fingerprint[:7]}) is in use here. Run "{command_of("build")}", or name the encoder '
                "of the index with --encoder. After `souffleur tune`, or after going back from it, restart the server."
                + (taught if built_by.name == TAUGHT_NAME else "")
            )
        curated = [(text, answer.id) for answer in index.answers_with_questions() for text in shown_questions(answer)]
        suggester = Suggester(curated)
        suggester.suggest("question", limit=1)
        if len(index):
            list(index.search([_WARMING_QUESTION], encoder.encode_questions([_WARMING_QUESTION]), limit=5))
        return cls(index, IndexInfo(index.manifest.id, built_by.name, len(index)), suggester)


def open_soon(where: Path | Indexes) -> Index:
    """Return the index in service in *where*, soon whatever its size: its largest files are not verified.

    `IndexSwitch.watch` does that later. Errors as of Index.open.
    """
    return Index.open(where, largest_bytes=VERIFIED_AT_ONCE)
