"""Lines of a text file with their numbers, one at a time, whatever bytes a file holds."""

from collections.abc import Callable, Iterator
from pathlib import Path

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decoded_lines(file: Path, report: Callable[[int, str], None]) -> Iterator[tuple[int, str]]:
    """Yield each line of *file* that is UTF-8, numbered from 1, without its end; *report* the others."""
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if number == 1:
                raw = raw.removeprefix(_BYTE_ORDER_MARK)
            try:
                yield number, raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                report(number, f"not UTF-8: {error.reason} at byte {error.start + 1} of the line")
