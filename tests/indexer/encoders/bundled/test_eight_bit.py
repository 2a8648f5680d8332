"""Passages in 8-bit products: near to the others, the same in any company, and only where it pays."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from indexer.arithmetic import Arithmetic
from indexer.encoders.bundled.eight_bit import EightBitScales, build_bulk_graph
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.unpack import UnpackedModel
from indexer.encoders.bundled.wheel import WheelModel
from indexer.errors import EncoderError

SENTENCE = "Un certificat délivré par l'ANS a une durée de validité de 3 ans à compter de son obtention."
TEXTS = ["où", "RPPS", SENTENCE, *(" ".join([SENTENCE] * times) for times in (2, 3, 8, 20)), "| a | 12 |\n" * 40]
QUESTIONS = ["Combien de temps un certificat est-il valable ?", "rpps"]


@pytest.fixture(scope="module")
def rounded(unpacked: UnpackedModel) -> BundledEncoder:
    return BundledEncoder(cache_folder=unpacked.folder.parent, arithmetic=Arithmetic.EIGHT_BIT)


def test_passages_are_near_to_the_more_exact_ones(bundled: BundledEncoder, rounded: BundledEncoder) -> None:
    """Of all lengths, beyond the window too; the encoder says which arithmetic it has."""
    assert (bundled.arithmetic, rounded.arithmetic) == ("4-bit", "8-bit")
    assert rounded.fingerprint == bundled.fingerprint
    cosines = (rounded.encode_passages(TEXTS) * bundled.encode_passages(TEXTS)).sum(axis=1)
    assert 0.998 < cosines.min() < cosines.max() < 0.99999


def test_questions_have_the_same_vectors_in_either(bundled: BundledEncoder, rounded: BundledEncoder) -> None:
    """To the last bit: what is asked is compared with indexes made in any arithmetic."""
    np.testing.assert_array_equal(rounded.encode_questions(QUESTIONS), bundled.encode_questions(QUESTIONS))


def test_a_vector_does_not_depend_on_company_or_cores(unpacked: UnpackedModel, rounded: BundledEncoder) -> None:
    """Alone, in any order, on one core, in batches of another size: the same bits, by either method."""
    together = rounded.encode_passages(TEXTS * 5)
    alone = np.concatenate([rounded.encode_passages([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, np.tile(alone, (5, 1)))
    one_core = BundledEncoder(
        cache_folder=unpacked.folder.parent, arithmetic=Arithmetic.EIGHT_BIT, threads=1, batch_size=3
    )
    np.testing.assert_array_equal(one_core.encode_passages(TEXTS), alone)
    np.testing.assert_array_equal(np.concatenate(rounded.encode_in_parts(TEXTS, [()] * len(TEXTS))), alone)
    with_parts = rounded.encode_in_parts(TEXTS, [((0, 2),)] * len(TEXTS))
    np.testing.assert_array_equal(np.array([vectors[0] for vectors in with_parts]), alone)


def test_few_texts_are_not_worth_it(unpacked: UnpackedModel, bundled: BundledEncoder) -> None:
    """Nothing is measured, and the vectors stay those of 4 bits."""
    encoder = BundledEncoder(cache_folder=unpacked.folder.parent, arithmetic=Arithmetic.MEASURED)
    encoder.expect(20)
    assert encoder.arithmetic == "4-bit"
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS[:3]), bundled.encode_passages(TEXTS[:3]))


@pytest.mark.slow
def test_many_texts_get_what_was_measured(unpacked: UnpackedModel, bundled: BundledEncoder) -> None:
    """Whichever that is on this machine; a second encoder knows it from the cache."""
    encoders = [
        BundledEncoder(cache_folder=unpacked.folder.parent, arithmetic=Arithmetic.MEASURED, threads=1) for _ in range(2)
    ]
    for encoder in encoders:
        encoder.expect(100_000)
    assert encoders[0].arithmetic == encoders[1].arithmetic
    assert (unpacked.folder.parent / "arithmetic.json").is_file()
    assert (encoders[0].encode_passages(TEXTS) * bundled.encode_passages(TEXTS)).sum(axis=1).min() > 0.998


def test_the_file_of_the_scales_is_told_when_damaged(tmp_path: Path, wheel: WheelModel) -> None:
    """A file cut short, and scales of another model, are errors that say what to do."""
    scales = EightBitScales.load()
    scales.save(tmp_path / "whole.npz")
    scales.save(tmp_path / "again.npz")
    assert (tmp_path / "whole.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:5000])
    with pytest.raises(EncoderError, match=r"cut\.npz cannot be read.*Install this program anew"):
        EightBitScales.load(tmp_path / "cut.npz")
    narrow = dataclasses.replace(scales.inputs["l0.q"], step=np.ones(5, dtype=np.float32))
    with pytest.raises(EncoderError, match=r"do not fit the model: there are none for l0\.q"):
        build_bulk_graph(wheel, EightBitScales({**scales.inputs, "l0.q": narrow}))
