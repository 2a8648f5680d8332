"""Whose FAQ it is: what the settings say is on every page, and nothing else is."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Answer, Facet
from server.answering.answering import Answering
from server.app import create_site
from server.colour import contrast, contrast_on_page, theme
from server.feedback.store import FeedbackStore
from server.page.identity import Identity, Kept
from server.settings import (
    KeepQuestions,
    SiteSettings,
    parse_accent,
    parse_contact,
    parse_logo,
    parse_origins,
    parse_switch,
)
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

TOWN = MemoryCorpus(
    [
        Answer(
            "carte",
            "La carte d'identité se demande en mairie, sur rendez-vous.",
            questions=("Comment demander une carte d'identité ?", "attestation timbre fiscal dématérialisé"),
            keywords=("cni papiers identité",),
            facets={"theme": ("État civil",)},
        ),
        Answer("dechets", "Les bacs jaunes sont levés le mardi.", questions=("Quand passe le camion jaune ?",)),
    ],
    facets=[Facet("theme", "Quel est votre sujet ?", ("État civil", "Déchets"), open_to_all=False)],
)
PAGES = ("/", "/reponses", "/reponses/carte", "/reponses/absent", "/donnees-personnelles", "/atelier", "/rien")
HTML = {"accept": "text/html"}


@pytest.fixture
def town(tmp_path: Path) -> Answering:
    """Answers from the FAQ of a town."""
    build_index(TOWN, tmp_path / "index", encoder=FakeEncoder())
    return Answering.open(tmp_path / "index", encoder=FakeEncoder())


def every_page(client: TestClient) -> dict[str, str]:
    """Return the text of every page, by address; two are replies."""
    pages = {address: client.get(address, headers=HTML).text for address in PAGES}
    pages["reply"] = client.post("/", content=b"q=carte+d'identit%C3%A9").text
    pages["no reply"] = client.post("/", content=b"q=zzz").text
    return pages


def test_a_town_is_named_on_every_page(town: Answering, tmp_path: Path) -> None:
    """Name, publisher, contact and notices stand on every page; nothing of the FAQ that is shipped does."""
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    settings = SiteSettings(
        name="Questions de la mairie",
        sentence="État civil, écoles, déchets.",
        publisher="la mairie de Trévou",
        logo=logo,
        contact="accueil@trevou.example",
        legal="/mentions",
        accessibility="https://trevou.example/a11y",
        privacy="https://trevou.example/donnees",
        accent="#8a1c4a",
    )
    with TestClient(create_site(town, identity=Identity.of(settings))) as client:
        for address, page in every_page(client).items():
            for words in (
                "Questions de la mairie",
                "la mairie de Trévou",
                "mailto:accueil@trevou.example",
                "/mentions",
            ):
                assert words in page, address
            assert "Souffleur" not in page, address
            assert not re.search("ANS|Ségur|santé|MSSanté|certificat", page), address
        assert "État civil, écoles, déchets." in client.get("/").text
        # Whatever the name is, it is the FAQ that is published: « Questions … est publié » would be no French.
        assert "Cette FAQ est publiée par la mairie de Trévou." in client.get("/").text
        assert client.get("/logo").headers["content-type"] == "image/svg+xml"
        assert "--accent: #8a1c4a" in client.get("/theme.css").text


def test_without_settings_nothing_is_claimed(town: Answering) -> None:
    """No publisher, no notices, no address to write to, and no promise about what is kept."""
    with TestClient(create_site(town)) as client:
        for address, page in every_page(client).items():
            assert not re.search("publiée? par|Mentions légales|Accessibilité|mailto:|Nous écrire", page), address
            assert "Les questions sont gardées" not in page, address
        assert "Rien\u00a0: ni votre question" in client.get("/donnees-personnelles").text.replace("&nbsp;", "\u00a0")
        assert client.get("/theme.css").status_code == 404


@pytest.mark.parametrize(("keep", "said"), [("redacted", True), ("off", False)])
def test_the_notice_says_what_is_kept(town: Answering, tmp_path: Path, keep: KeepQuestions, *, said: bool) -> None:
    """Where questions are kept, it stands beside the field, here and in the box; why and how long, on its page."""
    store = FeedbackStore.open(tmp_path / "f.sqlite", keep_questions=keep, retention_days=395)
    with store, TestClient(create_site(town, feedback=store)) as client:
        home, notice = client.get("/").text, client.get("/donnees-personnelles").text
        box = client.get("/element").text
    for shown in (home, box):
        assert ("Les questions sont gardées" in shown) is said
        assert 'href="/donnees-personnelles"' in shown
    patterns = re.search('data-personal="([^"]+)"', home)
    assert patterns
    assert patterns[0] in box
    assert ("Le texte de la question" in notice) is said
    assert ("peut toutefois être reprise dans la FAQ" in notice) is said
    assert "395 jours (environ 13 mois)" in notice


@pytest.mark.parametrize(
    ("keep", "judged", "said"),
    [
        ("redacted", True, "Les questions posées, et les remarques que vous laissez,"),
        ("off", True, "Les remarques et les questions que vous laissez"),
        ("redacted", False, "Les questions posées"),
    ],
)
def test_the_notice_says_who_reads_what_is_kept(
    town: Answering, tmp_path: Path, keep: KeepQuestions, said: str, *, judged: bool
) -> None:
    """Where a token opens the atelier, editors read it; without a token nobody is said to."""
    with FeedbackStore.open(tmp_path / "f.sqlite", keep_questions=keep, retention_days=395) as store:
        for token, expected in (("a-token-of-sixteen-or-more", True), (None, False)):
            site = create_site(town, feedback=store, editor_token=token, identity=Identity(feedback=judged))
            with TestClient(site) as client:
                notice = client.get("/donnees-personnelles").text
            assert (f"<p>{said} sont lues par les personnes qui rédigent cette FAQ" in notice) is expected
            assert ("atelier" in notice) is expected


def test_feedback_can_be_switched_off(town: Answering, tmp_path: Path) -> None:
    """Questions may be kept and visitors left alone."""
    store = FeedbackStore.open(tmp_path / "f.sqlite", keep_questions="redacted", retention_days=1)
    with store, TestClient(create_site(town, feedback=store, identity=Identity(feedback=False))) as client:
        page = client.post("/", content=b"q=carte+d'identit%C3%A9").text
        assert "utile" not in page
        assert "Vos avis" not in client.get("/donnees-personnelles").text


def test_keywords_are_matched_and_never_shown(town: Answering) -> None:
    """Marked or guessed, they find their answer, and are on no page, in no suggestion, in no structured data."""
    with TestClient(create_site(town)) as client:
        for words in ("papiers", "timbre fiscal"):
            (hit, *_) = client.get("/v1/search", params={"q": words}).json()["hits"]
            assert hit["id"] == "carte"
            assert words not in "".join(every_page(client).values())
            assert client.get("/v1/suggest", params={"q": words}).json() == {"suggestions": []}
            assert words not in (hit["matched_question"] or "") or words == "timbre fiscal"


def test_an_answer_has_neighbours_a_theme_and_no_link_to_itself(town: Answering) -> None:
    """The page of an answer leads to its theme and to what lies near."""
    with TestClient(create_site(town)) as client:
        page = client.get("/reponses/carte").text
        main = page[page.index("<main") :]
        assert 'href="/reponses/dechets"' in main
        assert 'href="/reponses?theme=%C3%89tat%20civil"' in main
        assert 'href="/reponses/carte"' not in main
        listed = client.get("/reponses", params={"theme": "État civil"}).text
        assert "1 réponse sur 2" in listed
        assert "/reponses/dechets" not in listed
        sifted = client.post("/reponses", content=b"mots=BACS jaun").text
        assert "/reponses/dechets" in sifted
        assert "/reponses/carte" not in sifted


def test_a_link_may_ask(town: Answering) -> None:
    """?q= is asked, without being written into any address of the page."""
    with TestClient(create_site(town)) as client:
        page = client.get("/", params={"q": "carte d'identité"}).text
    assert "Vous demandez" in page
    assert "<title>carte d’identité – Souffleur</title>" in page
    assert "q=carte" not in page


def test_an_accent_must_be_legible() -> None:
    """The ratio is that of WCAG; too light a colour is refused with it, and a dark screen gets a lighter one."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    with pytest.raises(ValueError, match=r"its contrast on the page is 2\.\d\d, and 4\.5 is needed"):
        parse_accent("#ff7f00")
    for accent in ("#0b5563", "#8a1c4a", "#000000", "#003399", "#006600"):
        assert parse_accent(accent) == accent
        assert contrast_on_page(accent) >= 4.5
        dark = re.findall(r"--accent: (#\w+)", theme(accent))[1]
        assert contrast(dark, "#1b2327") >= 7


def test_settings_of_a_site_are_read_or_refused(tmp_path: Path) -> None:
    """Each says what it needs."""
    assert parse_switch("False") is False
    assert parse_origins('["https://a.fr", "http://b.fr:81"]') == ("https://a.fr", "http://b.fr:81")
    for parse, wrong in (
        (parse_switch, "peut-être"),
        (parse_origins, "*"),
        (parse_origins, "https://a.fr/page"),
        (parse_contact, "javascript:alert(1)"),
        (parse_contact, "//evil.example"),
        (parse_logo, str(tmp_path / "absent.svg")),
        (parse_accent, "rouge"),
    ):
        with pytest.raises(ValueError, match=r"needed|no such"):
            parse(wrong)


def test_a_short_time_is_said_in_days() -> None:
    """Months only where there are some."""
    assert [Kept(days=days).duration for days in (1, 30)] == ["1 jour", "30 jours"]
