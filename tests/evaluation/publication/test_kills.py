"""A process that is killed while it accepts and publishes leaves corpus and service whole."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.corpus import check_corpus, open_corpus
from indexer.corpus.phrasings.memory import read_decided
from indexer.index.index import Index
from tests.corpora import ANSWERS

ROOT = Path(__file__).parents[3]
KILLS = 10


@pytest.mark.slow
def test_kill_at_any_moment(tmp_path: Path) -> None:
    """After each SIGKILL every file of the corpus is whole, what was accepted is there, and a verified index serves."""
    answers = tmp_path / "corpus" / "answers"
    answers.mkdir(parents=True)
    for answer in ANSWERS:
        (answers / f"{answer.id}.md").write_bytes(f"---\r\n# relu\r\nsource: s\r\n---\r\n{answer.text}\r\n".encode())
    before = {file: file.read_bytes() for file in answers.iterdir()}
    rng = random.Random(9)
    questions = 0
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.evaluation.publication.endless", str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.random() * 0.4)
            process.kill()
        # Each file is opened and its sum compared.
        index = Index.open(tmp_path / "index")
        assert len(index) == len(ANSWERS)
        assert [problem for problem in check_corpus(tmp_path / "corpus") if problem.severity == "erreur"] == []
        after = {file: file.read_bytes() for file in before}
        changed = {file.name for file in before if after[file] != before[file]}
        assert changed <= {"validite-certificat.md"}
        corpus = {answer.id: answer for answer in open_corpus(tmp_path / "corpus").answers()}
        found = len(corpus["validite-certificat"].questions)
        assert found >= questions
        questions = found
        original = before[answers / "validite-certificat.md"].split(b"\r\n")
        kept = [line for line in after[answers / "validite-certificat.md"].split(b"\r\n") if line in original]
        assert kept == original
        assert len(read_decided(tmp_path / "corpus").accepted) in (found, found - 1)
    assert questions >= KILLS
