"""Which texts stand for an answer."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from indexer.answers.passages import make_passages, make_spans
from indexer.records import Answer, PassageKind


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def test_short_body_is_one_passage_beside_its_questions() -> None:
    """A body that fits is whole, and each curated question is a passage of its own, in order."""
    answer = Answer("a", "Oui, trois ans.", questions=("Combien ?", "Quand ?"))
    passages = make_passages(answer, count_tokens=count_words, max_tokens=5)
    assert [(p.kind, p.text, p.start, p.end) for p in passages] == [
        (PassageKind.BODY, "Oui, trois ans.", 0, 15),
        (PassageKind.QUESTION, "Combien ?", 0, 0),
        (PassageKind.QUESTION, "Quand ?", 0, 0),
    ]


def test_long_body_is_cut_at_sentence_ends() -> None:
    """Pieces end where sentences do and are as long as fits."""
    text = "Un certificat dure trois ans. Il se renouvelle avant. Une alerte part soixante jours avant la fin."
    passages = make_passages(Answer("a", text), count_tokens=count_words, max_tokens=9)
    assert [p.text for p in passages] == [
        "Un certificat dure trois ans. Il se renouvelle avant.",
        "Une alerte part soixante jours avant la fin.",
    ]


@given(
    text=st.text(st.sampled_from("abé .!?\n-«»🙂"), min_size=1, max_size=300).filter(str.strip),
    max_tokens=st.integers(1, 12),
)
def test_nothing_but_white_space_is_lost(text: str, max_tokens: int) -> None:
    """Whatever the text, the pieces are exact, in order, fit the window, and hold every visible character."""
    passages = make_passages(Answer("a", text), count_tokens=count_words, max_tokens=max_tokens)
    seen = ""
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert count_words([passage.text])[0] <= max_tokens
        seen += passage.text
    assert "".join(seen.split()) == "".join(text.split())


def test_word_longer_than_the_window_is_cut_between_characters() -> None:
    """Not even a single endless word is truncated."""
    text = "x" * 100
    passages = make_passages(Answer("a", text), count_tokens=lambda ts: [len(t) for t in ts], max_tokens=30)
    assert "".join(p.text for p in passages) == text
    assert max(len(p.text) for p in passages) <= 30


def test_sentences_are_exact_and_short_ones_join_the_next() -> None:
    """« Oui. » says nothing alone; a text of one sentence has none beside its body."""
    text = "Oui. Le RIS doit alimenter le DMP. Le blocage est unitaire et choisi."
    sentences = make_spans(Answer("a", text))
    assert [s.text for s in sentences] == ["Oui. Le RIS doit alimenter le DMP.", "Le blocage est unitaire et choisi."]
    assert all(s.text == text[s.start : s.end] and s.kind is PassageKind.SENTENCE for s in sentences)
    assert make_spans(Answer("b", "Le code d'erreur 905 doit être envoyé.")) == []


def test_short_last_sentence_joins_the_one_before() -> None:
    """Nothing at the end is left out either."""
    text = "Le certificat est valable trois ans. Le renouvellement se fait avant la fin. Merci."
    assert make_spans(Answer("a", text))[-1].text == "Le renouvellement se fait avant la fin. Merci."


def test_stretches_overlap_by_half() -> None:
    """Ten sentences of 100 characters: stretches of five or more, each beginning in the middle of the one before."""
    text = " ".join(f"La phrase numéro {number} " + "est longue " * 7 + "." for number in range(10))
    stretches = [span for span in make_spans(Answer("a", text)) if span.kind is PassageKind.STRETCH]
    assert stretches[0].start == 0
    assert stretches[-1].end == len(text)
    assert all(stretch.text == text[stretch.start : stretch.end] for stretch in stretches)
    for before, after in itertools.pairwise(stretches):
        assert before.start < after.start < before.end
        assert 500 <= before.end - before.start <= 700
