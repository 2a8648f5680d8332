"""Loads an encoder by name. Nothing heavy is imported before it is needed."""

from pathlib import Path

from indexer.arithmetic import Arithmetic
from indexer.encoders import Encoder
from indexer.errors import EncoderError
from indexer.settings import BUNDLED, BUNDLED_ENCODERS, BUNDLED_TAUGHT, IndexerSettings


def load_named_encoder(settings: IndexerSettings, *, adapter: Path | None = None) -> Encoder:
    """Return the encoder that *settings* name, as they want it run; the rest as `load_encoder`.

    What an index folder says of the bundled one is for `indexer.index.encoder`.
    """
    return load_encoder(
        settings.encoder,
        adapter=adapter,
        device=settings.device,
        batch_size=settings.batch_size,
        threads=settings.threads,
        arithmetic=settings.arithmetic,
        cache_folder=settings.cache,
    )


def load_encoder(
    name: str = BUNDLED,
    *,
    adapter: Path | None = None,
    device: str | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    arithmetic: Arithmetic = Arithmetic.FOUR_BIT,
    cache_folder: Path | None = None,
) -> Encoder:
    """Return the encoder called *name*, ready to encode.

    name: "bundled" or "bundled-base", both the bundled model here; "bundled-taught", with the adapter that ships; a
    folder of a sentence-transformers model; or a model's name on the Hugging Face hub, the only case that may use the
    network, once, where it is not on this machine.
    adapter: the file of what "bundled" was taught, if anything. device: for sentence-transformers, such as cuda; the
    bundled encoder runs on the processor.
    batch_size: most texts run at once. threads: of the processor; all by default.
    arithmetic: of the bundled encoder where it reads passages.
    cache_folder: where the bundled model is unpacked; the user's cache by default.
    EncoderError if it cannot be loaded, saying what to type next.
    """
    if name in BUNDLED_ENCODERS:
        if device not in (None, "cpu"):
            raise EncoderError(
                f"The bundled encoder runs on the processor, not on {device}. Leave --device out, or name a "
                "sentence-transformers model with --encoder."
            )
        from indexer.encoders.bundled.adapter import ADAPTER_FILE, Adapter
        from indexer.encoders.bundled.encoder import BundledEncoder

        if name == BUNDLED_TAUGHT:
            adapter = ADAPTER_FILE
        taught = Adapter.load(adapter) if adapter else None
        return BundledEncoder(
            adapter=taught, cache_folder=cache_folder, batch_size=batch_size, threads=threads, arithmetic=arithmetic
        )
    from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder

    return SentenceTransformersEncoder(name, device=device, batch_size=batch_size, threads=threads)
