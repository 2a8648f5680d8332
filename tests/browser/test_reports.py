"""The pages of the evaluation: axe-core, narrow and dark screens and paper, opened or not, nothing beyond the edge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Browser, Page

from evaluation import commands
from evaluation.cli import main
from evaluation.curve import commands as curve_commands
from indexer.index.build import build_index
from indexer.records import Answer
from indexer.terminal import DONE
from tests.browser.views import axe_violations
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.slow

SCREENS = 4
HEIGHT = 900


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A report of a run with two hundred failures, two runs compared, and a learning curve."""
    folder = tmp_path_factory.mktemp("reports")
    answers = [
        Answer(f"r{at}", f"La réponse {at} parle du sujet {at % 7}.", (f"Sujet {at} ?", f"Où {at} ?"))
        for at in range(60)
    ]
    build_index(MemoryCorpus(tuple(answers)), folder / "index", encoder=FakeEncoder())
    lines = ["question;expected;style"]
    lines += [f"Parlez-moi du cas {at} <b>;r{at * 7 % 60};{('sms', 'lettre')[at % 2]}" for at in range(240)]
    lines += [f"Et la météo {at} ?;;" for at in range(20)]
    (folder / "q.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for module in (commands, curve_commands):
            patch.setattr(module, "load_configured_encoder", lambda _: FakeEncoder())
        index = ["--index", "index"]
        assert main(["run", "q.csv", *index, "--out", "a"]) == DONE
        bare = [Answer(one.id, one.text) for one in answers]
        build_index(MemoryCorpus(tuple(bare)), folder / "bare", encoder=FakeEncoder())
        assert main(["run", "q.csv", "--index", "bare", "--out", "b"]) == DONE
        assert main(["report", "a", *index, "--out", "report.html"]) == DONE
        assert main(["compare", "a", "b", "--out", "compare.html"]) == DONE
        (folder / "faq.csv").write_text(
            "id;text;questions\n"
            + "".join(f'{one.id};{one.text};"{chr(10).join(one.questions)}"\n' for one in answers),
            encoding="utf-8",
        )
        assert main(["learning-curve", "--corpus", "faq.csv", "--folds", "2", "--kept", "0,all", "--out", "."]) == DONE
        yield folder


def open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("name", ["report", "compare", "learning-curve"])
@pytest.mark.parametrize(
    ("screen", "options"),
    [
        ("hell", {"viewport": {"width": 1280, "height": HEIGHT}}),
        ("dunkel", {"viewport": {"width": 1280, "height": HEIGHT}, "color_scheme": "dark"}),
        ("schmal", {"viewport": {"width": 390, "height": 844}}),
    ],
)
def test_everybody_can_read_them(
    name: str,
    screen: str,
    options: dict[str, object],
    pages: Path,
    browser: Browser,
    keep_screenshot: Callable[[Page, str], None],
) -> None:
    """Folded and opened: nothing that axe-core finds wrong, nothing wider than the screen, four screens at most."""
    context = browser.new_context(**options)  # type: ignore[arg-type]  # options of any type
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((pages / f"{name}.html").as_uri())
    assert len(asked) == 1
    keep_screenshot(page, f"evaluation-{name}-{screen}")
    assert axe_violations(page) == []
    open_all(page)
    assert axe_violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= options["viewport"]["width"]  # type: ignore[index]  # a mapping
    if screen != "schmal":
        assert page.evaluate("() => document.documentElement.scrollHeight") <= SCREENS * HEIGHT
    context.close()


def test_a_row_of_the_map_shows_its_question_there(pages: Path, browser: Browser) -> None:
    """Followed, its number makes the question stand out; on paper what scrolls is whole."""
    page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
    page.goto((pages / "report.html").as_uri())
    page.get_by_role("link", name="12", exact=True).click()
    assert page.evaluate("() => getComputedStyle(document.querySelector('#spot-12 .cross')).strokeWidth") == "5px"
    assert page.evaluate("() => getComputedStyle(document.querySelector('#spot-13 .cross')).strokeWidth") != "5px"
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.querySelector('.map .scroll')).maxHeight") == "none"
    page.close()
