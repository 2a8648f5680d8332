"""Which texts stand for an answer. Nothing is cut silently: a body beyond the model's window becomes several.

Passages find an answer; spans, finer parts of the body, then tell how well it fits, and where.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from indexer.french.sentences import split_sentences
from indexer.records import Answer, Passage, PassageKind

_MIN_SENTENCE_CHARACTERS = 20
"""A shorter sentence ("Oui.") says nothing alone."""

_STRETCH_CHARACTERS = 500
"""On 498 answers of a public FAQ, 500 did better than 250 and 800."""

CountTokens = Callable[[Sequence[str]], list[int]]


def make_passages(answer: Answer, *, count_tokens: CountTokens, max_tokens: int) -> list[Passage]:
    """Return the passages of *answer*: its body, in one piece or more, then its curated questions and keywords, in
    order.

    A body of at most *max_tokens* tokens is one passage. A longer one is cut at sentence ends into pieces that fit,
    each as long as possible; a sentence that does not fit is cut at spaces, and a
    word that does not fit between characters. Pieces cover the body in order; only white space falls between them.
    """
    questions = [Passage(answer.id, PassageKind.QUESTION, text) for text in answer.matched_texts]
    if count_tokens([answer.text])[0] <= max_tokens:
        return [_span(answer, PassageKind.BODY, 0, len(answer.text)), *questions]
    spans = _pack(answer.text, _pieces(answer.text, count_tokens, max_tokens), count_tokens, max_tokens)
    return [*(_span(answer, PassageKind.BODY, start, end) for start, end in spans), *questions]


def make_spans(answer: Answer) -> list[Passage]:
    """Return the sentences of *answer* in order, then its stretches in order; none of a kind where there is but one.

    A sentence that says nothing alone is joined to the next. Stretches are some sentences long and overlap by half, so
    that what is said in two neighbouring sentences is whole in one of them.
    """
    sentences = _sentences(answer.text)
    stretches = _stretches(sentences)
    return [
        *(_span(answer, PassageKind.SENTENCE, start, end) for start, end in sentences if len(sentences) > 1),
        *(_span(answer, PassageKind.STRETCH, start, end) for start, end in stretches if len(stretches) > 1),
    ]


def make_bridges(
    text: str, pieces: Sequence[tuple[int, int]], *, count_tokens: CountTokens, max_tokens: int
) -> list[tuple[int, int]]:
    """Return where the bridges over the cuts between the pieces of a body start and end, in order; none for one piece.

    A bridge has whole sentences from either side of a cut, about half of *max_tokens* tokens each; there is none where
    a sentence beside the cut is longer than that.
    """
    if len(pieces) == 1:
        return []
    spans = _pieces(text, count_tokens, max_tokens)
    measured = list(zip(spans, count_tokens([text[start:end] for start, end in spans]), strict=True))
    bridges = []
    for (_, cut), _ in pairwise(pieces):
        before = _reach([one for one in reversed(measured) if one[0][1] <= cut], max_tokens // 2)
        behind = _reach([one for one in measured if one[0][0] >= cut], max_tokens // 2)
        if before and behind:
            bridges.append((before[-1][0], behind[-1][1]))
    return bridges


def _reach(measured: Sequence[tuple[tuple[int, int], int]], most: int) -> list[tuple[int, int]]:
    """Return the first spans that have at most so many tokens together."""
    sums = accumulate(tokens for _, tokens in measured)
    return [span for (span, _), tokens in zip(measured, sums, strict=True) if tokens <= most]


def _span(answer: Answer, kind: PassageKind, start: int, end: int) -> Passage:
    return Passage(answer.id, kind, answer.text[start:end], start, end)


def _sentences(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    waiting: int | None = None
    for sentence in split_sentences(text):
        start = sentence.start if waiting is None else waiting
        if sentence.end - start < _MIN_SENTENCE_CHARACTERS:
            waiting = start
            continue
        spans.append((start, sentence.end))
        waiting = None
    if waiting is not None and spans:
        spans[-1] = (spans[-1][0], len(text.rstrip()))
    return spans


def _stretches(sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    begin = 0
    while begin < len(sentences):
        start = sentences[begin][0]
        last = begin
        while last + 1 < len(sentences) and sentences[last][1] - start < _STRETCH_CHARACTERS:
            last += 1
        stretches.append((start, sentences[last][1]))
        if last + 1 == len(sentences):
            break
        after_half = (at for at in range(begin + 1, last + 1) if sentences[at][0] - start >= _STRETCH_CHARACTERS / 2)
        begin = next(after_half, last + 1)
    return stretches


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
