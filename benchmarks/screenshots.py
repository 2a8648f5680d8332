"""Makes the four pictures of the README anew, of a running server, with Debian's Chromium.

SOUFFLEUR_SITE_ORIGINS=http://localhost:8129 souffleur serve
python -m benchmarks.screenshots http://127.0.0.1:8000 docs/images
"""

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

DEMO = Path(__file__).parents[1] / "docs" / "integration.html"
PORT = 8129  # of another website, which has one page
QUESTION = "combien de temps un certificat est-il valable"
BROAD = "certificat"


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("address", help="of the server, such as http://127.0.0.1:8000")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, question, width, height in (
            ("reponse", QUESTION, 1100, 900),
            ("telephone", QUESTION, 390, 844),
            ("doute", BROAD, 1100, 760),
        ):
            page = _open(browser, width, height)
            page.goto(options.address)
            _ask(page, question)
            page.screenshot(path=options.folder / f"page-{name}.png")
        page = _open(browser, 900, 700)
        demo = DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", options.address)
        with _website(demo):
            page.goto(f"http://localhost:{PORT}")
            _ask(page, QUESTION)
            page.screenshot(path=options.folder / "page-integree.png")
        browser.close()


@contextmanager
def _website(page: str) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

    with ThreadingHTTPServer(("127.0.0.1", PORT), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def _open(browser: Browser, width: int, height: int) -> Page:
    return browser.new_context(locale="fr-FR", viewport={"width": width, "height": height}).new_page()


def _ask(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator("#verdict").wait_for()


if __name__ == "__main__":
    main()
