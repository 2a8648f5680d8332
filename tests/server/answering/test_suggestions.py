"""Tests of server.answering.suggestions, against a plain search through all questions."""

import random
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.answering.suggestions import Suggester, Suggestion

QUESTIONS = (
    ("Combien de temps un certificat est-il valable ?", "validite"),
    ("Comment renouveler un certificat ?", "renouvellement"),
    ("Comment renouveler le certificat de l'établissement ?", "renouvellement"),
    ("Où trouver l’annuaire santé ?", "annuaire"),
    ("Qu'est-ce que l'INSi ?", "insi"),
    ("Le certificat ORG est-il payant ?", "prix"),
    ("Que faire en cas d'erreur 905 ?", "erreur-905"),
    ("L'œuvre est-elle protégée ?", "oeuvre"),
)


def texts(prefix: str, *, limit: int = 8) -> list[str]:
    """Return the texts suggested from QUESTIONS."""
    return [suggestion.question for suggestion in Suggester(QUESTIONS).suggest(prefix, limit=limit)]


def test_a_suggestion_carries_its_question_and_answer() -> None:
    """The question is given as its editor wrote it, with the id of its answer."""
    assert Suggester(QUESTIONS).suggest("où trou") == (Suggestion("Où trouver l’annuaire santé ?", "annuaire"),)


def test_questions_that_begin_so_come_first_the_shortest_of_them_first() -> None:
    """Then those that have the words elsewhere, again the shortest first."""
    assert texts("comment") == [QUESTIONS[1][0], QUESTIONS[2][0]]
    assert texts("le certificat") == [QUESTIONS[5][0], QUESTIONS[2][0]]


@pytest.mark.parametrize(
    "typed", ["annuaire sante", "ANNUAIRE SANTÉ", "l'annuaire", "L’ANNUAIRE", "sante annu", "d'annuaire"]
)
def test_accents_case_order_and_elisions_do_not_count(typed: str) -> None:
    """However the words are spelled, the question is found."""
    assert texts(typed) == ["Où trouver l’annuaire santé ?"]


@pytest.mark.parametrize(
    "typed",
    ["ann\u00aduaire", "annuaire san\u200bté", "\ufeffannuaire", "l\u2060'annuaire", "annu\u200daire sante\u0301"],
)
def test_what_cannot_be_seen_does_not_count(typed: str) -> None:
    """A soft hyphen or a space of no width inside a word, as they come with what is pasted."""
    assert texts(typed) == ["Où trouver l’annuaire santé ?"]
    assert [found.question for found in Suggester([("L'annu\u00adaire", "a")]).suggest("annuaire")] == [
        "L'annu\u00adaire"
    ]


def test_what_the_search_takes_for_a_letter_is_one_here_too() -> None:
    """As « ø » for o: who types it without the sign finds the question before it is asked, too."""
    asked = "Où manger un smørrebrød ?"
    assert Suggester([(asked, "cantine")]).suggest("manger smor") == (Suggestion(asked, "cantine"),)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("905", ["Que faire en cas d'erreur 905 ?"]),
        ("90", ["Que faire en cas d'erreur 905 ?"]),
        ("insi", ["Qu'est-ce que l'INSi ?"]),
        ("qu'est-ce que", ["Qu'est-ce que l'INSi ?"]),
        ("oeuv", ["L'œuvre est-elle protégée ?"]),
        ("ŒUVRE", ["L'œuvre est-elle protégée ?"]),
        ("certificat org", ["Le certificat ORG est-il payant ?"]),
        ("certificat inconnu", []),
        ("certif inconn", []),
        ("certif org", []),
    ],
)
def test_all_words_must_be_there_and_the_last_may_be_unfinished(typed: str, expected: list[str]) -> None:
    """Only the last word is taken for the beginning of one."""
    assert texts(typed) == expected


def test_no_more_than_the_limit_come_back_and_none_twice() -> None:
    """A question that begins so has the words too, and is listed once."""
    assert texts("comment renouveler", limit=1) == ["Comment renouveler un certificat ?"]
    assert len(texts("certificat", limit=8)) == len(set(texts("certificat", limit=8))) == 4


def test_questions_that_differ_by_spelling_alone_are_shown_once() -> None:
    """With the answer whose id comes first, whatever the order of the questions."""
    pair = [("Où est-ce ?", "b"), ("ou est ce", "a")]
    for questions in (pair, pair[::-1]):
        assert Suggester(questions).suggest("ou") == (Suggestion("ou est ce", "a"),)


@pytest.mark.parametrize(
    "typed", ["", "   ", "?!…", "😀", "\x00", "a" * 10_000, "certificat " * 1000, "\ud800", "\n\n", "'"]
)
def test_what_cannot_be_a_question_suggests_nothing(typed: str) -> None:
    """Nothing, and no error."""
    assert texts(typed) == []


def test_a_corpus_without_questions_suggests_nothing() -> None:
    """Also where its questions have no words."""
    assert Suggester([]).suggest("a") == ()
    assert Suggester([("?", "a")]).suggest("a") == ()


def test_a_new_line_in_a_question_is_a_space() -> None:
    """The questions after it keep their answers."""
    suggester = Suggester([("Une\nquestion", "a"), ("Deux", "b")])
    assert [suggestion.answer_id for suggestion in suggester.suggest("une q") + suggester.suggest("deux")] == ["a", "b"]


@pytest.mark.parametrize("typed", ["renouvelement", "Comment renouveller un cert", "renouvellement msssante"])
def test_a_misspelt_word_is_taken_for_the_nearest(typed: str) -> None:
    """Only where nothing has the words as they were typed."""
    questions = [("Comment faire le renouvellement MSSanté ?", "a"), ("Comment renouveler un certificat ?", "b")]
    (found,) = Suggester(questions).suggest(typed)
    assert found.answer_id == ("b" if "cert" in typed else "a")


def test_suggestions_are_those_of_a_plain_search() -> None:
    """On 2,000 random questions, the same ones in the same order as by looking at each, where there are any."""
    draw = random.Random(7)
    syllables = ["ce", "ré", "fé", "ren", "ça", "te", "l'a", "d'in", "mo", "da", "œu", "qu'i", "905", "san", "té"]
    questions = [
        (" ".join("".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(draw.randint(1, 6))), str(row))
        for row in range(2000)
    ]
    suggester = Suggester(questions)
    everything = sorted({plain(question) for question, _ in questions}, key=lambda text: (len(text), text))
    for _ in range(300):
        text = draw.choice(questions)[0]
        start = draw.choice([0, 0, draw.randrange(len(text))])
        typed = text[start : start + draw.randint(1, 12)]
        found = [suggestion.question for suggestion in suggester.suggest(typed, limit=5)]
        if expected := plain_search(everything, typed, limit=5):
            assert [plain(question) for question in found] == expected, typed


def test_threads_that_ask_first_at_once_get_the_same() -> None:
    """The tables are made once, by whoever comes first."""
    suggester = Suggester(QUESTIONS)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(suggester.suggest, ["certificat"] * 32))) == 1


def plain(text: str) -> str:
    """Fold one text, letter by letter."""
    text = text.lower().replace("œ", "oe")
    letters = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters).split())


def plain_search(everything: list[str], typed: str, *, limit: int) -> list[str]:
    """Return the folded questions, of all of them in their order, that *typed* suggests."""
    prefix = plain(typed)
    if not prefix:
        return []
    *whole, last = prefix.split()
    whole = [word for word in whole if word not in {"c", "d", "j", "l", "m", "n", "qu", "s", "t"}]
    beginning = [text for text in everything if text.startswith(prefix)]
    containing = [
        text
        for text in everything
        if set(whole) <= set(text.split()) and any(word.startswith(last) for word in text.split())
    ]
    return list(dict.fromkeys(beginning + containing))[:limit]
