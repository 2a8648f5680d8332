"""Makes the pictures of the guides anew, with Debian's Chromium: of a running server, or of pages of the evaluation.

SOUFFLEUR_SITE_ORIGINS=http://localhost:8129 souffleur serve
python -m benchmarks.screenshots http://127.0.0.1:8000 docs/images
python -m benchmarks.screenshots report.html compare.html learning-curve.html docs/images
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
    parser.add_argument("addresses", nargs="+", help="of the server, such as http://127.0.0.1:8000, or pages")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for address in options.addresses:
            if address.startswith("http"):
                _show_server(browser, address, options.folder)
            else:
                _show_page(browser, Path(address), options.folder)
        browser.close()


def _show_page(browser: Browser, file: Path, folder: Path) -> None:
    """Keep the first screen of a page of the evaluation."""
    page = _open(browser, 1280, 900)
    page.goto(file.resolve().as_uri())
    page.screenshot(path=folder / f"{file.stem}.png")


def _show_server(browser: Browser, address: str, folder: Path) -> None:
    """Keep what a visitor sees."""
    for name, question, width, height in (
        ("reponse", QUESTION, 1100, 900),
        ("telephone", QUESTION, 390, 844),
        ("doute", BROAD, 1100, 760),
    ):
        page = _open(browser, width, height)
        page.goto(address)
        _ask(page, question)
        page.screenshot(path=folder / f"page-{name}.png")
    page = _open(browser, 900, 700)
    demo = DEMO.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", address)
    with _website(demo):
        page.goto(f"http://localhost:{PORT}")
        _ask(page, QUESTION)
        page.screenshot(path=folder / "page-integree.png")


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
