"""Tests of server.page.markdown; what comes out is read by html.parser, as the second opinion on what is in it."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.french.text import normalise
from server.page.markdown import ELEMENTS, render

SEED = Path(__file__).parents[4] / "shared/seed/faq-des-industriels.txt"


class Page(HTMLParser):
    """What a browser would see: elements, attributes, text outside of tags, and text inside of <mark>."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = self.marked = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if "mark" in self.open else ""

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.elements.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.elements.append(f"instruction {data}")


def assert_harmless(source: str) -> None:
    """Only listed elements, well nested; only harmless attributes; only addresses that lead to the web or to a mail."""
    page = Page(source)
    assert set(page.elements) <= ELEMENTS
    assert page.open == []
    for tag, name, value in page.attributes:
        assert (tag, name) in {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start")}
        if name == "href":
            assert urlsplit(re.sub(r"[\x00-\x20]", "", value)).scheme in {"http", "https", "mailto"}


ATTACKS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src=`javascript:alert(1)`>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<math><mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=javascript:alert(1)>",
    "<embed src=data:text/html;base64,PHNjcmlwdD4=>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<form action=javascript:alert(1)><input type=submit>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<base href=https://evil.example/>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/x)",
    "[x](/v1/admin/reload)",
    '[x](https://a.example "\\"onmouseover=alert(1) x=\\"")',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    '![x" onerror="alert(1)](x)',
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```html onload=alert(1)\nx\n```",
    "```\" onmouseover=alert(1) x=\"\nx\n```",
    "https://a.example/\"onmouseover=alert(1)",
    "https://a.example/'><script>alert(1)</script>",
    "javascript://a.example/%0aalert(1)",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "|a|\n|:-:|\n|b|",
    "<mark onclick=alert(1)>x</mark>",
    "\x01<script>\x02alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_could_run_survives(attack: str) -> None:
    """No element, attribute or address of an attack is left, wherever it stands and whether or not it is marked."""
    for text in (attack, f"Avant {attack} après", f"- **{attack}**\n> {attack}"):
        assert_harmless(render(text))
        assert_harmless(render(text, excerpt=(0, len(text))))
        assert_harmless(render(text, excerpt=(len(text) // 3, 2 * len(text) // 3)))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab<>\"'&;#*_`[]()!|-:/\\\n \x01\x02é1.=~", max_size=60), st.data())
def test_whatever_is_written_is_harmless_and_marking_changes_no_word(text: str, data: st.DataObject) -> None:
    """For any text and any excerpt: harmless, and the same page but for the marks."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    marked = render(text, excerpt=(start, end))
    assert_harmless(marked)
    assert re.sub("</?mark>", "", marked) == render(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oui.\nNon.", "<p>Oui.<br>\nNon.</p>\n"),
        ("Un\n\ndeux", "<p>Un</p>\n<p>deux</p>\n"),
        ("# Titre", "<h3>Titre</h3>\n"),
        ("###### Titre", "<h6>Titre</h6>\n"),
        ("3. trois\n4. quatre", '<ol start="3">\n<li>trois</li>\n<li>quatre</li>\n</ol>\n'),
        ("**gras** et *italique*", "<p><strong>gras</strong> et <em>italique</em></p>\n"),
        ("IHE_XDM et a_b_c", "<p>IHE_XDM et a_b_c</p>\n"),
        ("« l’INS » : 5 < 6 & 7", "<p>«&nbsp;l’INS&nbsp;»&nbsp;: 5 &lt; 6 &amp; 7</p>\n"),
        ("fichier.md et SC.INS.fr", "<p>fichier.md et SC.INS.fr</p>\n"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(text: str, expected: str) -> None:
    """Line ends, titles below those of the page, lists; words with their typography as they are."""
    assert render(text) == expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "(Cf : https://interop.esante.gouv.fr/ig/error-codes.html)",
            "https://interop.esante.gouv.fr/ig/error-codes.html",
        ),
        ("voir https://a.example/b_c_d.", "https://a.example/b_c_d"),
        ("[ici](https://a.example/?a=1&b=2)", "https://a.example/?a=1&b=2"),
        ("<https://a.example>", "https://a.example"),
        ("écrire à contact@esante.fr", "mailto:contact@esante.fr"),
        ("[ici](HTTPS://A.example)", "HTTPS://A.example"),
    ],
)
def test_an_address_becomes_a_link_that_tells_nothing_of_the_page(text: str, address: str) -> None:
    """With or without markup around it, without the punctuation after it, with rel="noopener noreferrer"."""
    assert Page(render(text)).attributes == [("a", "href", address), ("a", "rel", "noopener noreferrer")]


@pytest.mark.parametrize(
    ("text", "passage", "expected"),
    [
        ("Un. Deux. Trois.", "Deux.", "<p>Un. <mark>Deux.</mark> Trois.</p>\n"),
        ("a **b c** d", "a **b", "<p><mark>a </mark><strong><mark>b</mark> c</strong> d</p>\n"),
        ("- un\n- deux", "- un\n- deux", "<ul>\n<li><mark>un</mark></li>\n<li><mark>deux</mark></li>\n</ul>\n"),
        ("## Titre\nsuite", "## Titre", "<h4><mark>Titre</mark></h4>\n<p>suite</p>\n"),
        ("un `code` deux", "un `code`", "<p><mark>un </mark><mark><code>code</code></mark> deux</p>\n"),
        ("Un.\nDeux.", "Un.\nDeux.", "<p><mark>Un.</mark><br>\n<mark>Deux.</mark></p>\n"),
        ("𝒳 été 𝒴", "été", "<p>𝒳 <mark>été</mark> 𝒴</p>\n"),
        ("a & b", "& b", "<p>a <mark>&amp; b</mark></p>\n"),
        ("```\ncode\n```", "code", "<pre><code>code\n</code></pre>\n"),
    ],
)
def test_an_excerpt_is_marked_inside_the_markup(text: str, passage: str, expected: str) -> None:
    """The words of the passage are marked, each stretch within the element that it is in."""
    start = text.index(passage)
    assert render(text, excerpt=(start, start + len(passage))) == expected


def test_a_link_in_an_excerpt_stays_whole() -> None:
    """A passage that begins or ends within an address marks the words beside it, and leaves the link."""
    text = "Voir [la page](https://a.example/x_y) ou https://b.example/z_t ici."
    page = Page(render(text, excerpt=(0, len(text))))
    assert page.marked == page.text.strip() == "Voir la page ou https://b.example/z_t ici."
    assert Page(render(text, excerpt=(20, len(text)))).marked == " ou https://b.example/z_t ici."
    assert [value for _, name, value in page.attributes if name == "href"] == [
        "https://a.example/x_y",
        "https://b.example/z_t",
    ]


@pytest.mark.parametrize("excerpt", [(-1, 2), (2, 1), (0, 4)])
def test_an_excerpt_outside_of_the_text_is_refused(excerpt: tuple[int, int]) -> None:
    """Offsets are those of the text, in order."""
    with pytest.raises(ValueError, match="excerpt"):
        render("abc", excerpt=excerpt)


def test_an_empty_excerpt_marks_nothing() -> None:
    """Nor does one of blanks."""
    assert render("a  b", excerpt=(1, 1)) == render("a  b", excerpt=(1, 3)) == render("a  b")


def test_threads_do_not_mix_their_texts() -> None:
    """One parser serves them all."""
    texts = [f"voir https://a.example/{number} **{number}**" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        for number, source in enumerate(pool.map(render, texts)):
            assert f'href="https://a.example/{number}"' in source
            assert f"<strong>{number}</strong>" in source


@pytest.mark.skipif(not SEED.is_file(), reason="the folder shared/seed is absent")
def test_each_line_of_the_saved_page_is_shown_and_marked_whole() -> None:
    """No word changes but in its typography, each bare address is a link, and a marked line is marked whole."""
    answers = SEED.read_text().split("Cette réponse vous a-t-elle été utile ?")
    for answer in answers:
        page = Page(render(answer))
        assert normalise(page.text).replace(" ", "") == normalise(answer).replace(" ", "")
        assert sum(name == "href" for _, name, _ in page.attributes) == len(re.findall(r"https?://|\w@\w", answer))
        for line in filter(str.strip, answer.splitlines()):
            start = answer.index(line)
            marked = Page(render(answer, excerpt=(start, start + len(line)))).marked
            assert normalise(html.unescape(marked)).replace(" ", "") == normalise(line).replace(" ", "")


def test_words_are_set_as_french_is_printed() -> None:
    """Spaces and apostrophes of words; code, bare addresses and what surrounds the mark stay as they are."""
    text = "L'INS : `l'a ?` [l'aide !](https://a.fr/l'a) https://a.fr/l'b ?\n\nC'est là !"
    html = render(text, excerpt=(len(text) - 11, len(text)))
    assert html == (
        "<p>L’INS&nbsp;: <code>l'a ?</code> "
        '<a href="https://a.fr/l\'a" rel="noopener noreferrer">l’aide\u202f!</a> '
        '<a href="https://a.fr/l\'b" rel="noopener noreferrer">https://a.fr/l\'b</a>\u202f?</p>\n'
        "<p><mark>C’est là\u202f!</mark></p>\n"
    )
