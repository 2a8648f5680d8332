"""What a visit costs: bytes over the wire as Chromium counts them, headers included, and the same uncompressed."""

import random
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, expect

from indexer.records import Answer, Facet
from tests.browser.conftest import OpenPage
from tests.browser.serving import serve
from tests.browser.test_asking import QUESTION, KeepScreenshot, ask
from tests.corpora import MemoryCorpus

pytestmark = pytest.mark.slow

THEMES = tuple(f"Thème {number:02}" for number in range(1, 41))
MANY = 5000


class Traffic:
    """Counts what a page loads from now on."""

    def __init__(self, page: Page) -> None:
        self.over_the_wire = 0
        self.unpacked = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.dataReceived", self._received)

    def _finished(self, event: dict[str, float]) -> None:
        self.over_the_wire += int(event["encodedDataLength"])

    def _received(self, event: dict[str, float]) -> None:
        self.unpacked += int(event["dataLength"])


def test_a_first_visit_weighs_little(open_page: OpenPage) -> None:
    """Page, style, scripts and icon are at most 60 kB uncompressed, and 25 kB as they are sent; asking adds 5 kB."""
    page = open_page()
    traffic = Traffic(page)
    page.goto("/", wait_until="networkidle")
    # A headless browser asks for no icon by itself.
    icon = page.evaluate(
        "async () => (await (await fetch(document.querySelector('[rel=icon]').href)).arrayBuffer()).byteLength"
    )
    page.wait_for_load_state("networkidle")
    first, unpacked = traffic.over_the_wire, traffic.unpacked
    ask(page, QUESTION)
    page.wait_for_load_state("networkidle")
    print(f"first visit {first} bytes, {unpacked} uncompressed; asking {traffic.over_the_wire - first} more")
    assert icon > 0
    assert first <= 25_000
    assert unpacked <= 60_000
    assert traffic.over_the_wire - first <= 5_000
    page.reload(wait_until="networkidle")


def make_large_corpus() -> MemoryCorpus:
    """Return 5,000 answers of forty themes, their words drawn with a fixed seed."""
    draw = random.Random(7)
    nouns = [
        f"{stem}{end}" for stem in ("dossier", "badge", "acte", "contrat", "compte") for end in ("", "s", " B", " C")
    ]
    verbs = ["renouveler", "annuler", "transmettre", "corriger", "signer", "payer", "retrouver", "déclarer"]
    answers = [
        Answer(
            f"reponse-{number:04}",
            f"Le cas {number} se règle au guichet {draw.randrange(99)}.",
            questions=(f"Comment {draw.choice(verbs)} un {draw.choice(nouns)} dans le cas {number} ?",),
            facets={"thematique": (draw.choice(THEMES),)},
        )
        for number in range(MANY)
    ]
    facet = Facet("thematique", "Quel est le thème ?", THEMES, open_to_all=False)
    return MemoryCorpus(answers, facets=(facet,), off_topic=("Bonjour",))


def test_a_list_of_5000_answers_stays_usable(
    open_page: OpenPage, tmp_path: Path, keep_screenshot: KeepScreenshot
) -> None:
    """Themes first, each a list or pages of it; the filter is ready at once and finds one answer among all."""
    with serve(make_large_corpus(), tmp_path) as site:
        page = open_page(base_url=site.address)
        page.goto("/")
        traffic = Traffic(page)
        page.goto("/reponses", wait_until="networkidle")
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        elements = page.evaluate("document.querySelectorAll('*').length")
        print(
            f"list: {traffic.over_the_wire} bytes, {traffic.unpacked} uncompressed, {elements} elements, {ready:.0f} ms"
        )
        keep_screenshot(page, "reponses-5000")
        assert traffic.over_the_wire <= 15_000
        assert elements <= 400
        assert ready <= 3_000  # a third of it on a machine at rest, as for the filter
        expect(page.locator("nav.themes li")).to_have_count(40)
        page.evaluate("() => { window.begun = performance.now(); }")
        page.locator("#words").fill("cas 4321")
        expect(page.locator("#list li a").first).to_contain_text("4321")
        taken = page.evaluate("performance.now() - window.begun")
        print(f"filter: {taken:.0f} ms")
        assert taken <= 3_000
        page.locator("#words").fill("guichet")
        expect(page.locator("#found")).to_contain_text(f"{MANY} réponses sur {MANY}")
        expect(page.locator("#list li a")).to_have_count(300)
        keep_screenshot(page, "reponses-5000-mots")
        page.get_by_role("link", name="Voir toutes les réponses").click()
        expect(page.locator("nav.themes li")).to_have_count(40)
        count = int(page.locator("nav.themes .count").first.inner_text())
        page.locator("nav.themes a").first.click()
        expect(page.locator("#found")).to_contain_text(f"{count} réponses sur {MANY}")
