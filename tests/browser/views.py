"""What axe-core says of a page."""

import importlib.util
from pathlib import Path

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong, rule by rule with the elements; its script comes with a Python package."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None, "pip install -e '.[dev]' brings axe-core"
    assert found.origin is not None
    page.evaluate((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    results = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in results["violations"]]
