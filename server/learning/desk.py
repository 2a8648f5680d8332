"""Proposals for a page: made aside, at an editor's word, since encoding new questions takes up to a minute.

What is decided is carried out at once and leaves the list; the same rules hold as for a file that was ticked.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from indexer.corpus import open_corpus
from indexer.corpus.phrasings.memory import read_decided
from indexer.errors import SouffleurError
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.learning.decisions import Applied, apply_decisions
from server.learning.grounds import Grounds
from server.learning.propose import propose
from server.learning.records import Decision, Proposal, Proposals
from server.learning.vectors import KeptVectors

logger = logging.getLogger(__name__)

_TOGETHER = 8
"""Questions encoded in one go: visitors who ask meanwhile wait for that many, not for all."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Proposals as they were made at a moment, without those that were decided since."""

    proposals: Proposals
    left: tuple[Proposal, ...]
    made_at: datetime


class LearningDesk:
    """Makes proposals, and carries out what is decided of them. Every method may be called from any thread."""

    def __init__(self, answering: Answering, feedback: FeedbackStore, *, corpus: Path) -> None:
        """corpus: what the index was built from."""
        self._answering = answering
        self._feedback = feedback
        self._corpus = corpus
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._prepared: Prepared | None = None
        self._decided_meanwhile: list[Decision] = []
        """Since the last proposals were begun, which do not know of them."""
        self.failure: str | None = None
        """Why the last proposals could not be made, for the log of the operator; None if they could."""

    @property
    def is_at_work(self) -> bool:
        """Whether proposals are being made."""
        return self._worker is not None and self._worker.is_alive()

    @property
    def prepared(self) -> Prepared | None:
        """The last proposals; None before the first."""
        return self._prepared

    def begin(self) -> None:
        """Begin to make proposals anew, unless that is going on."""
        with self._lock:
            if not self.is_at_work:
                self._decided_meanwhile = []
                self._worker = threading.Thread(target=self._prepare, name="learning", daemon=True)
                self._worker.start()

    def wait(self) -> None:
        """Return once nothing is being made any more."""
        if self._worker is not None:
            self._worker.join()

    def decide(self, decision: Decision) -> Applied:
        """Carry out one decision. CorpusError, in French, where it cannot be, with nothing written."""
        with self._lock:
            applied = apply_decisions([decision], open_corpus(self._corpus), day=datetime.now(UTC).date())
            self._decided_meanwhile.append(decision)
            if self._prepared is not None:
                left = _without(self._prepared.left, [decision])
                self._prepared = Prepared(self._prepared.proposals, left, self._prepared.made_at)
            return applied

    def _prepare(self) -> None:
        try:
            corpus = open_corpus(self._corpus)
            encoder = self._answering.encoder
            file = KeptVectors.file_beside(self._feedback.path, encoder)
            vectors = KeptVectors(encoder, file, together=_TOGETHER)
            grounds = Grounds.of(self._answering.index, self._feedback, read_decided(self._corpus), vectors)
            found = propose(grounds, acronyms=corpus.acronyms)
        except SouffleurError as error:
            self.failure = str(error)
            logger.error("Nothing could be proposed to editors: %s", error)
            return
        with self._lock:
            self.failure = None
            self._prepared = Prepared(found, _without(found.all, self._decided_meanwhile), datetime.now(UTC))


def corpus_of(index: Path, answering: Answering) -> Path | None:
    """Return the corpus that the index in service was built from, None where that is not there. index: its folder."""
    info = answering.manifest.corpus
    if info is None:
        return None
    corpus = (index / info.from_index).resolve()
    return corpus if corpus.exists() else None


def _without(some: Sequence[Proposal], decided: Sequence[Decision]) -> tuple[Proposal, ...]:
    gone = {(one.keys, one.origin) for one in decided}
    return tuple(one for one in some if (one.keys, one.origin.value) not in gone)
