"""That a corpus was saved is noticed once it is calm, and once."""

from pathlib import Path

import pytest

from evaluation.publication.watch import Seen, changes, look_at


class DoneError(Exception):
    """Ends a watch."""


def test_what_is_saved_together_is_seen_once() -> None:
    """While files come, nothing is said; then once, whatever the number of them; nor is the same said again."""
    looks = iter([{"a": (1, 1)}, {"a": (1, 1)}, {"a": (2, 1)}, {"a": (2, 1), "b": (2, 1)}, {"a": (2, 1), "b": (2, 1)}])
    last = {"a": (2, 1), "b": (2, 1)}
    pauses = iter(range(8))

    def pause() -> None:
        if next(pauses, None) is None:
            raise DoneError

    seen: list[Seen] = []
    with pytest.raises(DoneError):
        seen.extend(changes(lambda: next(looks, last), pause))
    assert seen == [{"a": (1, 1)}, last]


def test_only_the_corpus_is_looked_at(tmp_path: Path) -> None:
    """Files below and companions; not what is hidden, nor the query sets; of a table, what lies beside it."""
    (tmp_path / "answers").mkdir()
    (tmp_path / "queries").mkdir()
    for name in ("answers/a.md", "answers/.#a.md", ".apprentissage.json", "hors-sujet.txt", "queries/q.jsonl"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert {Path(name).name for name in look_at(tmp_path)} == {"a.md", "hors-sujet.txt"}
    (tmp_path / "faq.csv").write_text("x", encoding="utf-8")
    assert {Path(name).name for name in look_at(tmp_path / "faq.csv")} == {"faq.csv", "hors-sujet.txt"}
