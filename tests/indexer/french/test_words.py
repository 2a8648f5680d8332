import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.french.text import fold
from indexer.french.words import Word, content_words, shared_words, split_words, stems_of


def surfaces(text: str) -> list[str]:
    return [word.surface for word in content_words(split_words(text))]


def only_word(text: str) -> Word:
    (word,) = split_words(text)
    return word


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ"])
@pytest.mark.parametrize(
    "elision", ["l", "d", "qu", "jusqu", "lorsqu", "puisqu", "s", "n", "c", "j", "m", "t", "L", "Qu"]
)
def test_an_elision_is_dropped_whatever_the_apostrophe(elision: str, apostrophe: str) -> None:
    """« l'identité » and « l’identité » are the word « identité »."""
    assert only_word(f"{elision}{apostrophe}identité").surface == "identité"


@pytest.mark.parametrize("word", ["aujourd'hui", "aujourd’hui", "prud'homme", "presqu'île", "d'aujourd'hui"])
def test_an_apostrophe_inside_a_word_is_no_elision(word: str) -> None:
    """The word is kept whole, and is the same word where the apostrophe was left out."""
    kept = only_word(word)
    assert kept.surface.endswith(("hui", "homme", "île"))
    assert kept.stems == only_word(word.replace("d'aujourd'", "aujourd'").replace("'", "").replace("’", "")).stems


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("référencé", "reference"),
        ("sécurisée", "securisee"),
        ("sécurisées", "securisee"),
        ("périmé", "perime"),
        ("œuvre", "oeuvre"),
        ("Médecin", "medecins"),
        ("boîtes", "boite"),
        ("certificats", "CERTIFICAT"),
        ("e\u0301quipe", "équipe"),
    ],
)
def test_a_word_meets_itself_typed_without_accents(written: str, typed: str) -> None:
    """Stemming before and after folding: one of the two terms is common."""
    assert set(only_word(written).stems) & set(only_word(typed).stems)


def test_both_orders_of_stemming_and_folding_are_given() -> None:
    """Written with its accents, a word has the stem of its family and the one that it has without them."""
    assert stems_of("sécurisée") == ("securis", "securise")
    assert stems_of("lettres") == ("lettr",)


def test_stop_words_say_nothing_but_negations_do() -> None:
    """Articles, pronouns and question words go, typed with accents or not; « pas », « sans » and « non » stay."""
    assert surfaces("Comment dois-je faire pour le renouveler, à la fin ? Est-ce déjà ou deja prévu") == [
        "renouveler",
        "fin",
        "prévu",
    ]
    assert surfaces("Non, il ne faut pas le faire sans elle, jamais") == ["Non", "pas", "sans", "jamais"]
    assert surfaces("C'est sûr") == ["sûr"]


@pytest.mark.parametrize(
    ("text", "code", "parts"),
    [
        ("905", "=905", []),
        ("F413", "=f413", ["413"]),
        ("INSi", "=insi", ["INS"]),
        ("DPIs", "=dpis", ["DPI"]),
        ("IHE_XDM", "=ihexdm", ["IHE", "XDM"]),
        ("IHE-XDM", "=ihexdm", ["IHE", "XDM"]),
        ("RPPS", "=rpps", []),
        ("L.1111-8", "=l1111-8", ["1111"]),
        ("L1111-8", "=l1111-8", ["L1111"]),
        ("5.3", "=5.3", []),
        ("5,3", "=5.3", []),
        ("V2", "=v2", []),
        ("HL7", "=hl7", []),
        ("HL7v2", "=hl7v2", ["HL7", "v2"]),
        ("e-CPS", "=ecps", ["CPS"]),
        ("eCPS", "=ecps", ["CPS"]),
        ("e-santé", "=esante", ["santé"]),
        ("SUN-ES", "=sunes", ["SUN", "ES"]),
        ("PGSSI-S", "=pgssis", ["PGSSI"]),
        ("MSSanté", "=mssante", ["MSS", "Santé"]),
        ("FranceConnect", "=franceconnect", ["France", "Connect"]),
        ("S.A.R.L", "=sarl", []),
        ("l'INS", "=ins", []),
    ],
)
def test_codes_and_acronyms_are_kept_whole_and_in_parts(text: str, code: str, parts: list[str]) -> None:
    """One spelling for the whole, whatever joins its pieces, and the parts that someone might ask for."""
    word = only_word(text)
    assert word.is_code
    assert word.code == code
    assert [part.surface for part in word.parts] == parts


@pytest.mark.parametrize(
    "text", ["Certificat", "peut-on", "Pro-Santé", "IGC-Santé", "domaine.Ces", "esante.gouv.fr", "a-t-il"]
)
def test_ordinary_words_are_no_codes(text: str) -> None:
    """A capital, a hyphen or a point does not make a code."""
    assert not any(word.is_code for word in split_words(text))


def test_a_compound_that_is_no_code_is_its_words() -> None:
    """Hyphens and points divide; what follows an unspaced full stop is found."""
    assert surfaces("rendez-vous IGC-Santé domaine.Ces procédés") == ["rendez", "IGC", "Santé", "domaine", "procédés"]


def test_an_address_is_read_as_the_words_in_it() -> None:
    """The path of a link often names its subject."""
    found = surfaces("https://esante.gouv.fr/produits-services/certificats-logiciels?a=1")
    assert found == ["https", "esante", "gouv", "fr", "produits", "services", "certificats", "logiciels", "1"]


def test_shared_words_are_shown_as_the_text_has_them() -> None:
    """Each word once, in the order of the text, in its own spelling; stop words and other words left out."""
    question = "combien de temps les certificats l'insi sont valables, ihe_xdm ?"
    text = "Le certificat INSi est valable 3 ans. Certificats, format IHE_XDM, en combien de TEMPS."
    assert shared_words(question, text) == ("certificat", "INSi", "valable", "IHE_XDM", "TEMPS")
    assert shared_words("le la les ?", text) == ()
    assert shared_words("formulaire 413", "le F413") == ("413",)
    assert shared_words("le sun-es", "SUN-ES") == shared_words("SUN-ES", "SUN-ES") == ("SUN-ES",)
    assert shared_words("un rendez-vous IGC", "rendez-vous, IGC-Santé") == ("rendez-vous", "IGC")
    assert shared_words("", "") == ()


@example("\ufe70")
@example("a\ufdfab")
@example("mot\u037a")
@given(st.text(max_size=60))
def test_any_text_has_words_without_an_error(text: str) -> None:
    """Every word has a surface and is a stop word, has stems, is a code or has parts."""
    for word in split_words(text):
        assert word.surface
        assert word.is_stop_word or word.stems or word.is_code or word.parts
        assert not any(c.isspace() for term in (word.code, *word.stems) for c in term)


@given(st.text(st.sampled_from("abcdefilmnoprstuvéèêàçùîôœ"), min_size=5, max_size=14))
def test_typed_without_accents_a_word_has_a_stem_in_common(word: str) -> None:
    """Whatever the word: the stem of its folded form is one of its stems."""
    assert stems_of(fold(word))[-1] in stems_of(word)
    assert stems_of(unicodedata.normalize("NFC", word))[-1] == stems_of(fold(word))[-1]
