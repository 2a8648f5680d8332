"""What an import writes: every file, or none."""

import errno
from pathlib import Path

import pytest

from indexer.corpus.imports.files import write_files
from indexer.errors import CorpusError


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_what_is_stopped_half_way_leaves_all_as_it_was(
    stopped_by: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files written are gone, files replaced are what they were, and nothing lies beside them."""
    old, new = tmp_path / "ancienne.md", tmp_path / "nouvelle.md"
    old.write_bytes(b"avant")
    place = Path.replace

    def stop_at_the_last(part: Path, file: Path) -> Path:
        if file == old:
            raise stopped_by
        return place(part, file)

    monkeypatch.setattr(Path, "replace", stop_at_the_last)
    with pytest.raises((KeyboardInterrupt, CorpusError)):
        write_files({new: "neuve"}, tmp_path, replaced={old: (b"avant", "maintenant")}, removed=[old])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"ancienne.md": b"avant"}
