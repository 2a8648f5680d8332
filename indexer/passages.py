"""Which texts stand for an answer. Nothing is cut silently: a body beyond the model's window becomes stretches."""

from collections.abc import Callable, Sequence

from indexer.records import Answer, Passage, PassageKind
from indexer.sentences import split_sentences

MIN_SENTENCE_CHARACTERS = 20
"""A shorter sentence ("Oui.") says nothing alone, and goes with the next one."""

CountTokens = Callable[[Sequence[str]], list[int]]


def make_passages(answer: Answer, *, count_tokens: CountTokens, max_tokens: int) -> list[Passage]:
    """Return the passages of *answer*: its body, or stretches of it, then its curated questions, in order.

    A body of at most *max_tokens* tokens is one passage of kind BODY. A longer one is cut at sentence ends into
    stretches that fit, each as long as possible; a sentence that does not fit is cut at spaces, and a
    word that does not fit between characters. Stretches cover the body in order; only white space falls between them.
    """
    questions = [Passage(answer.id, PassageKind.QUESTION, question) for question in answer.questions]
    if count_tokens([answer.text])[0] <= max_tokens:
        return [Passage(answer.id, PassageKind.BODY, answer.text, 0, len(answer.text)), *questions]
    spans = _pack(answer.text, _pieces(answer.text, count_tokens, max_tokens), count_tokens, max_tokens)
    stretches = [Passage(answer.id, PassageKind.STRETCH, answer.text[start:end], start, end) for start, end in spans]
    return [*stretches, *questions]


def make_sentences(answer: Answer) -> list[Passage]:
    """Return the sentences of *answer* in order, very short ones joined to the next; none where there is but one.

    They serve to tell which part of an answer matches; a text of one sentence is told by its body.
    """
    spans: list[tuple[int, int]] = []
    waiting: int | None = None
    for sentence in split_sentences(answer.text):
        start = sentence.start if waiting is None else waiting
        if sentence.end - start < MIN_SENTENCE_CHARACTERS:
            waiting = start
            continue
        spans.append((start, sentence.end))
        waiting = None
    if waiting is not None and spans:
        spans[-1] = (spans[-1][0], len(answer.text.rstrip()))
    if len(spans) < 2:
        return []
    return [Passage(answer.id, PassageKind.SENTENCE, answer.text[start:end], start, end) for start, end in spans]


def _pieces(text: str, count_tokens: CountTokens, max_tokens: int) -> list[tuple[int, int]]:
    """Return the smallest spans to pack: sentences, or the parts of those that are too long."""
    sentences = [(sentence.start, sentence.end) for sentence in split_sentences(text)]
    lengths = count_tokens([text[start:end] for start, end in sentences])
    pieces: list[tuple[int, int]] = []
    for span, length in zip(sentences, lengths, strict=True):
        pieces.extend([span] if length <= max_tokens else _halve(text, span, count_tokens, max_tokens))
    return pieces


def _halve(text: str, span: tuple[int, int], count_tokens: CountTokens, max_tokens: int) -> list[tuple[int, int]]:
    """Cut a span near its middle, at a space where there is one, until each part fits."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start == end:
        return []
    if end - start == 1 or count_tokens([text[start:end]])[0] <= max_tokens:
        return [(start, end)]
    middle = (start + end) // 2
    space = text.rfind(" ", start + 1, middle)
    cut = space if space > start else middle
    return [
        *_halve(text, (start, cut), count_tokens, max_tokens),
        *_halve(text, (cut, end), count_tokens, max_tokens),
    ]


def _pack(
    text: str, pieces: Sequence[tuple[int, int]], count_tokens: CountTokens, max_tokens: int
) -> list[tuple[int, int]]:
    """Join consecutive pieces greedily while they fit."""
    packed: list[tuple[int, int]] = []
    for start, end in pieces:
        if packed and count_tokens([text[packed[-1][0] : end]])[0] <= max_tokens:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed
