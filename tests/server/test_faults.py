"""Real servers that are killed, and whose index is switched, while they are asked."""

from pathlib import Path

import pytest

from benchmarks.faults import kills, swaps
from benchmarks.running import running_server
from indexer.corpus.corpus import open_corpus
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index


@pytest.mark.slow
def test_switching_fails_no_request_and_mixes_no_answers(tmp_path: Path) -> None:
    """Under load, with a corrupt index among the good ones, which is refused and counted."""
    folder, ids = swaps.prepare(tmp_path)
    with running_server(folder) as server:
        seen, refused = swaps.swap_under_load(server, folder, ids, swaps=6, clients=2)
        assert server.counted("souffleur_refused_reloads_total") >= 1
    assert refused
    assert seen.failed == []
    assert seen.inconsistent == []
    assert seen.noticed == 6
    assert set(seen.by_index) == set(ids[:2])


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_with_a_server(tmp_path: Path) -> None:
    """Killed with SIGKILL, it leaves a sound database with every judgement and question that it acknowledged."""
    index = tmp_path / "index"
    build_index(open_corpus(Path("corpus")), index, encoder=load_encoder("bundled"))
    acknowledged = kills.ask_and_kill(index, tmp_path / "feedback.sqlite", kills=3, clients=2)
    sound, found = kills.read(tmp_path / "feedback.sqlite")
    assert sound
    assert acknowledged.failed == []
    assert acknowledged.judgements
    assert acknowledged.lost(found) == (0, 0)
