"""What runs in the process of a worker: it loads the encoder once, makes sure of it, and encodes what it is sent."""

import platform
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.encoders import Encoder
from indexer.encoders.loading import load_configured_encoder
from indexer.errors import ClusterError, EncoderError
from indexer.records import Vectors
from indexer.settings import IndexerSettings, keep_off_the_hub
from indexer.workforce import EncoderCall
from indexer.workforce.likeness import Likeness

_lock = threading.Lock()
_ready: dict[Likeness, Encoder] = {}
"""The encoder of the build that this process last worked for."""


@dataclass(frozen=True, slots=True)
class Orders:
    """load: gives the encoder, in any process. expected: what it must be like there."""

    load: Callable[[], Encoder]
    expected: Likeness


def encode(call: EncoderCall, orders: Orders) -> Sequence[Vectors]:
    """Return the vectors of a call. ClusterError if this process cannot make them as those who sent it would."""
    return call.run(_encoder(orders))


def make_ready(orders: Orders) -> None:
    """Load the encoder for calls to come. ClusterError as `encode`."""
    _encoder(orders)


def _encoder(orders: Orders) -> Encoder:
    """Return the encoder, loaded and verified by the first who asks."""
    with _lock:
        if orders.expected not in _ready:
            _ready.clear()
            at = f"on {platform.node()}"
            try:
                encoder = orders.load()
            except EncoderError as error:
                raise ClusterError(f"The worker {at} cannot load the encoder: {error}") from error
            orders.expected.require(Likeness.of(encoder), at=at)
            _ready[orders.expected] = encoder
        return _ready[orders.expected]


def load(settings: IndexerSettings) -> Encoder:
    """Return the encoder that *settings* name, in a process that has no command line. EncoderError as there."""
    keep_off_the_hub(settings.encoder)
    return load_configured_encoder(settings)
