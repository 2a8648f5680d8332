from collections import Counter

from indexer.lexical.text_terms import split_run_together


def split(text: str) -> dict[str, tuple[str, ...]]:
    return split_run_together(Counter(text.split()))


def test_words_without_the_space_between_them_are_found() -> None:
    """A word seen once that is made of two or three words seen more often is those words."""
    text = "règles simples règles simples à à le le fichier fichier sur sur simplesà lefichiersur"
    assert split(text) == {"simplesà": ("simples", "à"), "lefichiersur": ("le", "fichier", "sur")}


def test_a_word_that_has_a_family_is_one_word() -> None:
    """« parcours » is not « par cours » where « parcourir » shows that it is a word."""
    assert split("par par cours cours parcours") == {"parcours": ("par", "cours")}
    assert split("par par cours cours parcours parcourir") == {}
    assert split("par par cours cours parcours parcours") == {}


def test_stop_words_and_parts_seen_once_are_left_alone() -> None:
    """« lequel » is a word of its own, and a part must be known from elsewhere."""
    assert split("le le quel quel lequel") == {}
    assert split("simples à simplesà") == {}


def test_of_several_ways_the_most_frequent_words_are_taken() -> None:
    """The same for every order of the words."""
    text = "des des des des marches marches de de smarches smarches desmarches"
    assert split(text) == {"desmarches": ("des", "marches")}
    assert split(" ".join(reversed(text.split()))) == split(text)
