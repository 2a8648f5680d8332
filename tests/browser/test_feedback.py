"""« Cette réponse vous a-t-elle été utile ? » in a browser, with a network that may be lost."""

import json

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.serving import Site
from tests.browser.test_asking import QUESTION, KeepScreenshot, ask

pytestmark = pytest.mark.slow

OFFLINE = "ERR_INTERNET_DISCONNECTED"


def judgements(site: Site, page: Page) -> list[tuple[bool, str]]:
    """Return what is kept of the question that *page* shows: useful or not, and the comment."""
    query_id = page.locator("[name=query_id][form=ask]").input_value()
    rows = map(json.loads, site.store.export_jsonl())
    return [(row["useful"], row["comment"]) for row in rows if row["query_id"] == query_id]


def test_yes_is_kept(open_page: OpenPage, site: Site, keep_screenshot: KeepScreenshot) -> None:
    """A click on Oui is thanked for and kept; nothing was chosen before."""
    page = open_page()
    page.goto("/")
    ask(page, QUESTION)
    form = page.locator(".best .feedback")
    expect(form.locator("[aria-pressed=true]")).to_have_count(0)
    form.get_by_role("button", name="Oui").click()
    expect(form.get_by_role("status")).to_have_text("Merci pour votre avis.")
    expect(page.locator(".best .feedback[data-sent=true]")).to_be_visible()
    assert judgements(site, page) == [(True, "")]
    keep_screenshot(page, "avis-oui")


def test_no_asks_for_reasons(open_page: OpenPage, site: Site, keep_screenshot: KeepScreenshot) -> None:
    """Non is kept at once; reasons and a comment, redacted, replace it."""
    page = open_page()
    page.goto("/")
    ask(page, QUESTION)
    form = page.locator(".best .feedback")
    form.get_by_role("button", name="Non").click()
    expect(page.locator(".best .feedback[data-sent=true]")).to_be_visible()
    assert judgements(site, page) == [(False, "")]
    why = page.locator(".best .feedback-why")
    why.get_by_label("Il manque une information").check()
    why.get_by_role("textbox").fill("Et pour une carte ? jean@exemple.fr")
    keep_screenshot(page, "avis-non")
    with page.expect_response("**/v1/feedback"):
        why.get_by_role("button", name="Envoyer").click()
    expect(form.get_by_role("status")).to_contain_text("lira votre remarque")
    assert judgements(site, page) == [(False, "Il manque une information\nEt pour une carte ? [COURRIEL]")]


def test_enter_among_the_reasons_sends_them(open_page: OpenPage, site: Site) -> None:
    """It turns no Non into Oui; Non pressed again leaves what is written, and nothing written is no remark."""
    page = open_page()
    page.goto("/")
    ask(page, QUESTION)
    form, why = page.locator(".best .feedback"), page.locator(".best .feedback-why")
    form.get_by_role("button", name="Non").press("Enter")
    expect(why.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_have_text("Merci pour votre avis.")
    expect(form.get_by_role("button", name="Non")).to_be_focused()
    expect(form.get_by_role("button", name="Non")).to_have_attribute("aria-pressed", "true")
    assert judgements(site, page) == [(False, "")]
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    why.get_by_role("textbox").fill("Trop vague")
    form.get_by_role("button", name="Non").press("Enter")
    expect(why.get_by_role("textbox")).to_have_value("Trop vague")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("lira votre remarque")
    assert judgements(site, page) == [(False, "Ce n’est pas ma question\nTrop vague")]


def test_a_vote_survives_a_lost_connection(open_page: OpenPage, site: Site, keep_screenshot: KeepScreenshot) -> None:
    """Without network the vote waits, says so, and is sent once when the network is back."""
    page = open_page(tolerated=OFFLINE)
    page.goto("/")
    ask(page, QUESTION)
    form = page.locator(".best .feedback")
    page.context.set_offline(True)
    form.get_by_role("button", name="Non").click()
    expect(form.get_by_role("status")).to_contain_text("La connexion est coupée")
    keep_screenshot(page, "avis-hors-ligne")
    assert judgements(site, page) == []
    form.get_by_role("button", name="Oui").click()
    page.context.set_offline(False)
    expect(form.get_by_role("status")).to_contain_text("bien parti")
    assert judgements(site, page) == [(True, "")]


def test_a_vote_survives_another_page(open_page: OpenPage, site: Site) -> None:
    """A vote that waits is sent from the next page of the window, and not again from the one after."""
    page = open_page(tolerated=OFFLINE)
    page.goto("/")
    ask(page, QUESTION)
    query_id = page.locator("[name=query_id][form=ask]").input_value()
    page.context.set_offline(True)
    page.locator(".best .feedback").get_by_role("button", name="Oui").click()
    expect(page.locator(".best .feedback").get_by_role("status")).to_contain_text("La connexion est coupée")
    # What the page would do when the network is back, or after a while, must not be done before it has gone.
    page.evaluate("addEventListener('online', (event) => event.stopImmediatePropagation(), true)")
    page.evaluate("void (window.fetch = () => new Promise(() => {}))")
    page.context.set_offline(False)
    with page.expect_response("**/v1/feedback"):
        page.goto("/")
    rows = [row for row in map(json.loads, site.store.export_jsonl()) if row["query_id"] == query_id]
    assert [row["useful"] for row in rows] == [True]
    assert page.evaluate("sessionStorage.getItem('souffleur-feedback')") == "{}"


def test_an_answer_lost_on_its_way_back_counts_once(open_page: OpenPage, site: Site) -> None:
    """The server has kept the vote, but its reply was lost: sending again leaves one judgement."""
    page = open_page(tolerated="Failed to load resource")
    lost: list[int] = []

    def lose_first(route: Route) -> None:
        response = route.fetch()
        if lost:
            route.fulfill(response=response)
        else:
            lost.append(response.status)
            route.abort()

    page.route("**/v1/feedback", lose_first)
    page.goto("/")
    ask(page, QUESTION)
    form = page.locator(".best .feedback")
    form.get_by_role("button", name="Oui").click()
    expect(form.get_by_role("status")).to_contain_text("bien parti")
    assert lost == [201]
    assert judgements(site, page) == [(True, "")]


def test_a_question_can_be_left_to_the_team(open_page: OpenPage, site: Site, keep_screenshot: KeepScreenshot) -> None:
    """Where nothing was found, the visitor's question goes to the team, as they choose to word it."""
    page = open_page()
    page.goto("/")
    ask(page, "recette de gâteau au chocolat")
    page.get_by_text("Laisser ma question à l’équipe").click()
    expect(page.locator("#left-question")).to_have_value("recette de gâteau au chocolat")
    keep_screenshot(page, "laisser-ma-question")
    page.locator("#left-question").fill(" ")
    page.get_by_role("button", name="Laisser ma question").click()
    expect(page.locator("#left-question")).to_be_focused()
    assert judgements(site, page) == []
    page.locator("#left-question").fill("Avez-vous une recette ?")
    page.get_by_role("button", name="Laisser ma question").click()
    expect(page.locator("[data-leave][data-sent=true]")).to_contain_text("C’est noté")
    assert judgements(site, page) == [(False, "Question laissée à l’équipe : Avez-vous une recette ?")]


def test_a_vote_erases_nothing_that_was_left(open_page: OpenPage, site: Site) -> None:
    """The question left and the remark, which wait for the network, are both kept though Non is pressed again."""
    page = open_page(tolerated=OFFLINE)
    page.goto("/")
    ask(page, "recette de gâteau au chocolat")
    page.get_by_text("Laisser ma question à l’équipe").click()
    page.locator("#left-question").fill("Avez-vous une recette ?")
    first = page.locator("form[data-leave]").get_attribute("data-leave")
    page.locator(f'[data-feedback="{first}"]').evaluate(
        "form => { for (let at = form; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true; }"
    )
    page.context.set_offline(True)
    page.get_by_role("button", name="Laisser ma question").click()
    form = page.locator(f'[data-feedback="{first}"]')
    form.get_by_role("button", name="Non").click()
    page.locator(".feedback-why").get_by_role("textbox").fill("Rien à voir")
    page.locator(".feedback-why").get_by_role("button", name="Envoyer").click()
    form.get_by_role("button", name="Non").click()
    expect(form.get_by_role("status")).to_contain_text("La connexion est coupée")
    page.context.set_offline(False)
    expect(form.get_by_role("status")).to_contain_text("bien parti")
    assert sorted(judgements(site, page)) == [
        (False, "Question laissée à l’équipe : Avez-vous une recette ?"),
        (False, "Rien à voir"),
    ]


@pytest.mark.parametrize(("status", "words"), [(422, "n’a pas pu être gardé"), (503, "n’est pas encore parti")])
def test_a_vote_that_is_not_kept_is_not_thanked_for(open_page: OpenPage, status: int, words: str) -> None:
    """Refused, or not taken for now: the words say which, and none is Merci."""
    page = open_page(tolerated="Failed to load resource")
    page.route("**/v1/feedback", lambda route: route.fulfill(status=status, body="{}"))
    page.goto("/")
    ask(page, QUESTION)
    form = page.locator(".best .feedback")
    form.get_by_role("button", name="Oui").click()
    expect(form.get_by_role("status")).to_contain_text(words)
    expect(form.get_by_role("status")).not_to_contain_text("Merci")


def test_a_vote_on_the_page_of_an_answer(open_page: OpenPage, site: Site) -> None:
    """Nobody asked, and the judgement is kept all the same."""
    page = open_page()
    page.goto("/reponses/types-de-bal")
    page.get_by_role("button", name="Oui").click()
    expect(page.get_by_role("status")).to_have_text("Merci pour votre avis.")
    assert any(json.loads(row)["answer_id"] == "types-de-bal" for row in site.store.export_jsonl())
