"""What a file that cannot be written is to the one who named it: an error with the advice to name another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.records import EvaluationError


@contextmanager
def writing(file: Path, *, advice: str) -> Iterator[None]:
    """Turn what is raised while *file* is written into an EvaluationError that ends with *advice*."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename not in (None, str(file)) else ""
        raise EvaluationError(f"{file} cannot be written: {error.strerror}{where}. {advice}") from error
    except ValueError as error:
        raise EvaluationError(f"{file} cannot be written: {error}. {advice}") from error
