"""Parts of a text from one pass over it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.corpus import open_corpus
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.layout import PROMPTS
from indexer.encoders.bundled.tokenizer import UnigramTokenizer
from indexer.encoders.parts import whole_words
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.records import Vectors

TEXT = "Ce domaine.Ces procédés ont fait l'objet d'une étude. Oui. 🎉 ﬁn\u00a0de la liste : 5 000 € par an <mask>."
PARTS = [(0, 11), (11, 53), (54, 58), (59, 60), (61, 80), (len(TEXT) - 8, len(TEXT)), (0, len(TEXT))]


@pytest.fixture(scope="module")
def shipped() -> list[str]:
    """The texts of the shipped corpus."""
    return [answer.text for answer in open_corpus(Path(__file__).parents[4] / "corpus").answers()]


def pooled_by_hand(model: SentenceTransformersEncoder, text: str, parts: list[tuple[int, int]]) -> Vectors:
    """The means of the last hidden states of the network, whose words are tokenised one after the other."""
    first: Any = model._model[0]
    network, tokenizer = first.auto_model, model._model.tokenizer
    ids, owners = [tokenizer.cls_token_id], [-1]
    prompted = PROMPTS.passage + text
    at = 0
    for word in prompted.split(" "):
        for token in tokenizer(word, add_special_tokens=False)["input_ids"]:
            ids.append(token)
            owners.append(at - len(PROMPTS.passage))
        at += len(word) + 1
    with torch.inference_mode():
        states = network(torch.tensor([[*ids, tokenizer.sep_token_id]])).last_hidden_state[0].numpy()
    rows = [[row for row, owner in enumerate(owners) if start <= owner < end] for start, end in parts]
    means = np.array([states.mean(axis=0), *(states[some].mean(axis=0) for some in rows)])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def test_the_whole_is_as_it_is_alone(bundled: BundledEncoder, shipped: list[str]) -> None:
    """To the last bit, so that an index may hold both; a text is cut where it would be."""
    texts = [TEXT, *shipped, "mot " * 600, "Oui."]
    parts = [[(at, at + 40) for at in range(0, len(text) - 40, 97)] for text in texts]
    found = bundled.encode_in_parts(texts, parts)
    np.testing.assert_array_equal(np.stack([vectors[0] for vectors in found]), bundled.encode_passages(texts))
    assert [len(vectors) for vectors in found] == [1 + len(some) for some in parts]
    for vectors in found:
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert vectors.dtype == np.float32


def test_parts_are_means_of_the_states_of_their_tokens(
    bundled: BundledEncoder, float32: SentenceTransformersEncoder, shipped: list[str]
) -> None:
    """As float32 gives them, pooled by hand, and as sentence-transformers does here."""
    texts = [" ".join(text.split())[:600] for text in shipped[:4]]
    parts = [[whole_words(text, (at, at + 60)) for at in range(0, len(text) - 60, 150)] for text in texts]
    ours, theirs = bundled.encode_in_parts(texts, parts), float32.encode_in_parts(texts, parts)
    for text, some, of_ours, of_theirs in zip(texts, parts, ours, theirs, strict=True):
        exact = pooled_by_hand(float32, text, some)
        assert (of_theirs * exact).sum(axis=1).min() > 0.99999
        assert (of_ours * exact).sum(axis=1).min() > 0.998


def test_both_engines_read_odd_parts_alike(bundled: BundledEncoder, float32: SentenceTransformersEncoder) -> None:
    """Parts that begin inside a word, of one token, of an emoji, at the very end, and all of it."""
    (ours,), (theirs,) = bundled.encode_in_parts([TEXT], [PARTS]), float32.encode_in_parts([TEXT], [PARTS])
    assert (ours * theirs).sum(axis=1).min() > 0.998


def test_a_part_beyond_the_window_has_the_vector_of_the_text(
    bundled: BundledEncoder, float32: SentenceTransformersEncoder
) -> None:
    """Also one without any token; a very long word is one word."""
    text = "mot " * 600 + "x" * 5000 + " \u200b fin"
    far, long_word, nothing = (2390, 2399), (2500, 2600), (len(text) - 5, len(text) - 4)
    for encoder in (bundled, float32):
        (vectors,) = encoder.encode_in_parts([text], [[(0, 3), far, long_word, nothing]])
        assert not np.array_equal(vectors[1], vectors[0])
        np.testing.assert_array_equal(vectors[2:], np.repeat(vectors[:1], 3, axis=0))


def test_what_is_blank_is_refused(bundled: BundledEncoder, float32: SentenceTransformersEncoder) -> None:
    """A text as everywhere, and a part that has nothing in it; no texts give nothing."""
    for encoder in (bundled, float32):
        with pytest.raises(ValueError, match="text 0 of 1 is blank"):
            encoder.encode_in_parts([" "], [[]])
        for part in ((2, 2), (2, 3), (90, 95)):
            with pytest.raises(ValueError, match="is blank"):
                encoder.encode_in_parts(["Il faut."], [[part]])
        assert encoder.encode_in_parts([], []) == []


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("aé ﬁ\n\t\u00a0<mask>s/🎉\u0301\u200b'5▁，~～."), max_size=40), st.data())
def test_a_text_in_parts_has_the_tokens_of_the_whole(bundled: BundledEncoder, text: str, data: st.DataObject) -> None:
    """Wherever its parts begin and end."""
    places = st.integers(0, len(text))
    parts = [(min(pair), max(pair)) for pair in data.draw(st.lists(st.tuples(places, places), max_size=4))]
    parts = [(start, end) for start, end in parts if text[start:end].strip()]
    tokenizer: UnigramTokenizer = bundled._tokenizer
    ids, tokens = bundled._tokenize_in_parts(text, parts)
    assert ids == tokenizer.encode(PROMPTS.passage + text)
    assert all(0 < first <= after < len(ids) for first, after in tokens)
