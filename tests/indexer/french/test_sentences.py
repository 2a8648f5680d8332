import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.french.sentences import split_sentences

MARKDOWN = st.text(st.sampled_from("aéB É.!?…:;,«»\"')(\n\r\t \u00a0-*#|>_1234567890/@’"), max_size=80) | st.text(
    max_size=40
)


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Le code d'erreur 905 doit être envoyé (Cf. https://interop.esante.gouv.fr/ig/error.codes.html).",
        "Une action est nécessaire (ex. : Case à cocher, bouton).",
        "Adressez-vous à M. Dupont ou au Dr. Martin.",
        "L'art. L. 1111-8 du code s'applique.",
        "Voir l'annexe 5.3 du DSR.",
        "Cochez la case n° 4 du formulaire n°413.",
        "Comptez 1.500,50 € env. 3 ans.",
        "Écrivez à noreply@pfc.eservices.esante.gouv.fr pour cela.",
        "Lisez https://exemple.fr/a.Page?b=C!D.pdf en entier.",
        "Êtes-vous prêt ? demande le guide.",
        "Des fichiers (PDF, DOC, etc.) sont admis.",
        "Attendez… puis recommencez.",
        "Le S.A.R.L. Martin n'est pas concerné.",
        "Utilisez Node.Js pour cela.",
    ],
)
def test_a_point_that_ends_nothing_is_passed_over(sentence: str) -> None:
    """Abbreviations, numbers, addresses and initials do not end a sentence."""
    assert sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oui. Le certificat vaut 3 ans.", ["Oui.", "Le certificat vaut 3 ans."]),
        ("C'est prévu en 2024. Le reste suit.", ["C'est prévu en 2024.", "Le reste suit."]),
        ("Est-ce vrai ? Oui ! Bien sûr…", ["Est-ce vrai ?", "Oui !", "Bien sûr…"]),
        ("Dites « oui. » Puis attendez.", ["Dites « oui. »", "Puis attendez."]),
        ("Des formats (PDF, ...). Dans ce cas, oui.", ["Des formats (PDF, ...).", "Dans ce cas, oui."]),
        ("Des formats, etc. Dans ce cas, oui.", ["Des formats, etc.", "Dans ce cas, oui."]),
        ("Voir https://a.fr/b.html. Il suffit.", ["Voir https://a.fr/b.html.", "Il suffit."]),
        (
            "Dans ce domaine.Ces procédés, que faire\u00a0?Rien.",
            ["Dans ce domaine.", "Ces procédés, que faire\u00a0?", "Rien."],
        ),
        ("**Important.** *Attention.* Lisez.", ["**Important.**", "*Attention.*", "Lisez."]),
        ("C'est fini. 3 ans après, non.", ["C'est fini.", "3 ans après, non."]),
        ("C’est l’ANS. « Oui », dit-elle.", ["C’est l’ANS.", "« Oui », dit-elle."]),
    ],
)
def test_a_sentence_ends_where_a_reader_would_say_so(text: str, expected: list[str]) -> None:
    """A mark of the end followed by a beginning divides, with the quotes and brackets that close there."""
    assert sentences(text) == expected


def test_the_blocks_of_markdown_are_not_mixed() -> None:
    """Headings, list items, table rows and paragraphs without a full stop are sentences of their own."""
    text = "# Le titre\nUn texte sans point\n\n- premier : oui\n- second. Suite du second\n1. un\n2. deux\n\n"
    text += "| a | b |\n|---|---|\n| c | d |\n"
    assert sentences(text) == [
        "# Le titre",
        "Un texte sans point",
        "- premier : oui",
        "- second.",
        "Suite du second",
        "1. un",
        "2. deux",
        "| a | b |\n|---|---|",
        "| c | d |",
    ]


def test_a_wrapped_line_goes_on() -> None:
    """A line that begins in lower case after one without an end belongs to the same sentence."""
    assert sentences("Un certificat vaut\ntrois ans. Il se\nrenouvelle.\nPuis plus rien") == [
        "Un certificat vaut\ntrois ans.",
        "Il se\nrenouvelle.",
        "Puis plus rien",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\u00a0", "\r\n"])
def test_a_text_of_white_space_has_no_sentence(text: str) -> None:
    """Nothing in, nothing out."""
    assert split_sentences(text) == []


@given(MARKDOWN)
@example("---\nMot")
@example("Mot\n---")
@example("…\n…")
def test_the_sentences_and_the_white_space_between_them_are_the_text(text: str) -> None:
    """Offsets are exact, in order, apart, and what lies between two sentences is white space."""
    end = 0
    for sentence in split_sentences(text):
        assert sentence.text == text[sentence.start : sentence.end]
        assert sentence.start >= end
        assert not text[end : sentence.start].strip()
        assert sentence.text
        assert sentence.text.strip() == sentence.text
        end = sentence.end
    assert not text[end:].strip()


@given(MARKDOWN)
def test_every_sentence_has_a_word_if_the_text_has_one(text: str) -> None:
    """A rule, a lone dash or a bracket is never a sentence, so never a passage to embed or to show."""
    if any(character.isalnum() for character in text):
        assert all(any(character.isalnum() for character in sentence) for sentence in sentences(text))
    else:
        assert len(sentences(text)) <= 1


@given(MARKDOWN)
def test_a_text_splits_alike_with_white_space_around_it(text: str) -> None:
    """Blank lines before and after a text change none of its sentences."""
    assert sentences(f"\n\n{text}\n\n") == sentences(text)


@pytest.mark.parametrize("unit", [".", "a. ", "- ", "Aa.B", "@a.A", "a\n", "\n", " .", "a.)", "- - \n", "http://a.Bc "])
def test_a_hostile_text_is_split_in_no_time(unit: str) -> None:
    """The time grows with the length, not with its square: a hundred thousand characters would take minutes."""
    text = unit * (100_000 // len(unit))
    split = split_sentences(text)
    assert sum(len(sentence.text) for sentence in split) <= len(text)
    assert "".join("".join(sentence.text.split()) for sentence in split) == "".join(text.split())
