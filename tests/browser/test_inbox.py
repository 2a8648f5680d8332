"""The atelier in a browser: the inbox with the keyboard and without JavaScript, the map, going back."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, expect

from indexer.index.build import build_index
from indexer.records import Status
from server.feedback.store import FeedbackStore
from tests.browser.conftest import OpenPage
from tests.browser.serving import EDITOR_TOKEN, SMALL, TOKEN, serve
from tests.browser.test_asking import KeepScreenshot, ask
from tests.browser.views import axe_violations
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.slow

OFF_TOPIC = "quel temps fera-t-il demain ?"
LONG = "Bonjour, je voudrais savoir une chose un peu longue à expliquer. " * 12


def fill(store: FeedbackStore) -> None:
    """Sixty questions, a remark, a long one, and a question that is no markup."""
    for number in range(60):
        ask_for(store, f"q{number}", f"Question numéro {number} ?")
    ask_for(store, "again", "question numero 7")
    store.record_feedback("q1", "types-de-bal", useful=False, comment="Il manque une information", index_id="i")
    store.record_feedback("q2", "types-de-bal", useful=False, comment=LONG, index_id="i")
    ask_for(store, "hostile", "<img src=x onerror=alert(1)>")


def ask_for(store: FeedbackStore, query_id: str, question: str) -> None:
    """Keep a question without a sure answer."""
    store.record_question(
        query_id, question, status=Status.NO_ANSWER, confidence=0.1, answer_id="types-de-bal", index_id="i"
    )


def enter(page: Page, token: str = EDITOR_TOKEN) -> None:
    """Enter the atelier as a person does."""
    page.goto("/atelier")
    page.get_by_label("Jeton de rédaction ou d’administration").fill(token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boîte de réception")


def test_what_visitors_leave_comes_into_the_inbox(
    open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot
) -> None:
    """A question without an answer, the question left, and the remark, with their counts; a state stays."""
    with serve(SMALL, tmp_path) as site:
        for leaves in (False, True):
            visitor = open_page(base_url=site.address)
            visitor.goto("/")
            ask(visitor, OFF_TOPIC)
            if leaves:
                visitor.get_by_text("Laisser ma question à l’équipe").click()
                visitor.get_by_role("button", name="Laisser ma question").click()
                expect(visitor.locator("[data-leave][data-sent=true]")).to_contain_text("C’est noté")
        page = open_page(base_url=site.address)
        enter(page)
        items = page.locator(".items > li")
        expect(items).to_have_count(2)
        expect(items.filter(has_text="Sans réponse sûre")).to_contain_text("2 fois")
        expect(items.filter(has_text="Question laissée")).to_contain_text(OFF_TOPIC)
        keep_screenshot(page, "boite")
        items.filter(has_text="Sans réponse sûre").get_by_role("button", name="Hors sujet").press("Enter")
        expect(items).to_have_count(1)
        expect(page.locator(".items button").first).to_be_focused()
        page.reload()
        expect(items).to_have_count(1)
        page.get_by_role("link", name="Hors sujet (1)").click()
        expect(items).to_contain_text([OFF_TOPIC])
        assert OFF_TOPIC.split()[1] not in page.url
        page.get_by_role("button", name="Quitter l’atelier").click()
        expect(page.locator("#token")).to_be_visible()


def test_many_items_are_sifted_and_paged(open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot) -> None:
    """Pages have numbers, long texts are cut and whole when unfolded, words and kinds narrow the list."""
    with serve(SMALL, tmp_path) as site:
        fill(site.store)
        page = open_page(base_url=site.address)
        enter(page)
        expect(page.locator(".items > li")).to_have_count(25)
        page.get_by_role("navigation", name="Pages de la boîte").get_by_role("link", name="3").click()
        expect(page.locator(".items > li")).to_have_count(63 - 50)
        page.goto("/atelier")
        page.get_by_label("Sorte").select_option("Remarques")
        page.get_by_role("button", name="Filtrer").click()
        expect(page.locator(".items > li")).to_have_count(2)
        long = page.locator(".items details")
        expect(long.locator(".item-text")).to_contain_text("…")
        expect(long.locator(".whole")).to_be_hidden()
        long.locator("summary").click()
        expect(long.locator(".whole")).to_have_text(LONG.strip())
        page.get_by_label("Sorte").select_option("Toutes")
        page.get_by_label("Mots").fill("numero 7")
        page.keyboard.press("Enter")
        expect(page.locator(".items > li")).to_have_count(1)
        expect(page.locator(".items > li")).to_contain_text("2 fois")
        with page.expect_download() as download:
            page.get_by_role("button", name="en CSV").click()
        assert "question numero 7" in Path(download.value.path()).read_text(encoding="utf-8-sig")
        keep_screenshot(page, "boite-filtree")


@pytest.mark.parametrize("room", ["", "/carte", "/index"])
def test_a_full_atelier_is_for_everybody(
    open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot, room: str
) -> None:
    """Axe-core finds nothing in light or dark, 320 pixels need no sideways scrolling, and nothing of visitors runs."""
    build_index(replace(SMALL, entries=SMALL.entries[:-1]), tmp_path / "index", encoder=FakeEncoder())
    with serve(SMALL, tmp_path) as site:
        fill(site.store)
        page = open_page(base_url=site.address)
        enter(page, TOKEN)
        page.goto(f"/atelier{room}")
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe_violations(page) == []
            keep_screenshot(page, f"atelier-plein{room.replace('/', '-')}-{scheme}")
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.locator("main img").count() == 0
        small = page.evaluate(
            """() => [...document.querySelectorAll("main button, main summary, main input, main select")].filter(
                (one) => one.offsetHeight && one.offsetHeight < 24).map((one) => one.outerHTML)"""
        )
        assert small == []


def test_the_inbox_works_without_javascript(open_page: OpenPage, tmp_path: Path) -> None:
    """Enter, sift by words, set a state within them, page, look at the map and the index: forms alone."""
    with serve(SMALL, tmp_path) as site:
        fill(site.store)
        page = open_page(base_url=site.address, java_script_enabled=False)
        enter(page)
        page.get_by_label("Mots").fill("numero")
        page.get_by_role("button", name="Filtrer").click()
        page.get_by_role("navigation", name="Pages de la boîte").get_by_role("button", name="2").click()
        expect(page.locator(".items > li")).to_have_count(25)
        page.locator(".items").get_by_role("button", name="Traité").first.click()
        expect(page.locator("#words")).to_have_value("numero")
        page.get_by_role("button", name="Traité (1)").click()
        expect(page.locator(".items > li")).to_have_count(1)
        page.get_by_role("link", name="Carte").click()
        expect(page.locator("#map .asked").first).to_be_visible()
        page.get_by_role("link", name="Index", exact=True).click()
        expect(page.locator("#index")).to_contain_text(f"{len(SMALL.entries)} réponses")


def test_the_map_and_going_back(open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot) -> None:
    """A theme stands out, a number leads to its question; the index before is named, asked for twice, and serves."""
    build_index(replace(SMALL, entries=SMALL.entries[:-1]), tmp_path / "index", encoder=FakeEncoder())
    with serve(SMALL, tmp_path) as site:
        for number in range(3):
            ask_for(site.store, f"q{number}", OFF_TOPIC)
        page = open_page(base_url=site.address, tolerated="Failed to load resource")
        enter(page, TOKEN)
        page.get_by_role("link", name="Carte").click()
        expect(page.locator(".groups > li")).to_contain_text(["3 fois"])
        expect(page.locator("#map [data-theme]")).to_have_count(len(SMALL.entries))
        page.get_by_role("button", name="Certificats").click()
        expect(page.locator("#map a.faded")).to_have_count(len(SMALL.entries) - 2)
        page.locator("#map .asked").focus()
        expect(page.locator("#pointed")).to_contain_text(f"1. {OFF_TOPIC}")
        page.locator("#map .asked").click()
        assert page.url.endswith("#groupe-1")
        keep_screenshot(page, "carte")
        page.get_by_role("link", name="Index", exact=True).click()
        expect(page.locator(".difference")).to_contain_text("1 réponse n’est plus donnée")
        page.get_by_role("button", name="Revenir à l’index précédent").click()
        expect(page.get_by_role("heading", name="Revenir vraiment")).to_be_visible()
        keep_screenshot(page, "retour-en-arriere")
        page.get_by_role("link", name="Non, ne rien changer").click()
        expect(page.locator("#index")).to_contain_text(f"{len(SMALL.entries)} réponses")
        page.get_by_role("button", name="Revenir à l’index précédent").click()
        page.get_by_role("button", name="Oui, revenir").click()
        expect(page.locator("#said")).to_have_text("L’index précédent est en service.")
        expect(page.locator("#index")).to_contain_text(f"{len(SMALL.entries) - 1} réponses")
        expect(page.get_by_text("pas d’index précédent")).to_be_visible()
