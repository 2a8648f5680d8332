"""Answers and their parts from one pass."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from indexer.answers.passage_table import text_key
from indexer.encoders.parts import Part
from indexer.index import one_pass
from indexer.index.build import build_index
from indexer.records import Answer, PassageKind, Vectors
from indexer.search.contents import IndexContents
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

LONG = " ".join(f"La règle numéro {number} vaut pour le service {number * 7}." for number in range(60))
SHORT = "Un certificat se demande en ligne. Il est valable trois ans. Un rappel est envoyé un mois avant sa fin."
ENDLESS = " ".join(f"mot{number}" for number in range(400)) + ". Fin de la phrase sans fin."


class InContext(FakeEncoder):
    """The vector of a part is that of its text; *windows* are the texts that were read for it."""

    def __init__(self, *, reads_parts_in_whole: bool = True) -> None:
        super().__init__(reads_parts_in_whole=reads_parts_in_whole)
        self.windows: dict[str, list[str]] = {}

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        for text, some in zip(texts, parts, strict=True):
            for start, end in some:
                self.windows.setdefault(text[start:end], []).append(text)
        return super().encode_in_parts(texts, parts)


def build(path: Path, answers: Sequence[Answer], encoder: FakeEncoder | None = None) -> IndexContents:
    summary = build_index(MemoryCorpus(tuple(answers)), path, encoder=encoder or FakeEncoder())
    return IndexContents.load(path / summary.manifest.id)


def span_texts(contents: IndexContents, answer: int) -> list[str]:
    rows = range(int(contents.spans.first_rows[answer]), int(contents.spans.first_rows[answer + 1]))
    text = contents.answers[answer].text
    return [text[slice(*contents.spans.place(row))] for row in rows]


def test_each_part_has_its_vector(tmp_path: Path) -> None:
    """Row by row, also of a body that is several pieces: this encoder gives a part the vector of its text.

    A stretch that no window holds is near to that.
    """
    contents = build(tmp_path, [Answer("long", LONG), Answer("short", SHORT), Answer("one", "Une phrase seule.")])
    assert (contents.table.lengths[:, 0] > 1).tolist() == [True, False, False]
    texts = [text for answer in range(3) for text in span_texts(contents, answer)]
    assert len(texts) == len(contents.spans) > 60
    expected = FakeEncoder().encode_passages(texts)
    sentences = contents.spans.are(PassageKind.SENTENCE)
    assert_allclose(contents.span_embeddings.every[sentences], expected[sentences], atol=1e-6)
    assert (contents.span_embeddings.every * expected).sum(axis=1).min() > 0.99


def test_a_part_is_read_where_most_stands_around_it(tmp_path: Path) -> None:
    """Not at the edge of a piece, but in the window that bridges the cut; at the ends of the text, in the pieces."""
    encoder = InContext()
    contents = build(tmp_path, [Answer("long", LONG)], encoder)
    pieces = [LONG[slice(*contents.table.place(row))] for row in range(len(contents.table))]
    sentences = [one for one in span_texts(contents, 0) if one in encoder.windows]
    assert {len(encoder.windows[one]) for one in sentences} == {1}
    of = {one: encoder.windows[one][0] for one in sentences}
    last_of_first = pieces[0].rsplit(". ", 1)[1]
    bridge = of[last_of_first]
    assert bridge not in pieces
    assert last_of_first in bridge
    assert pieces[1].split(". ")[0] in bridge
    assert 0.3 < bridge.index(last_of_first) / len(bridge) < 0.7
    assert of[sentences[0]] == pieces[0]
    assert max(len(window.split()) for window in of.values()) + 2 <= encoder.max_tokens


def test_parts_are_read_alone_where_the_encoder_was_not_taught_the_whole(tmp_path: Path) -> None:
    """Each is a text of its own then, to the last bit, so that it is reused wherever it stands."""
    encoder = InContext(reads_parts_in_whole=False)
    contents = build(tmp_path, [Answer("long", LONG), Answer("short", SHORT)], encoder)
    assert encoder.windows == {}
    texts = [text for answer in range(2) for text in span_texts(contents, answer)]
    assert_array_equal(contents.span_embeddings.every, FakeEncoder().encode_passages(texts))
    assert contents.spans.rows["key"].tolist() == [text_key(text, as_question=False) for text in texts]


def test_a_sentence_longer_than_a_window_is_read_in_pieces(tmp_path: Path) -> None:
    """Its vector is the mean of what the pieces have of it, by length."""
    encoder = InContext()
    contents = build(tmp_path, [Answer("endless", ENDLESS)], encoder)
    pieces = [ENDLESS[slice(*contents.table.place(row))] for row in range(len(contents.table))]
    sentence = span_texts(contents, 0)[0]
    inside = [piece[: len(sentence) - ENDLESS.index(piece)] for piece in pieces]
    mean = np.array([len(one) for one in inside if one]) @ FakeEncoder().encode_passages([one for one in inside if one])
    assert_allclose(contents.span_embeddings.every[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_the_same_sentence_in_another_answer_is_another_part(tmp_path: Path) -> None:
    """Its vector depends on what stands around it, so it is reused only with the whole answer, and then it is."""
    first = build(tmp_path, [Answer("a", SHORT)])
    encoder = FakeEncoder()
    edited = SHORT + " C'est tout pour aujourd'hui."
    build(tmp_path, [Answer("a", edited)], encoder)
    assert SHORT.split(". ")[0] + "." in encoder.encoded
    again = FakeEncoder()
    back = build(tmp_path, [Answer("b", SHORT), Answer("c", edited)], again)
    assert again.encoded == []
    assert_array_equal(back.span_embeddings.every[: len(first.spans)], first.span_embeddings.every)


def test_answers_of_the_same_text_are_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not they are encoded at once, and whatever is around them."""
    answers = [Answer("a", SHORT), Answer("b", "Autre chose."), Answer("c", SHORT), Answer("d", LONG)]
    together = build(tmp_path / "together", answers)
    monkeypatch.setattr(one_pass, "_AT_ONCE", 1)
    monkeypatch.setattr(one_pass, "_BLOCK", 1)
    encoder = FakeEncoder()
    contents = build(tmp_path / "apart", answers, encoder)
    assert encoder.encoded.count(SHORT) == 1
    assert_array_equal(contents.span_embeddings.every, together.span_embeddings.every)
    of = [contents.span_embeddings.every[contents.spans.answers == row] for row in (0, 2)]
    assert_array_equal(*of)


def test_a_build_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers whose vectors are in the journal are not read again; one that is there in part is."""
    monkeypatch.setattr(one_pass, "_AT_ONCE", 1)
    answers = [Answer("a", SHORT), Answer("b", LONG), Answer("c", "Une autre réponse. Elle a deux phrases en tout.")]

    class Stops(FakeEncoder):
        def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
            if texts[0].startswith("Une autre"):
                raise KeyboardInterrupt
            return super().encode_in_parts(texts, parts)

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, answers, Stops())
    (journal,) = tmp_path.glob("vectors-*.partial")
    with journal.open("r+b") as stream:
        stream.truncate(journal.stat().st_size - 10)
    encoder = FakeEncoder()
    resumed = build(tmp_path, answers, encoder)
    assert SHORT in encoder.encoded
    assert not any(text.startswith("La règle") for text in encoder.encoded)
    assert_array_equal(resumed.span_embeddings.every, build(tmp_path / "fresh", answers).span_embeddings.every)


def test_progress_counts_every_vector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It rises to the number of vectors that are made."""
    monkeypatch.setattr(one_pass, "_AT_ONCE", 1)
    told: list[tuple[int, int]] = []
    corpus = MemoryCorpus((Answer("a", SHORT, ("Comment ?",)), Answer("b", "Autre chose.")))
    summary = build_index(
        corpus, tmp_path, encoder=FakeEncoder(), progress=lambda done, total: told.append((done, total))
    )
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[0] == (0, told[-1][0])
    assert told[-1] == (summary.manifest.counts.embedded,) * 2
