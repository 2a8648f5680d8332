"""One more question in an editor's file: every other byte stays, and in its order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.corpus.entries import Entry
from indexer.corpus.markdown import parse_markdown_text
from indexer.corpus.phrasings.insertion import with_question
from indexer.corpus.text_files import decode_text
from indexer.errors import CorpusError

PATH = "answers/validite-certificat.md"
QUESTION = "Puis-je le renouveler ?"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Le texte.\n", "---\nquestions:\n  - Puis-je le renouveler ?\n---\nLe texte.\n"),
        ("---\nsource: s\n---\nT", "---\nquestions:\n  - Puis-je le renouveler ?\nsource: s\n---\nT"),
        ("---\nquestions:\n---\nT", "---\nquestions:\n  - Puis-je le renouveler ?\n---\nT"),
        (
            "---\nquestions:\n- A ?\n-   'B'\n# note\nsource: s\n---\nT",
            "---\nquestions:\n- A ?\n-   'B'\n-   Puis-je le renouveler ?\n# note\nsource: s\n---\nT",
        ),
        ("---\nquestions: [A, 'B']\n---\nT", "---\nquestions: [A, 'B', \"Puis-je le renouveler ?\"]\n---\nT"),
        ("---\nquestions: []\n---\nT", '---\nquestions: ["Puis-je le renouveler ?"]\n---\nT'),
        ("---\nquestions: A ?\n---\nT", "---\nquestions: \n  - A ?\n  - Puis-je le renouveler ?\n---\nT"),
        (
            "\ufeff---\r\nquestions:\r\n    - A ?\r\n---\r\nT\r\n",
            "\ufeff---\r\nquestions:\r\n    - A ?\r\n    - Puis-je le renouveler ?\r\n---\r\nT\r\n",
        ),
        (
            "---\nquestions:\n  - >\n    A\n    b\n\n  # note\n---\nT",
            "---\nquestions:\n  - >\n    A\n    b\n  - Puis-je le renouveler ?\n\n  # note\n---\nT",
        ),
    ],
)
def test_a_question_gets_a_line_of_its_own(before: str, after: str) -> None:
    """It stands below the last one, as that one is written, whatever the form of list, line ends and comments."""
    assert with_question(before.encode(), QUESTION, path=PATH).decode() == after


def test_signs_of_yaml_get_quotes() -> None:
    """A question that could be told for something else is quoted, and read as it was asked."""
    for question in (
        "Erreur 905 : que faire ?",
        '"Ségur" # quoi ?',
        "- et après",
        "905",
        "oui",
        "[x] ?",
        "c'est quoi : ",
    ):
        written = with_question(b"---\nquestions:\n  - A\n---\nT", question.strip(), path=PATH).decode()
        entry = parse_markdown_text(written, path=PATH)
        assert isinstance(entry, Entry)
        assert entry.answer.questions == ("A", question.strip())


@pytest.mark.parametrize("content", [b"---\nquestions:\n  - A", b"\xff\xfeT", b"---\nquestion: A\n---\nT"])
def test_a_file_with_faults_is_not_touched(content: bytes) -> None:
    """Its faults are told, with their lines."""
    with pytest.raises(CorpusError) as caught:
        with_question(content, QUESTION, path=PATH)
    assert caught.value.problems[0].path == PATH


WORDS = (
    st.text(st.sampled_from("abé ?'’:#-«»,[]{}\"\\&*!%@|>"), min_size=1, max_size=30)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
PLAIN = (
    st.text(st.sampled_from("abcé ?"), min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return the file of an answer, in one of the many ways in which people write it."""
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    comment = st.sampled_from(["", "# relu le 3 mars", "  # à revoir"])
    lines = []
    for key in draw(st.permutations(["questions", "facettes", "source"])):
        lines += [draw(comment)] * draw(st.integers(0, 2))
        indent = " " * draw(st.integers(0, 4))
        if key == "source":
            lines.append(f"source: {draw(PLAIN)}")
        elif key == "facettes":
            lines += ["facettes:", "  produit:", f"    - {draw(PLAIN)}"]
        else:
            form = draw(st.sampled_from(["none", "block", "quoted", "flow", "one", "empty", "folded"]))
            texts = draw(st.lists(PLAIN, min_size=1, max_size=3))
            match form:
                case "block":
                    lines += ["questions:", *(f"{indent}- {text}" for text in texts)]
                case "quoted":
                    lines += ["questions:", *(f'{indent}-  "{text}"' for text in texts)]
                case "flow":
                    lines.append("questions: [" + ", ".join(f"'{text}'" for text in texts) + "]")
                case "one":
                    lines.append(f"questions: {texts[0]}")
                case "empty":
                    lines.append("questions:")
                case "folded":
                    lines += ["questions:", *(f"{indent}- >-\n{indent}    {text}" for text in texts)]
    header = ["---", *lines, "---"] if draw(st.booleans()) else []
    body = draw(st.lists(st.sampled_from(["Un texte.", "", "- un", "# Titre", "a | b"]), min_size=1, max_size=5))
    text = "\n".join([*header, "Le texte.", *body]).replace("\n", newline)
    return (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.encode()


@settings(max_examples=300, deadline=None)
@given(files(), WORDS)
def test_nothing_an_editor_wrote_is_lost_or_moved(content: bytes, question: str) -> None:
    """Taking what was put in out again leaves the file as it was; the answer has the question, and all else it had."""
    try:
        after = with_question(content, question, path=PATH)
    except CorpusError:
        return  # told, and nothing was written
    assert _is_subsequence(content, after)
    text = decode_text(after, path=PATH)
    before = parse_markdown_text(str(decode_text(content, path=PATH)), path=PATH)
    entry = parse_markdown_text(str(text), path=PATH)
    assert isinstance(entry, Entry)
    assert isinstance(before, Entry)
    assert entry.answer.questions == (*before.answer.questions, question)
    assert entry.answer.text == before.answer.text
    assert entry.answer.facets == before.answer.facets


@settings(max_examples=100, deadline=None)
@given(files(), st.lists(PLAIN, min_size=1, max_size=4, unique=True))
def test_questions_come_in_the_order_in_which_they_were_accepted(content: bytes, questions: list[str]) -> None:
    """Accepting several, one after the other, appends them in order."""
    before = parse_markdown_text(str(decode_text(content, path=PATH)), path=PATH)
    after = content
    try:
        for question in questions:
            after = with_question(after, question, path=PATH)
    except CorpusError:
        return
    entry = parse_markdown_text(str(decode_text(after, path=PATH)), path=PATH)
    assert isinstance(before, Entry)
    assert isinstance(entry, Entry)
    assert entry.answer.questions == (*before.answer.questions, *questions)


def _is_subsequence(content: bytes, after: bytes) -> bool:
    remaining = iter(after)
    return all(byte in remaining for byte in content)
