"""Encoding on the workers of a Dask cluster: real processes, one of which may be killed."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.testing import assert_array_equal

from indexer.encoders.loading import load_encoder
from indexer.errors import ClusterError
from indexer.index.build import BuildSummary, build_index
from indexer.index.folder import IndexFolder
from indexer.records import Answer, no_progress
from indexer.search.contents import IndexContents
from indexer.settings import IndexerSettings
from indexer.workforce import EncoderCall, OneProcess, dask_cluster
from indexer.workforce.dask_cluster import open_cluster
from indexer.workforce.place import Place
from indexer.workforce.worker import load
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder
from tests.indexer.workforce import encoders
from tests.indexer.workforce.clusters import ROOT, Cluster, cluster

pytestmark = pytest.mark.slow

CORPUS = MemoryCorpus(
    tuple(
        Answer(
            f"a{number}",
            f"La règle {number} vaut pour le service {number * 7}. Elle date de {1900 + number}.",
            questions=(f"Que dit la règle {number} ?", "Où est-ce écrit ?"),
        )
        for number in range(900)
    ),
    off_topic=("Quel temps fera-t-il demain ?", "Bonjour"),
)
"""15 calls of answers, 4 of questions."""


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of a scheduler and two workers."""
    (tmp_path / "dask").mkdir()
    with cluster(tmp_path / "dask") as started:
        started.add_worker()
        started.add_worker()
        yield started


@pytest.fixture
def no_workers(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler alone."""
    (tmp_path / "dask").mkdir()
    with cluster(tmp_path / "dask") as started:
        yield started


def build_on(
    address: str, path: Path, *, at: Callable[[int, int], None] = no_progress, approves: bool = True
) -> BuildSummary:
    """Build an index of the corpus on a cluster. at: is told of progress."""
    encoder = FakeEncoder()
    with open_cluster(Place.of(address), encoder=encoder, load=encoders.load, patience_seconds=2) as workforce:
        return build_index(CORPUS, path, encoder=encoder, workforce=workforce, progress=at, approve=lambda _: approves)


def contents_of(path: Path) -> IndexContents:
    return IndexContents.load(path / IndexFolder(path).current_id())


def assert_same_vectors(path: Path, other: Path) -> None:
    """To the last bit, whoever made them."""
    one, two = contents_of(path), contents_of(other)
    assert_array_equal(one.embeddings.every, two.embeddings.every)
    assert_array_equal(one.span_embeddings.every, two.span_embeddings.every)
    assert_array_equal(one.off_topic_vectors, two.off_topic_vectors)


@pytest.fixture(scope="module")
def built_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same index, built by this process."""
    path = tmp_path_factory.mktemp("here")
    build_index(CORPUS, path, encoder=FakeEncoder())
    return path


def once(action: Callable[[], object], *, when: Callable[[int, int], bool]) -> Callable[[int, int], None]:
    """Return what does something when progress is so far, once."""
    done: list[bool] = []

    def progress(so_far: int, total: int) -> None:
        if not done and when(so_far, total):
            done.append(True)
            action()

    return progress


def half_way(done: int, total: int) -> bool:
    return done > total * 0.4


def test_a_worker_is_killed_half_way(two_workers: Cluster, tmp_path: Path, built_here: Path) -> None:
    """The other one does what it had; all vectors are right to the last bit, and each was written once."""
    victim = two_workers.add_worker()
    told: list[tuple[int, int]] = []
    kill = once(victim.kill, when=half_way)

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        kill(done, total)

    refused = build_on(two_workers.address, tmp_path / "index", at=progress, approves=False)
    victim.wait()
    assert refused.refused
    record = np.dtype([("key", "S32"), ("vector", "<f4", (64,))])
    written = np.fromfile(next((tmp_path / "index").glob("*.partial")), dtype=record)
    assert len(np.unique(written["key"])) == len(written) == refused.manifest.counts.embedded == told[-1][0]
    assert told == sorted(told)
    build_index(CORPUS, tmp_path / "index", encoder=FakeEncoder())
    assert_same_vectors(tmp_path / "index", built_here)


def test_a_killed_worker_of_this_machine_is_started_again(tmp_path: Path, built_here: Path) -> None:
    """A local cluster looks after its workers; it listens on loopback alone, and nothing of it is left."""
    listening: set[str] = set()
    spoken_with: set[str] = set()
    family: list[psutil.Process] = []
    # A server that other tests share may run for as long as this process does.
    others = set(psutil.Process().children(recursive=True))

    def kill() -> None:
        family.extend(set(psutil.Process().children(recursive=True)) - others)
        for process in [psutil.Process(), *family]:
            for one in process.net_connections("inet"):
                # Other tests of this process may have spoken through IPv6 with this machine.
                if one.status == "LISTEN":
                    listening.add(one.laddr.ip.removeprefix("::ffff:"))
                if one.raddr:
                    spoken_with.add(one.raddr.ip.removeprefix("::ffff:"))
        # The leaves are workers, each below what looks after it.
        next(one for one in family if "spawn_main" in " ".join(one.cmdline())).kill()

    build_on("local:2", tmp_path / "index", at=once(kill, when=half_way))
    assert_same_vectors(tmp_path / "index", built_here)
    assert listening == spoken_with == {"127.0.0.1"}
    gone, left = psutil.wait_procs([one for one in family if one.is_running()], timeout=10)
    assert [one.cmdline() for one in left if "resource_tracker" not in " ".join(one.cmdline())] == [], gone


def test_the_scheduler_goes_and_the_build_is_resumed(two_workers: Cluster, tmp_path: Path, built_here: Path) -> None:
    """A sentence says it; what was encoded until then is not encoded again."""
    with pytest.raises(ClusterError, match=r"connection to the Dask scheduler at tcp://.* is lost\. .* is kept"):
        build_on(two_workers.address, tmp_path / "index", at=once(two_workers.scheduler.kill, when=half_way))
    encoder = FakeEncoder()
    counts = build_index(CORPUS, tmp_path / "index", encoder=encoder).manifest.counts
    assert counts.reused > counts.embedded * 0.4
    assert_same_vectors(tmp_path / "index", built_here)


def test_the_scheduler_stands_still(no_workers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What neither works nor breaks is given up too."""
    monkeypatch.setattr(dask_cluster, "_CONNECTING_SECONDS", 2)
    no_workers.add_worker()
    stop = partial(no_workers.scheduler.send_signal, signal.SIGSTOP)
    with pytest.raises(ClusterError, match=r"connection to the Dask scheduler at tcp://.* is lost\."):
        build_on(no_workers.address, tmp_path / "index", at=once(stop, when=half_way))


def test_all_workers_go(no_workers: Cluster, tmp_path: Path) -> None:
    """A cluster without workers is waited for, but not for ever."""
    only = no_workers.add_worker()
    with pytest.raises(ClusterError, match=r"has had no worker for 2 s\. Start some, such as `dask worker tcp://"):
        build_on(no_workers.address, tmp_path / "index", at=once(only.kill, when=half_way))


def test_a_worker_comes_later(no_workers: Cluster, tmp_path: Path, built_here: Path) -> None:
    """It gets its share, once it has been made sure of; one that does not fit ends the build."""
    no_workers.add_worker()
    build_on(no_workers.address, tmp_path / "one", at=once(no_workers.add_worker, when=lambda done, _: done > 100))
    assert_same_vectors(tmp_path / "one", built_here)
    odd = partial(no_workers.add_worker, {encoders.ODDITY: "processor"})
    with pytest.raises(ClusterError, match="makes other vectors of the same model"):
        build_on(no_workers.address, tmp_path / "other", at=once(odd, when=lambda done, _: done > 100))


@pytest.mark.parametrize(
    ("oddity", "said"),
    [
        ("absent", r"cannot load the encoder: There is no folder ./my-model"),
        ("model", r"has another model than this machine: another \(.{12}\), not fake \(.{12}\)\. Put the same files"),
        ("processor", r"its processor \(.*\) calculates in another way than this one \(.*\)\. Build on a machine like"),
    ],
)
def test_a_worker_that_does_not_fit_is_refused(no_workers: Cluster, tmp_path: Path, oddity: str, said: str) -> None:
    """Before anything is encoded, in a sentence."""
    no_workers.add_worker()
    no_workers.add_worker({encoders.ODDITY: oddity})
    with pytest.raises(ClusterError, match=said):
        build_on(no_workers.address, tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_what_goes_wrong_at_a_worker_is_said(no_workers: Cluster, tmp_path: Path) -> None:
    """As itself, not as a lost connection; what was encoded is kept."""
    no_workers.add_worker({encoders.ODDITY: "failing"})
    with pytest.raises(ClusterError, match=r"failed at its work: OSError: No space left on device\. Look at its log"):
        build_on(no_workers.address, tmp_path / "index")
    assert list((tmp_path / "index").glob("*.partial"))


def libraries_without_this(folder: Path) -> tuple[str, ...]:
    """Return how to run a Python that has all libraries of this one, but for the program itself."""
    site = Path(np.__file__).parents[1]
    folder.mkdir()
    for one in site.iterdir():
        if "souffleur" not in one.name:
            (folder / one.name).symlink_to(one)
    return (getattr(sys, "_base_executable", sys.executable), "-P")


def test_a_worker_without_the_program_is_told_what_to_install(
    no_workers: Cluster, tmp_path: Path, built_here: Path
) -> None:
    """Nothing is sent to it. One that comes later ends at its first call, which another then does."""
    python = libraries_without_this(tmp_path / "libraries")
    bare = partial(no_workers.add_worker, {"PYTHONPATH": str(tmp_path / "libraries")}, python=python)
    no_workers.add_worker()
    build_on(no_workers.address, tmp_path / "one", at=once(bare, when=lambda done, _: done > 100))
    assert_same_vectors(tmp_path / "one", built_here)
    bare()
    with pytest.raises(
        ClusterError, match=r"The Dask worker tcp://\S+ has no souffleur-faq\. Install there .*\[dask\]=="
    ):
        build_on(no_workers.address, tmp_path / "other")


def test_a_worker_with_another_version_is_refused(no_workers: Cluster, tmp_path: Path) -> None:
    """Its vectors might be of other passages."""
    python = libraries_without_this(tmp_path / "libraries")
    older = tmp_path / "libraries" / "souffleur_faq-0.1.9.dist-info"
    older.mkdir()
    (older / "METADATA").write_text("Metadata-Version: 2.4\nName: souffleur-faq\nVersion: 0.1.9\n", encoding="utf-8")
    no_workers.add_worker({"PYTHONPATH": f"{tmp_path / 'libraries'}:{ROOT}"}, python=python)
    with pytest.raises(ClusterError, match=r"has souffleur-faq 0\.1\.9, and this machine .*\. Install the same"):
        build_on(no_workers.address, tmp_path / "index")


def test_nobody_is_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address, or nothing there, is a sentence; so is a cluster that wants certificates. No thread is left.

    What is left is ended by the garbage collector, which runs in the thread of the next client too and keeps it
    from starting.
    """
    monkeypatch.setattr(dask_cluster, "_CONNECTING_SECONDS", 1)
    before = set(threading.enumerate())
    with pytest.raises(ClusterError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9 .* Correct --dask"):
        build_on("tcp://127.0.0.1:9", tmp_path / "index")
    with pytest.raises(ClusterError, match=r"no Dask scheduler at tls://127\.0\.0\.1:9 .*Dask's own configuration"):
        build_on("tls://127.0.0.1:9", tmp_path / "index")
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    "text", ["scheduler:8786", "http://scheduler:8786", "tcp://scheduler", "local:0", "", "locale"]
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """With the forms that there are."""
    with pytest.raises(ClusterError, match=re.escape(f"--dask cannot be {text!r}. Give the address of a scheduler")):
        Place.of(text)


def test_calls_are_taken_as_they_are_needed(no_workers: Cluster) -> None:
    """A corpus larger than memory is not read to its end before the first vectors are there."""
    no_workers.add_worker()
    taken = 0

    def calls() -> Iterator[EncoderCall]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield EncoderCall((f"question {number}",))

    encoder = FakeEncoder()
    with open_cluster(Place.of(no_workers.address), encoder=encoder, load=encoders.load) as workforce:
        found: dict[int, np.ndarray] = {}
        for number, vectors in workforce.run(calls()):
            assert taken <= len(found) + 3
            found[number] = vectors[0]
    expected = {number: vectors[0] for number, vectors in OneProcess(encoder).run(calls())}
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[number], expected[number]) for number in expected)


def test_the_bundled_encoder_on_workers(tmp_path: Path) -> None:
    """Vectors of the real model are the same bits from two workers, one of which was killed, as from this process."""
    encoder = load_encoder()
    corpus = MemoryCorpus(CORPUS.entries[:150], off_topic=CORPUS.off_topic)
    build_index(corpus, tmp_path / "here", encoder=encoder)

    def kill() -> None:
        family = psutil.Process().children(recursive=True)
        next(one for one in family if "spawn_main" in " ".join(one.cmdline())).kill()

    theirs = partial(load, IndexerSettings(threads=1), None)
    with open_cluster(Place.of("local:2"), encoder=encoder, load=theirs) as workforce:
        progress = once(kill, when=half_way)
        build_index(corpus, tmp_path / "there", encoder=encoder, workforce=workforce, progress=progress)
    assert_same_vectors(tmp_path / "there", tmp_path / "here")


def souffleur(*arguments: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "souffleur", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_command(tmp_path: Path) -> None:
    """`build --dask local:2` builds; a mistake is one line and status 2; an interrupt says how to go on."""
    rows = "".join(f'{{"id": "a{number}", "text": "Le délai {number} est de trois mois."}}\n' for number in range(1500))
    (tmp_path / "faq.jsonl").write_text(rows, encoding="utf-8")
    build = ("build", "--corpus", "faq.jsonl", "--dask")
    wrong = souffleur(*build, "scheduler", folder=tmp_path)
    assert (wrong.communicate(timeout=60)[1].count("\n"), wrong.returncode) == (1, 2)
    cut_off = souffleur(*build, "local:2", folder=tmp_path)
    for _ in range(3000):
        if list(tmp_path.glob("build/index/*.partial")):
            break
        with pytest.raises(subprocess.TimeoutExpired):
            cut_off.wait(0.01)
    os.killpg(cut_off.pid, signal.SIGINT)  # as a terminal does, to the workers too
    said = cut_off.communicate(timeout=60)
    assert said == (
        "",
        "Interrompu : l'index en service reste le même ; la même commande reprend où elle en était. (Interrupted.)\n",
    )
    assert cut_off.returncode == 2
    done = souffleur(*build, "local:2", folder=tmp_path)
    out, err = done.communicate(timeout=120)
    assert "1500 réponses en service" in out
    assert int(re.findall(r"(\d+) reused", out)[0]) > 0
    assert (err.count("Traceback"), done.returncode) == (0, 0)
