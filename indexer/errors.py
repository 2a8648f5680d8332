"""The errors that an operator, an editor or a caller can act on.

Each message says what is wrong, where, and what to do next. A caller's mistake in code is a ValueError instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.records import Problem


class SouffleurError(Exception):
    """Anything that is wrong outside the code: files, settings, models, the machine."""


class SettingsError(SouffleurError):
    """A setting has a value that cannot be used."""


class CorpusError(SouffleurError):
    """The corpus cannot be indexed; carries every problem found, not only the first."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> "tuple[type[CorpusError], tuple[Sequence[Problem]]]":
        # By its message alone, as other exceptions are, it could not be made again in the process that waits for it.
        return type(self), (self.problems,)


class EncoderError(SouffleurError):
    """The encoder cannot be unpacked, loaded or run."""


class ClusterError(SouffleurError):
    """The workers that encode for a build cannot be reached, or do not make the vectors that this machine would."""


class IndexFolderError(SouffleurError):
    """The index folder is missing, damaged, locked, or does not fit this program or encoder."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One message in the two languages that a program may ask for."""

    french: str
    english: str


class QuestionFault(StrEnum):
    """Why a question cannot be asked."""

    BLANK = "blank"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"


class QuestionError(SouffleurError):
    """A question cannot be asked: empty, too long, or not text. The message is in French, for a visitor."""

    def __init__(self, fault: QuestionFault, wording: Wording) -> None:
        self.fault = fault
        self.wording = wording
        super().__init__(wording.french)

    def __reduce__(self) -> "tuple[type[QuestionError], tuple[QuestionFault, Wording]]":
        return type(self), (self.fault, self.wording)  # as CorpusError


class StoreError(SouffleurError):
    """The store of an index refuses something, or holds what it should not; the message says what to do."""


class StoreUnavailableError(StoreError):
    """The store of an index cannot be reached now, or does not answer in time; later it may."""
