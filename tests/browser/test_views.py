"""Every view, for everybody: axe-core, narrow and dark screens, no JavaScript, hostile texts, and the atelier."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, expect

from indexer.records import Answer, Facet
from server.http.load_shedding import Limits
from tests.browser.conftest import OpenPage
from tests.browser.serving import SMALL, TOKEN, Site, serve
from tests.browser.test_asking import QUESTION, KeepScreenshot, ask
from tests.browser.views import axe_violations
from tests.corpora import MemoryCorpus

pytestmark = pytest.mark.slow

SECOND = "quels types de boîte aux lettres MSSanté y a-t-il"
OFF_TOPIC = "quel temps fera-t-il demain ?"


def show_home(page: Page) -> None:
    """Before anything is asked, with a facet chosen and its group open."""
    page.goto("/?couloir=Officine")


def show_answer(page: Page) -> None:
    """A sure answer, every group and answer unfolded, and reasons asked for."""
    page.goto("/")
    ask(page, QUESTION)
    page.locator(".best .feedback").get_by_role("button", name="Non").click()
    expect(page.locator(".best .feedback[data-sent=true]")).to_be_visible()
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def show_refusal(page: Page) -> None:
    """No sure answer, and the form to leave the question open."""
    page.goto("/")
    ask(page, OFF_TOPIC)
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def show_suggestions(page: Page) -> None:
    """Suggestions open, the second one chosen."""
    page.goto("/")
    page.locator("#question").press_sequentially("certificat")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")


def show_missing(page: Page) -> None:
    """A question that names a number which the nearest answer does not know."""
    page.goto("/")
    ask(page, "code d'erreur 906 quand le document est refusé")
    expect(page.locator(".missing")).to_have_text("La réponse la plus proche ne mentionne pas\u00a0: 906")


def show_broad(page: Page) -> None:
    """A question that several answers may be meant by."""
    page.goto("/")
    ask(page, "certificat")
    expect(page.locator(".missing")).to_contain_text("plusieurs réponses peuvent convenir")


def show_several(page: Page) -> None:
    """Two questions in one message, with their answers one under the other."""
    page.goto("/")
    ask(page, f"{QUESTION} ? {SECOND} ?")
    expect(page.locator(".best")).to_have_count(2)
    expect(page.locator(".also-found .asked")).to_contain_text(SECOND)


def show_failure(page: Page) -> None:
    """A question that could not be sent."""
    page.goto("/")
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error()); }")
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".failure")).to_contain_text("Le service ne répond pas")


def show_too_long(page: Page) -> None:
    """A text that is longer than a question may be, and has an address in it."""
    page.goto("/")
    page.fill("#question", "mon adresse est jean@exemple.fr " * 80)
    expect(page.locator("#too-long")).to_contain_text("2000 au plus")
    expect(page.locator("#warning")).to_contain_text("adresse de courriel")


def show_atelier(page: Page, room: str = "") -> None:
    """A room of the atelier, entered with the operator's token, everything unfolded."""
    page.goto("/atelier")
    page.fill("#token", TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Boîte de réception")).to_be_visible()
    page.goto(f"/atelier{room}")
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")


VIEWS: dict[str, Callable[[Page], object]] = {
    "accueil": show_home,
    "reponse": show_answer,
    "sans-reponse": show_refusal,
    "suggestions": show_suggestions,
    "numero-absent": show_missing,
    "question-large": show_broad,
    "plusieurs-questions": show_several,
    "echec": show_failure,
    "texte-trop-long": show_too_long,
    "reponses": lambda page: page.goto("/reponses"),
    "theme": lambda page: page.goto("/reponses?thematique=Certificats"),
    "donnees-personnelles": lambda page: page.goto("/donnees-personnelles"),
    "adresse-perdue": lambda page: page.goto("/reponses/carte-perdue"),
    "page-absente": lambda page: page.goto("/rien"),
    "permalien": lambda page: page.goto("/reponses/renouvellement-certificat"),
    "tableau": lambda page: page.goto("/reponses/chiffrement"),
    "entree-atelier": lambda page: page.goto("/atelier"),
    "atelier": show_atelier,
    "atelier-carte": lambda page: show_atelier(page, "/carte"),
    "atelier-index": lambda page: show_atelier(page, "/index"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(open_page: OpenPage, keep_screenshot: KeepScreenshot, view: str) -> None:
    """No violation of WCAG 2.2 A and AA, nor of axe's best practices, in light or dark."""
    page = open_page(tolerated="404")
    VIEWS[view](page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe_violations(page) == []
        keep_screenshot(page, f"{view}-{scheme}")


SMALL_SCREENS: dict[str, dict[str, object]] = {
    "320px": {"viewport": {"width": 320, "height": 640}},
    # What is left of 1280 by 1024 pixels at a zoom of 400 %.
    "400pc": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
}


@pytest.mark.parametrize("screen", SMALL_SCREENS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_narrow_screen_needs_no_sideways_scrolling(
    open_page: OpenPage, keep_screenshot: KeepScreenshot, view: str, screen: str
) -> None:
    """320 pixels are enough, and so is a wide screen at 400 %, and what can be touched is 24 pixels high and wide."""
    page = open_page(tolerated="404", **SMALL_SCREENS[screen])
    VIEWS[view](page)
    keep_screenshot(page, f"{view}-{screen}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, input, .actions a, nav a")].filter((one) => {
            const box = (one.closest("label") ?? one).getBoundingClientRect();
            return box.width && (box.height < 24 || box.width < 24) && !one.closest(".unseen");
        }).map((one) => one.outerHTML)"""
    )
    assert small == []


def test_an_address_in_a_candidate_stays_in_its_card(open_page: OpenPage) -> None:
    """A word longer than the screen is broken: the card is as wide as the words above it."""
    page = open_page(viewport={"width": 390, "height": 844})
    show_broad(page)
    widths = page.evaluate(
        """() => {
            const extract = document.querySelector(".candidate .extract");
            extract.textContent = "https://interop.example.org/ig/hl7v2/" + "x".repeat(80);
            const cards = [...document.querySelectorAll(".candidates > li")];
            return [document.querySelector("main .asked"), ...cards].map((one) => one.getBoundingClientRect().right);
        }"""
    )
    assert len(widths) > 2
    assert set(widths) == {widths[0]}


WIDE = Answer(
    "cantine",
    "Le prix d'un repas dépend du quotient :\n\n"
    "| Quotient familial | Abonnement de quatre jours | Abonnement de deux jours |"
    "\n| --- | --- | --- |\n| moins de 400 € | 17,00 € | 8,50 € |",
    questions=("Quels sont les tarifs de la cantine ?",),
    source="https://www.example.org/ecoles/restauration-scolaire/tarifs-et-modalites-de-paiement-2026-2027.html",
)


@pytest.mark.parametrize("never_sure", [False, True])
def test_a_table_and_a_long_source_stay_in_their_sheet(open_page: OpenPage, tmp_path: Path, never_sure: bool) -> None:
    """The table is scrolled, none of its words is broken, and the address of the source is."""
    with serve(MemoryCorpus([WIDE, *SMALL.entries]), tmp_path, never_sure=never_sure) as site:
        page = open_page(base_url=site.address, viewport={"width": 320, "height": 640})
        page.goto("/")
        ask(page, WIDE.questions[0])
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        lines = page.evaluate(
            """() => {
                const text = document.querySelector(".prose th:nth-child(2)").firstChild;
                const words = document.createRange();
                words.setStart(text.firstChild ?? text, 0);
                words.setEnd(text.firstChild ?? text, "Abonnement".length);
                return words.getClientRects().length;
            }"""
        )
        assert lines == 1


@pytest.mark.parametrize("view", ["accueil", "reponse", "permalien"])
def test_text_can_be_spaced(open_page: OpenPage, view: str) -> None:
    """The spacing of WCAG 1.4.12 cuts off and hides nothing."""
    page = open_page(viewport={"width": 400, "height": 800}, bypass_csp=True)
    VIEWS[view](page)
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
        " p { margin-bottom: 2em !important; }"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    cut = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, h1, h2, h3, label")].filter((one) =>
            !one.closest(".unseen") && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1
        ).map((one) => one.outerHTML)"""
    )
    assert cut == []


def test_everything_works_without_javascript(open_page: OpenPage, site: Site, keep_screenshot: KeepScreenshot) -> None:
    """Ask, refine, read, vote and leave: forms alone do it, and the question is in no address."""
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.locator("#facet-thematique summary").click()
    page.get_by_role("checkbox", name="Certificats").check()
    page.get_by_role("button", name="Appliquer ces choix").click()
    assert page.url.endswith("/?thematique=Certificats")
    expect(page.locator(".chip")).to_have_count(1)
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    expect(page.locator("#verdict")).to_have_text("Réponse très probable")
    expect(page.locator(".best mark").first).to_be_visible()
    expect(page.get_by_role("button", name="Copier la réponse")).to_have_count(0)
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator("#question")).to_have_value(QUESTION)
    keep_screenshot(page, "sans-javascript")
    query_id = page.locator("[name=query_id][form=ask]").get_attribute("value")
    page.locator(".best").get_by_role("button", name="Non").click()
    page.get_by_label("Elle n’est plus à jour").check()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_have_text("Merci pour votre avis")
    rows = [row for row in map(json.loads, site.store.export_jsonl()) if row["query_id"] == query_id]
    assert [(row["useful"], row["comment"]) for row in rows] == [(False, "Elle n’est plus à jour")]
    page.goto("/?thematique=Certificats")
    page.get_by_role("button", name="Retirer le filtre Certificats").click()
    expect(page.locator(".chip")).to_have_count(0)
    page.locator(".examples button").first.click()
    expect(page.locator("#verdict")).to_be_visible()


def test_a_browser_is_told_to_wait(open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot) -> None:
    """Where the server takes no more, and where a visitor asks too fast, the page says for how long, light and dark."""
    with serve(SMALL, tmp_path, limits=Limits(client_rate=1)) as site:
        page = open_page(base_url=site.address, tolerated="429", viewport={"width": 320, "height": 640})
        response = None
        for _ in range(15):
            response = page.goto("/")
            if response and response.status == 429:
                break
        assert response
        assert (response.status, response.headers["retry-after"]) == (429, "1")
        expect(page.locator("main")).to_contain_text("Réessayez dans 1 seconde.")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            keep_screenshot(page, f"attendre-{scheme}")


def test_a_page_of_a_server_that_takes_no_more(open_page: OpenPage, tmp_path: Path) -> None:
    """503 has Retry-After, and its page says the same seconds; it has no violation, light or dark."""
    with serve(SMALL, tmp_path, limits=Limits(most_requests=0)) as site:
        page = open_page(base_url=site.address, tolerated="503")
        response = page.goto("/")
        assert response
        assert response.status == 503
        seconds = int(response.headers["retry-after"])
        expect(page.locator("h1")).to_have_text("Le service n’est pas disponible pour l’instant")
        expect(page.locator("main")).to_contain_text(f"Réessayez dans {seconds} seconde")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe_violations(page) == []


WITHOUT_JAVASCRIPT = {
    "/": "Par exemple",
    "/?couloir=Officine": "boîte aux lettres",
    "/reponses": "Comment renouveler un certificat logiciel",
    "/reponses?thematique=Certificats": "2 réponses sur 6",
    "/reponses/renouvellement-certificat": "Cette réponse vous a-t-elle été utile",
    "/reponses/carte-perdue": "Cette réponse n’existe pas",
    "/donnees-personnelles": "Ce qui est gardé",
    "/rien": "Cette page n’existe pas",
    "/avis": "Cette page ne s’ouvre pas ainsi",
}


def test_every_page_is_whole_without_javascript(open_page: OpenPage) -> None:
    """Each says what it is for; what needs a script is not there; nothing is cut on a small dark screen."""
    page = open_page(
        java_script_enabled=False, color_scheme="dark", viewport={"width": 320, "height": 640}, tolerated="status of 40"
    )
    for address, words in WITHOUT_JAVASCRIPT.items():
        page.goto(address)
        expect(page.locator("main")).to_contain_text(words)
        expect(page.locator(".with-script:visible")).to_have_count(0)
        box = page.locator("main").bounding_box()
        assert box
        assert box["width"] <= 320


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("code d'erreur 906 quand le document est refusé", "La réponse la plus proche ne mentionne pas\u00a0: 906"),
        ("certificat", "plusieurs réponses peuvent convenir"),
        (f"{QUESTION} ? {SECOND} ?", "Vous demandez aussi"),
        (OFF_TOPIC, "Je n’ai pas trouvé de réponse sûre"),
    ],
)
def test_every_reply_is_whole_without_javascript(open_page: OpenPage, message: str, words: str) -> None:
    """Doubt, what is not mentioned, several questions and a refusal read the same; candidates open by a click."""
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.fill("#question", message)
    page.press("#question", "Enter")
    expect(page.locator("#results")).to_contain_text(words)
    candidates = page.locator(".candidate")
    if candidates.count():
        candidates.first.locator("> summary").click()
        expect(candidates.first.locator(".prose")).to_be_visible()


ATTACKS = (
    "<script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    "</script><script>window.attacked = 1</script>",
    "\"><svg onload='window.attacked = 1'>",
    "'-alert(1)-'",
    "{{ 7 * 7 }}{% raw %}",
    "<a href='javascript:window.attacked = 1'>lien</a>",
)
HOSTILE = MemoryCorpus(
    [
        *SMALL.entries,
        *(
            Answer(
                f"piege-{number}",
                f"Réponse {attack}\n\n[lien](javascript:window.attacked=1) [autre](data:text/html,x) <{attack}>"
                "\n\n<div onclick='window.attacked = 1'>bloc</div>",
                questions=(f"Que faire du piège {number} {attack} ?",),
                facets={"thematique": (attack,)},
                source=f"https://example.org/{attack.replace(' ', '')}",
            )
            for number, attack in enumerate(ATTACKS)
        ),
    ],
    facets=(Facet("thematique", f"Quel thème {ATTACKS[1]} ?", ATTACKS),),
)


def test_hostile_texts_never_run(open_page: OpenPage, tmp_path: Path) -> None:
    """Markup and javascript: links of answers, questions, facets, sources and comments are shown, never executed."""
    with serve(HOSTILE, tmp_path) as site:
        page = open_page(base_url=site.address)
        for number, attack in enumerate(ATTACKS):
            page.goto("/")
            page.locator("#question").press_sequentially(f"Que faire du piège {number}")
            expect(page.get_by_role("option").first).to_be_visible()
            ask(page, f"Que faire du piège {number} {attack} ?")
            page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            check_harmless(page)
            first = page.locator(".feedback:not([data-leave])").first
            first.get_by_role("button", name="Non").click()
            page.locator(".feedback-why").get_by_role("textbox").fill(f"Commentaire {attack}")
            with page.expect_response("**/v1/feedback"):
                page.locator(".feedback-why").get_by_role("button", name="Envoyer").click()
            page.goto(f"/reponses/piege-{number}")
            check_harmless(page)
        page.goto("/reponses")
        check_harmless(page)
        show_atelier(page, "/carte")
        assert page.locator(".groups > li").count() > 0
        check_harmless(page)
        page.goto("/atelier?etat=tous")
        assert page.locator(".items > li").count() > 0
        check_harmless(page)


def check_harmless(page: Page) -> None:
    """Click every link that leads nowhere else, and see that nothing of ours has run, nor an element been made."""
    assert page.evaluate("window.attacked") is None
    schemes = set(page.evaluate("[...document.links].map((link) => link.protocol)"))
    assert schemes <= {"http:", "https:", "mailto:"}
    assert page.locator("main img, main iframe, main script, [onclick], [onload], [onerror]").count() == 0
