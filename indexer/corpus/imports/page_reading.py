"""What was read of a page or a document, and what was not: sections that no answer holds, links without an address."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from indexer.corpus.html.left_out import sentences_of_left_out
from indexer.corpus.html.to_markdown import full_address, markdown_of
from indexer.corpus.html.tree import Element
from indexer.french.text import words_of

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
AROUND = ("nav", "footer", "header", "aside", "script", "style", "form", "noscript", "template")
"""What stands around the text of a page."""
OF_NUMBERS = ("tel", "sms", "smsto", "callto", "fax")
"""The schemes of links that call a number."""
_TITLES = (*HEADINGS, "summary", "dt")
_WITHOUT_TEXT = (*AROUND, "button", "select", "svg", "iframe")


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A question of a page or a document with its answer, Markdown, perhaps empty; the heading above, the address.

    also_asked: other questions that have this answer. letters: those of the answer as the page shows it, to know it
    again. lost_links: words and address of each link that leads nowhere from elsewhere. not_kept: a sentence in French
    for each kind of thing that Markdown has no place for.
    """

    question: str
    text: str
    theme: str = ""
    source: str = ""
    also_asked: tuple[str, ...] = ()
    letters: str = ""
    lost_links: tuple[tuple[str, str], ...] = ()
    not_kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageReading:
    """The answers of a page or a document in its order, and the titles of sections whose text is in none of them."""

    answers: tuple[PageAnswer, ...]
    left_out: tuple[str, ...] = ()


def answer_of(
    question: str, said: Sequence[Element], *, also_asked: Iterable[str] = (), theme: str = "", source: str = ""
) -> PageAnswer:
    """Return an answer that some elements hold together. source: the address of the page, for links without one."""
    text = "\n\n".join(filter(None, (markdown_of(element, base=source) for element in said)))
    return PageAnswer(
        " ".join(question.split()),
        text,
        theme,
        source,
        tuple(" ".join(other.split()) for other in also_asked),
        _letters("".join(element.text() for element in said)),
        tuple(link for element in said for link in _lost_links(element, source)),
        tuple(sentences_of_left_out(said)),
    )


def reading_of(body: Element, answers: Sequence[PageAnswer]) -> PageReading:
    """Return *answers*, none twice, with the titles in *body* that have a text which is in none of them."""
    once = tuple({(one.question, one.text): one for one in answers}.values())
    asked = {_letters(one.question) for one in once}
    others = ((title, text) for title, text in _sections(body) if _letters(text) and _letters(title) not in asked)
    left_out = (title for title, text in others if not _holds(once, _letters(title + text)))
    return PageReading(once, tuple(dict.fromkeys(left_out)))


def _lost_links(element: Element, base: str) -> Iterator[tuple[str, str]]:
    for link in element.walk():
        href = link.attributes.get("href", "").strip()
        words = link.text()
        leads = href and not href.lower().startswith(("#", "javascript:"))
        scheme, _, number = re.split("[?;]", href)[0].partition(":")
        is_said = scheme.lower() in OF_NUMBERS and re.sub(r"\D", "", number)[-8:] in _letters(words)
        if link.name == "a" and words and leads and not is_said and not full_address(href, base):
            yield words, href


def _sections(body: Element) -> list[tuple[str, str]]:
    """Return each title with the text that stands between it and the next one."""
    found: list[tuple[str, list[str]]] = []

    def walk(element: Element) -> None:
        for child in element.children:
            if isinstance(child, str):
                if found:
                    found[-1][1].append(child)
            elif child.name in _TITLES:
                found.append((child.text(), []))
            elif child.name not in _WITHOUT_TEXT:
                walk(child)

    walk(body)
    return [(title, "".join(texts)) for title, texts in found if title]


def _holds(answers: Sequence[PageAnswer], letters: str) -> bool:
    return any(letters in one.letters for one in answers)


def _letters(text: str) -> str:
    """Return the letters and digits of *text*, folded: where its words end depends on how it is laid out."""
    return words_of(text).replace(" ", "")
