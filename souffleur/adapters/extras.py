"""What is said where the library of an adapter is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from indexer.errors import SouffleurError


class MissingExtraError(SouffleurError, ImportError):
    """The library of an adapter is not installed."""


@contextmanager
def provided_by(extra: str) -> Iterator[None]:
    """Make of an import that fails in the block one sentence that names what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f'{error.name} is not installed. Run: pip install "souffleur-faq[{extra}]"') from error
