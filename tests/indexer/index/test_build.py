"""From a corpus to an index in service."""

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from indexer.errors import CorpusError, IndexFolderError
from indexer.index.build import BuildSummary, build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.records import Answer, Problem, Vectors
from indexer.search.contents import IndexContents
from indexer.workforce import EncoderCall
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder


class OutOfOrder:
    """Runs calls in any order, each in turn with the next."""

    def __init__(self, encoder: FakeEncoder) -> None:
        self._encoder = encoder

    def expect(self, texts: int) -> None:
        pass

    def run(self, calls: Iterable[EncoderCall]) -> Iterator[tuple[int, Sequence[Vectors]]]:
        waiting = [(number, call.run(self._encoder)) for number, call in enumerate(calls)]
        random.Random(3).shuffle(waiting)
        yield from waiting


def build(tmp_path: Path, answers: tuple[Answer, ...] = ANSWERS, encoder: FakeEncoder | None = None) -> BuildSummary:
    return build_index(MemoryCorpus(answers), tmp_path / "index", encoder=encoder or FakeEncoder())


def test_index_holds_the_corpus(tmp_path: Path) -> None:
    """Every answer and curated question is in the index, and the manifest counts them."""
    summary = build(tmp_path)
    index = Index.open(tmp_path / "index")
    assert sorted(answer.id for answer in index.answers) == sorted(answer.id for answer in ANSWERS)
    assert {answer.id: answer for answer in index.answers} == {answer.id: answer for answer in ANSWERS}
    counts = summary.manifest.counts
    assert (counts.answers, counts.questions, counts.passages, counts.cut_answers) == (4, 4, 8, 0)
    assert counts.spans == 2  # only one answer has two sentences
    assert counts.embedded == 10
    assert counts.reused == 0


def test_calls_may_be_done_in_any_order(tmp_path: Path) -> None:
    """The vectors are the same, also of texts that occur twice and of answers longer than the encoder's window."""
    words = " ".join(f"mot{number}. Phrase {number}." for number in range(60))
    answers = [Answer(f"a{number}", f"{words} {number % 60}.", ("Une question ?",)) for number in range(70)]
    corpus = MemoryCorpus(answers, off_topic=("Bonjour",))
    encoder = FakeEncoder()
    build_index(corpus, tmp_path / "one", encoder=encoder)
    counts = build_index(corpus, tmp_path / "two", encoder=encoder, workforce=OutOfOrder(encoder)).manifest.counts
    assert counts.cut_answers == 70
    one, two = (
        IndexContents.load(path / IndexFolder(path).current_id()) for path in (tmp_path / "one", tmp_path / "two")
    )
    assert_array_equal(one.embeddings.every, two.embeddings.every)
    assert_array_equal(one.span_embeddings.every, two.span_embeddings.every)
    assert_array_equal(one.off_topic_vectors, two.off_topic_vectors)


def test_vectors_are_those_of_the_encoder(tmp_path: Path) -> None:
    """Row by row, the stored vectors are what the encoder gives for the passage's text."""
    parts = IndexContents.load(tmp_path / "index" / build(tmp_path).manifest.id)
    texts = []
    for row in parts.table.rows:
        answer = parts.answers[int(row["answer"])]
        texts.append(answer.questions[row["number"]] if row["kind"] == 3 else answer.text[row["start"] : row["end"]])
    assert_array_equal(parts.embeddings.every, FakeEncoder().encode_passages(texts))


def test_the_encoder_hears_how_much_is_to_come_and_says_how_it_was_made(tmp_path: Path) -> None:
    """Before the first text, so that it may choose its arithmetic."""
    encoder = FakeEncoder()
    manifest = build(tmp_path, encoder=encoder).manifest
    assert encoder.expected == manifest.counts.embedded == len(encoder.encoded)
    assert manifest.encoder.arithmetic == "of bytes"


def test_only_what_changed_is_encoded_again(tmp_path: Path) -> None:
    """After an edit of one answer, its new texts alone go to the encoder; everything else is equal to a fresh build."""
    build(tmp_path)
    edited = (*ANSWERS[:-1], dataclasses.replace(ANSWERS[-1], text="L'export se fait en HL7 CDA."))
    encoder = FakeEncoder()
    summary = build(tmp_path, edited, encoder)
    assert encoder.encoded == ["L'export se fait en HL7 CDA."]
    assert (summary.manifest.counts.embedded, summary.manifest.counts.reused) == (1, 9)
    (tmp_path / "fresh").mkdir()
    fresh = build(tmp_path / "fresh", edited)
    assert fresh.manifest.files == summary.manifest.files


def test_too_little_memory_is_said_before_anything_is_encoded(tmp_path: Path) -> None:
    """Of a large corpus that would be hours later."""
    encoder = FakeEncoder()
    with pytest.raises(IndexFolderError, match="--memory"):
        build_index(MemoryCorpus(ANSWERS), tmp_path / "index", encoder=encoder, memory_bytes=100)
    assert encoder.encoded == []


def test_questions_of_one_answer_alone_teach_nothing(tmp_path: Path) -> None:
    """There is nothing to judge a fit by: the shipped values hold."""
    questions = tuple(f"Question {number} sur la validité ?" for number in range(40))
    silent = (dataclasses.replace(answer, questions=()) for answer in ANSWERS[1:])
    answers = (dataclasses.replace(ANSWERS[0], questions=questions), *silent)
    assert not build(tmp_path, answers).manifest.calibration.fitted


def test_index_knows_which_one_it_replaced(tmp_path: Path) -> None:
    """So that going back from it leads there."""
    first = build(tmp_path).manifest
    second = build(tmp_path, ANSWERS[1:]).manifest
    assert (first.replaced, second.replaced) == ("", first.id)


def test_order_of_the_corpus_changes_nothing(tmp_path: Path) -> None:
    """The same answers in another order make the same files."""
    first = build(tmp_path).manifest
    (tmp_path / "other").mkdir()
    second = build(tmp_path / "other", ANSWERS[::-1]).manifest
    assert first.files == second.files
    assert first.corpus_hash == second.corpus_hash


def test_nothing_changed_builds_nothing(tmp_path: Path) -> None:
    """A build of the same corpus with the same encoder leaves the index in service as it is."""
    first = build(tmp_path)
    second = build(tmp_path)
    assert second.unchanged
    assert second.manifest.id == first.manifest.id
    assert IndexFolder(tmp_path / "index").ids() == [first.manifest.id]


def test_another_encoder_encodes_all_anew(tmp_path: Path) -> None:
    """Vectors of one encoder are never reused for another."""
    build(tmp_path)
    summary = build(tmp_path, encoder=FakeEncoder(name="other"))
    assert summary.manifest.counts.reused == 0


def test_deleted_answer_is_absent_and_rollback_brings_it_back(tmp_path: Path) -> None:
    """An answer deleted from the corpus is absent from the next index, and back after going back."""
    build(tmp_path)
    build(tmp_path, ANSWERS[1:])
    assert Index.open(tmp_path / "index").get_answer("validite-certificat") is None
    folder = IndexFolder(tmp_path / "index")
    folder.switch(folder.previous_id())
    assert Index.open(tmp_path / "index").get_answer("validite-certificat") == ANSWERS[0]


def test_three_indexes_stay(tmp_path: Path) -> None:
    """The newest three are kept, the one in service among them."""
    ids = [build(tmp_path, ANSWERS[: number + 1]).manifest.id for number in range(4)]
    assert IndexFolder(tmp_path / "index").ids() == ids[1:]


class BrokenCorpus(MemoryCorpus):
    def answers(self) -> Iterator[Answer]:
        yield self.entries[0]
        raise CorpusError([Problem("b.md", 3, "Le texte est vide.")])


def test_what_cannot_be_removed_is_told_and_stops_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The new index is in service by then: the next builds end well too, and the log names what is left."""
    folder = IndexFolder(tmp_path / "index")
    first = build(tmp_path).manifest.id
    second = build(tmp_path, ANSWERS[:-1]).manifest.id
    remove_all, unlink = shutil.rmtree, Path.unlink

    def refuse_first(path: Path) -> None:
        if first in str(path):
            raise PermissionError(1, "Operation not permitted", "answers.jsonl")
        remove_all(path)

    def refuse_journal(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".partial":
            raise PermissionError(1, "Operation not permitted", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(shutil, "rmtree", refuse_first)
    monkeypatch.setattr(Path, "unlink", refuse_journal)
    for answers in (ANSWERS, ANSWERS[:-1]):
        caplog.clear()
        summary = build_index(MemoryCorpus(answers), folder.path, encoder=FakeEncoder(), keep=1)
        assert folder.ids() == [folder.current_id()] == [summary.manifest.id]
        assert f"{folder.path}/.removing-{first}: " in caplog.text
        assert ".partial" in caplog.text
    assert [left.name for left in folder.path.glob(".removing-*")] == [f".removing-{first}"]
    assert second not in caplog.text


def test_bad_corpus_leaves_the_index_alone(tmp_path: Path) -> None:
    """A corpus that cannot be read stops the build before anything is touched."""
    summary = build(tmp_path)
    with pytest.raises(CorpusError, match=r"b\.md:3: Le texte est vide"):
        build_index(BrokenCorpus(ANSWERS), tmp_path / "index", encoder=FakeEncoder())
    assert IndexFolder(tmp_path / "index").verify(summary.manifest.id) == summary.manifest


def test_a_damaged_index_is_not_reused(tmp_path: Path) -> None:
    """With a flipped bit in service, the next build starts from nothing and is whole."""
    first = build(tmp_path)
    file = tmp_path / "index" / first.manifest.id / "embeddings.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"embeddings\.npy is damaged"):
        Index.open(tmp_path / "index")
    second = build(tmp_path)
    assert second.manifest.counts.reused == 0
    assert second.manifest.files == first.manifest.files


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from indexer.index import build
    from tests.corpora import ANSWERS, MemoryCorpus
    from tests.fakes import FakeEncoder

    calls = 0
    limit = int(sys.argv[2])

    def count(frame, event, argument):
        global calls
        if event == "call" and "/indexer/" in frame.f_code.co_filename:
            calls += 1
            if calls == limit:
                os.kill(os.getpid(), signal.SIGKILL)

    folder = Path(sys.argv[1])
    sys.setprofile(count)
    build.build_index(MemoryCorpus(ANSWERS[:3]), folder / "index", encoder=FakeEncoder())
    sys.setprofile(None)
    print(calls)
"""


def run_killed(folder: Path, limit: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(limit)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
    )


@pytest.mark.slow
def test_kill_at_any_moment_leaves_the_index_in_service(tmp_path: Path) -> None:
    """kill -9 at twelve moments spread over a build: the old or the new index is whole, and the next build succeeds."""
    old = build(tmp_path)
    (tmp_path / "whole").mkdir()
    build(tmp_path / "whole")
    calls = int(run_killed(tmp_path / "whole", -1).stdout)
    for limit in np.linspace(1, calls, 12, dtype=int):
        outcome = run_killed(tmp_path, limit)
        assert outcome.returncode in (0, -signal.SIGKILL), outcome.stderr
        served = Index.open(tmp_path / "index")
        assert len(served) in (3, 4)
        if len(served) == 3:
            break
        assert served.manifest.id == old.manifest.id
    assert len(ANSWERS[:3]) == build(tmp_path, ANSWERS[:3]).manifest.counts.answers
    assert len(Index.open(tmp_path / "index")) == 3
