"""Who watches is told the same by /readyz and by the metrics."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.app import create_api
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
from tests.fakes import FakeEncoder


class Usage(NamedTuple):
    """What `shutil.disk_usage` returns, as far as it is read."""

    free: int


@pytest.fixture
def answering(small_index: Path) -> Answering:
    return Answering.open(small_index, encoder=FakeEncoder())


def told(client: TestClient) -> tuple[str, str]:
    """Return what /readyz says, and the gauge."""
    (gauge,) = (line for line in client.get("/metrics").text.splitlines() if line.startswith("souffleur_degraded "))
    return client.get("/readyz").json()["status"], gauge.split()[1]


def test_a_disk_that_fills_up_is_in_the_metrics(
    answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is full, though nobody has asked and nothing is lost yet."""
    with TestClient(create_api(answering, disks={"feedback": tmp_path})) as client:
        assert told(client) == ("ready", "0.0")
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda _: Usage(1_000))
            assert told(client) == ("degraded", "1.0")
        assert told(client) == ("ready", "0.0")


def test_feedback_that_is_not_kept_is_in_the_metrics(answering: Answering, tmp_path: Path) -> None:
    """Until it is kept again."""
    path = tmp_path / "feedback.sqlite"
    with (
        FeedbackStore.open(path, keep_questions="off", retention_days=30) as store,
        TestClient(create_api(answering, feedback=store)) as client,
    ):
        assert told(client) == ("ready", "0.0")
        path.unlink()
        path.mkdir()
        with pytest.raises(FeedbackError):
            store.record_feedback("q1", "a", useful=True, index_id="i1")
        assert told(client) == ("degraded", "1.0")
        path.rmdir()
        while told(client) != ("ready", "0.0"):  # it is tried again after a second
            store.look_after_file()


def test_a_store_that_is_gone_is_in_the_metrics(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then every question is refused, and the metrics are still answered."""
    with TestClient(create_api(answering)) as client:
        monkeypatch.setattr(Answering, "is_available", False)
        assert client.get("/readyz").status_code == 503
        assert "souffleur_degraded 1.0" in client.get("/metrics").text
