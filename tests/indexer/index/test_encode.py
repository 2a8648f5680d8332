"""Vectors that need not be computed again."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from indexer.answers.passage_table import text_key
from indexer.index import encode as encode_module
from indexer.index.encode import Encoded, Journal, KnownVectors, QuestionsToEncode, encode_all
from indexer.records import no_progress
from indexer.workforce import OneProcess
from tests.fakes import FakeEncoder

TEXTS = ["un certificat", "une carte", "un certificat", "un formulaire", "une carte", "pas une question"]
QUESTIONS = np.arange(5)


def encode(encoder: FakeEncoder, known: KnownVectors, journal: Journal) -> tuple[np.ndarray, Encoded]:
    into = np.zeros((len(TEXTS), encoder.dimension), dtype=np.float32)
    keys = np.array([text_key(text, as_question=True) for text in TEXTS])
    questions = QuestionsToEncode(keys, QUESTIONS, lambda rows: [TEXTS[row] for row in rows], into)
    return into, encode_all(
        [questions], encoder=encoder, workforce=OneProcess(encoder), known=known, journal=journal, progress=no_progress
    )


def test_each_question_is_encoded_once(tmp_path: Path) -> None:
    """Equal texts share one vector, and the rows of other texts are left as they are."""
    encoder = FakeEncoder()
    into, encoded = encode(encoder, KnownVectors(64), Journal(tmp_path / "journal", 64))
    assert encoded == Encoded(fresh=3, reused=0)
    assert sorted(encoder.encoded) == ["un certificat", "un formulaire", "une carte"]
    assert_array_equal(into[:5], FakeEncoder().encode_questions(TEXTS[:5]))
    assert not into[5].any()


def test_a_text_as_a_question_is_another_than_as_a_passage() -> None:
    """Encoders put other prompts before them."""
    assert text_key("une carte", as_question=True) != text_key("une carte", as_question=False)


def test_a_cut_off_build_is_resumed(tmp_path: Path) -> None:
    """What the journal holds is not encoded again, and a record cut off in the middle is."""
    file = tmp_path / "journal"
    expected, _ = encode(FakeEncoder(), KnownVectors(64), Journal(file, 64))
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - 10)
    known, journal, encoder = KnownVectors(64), Journal(file, 64), FakeEncoder()
    journal.read_into(known)
    into, encoded = encode(encoder, known, journal)
    assert encoded == Encoded(fresh=1, reused=3)
    assert_array_equal(into, expected)
    journal.remove()
    assert not file.exists()


def test_known_vectors_are_found_by_key() -> None:
    """Each key gets its own vector, and an unknown key none."""
    known = KnownVectors(2)
    keys = np.array([text_key(text, as_question=False) for text in ("a", "b", "c")])
    known.add(keys[[2, 0]], np.array([[3, 3], [1, 1]], dtype=np.float32))
    known.add(np.zeros(0, dtype="S32"), np.zeros((0, 2), dtype=np.float32))
    into = np.zeros((3, 2), dtype=np.float32)
    assert known.fill(keys, np.arange(3), into).tolist() == [True, False, True]
    assert into.tolist() == [[1, 1], [0, 0], [3, 3]]


def test_blocks_and_copies_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and copied a few at a time, the vectors are the same, and progress counts each text to encode once."""
    expected, _ = encode(FakeEncoder(), KnownVectors(64), Journal(tmp_path / "one", 64))
    for name in ("_BLOCK", "_CHUNK", "_COPIED"):
        monkeypatch.setattr(encode_module, name, 1)
    into, encoded = encode(FakeEncoder(), KnownVectors(64), Journal(tmp_path / "other", 64))
    assert_array_equal(into, expected)
    assert encoded == Encoded(fresh=3, reused=0)
