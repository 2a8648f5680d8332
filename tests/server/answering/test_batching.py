"""Encoding concurrent questions together."""

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest

from indexer.records import Vectors
from server.answering.batching import Batcher, divide
from tests.fakes import FakeEncoder


class HeldEncoder:
    """Waits with each batch until it is let go, so that a test decides who comes meanwhile."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.batches: list[list[str]] = []

    def __call__(self, questions: Sequence[str]) -> Vectors:
        self.batches.append(list(questions))
        self.began.release()
        self.go.acquire()
        if "bad" in questions:
            raise RuntimeError("bad")
        if "interrupt" in questions:
            raise KeyboardInterrupt
        return FakeEncoder().encode_questions(questions)


def test_an_idle_server_encodes_at_once() -> None:
    """One question after the other is encoded alone, as the encoder alone would do."""
    sizes: list[int] = []
    batcher = Batcher(FakeEncoder().encode_questions, observe=sizes.append)
    for question in ("erreur 905", "certificat"):
        assert np.array_equal(batcher.encode([question])[0], FakeEncoder().encode_questions([question])[0])
    assert sizes == [1, 1]


def test_who_comes_meanwhile_goes_together() -> None:
    """Questions that come while one is encoded are the next batches, no larger than the most; each gets its own."""
    held = HeldEncoder()
    batcher = Batcher(held, most=3)
    found: dict[str, Vectors] = {}
    questions = [f"question {number}" for number in range(6)]
    threads = [
        threading.Thread(target=lambda text: found.__setitem__(text, batcher.encode([text])[0]), args=(text,))
        for text in questions
    ]
    threads[0].start()
    held.began.acquire()
    for thread in threads[1:]:
        thread.start()
    while len(batcher._waiting) < 5:
        threading.Event().wait(0.001)
    for _ in range(3):
        held.go.release()
    for thread in threads:
        thread.join(timeout=10)
    assert [len(batch) for batch in held.batches] == [1, 3, 2]
    for question in questions:
        np.testing.assert_allclose(found[question], FakeEncoder().encode_questions([question])[0], atol=1e-5)


def test_questions_of_like_length_go_together() -> None:
    """Who has waited longest leads, with those who asked in about as many characters; the others come next."""
    held = HeldEncoder()
    batcher = Batcher(held, most=3)
    questions = ["première", "a" * 20, "b" * 200, "c" * 190, "d" * 25, "e" * 210]
    threads = []
    for waiting, text in enumerate(questions):
        threads.append(threading.Thread(target=batcher.encode, args=([text],)))
        threads[-1].start()
        if waiting == 0:
            held.began.acquire()
        while len(batcher._waiting) < waiting:
            threading.Event().wait(0.001)
    for _ in range(4):
        held.go.release()
    for thread in threads:
        thread.join(timeout=10)
    assert [[text[0] for text in batch] for batch in held.batches] == [["p"], ["a", "d", "c"], ["b", "e"]]


def test_a_failure_is_told_and_passes() -> None:
    """What the encoder raises reaches who asked, and the next question is encoded."""
    held = HeldEncoder()
    held.go.release(2)
    batcher = Batcher(held)
    with pytest.raises(RuntimeError, match="bad"):
        batcher.encode(["bad"])
    assert batcher.encode(["good"]).shape == (1, 64)


def test_an_interrupted_batch_leaves_nobody_waiting() -> None:
    """A Ctrl-C in the encoder reaches its thread alone; the batch's others are told, who waits goes on, and so on."""
    held = HeldEncoder()
    batcher = Batcher(held, most=2)
    told: dict[str, BaseException | None] = {}

    def ask(text: str) -> None:
        try:
            batcher.encode([text])
            told[text] = None
        except BaseException as error:  # noqa: BLE001  # the test asks which it was
            told[text] = error

    threads = []
    for waiting, text in enumerate(["first", "interrupt", "company", "later"]):
        threads.append(threading.Thread(target=ask, args=(text,), daemon=True))
        threads[-1].start()
        if waiting == 0:
            held.began.acquire()
        while len(batcher._waiting) < waiting:
            threading.Event().wait(0.001)
    held.go.release(10)
    for thread in threads:
        thread.join(timeout=5)
    assert held.batches == [["first"], ["interrupt", "company"], ["later"]]
    assert {text: type(error) for text, error in told.items()} == {
        "first": type(None),
        "interrupt": KeyboardInterrupt,
        "company": RuntimeError,
        "later": type(None),
    }
    assert batcher.encode(["after"]).shape == (1, 64)


def test_an_interrupted_observer_leaves_nobody_waiting() -> None:
    """What is interrupted beside the encoder, or fails there, ends no more than one in the encoder does."""
    ends: list[BaseException] = [KeyboardInterrupt(), ValueError("observer")]

    def observe(_: int) -> None:
        if ends:
            raise ends.pop(0)

    batcher = Batcher(FakeEncoder().encode_questions, observe=observe)
    with pytest.raises(KeyboardInterrupt):
        batcher.encode(["one"])
    with pytest.raises(ValueError, match="observer"):
        batcher.encode(["two"])
    encoded = threading.Thread(target=batcher.encode, args=(["three"],), daemon=True)
    encoded.start()
    encoded.join(timeout=5)
    assert not encoded.is_alive()


@pytest.mark.parametrize("led", [False, True], ids=["while another is encoded", "just as it was to lead"])
def test_an_interrupted_wait_leaves_nobody_waiting(led: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives up waiting is not waited for: what it asked is not encoded, and the next one has the turn."""
    held = HeldEncoder()
    batcher = Batcher(held, most=1)
    first = threading.Thread(target=batcher.encode, args=(["first"],), daemon=True)
    last = threading.Thread(target=batcher.encode, args=(["last"],), daemon=True)
    first.start()
    held.began.acquire()

    def interrupted(*_: object) -> bool:
        monkeypatch.undo()
        last.start()
        while len(batcher._waiting) < 2:
            time.sleep(0.001)
        if led:
            held.go.release()
            first.join(timeout=5)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Event, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        batcher.encode(["given up"])
    held.go.release(10)
    for thread in (first, last):
        thread.join(timeout=5)
        assert not thread.is_alive()
    assert held.batches == [["first"], ["last"]]


def test_a_list_is_encoded_in_parts_of_like_lengths() -> None:
    """Short questions in one part, long ones alone; nothing is lost, and nothing is a part without a question."""
    questions = ["x" * length for length in (5, 900, 3, 1900, 4, 1999, *range(10, 18), 1050)]
    parts = list(divide(questions))
    assert [question for part in parts for question in part] == sorted(questions, key=len)
    assert [len(part) for part in parts] == [11, 1, 1, 1, 1]
    assert list(divide([])) == []


def test_others_come_in_between_the_parts_of_a_list() -> None:
    """Who asks one question while a list is encoded waits for one part of it, not for the whole list."""
    held = HeldEncoder()
    batcher = Batcher(held)
    parts = list(divide([f"{number:0900}" for number in range(6)]))
    asking = threading.Thread(target=lambda: [batcher.encode(part) for part in parts])
    other = threading.Thread(target=lambda: batcher.encode(["seule"]))
    asking.start()
    held.began.acquire()
    other.start()
    while not batcher._waiting:
        threading.Event().wait(0.001)
    held.go.release(10)
    for thread in (asking, other):
        thread.join(timeout=10)
    assert [len(batch) for batch in held.batches] == [2, 1, 2, 2]
    assert held.batches[1] == ["seule"]
