"""Answers on disk, by row and by id."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.answers import store as answer_store
from indexer.answers.store import AnswerStore, write_answers
from indexer.errors import IndexFolderError
from indexer.records import Answer

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ANSWERS = st.lists(
    st.builds(
        Answer,
        id=st.text("abcé-0", min_size=1, max_size=6),
        text=TEXT,
        questions=st.lists(TEXT, max_size=3).map(tuple),
        facets=st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=2).map(tuple), max_size=2),
        source=st.none() | TEXT,
    ),
    unique_by=lambda answer: answer.id,
    max_size=8,
).map(lambda answers: sorted(answers, key=lambda answer: answer.id))


@given(answers=ANSWERS, copied_up_to=st.sampled_from([0, 1_000_000]))
def test_what_is_written_is_read(
    answers: list[Answer], copied_up_to: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every field of every answer comes back, by row and by id, whatever its characters, copied or read."""
    folder = tmp_path_factory.mktemp("store")
    write_answers(folder, answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer_store, "COPIED_UP_TO", copied_up_to)
        store = AnswerStore(folder)
    assert list(store) == answers
    assert [store.row_of(answer.id) for answer in answers] == list(range(len(answers)))
    assert store.row_of("zz") is None
    assert store.row_of("") is None


def test_row_beyond_the_end_is_an_index_error(tmp_path: Path) -> None:
    """A row that is not there is refused, a negative one too."""
    write_answers(tmp_path, [Answer("a", "texte")])
    store = AnswerStore(tmp_path)
    for row in (1, -1):
        with pytest.raises(IndexError):
            store[row]


def test_cut_file_is_refused(tmp_path: Path) -> None:
    """A file of answers that is shorter than its offsets say is refused by name."""
    write_answers(tmp_path, [Answer("a", "un texte assez long"), Answer("b", "un autre")])
    file = tmp_path / "answers.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(IndexFolderError, match=r"answers\.jsonl"):
        AnswerStore(tmp_path)


def test_large_file_cut_short_later_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the file, and the process goes on."""
    monkeypatch.setattr(answer_store, "COPIED_UP_TO", 0)
    write_answers(tmp_path, [Answer("a", "un texte assez long"), Answer("b", "un autre")])
    store = AnswerStore(tmp_path)
    with (tmp_path / "answers.jsonl").open("r+b") as stream:
        stream.truncate(10)
    with pytest.raises(IndexFolderError, match=r"answers\.jsonl has been cut short"):
        store[0]
