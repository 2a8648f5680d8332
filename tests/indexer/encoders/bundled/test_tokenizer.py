"""Token ids: against published ones, against the `tokenizers` library, and against the wheel's C code."""

import ctypes
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer.encoders.bundled.layout import PIECE_PLACES, PIECES, TOKENIZER
from indexer.encoders.bundled.tokenizer import (
    END,
    MARK,
    PADDING,
    SPECIAL_TOKENS,
    START,
    UNKNOWN,
    UnigramTokenizer,
    build_normaliser,
)
from indexer.encoders.bundled.unpack import UnpackedModel
from indexer.encoders.bundled.wheel import WheelModel, find_wheel_file
from tests.indexer.encoders.conftest import Texts

FRENCH = "query: Où trouver l'INSi d'un patient né à l'étranger ? Dans le référentiel d'exigences « DSR-MDV-2 »…"
TEXTS = [
    FRENCH,
    FRENCH.replace("'", "’").upper(),
    "passage: The certificate is valid for 3 years; see RFC 9457, §4.2 (e.g. TLS 1.3).",
    "👩‍⚕️🏥 rendez-vous 🇫🇷 ❤️‍🔥 1️⃣",
    "prix :\u00a012\u202f000\u2009€\u3000net\u200b!\u2003fin\u2028ligne\u1680ogham",
    unicodedata.normalize("NFD", "référencé à Noël, ça m'œuvre ; Việt Nam, 한국어, ガ"),
    "\ufeffﬁn ½ Å ① ㎏ ﷺ ～ ~ ＡＢＣ ﷽",
    "tab\ttabulé\r\nligne\x0bverticale\x0cpage\x01\x1b[0m\x7f\x85\x8f\x9f",
    "你好，世界 नमस्ते दुनिया العربية עברית",
    "mot" * 400,
    "a<s>b </s><pad> <unk> \t<mask> z <mask>",
    "▁ ▁▁a ▁",
    "  deux  espaces   \n\n",
    " ",
    "\U0010fffe\U000e0041 xx \u3164 yy \u180e zz",
]
character = st.one_of(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    st.sampled_from("aeéèàçœ'’-_.,:;!? \t\n\u00a0\u2009\u200b\u200d\u0301\u0323\uff5e\ufdfa\u2581"),
)
text = st.one_of(st.text(character, max_size=60), st.lists(st.sampled_from((*SPECIAL_TOKENS, "mot", " "))).map("".join))


@pytest.fixture(scope="module")
def ours(unpacked: UnpackedModel) -> UnigramTokenizer:
    """The tokenizer of the bundled engine."""
    return UnigramTokenizer.load(unpacked.folder / PIECES, unpacked.folder / PIECE_PLACES)


@pytest.fixture(scope="module")
def library(for_other_engines: UnpackedModel) -> Tokenizer:
    """The tokenizer.json that sentence-transformers reads."""
    return Tokenizer.from_file(str(for_other_engines.folder / TOKENIZER))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Hello world!", [0, 35378, 8999, 38, 2]),
        ("你好，世界", [0, 6, 124084, 4, 3221, 2]),
        ("नमस्ते दुनिया", [0, 68700, 97883, 29405, 2]),
        ("مرحبا بالعالم", [0, 665, 193478, 258, 1705, 77796, 2]),
        ("Bonjour le monde", [0, 84602, 95, 11146, 2]),
    ],
)
def test_published_ids_come_out(ours: UnigramTokenizer, text: str, ids: list[int]) -> None:
    """The examples in the README of XLM-R (fairseq) get the ids printed there."""
    assert ours.encode(text) == ids


def test_every_rule_of_the_wheel_comes_out(wheel: WheelModel) -> None:
    """Each character that the wheel's normaliser replaces becomes the same in ours, runs of spaces made one."""
    normaliser = build_normaliser()
    wrong = {
        character: replacement
        for character, replacement in wheel.vocabulary.rules.items()
        if normaliser.normalize_str(f".{character}.") != f".{replacement}.".replace("  ", " ")
    }
    assert wrong == {}
    assert len(wheel.vocabulary.rules) == 4837


def test_the_special_tokens_are_where_the_wheel_says(wheel: WheelModel) -> None:
    """Start, padding, end and unknown have the wheel's ids, and the mask is the last piece."""
    vocabulary = wheel.vocabulary
    assert [vocabulary.pieces[number] for number in range(4)] == list(SPECIAL_TOKENS[:4])
    assert (vocabulary.bos, vocabulary.pad, vocabulary.eos, vocabulary.unknown) == (0, PADDING, 2, UNKNOWN)
    assert vocabulary.pieces.index("<mask>") == len(vocabulary.pieces) - 1 == 250001


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_ids_are_those_of_the_library(ours: UnigramTokenizer, library: Tokenizer, text: str) -> None:
    """French, English, emoji, odd spaces, decomposed accents, controls, long words: both give the same ids."""
    assert ours.encode(text) == library.encode(text).ids


@given(text=text)
@settings(max_examples=500, deadline=None)
def test_ids_of_any_text_are_those_of_the_library(ours: UnigramTokenizer, library: Tokenizer, text: str) -> None:
    """Whatever the text, both give the same ids."""
    assert ours.encode(text) == library.encode(text).ids


def test_ids_of_a_public_faq_are_those_of_the_library(ours: UnigramTokenizer, library: Tokenizer, cnil: Texts) -> None:
    """All the answers and questions of the CNIL's FAQ, as one long text too, get the same ids in both."""
    texts = [*cnil.questions, *cnil.answers, "\n".join(cnil.answers)]
    assert [ours.encode(text) for text in texts] == [encoding.ids for encoding in library.encode_batch_fast(texts)]


@given(text=text)
@settings(max_examples=200, deadline=None)
def test_composed_and_decomposed_texts_have_the_same_ids(ours: UnigramTokenizer, text: str) -> None:
    """An accent typed as a character of its own changes nothing."""
    composed = unicodedata.normalize("NFC", text)
    assert ours.encode(unicodedata.normalize("NFD", composed)) == ours.encode(composed)


def test_a_long_word_is_not_kept(ours: UnigramTokenizer) -> None:
    """Words that no language has do not fill the memory of the server."""
    before = ours._cached_pieces.cache_info().currsize
    assert len(ours.encode("x" * 100_000)) > 10_000
    assert ours._cached_pieces.cache_info().currsize == before


@pytest.fixture(scope="module")
def c_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[int]]:
    """The tokenizer inside the wheel's C source, compiled here: a text in NFKC to ids without start and end."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    folder, source = tmp_path_factory.mktemp("c"), find_wheel_file().with_name("e5.c")
    wrapper = "int ids(e5_model *m, const char *t, int *o, int n) { return tok_content(&m->tok, t, o, n); }"
    (folder / "ids.c").write_text(f'#include "{source}"\n{wrapper}\n', encoding="utf-8")
    command = [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", "ids.so", "ids.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    library = ctypes.CDLL(str(folder / "ids.so"))
    library.e5_load.restype = ctypes.c_void_p
    model = ctypes.c_void_p(library.e5_load(str(find_wheel_file()).encode()))

    def tokenize(text: str) -> list[int]:
        found = (ctypes.c_int * (len(text.encode()) + 4))()
        return found[: library.ids(model, text.encode(), found, len(found))]

    return tokenize


@pytest.mark.parametrize("text", [text for text in TEXTS if "<mask>" not in text])
def test_ids_are_those_of_the_wheels_c_code(
    ours: UnigramTokenizer, c_tokenizer: Callable[[str], list[int]], wheel: WheelModel, text: str
) -> None:
    """The wheel's own tokenizer gives the same ids, once it is given NFKC, and runs of its unknowns are made one.

    It has no rule for U+0085, white space to everyone else, and keeps the mark of an empty word at the end.
    """
    safe = unicodedata.normalize("NFKC", text).replace("\x85", " ").strip()
    runs = [list(run) for _, run in groupby(c_tokenizer(safe), key=lambda number: number == UNKNOWN)]
    theirs = [number for run in runs for number in (run[:1] if run[0] == UNKNOWN else run)]
    if theirs[-1] == wheel.vocabulary.pieces.index(MARK):
        theirs.pop()
    assert ours.encode(safe) == [START, *theirs, END]
