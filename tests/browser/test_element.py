"""<souffleur-faq> in another website: box, suggestions, answers and votes; a website not listed gets nothing."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, Route, expect

from server.page.identity import Identity
from tests.browser.conftest import OpenPage
from tests.browser.serving import SMALL, serve
from tests.browser.test_asking import QUESTION, KeepScreenshot
from tests.browser.views import axe_violations

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "docs" / "integration.html"
STATIC = ROOT / "server" / "page" / "static"
DARK_WEBSITE = "@media (prefers-color-scheme: dark) { body { background: #12181b; color: #fff } a { color: #86d3df } }"


@contextmanager
def website(html: list[str], policy: list[str]) -> Iterator[str]:
    """Serve one page with a policy from an origin of its own; both may be set once the origin is known."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            for line in policy:
                self.send_header("content-security-policy", line)
            self.end_headers()
            self.wfile.write("".join(html).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()


def watch(page: Page) -> list[str]:
    """Return the errors that the page will report."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def test_it_weighs_little() -> None:
    """The element and the modules that it shares with the page are at most 25 kB."""
    names = ("souffleur", "answer", "feedback", "personal", "suggestions")
    assert sum((STATIC / f"{name}.js").stat().st_size for name in names) <= 25_000


def test_a_listed_website_gets_the_box(open_page: OpenPage, keep_screenshot: KeepScreenshot, tmp_path: Path) -> None:
    """Ask by keyboard, read, vote, under a strict policy of the website; axe finds nothing inside either."""
    html: list[str] = []
    policy: list[str] = []
    with website(html, policy) as origin, serve(SMALL, tmp_path, identity=Identity(origins=(origin,))) as site:
        html.append(DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", site.address))
        # The demo's own style is inline; its hash is not worth a test of ours.
        policy.append(
            f"default-src 'none'; script-src {site.address}; connect-src {site.address}; style-src 'unsafe-inline'; "
            "require-trusted-types-for 'script'; trusted-types souffleur"
        )
        page = open_page(base_url=origin, tolerated=site.address)
        errors = watch(page)
        page.goto("/")
        expect(page.get_by_role("link", name="Données personnelles")).to_have_attribute(
            "href", f"{site.address}/donnees-personnelles"
        )
        field = page.get_by_role("combobox", name="Demandez à la FAQ")
        with_suggestions: list[str] = []
        page.on("request", lambda request: with_suggestions.append(request.url) if "suggest" in request.url else None)
        field.fill("jean@exemple.fr")
        expect(page.locator("souffleur-faq #warning")).to_contain_text("une adresse de courriel")
        assert with_suggestions == []
        field.fill("")
        field.press_sequentially("certificat")
        expect(page.get_by_role("option")).to_have_count(2)
        field.press("ArrowDown")
        expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        field.press("Escape")
        field.fill(QUESTION)
        field.press("Enter")
        expect(page.locator("souffleur-faq .best .prose")).to_contain_text("3 ans")
        expect(page.locator("souffleur-faq #verdict")).to_be_focused()
        link = page.locator("souffleur-faq .best [data-permalink]")
        expect(link).to_have_attribute("href", f"{site.address}/reponses/validite-certificat")
        page.locator("souffleur-faq .best").get_by_role("button", name="Oui").click()
        expect(page.locator("souffleur-faq .best .feedback-said")).to_have_text("Merci pour votre avis.")
        assert len(list(site.store.export_jsonl())) == 1
        keep_screenshot(page, "integree")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".printed")).to_have_count(0)
        # As on an intranet without TLS, where there is no clipboard.
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
        page.locator("souffleur-faq .best .share > summary").click()
        page.locator("souffleur-faq .best [data-action=copy]").press("Enter")
        expect(page.locator("souffleur-faq .best [data-action=copy]")).to_have_text("Copié")
        expect(page.locator("souffleur-faq .best [data-action=copy]")).to_be_focused()
        page.evaluate("() => { document.querySelector('souffleur-faq').setAttribute('scheme', 'auto'); }")
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert errors == []
        policy.clear()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.reload()
            # The demo is a light page; a website that has a dark one says so on the element.
            page.evaluate("() => document.querySelector('souffleur-faq').setAttribute('scheme', 'auto')")
            page.add_style_tag(content=DARK_WEBSITE)
            for question, shown in (
                (QUESTION, ".best .prose"),
                ("certificat", ".candidates"),
                (f"{QUESTION} ? quels types de boîte aux lettres MSSanté y a-t-il ?", ".also-found .prose"),
                ("quel temps fera-t-il demain ?", ".none"),
            ):
                field.fill(question)
                field.press("Enter")
                expect(page.locator(f"souffleur-faq {shown}").first).to_be_visible()
                page.evaluate(
                    """() => document.querySelector('souffleur-faq').shadowRoot.querySelectorAll('details')
                        .forEach((one) => { one.open = true; })"""
                )
                ink = page.evaluate(
                    "getComputedStyle(document.querySelector('souffleur-faq').shadowRoot.querySelector('.box')).color"
                )
                assert ink == ("rgb(27, 35, 39)" if scheme == "light" else "rgb(233, 230, 223)")
                assert axe_violations(page) == []
            keep_screenshot(page, f"integree-{scheme}")


def test_the_box_says_what_it_waits_for_and_what_failed(open_page: OpenPage, tmp_path: Path) -> None:
    """A wait is seen; offline, too many and no server read as on the page; a further question is asked in the box."""
    html: list[str] = []
    with website(html, []) as origin, serve(SMALL, tmp_path, identity=Identity(origins=(origin,))) as site:
        html.append(DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", site.address))
        page = open_page(base_url=origin, tolerated="")
        page.goto("/")
        field = page.get_by_role("combobox", name="Demandez à la FAQ")
        held: list[Route] = []
        page.route("**/element", lambda route: held.append(route) if route.request.post_data else route.continue_())
        field.fill(QUESTION)
        field.press("Enter")
        answer = page.locator("souffleur-faq #answer")
        expect(answer).to_have_attribute("aria-busy", "true")
        assert answer.evaluate("(one) => getComputedStyle(one, '::before').content") == '"Recherche…"'
        for status, words in ((429, "Réessayez dans 7 secondes"), (502, "Le service ne répond pas")):
            held.pop().fulfill(
                status=status,
                content_type="text/html" if status == 502 else "application/problem+json",
                headers={
                    "retry-after": "7",
                    "access-control-allow-origin": origin,
                    "access-control-expose-headers": "retry-after",
                },
                body="<h1>502 Bad Gateway</h1>",
            )
            expect(answer).to_contain_text(words)
            expect(answer).not_to_contain_text("Bad Gateway")
            field.press("Enter")
            expect(answer).to_have_attribute("aria-busy", "true")
        held.pop().abort()
        page.unroute("**/element")
        page.context.set_offline(True)
        field.press("Enter")
        expect(answer).to_contain_text("La connexion est coupée")
        page.context.set_offline(False)
        several = [entry.questions[0] for entry in SMALL.entries if entry.questions]
        field.fill(" ".join(several[:4]))
        field.press("Enter")
        page.locator("souffleur-faq .also-asked button").first.click()
        expect(page.locator("souffleur-faq .asked").first).to_contain_text(several[3][:20])
        expect(field).to_have_value(several[3])
        assert page.url == f"{origin}/"


def test_a_link_stands_in_for_the_box(open_page: OpenPage, tmp_path: Path) -> None:
    """What the element holds is seen without scripts, and not once the box is there."""
    html: list[str] = []
    with website(html, []) as origin, serve(SMALL, tmp_path, identity=Identity(origins=(origin,))) as site:
        html.append(DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", site.address))
        for scripts in (True, False):
            page = open_page(base_url=origin, tolerated=site.address, java_script_enabled=scripts)
            page.goto("/")
            link = page.get_by_role("link", name="Posez votre question à la FAQ")
            if scripts:
                expect(page.get_by_role("combobox")).to_be_visible()
                expect(link).to_be_hidden()
            else:
                expect(link).to_be_visible()


def test_another_website_gets_nothing(open_page: OpenPage, tmp_path: Path) -> None:
    """Neither the script, nor an answer, nor a page in a frame."""
    html: list[str] = []
    with website(html, []) as origin, serve(SMALL, tmp_path, identity=Identity(origins=("https://a.example",))) as site:
        demo = DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", site.address)
        html.append(demo.replace("</main>", f'<iframe src="{site.address}/" title="FAQ"></iframe></main>'))
        page = open_page(base_url=origin, tolerated="")
        errors = watch(page)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("customElements.get('souffleur-faq') === undefined")
        assert any("CORS policy" in error for error in errors)
        assert any("frame-ancestors" in error for error in errors)
        refused = page.evaluate(
            """(address) => fetch(`${address}/element`, {method: "POST", body: new URLSearchParams({q: "certificat"})})
                .then(() => "read", () => "refused")""",
            site.address,
        )
        assert refused == "refused"


def test_no_origin_is_listed_by_default(open_page: OpenPage) -> None:
    """Without the setting there is no script to load."""
    page = open_page(tolerated="404")
    response = page.goto("/souffleur.js")
    assert response
    assert response.status == 404
