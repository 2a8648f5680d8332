"""Chromium, the application and pages that report what goes wrong in them. All of it is skipped where there is none."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, expect, sync_playwright

from tests.browser.serving import SMALL, Site, serve

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_PATIENCE_MS = 10_000  # for a busy machine; nothing waits so long where all is well

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where the system has none."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    # Chromium refuses its sandbox to root, as tests in a container are.
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        expect.set_options(timeout=_PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:  # noqa: ARG001  # so that none is served without a browser
    """The application over the small corpus; not started where there is no browser."""
    with serve(SMALL, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Opens pages, each in a browser context of its own; after the test, none may have reported an error.

    Options are those of `Browser.new_context`; tolerated: a part of error messages that the test brings about.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(*, tolerated: str | None = None, **options: object) -> Page:
        settings = {"locale": "fr-FR", "base_url": site.address, "viewport": {"width": 1280, "height": 900}} | options
        context = browser.new_context(**settings)  # type: ignore[arg-type]  # options of any type
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()

        def report(text: str) -> None:
            if tolerated is None or tolerated not in text:
                errors.append(text)

        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                report(message.text)

        def on_dialog(dialog: Dialog) -> None:
            report(f"dialog: {dialog.message}")
            dialog.dismiss()

        def on_request(request: Request) -> None:
            if not request.url.startswith((f"{settings['base_url']}/", "data:")):
                report(f"asks {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: report(str(error)))
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def keep_screenshot() -> Callable[[Page, str], None]:
    """Keeps a picture of a page under build/screenshots, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return keep
