"""The tokenizer.json of the bundled model, for sentence-transformers and any other reader of such files."""

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

from indexer.encoders.tokenizer import END, MARK, SPECIAL_TOKENS, START, UNKNOWN, build_normaliser
from indexer.encoders.wheel import Vocabulary


def save_tokenizer(vocabulary: Vocabulary, path: Path) -> None:
    """Write the tokenizer that SentencePiece's unigram model of *vocabulary* describes; it does not cut."""
    pieces = vocabulary.pieces
    scored = list(zip(pieces, vocabulary.scores.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = build_normaliser()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always")]
    )
    start, end = pieces[START], pieces[END]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, START), (end, END)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, lstrip=token == "<mask>", normalized=False) for token in SPECIAL_TOKENS]
    )
    # Not tokenizer.save: on a full disk it raises a bare Exception.
    path.write_text(tokenizer.to_str(), encoding="utf-8")
