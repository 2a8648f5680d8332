"""/docs in a browser: it renders, and nothing is refused by its policy or asked elsewhere (`open_page` watches)."""

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.slow


def test_the_api_can_be_tried_out(open_page: OpenPage, keep_screenshot: Callable[[Page, str], None]) -> None:
    """Every route is listed; a question asked from the page gets its reply."""
    page = open_page()
    page.goto("/docs")
    expect(page.get_by_role("heading", name="Souffleur")).to_be_visible()
    operation = page.locator("#operations-search-searchByAddress")
    operation.locator(".opblock-summary-control").click()
    keep_screenshot(page, "docs")
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("q").first.fill("combien de temps un certificat est-il valable")
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("validite-certificat")
