"""Reading a corpus in each of its forms."""

import csv
import dataclasses
import json
import os
import re
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.corpus.entries import Entry
from indexer.corpus.json_lines import MAX_ROW_BYTES
from indexer.corpus.markdown import format_markdown_answer, parse_markdown_text
from indexer.corpus.text_files import decode_text
from indexer.errors import CorpusError
from indexer.french.keywords import keywords_in
from indexer.french.text import question_key
from indexer.records import Acronym, Answer, Facet, Problem, Severity

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split())
)
SOME = LINE.filter(bool)
EXAMPLE = """---
questions:
  - Combien de temps ?
  - Oui
facettes:
  couloir: [Hôpital, 905]
source: FAQ
---
Trois ans.

- un
"""
ANSWER = Answer(
    "duree",
    "Trois ans.\n\n- un",
    questions=("Combien de temps ?", "Oui"),
    facets={"couloir": ("Hôpital", "905")},
    source="FAQ",
)


def parse(content: str, name: str = "duree.md") -> Answer:
    text = decode_text(content.encode(), path=name)
    assert isinstance(text, str)
    entry = parse_markdown_text(text, path=name)
    assert isinstance(entry, Entry), entry
    return entry.answer


def test_markdown_answer_is_read() -> None:
    """Every field comes back; plain words such as Oui and 905 stay text."""
    assert parse(EXAMPLE) == ANSWER
    assert parse("\ufeff" + EXAMPLE.replace("\n", "\r\n")) == ANSWER
    assert parse("Un texte sans en-tête.").text == "Un texte sans en-tête."


@given(
    text=st.lists(SOME, min_size=1, max_size=3).map("\n".join).filter(lambda text: not text.startswith("---")),
    questions=st.lists(SOME, max_size=3).map(tuple),
    facets=st.dictionaries(SOME, st.lists(SOME, min_size=1, max_size=2).map(tuple), max_size=2),
    source=st.none() | SOME,
    keywords=st.lists(SOME.map(keywords_in).filter(bool), max_size=2).map(tuple),
    changed_on=st.none() | st.dates(date(1900, 1, 1)),
)
def test_what_is_formatted_is_parsed(
    text: str,
    questions: tuple[str, ...],
    facets: dict[str, tuple[str, ...]],
    source: str | None,
    keywords: tuple[str, ...],
    changed_on: date | None,
) -> None:
    """Whatever the words, the file of an answer gives the answer back."""
    answer = Answer("a", text.strip(), questions=questions, facets=facets, source=source)
    answer = dataclasses.replace(answer, keywords=keywords, changed_on=changed_on)
    assert parse(format_markdown_answer(answer), "a.md") == answer


@pytest.mark.parametrize("words", ["– un", "• un", "1. un", "\u200bun", "\u200b- un", "- un", "'l'un'", '"', "# un"])
def test_signs_of_lists_are_formatted(words: str) -> None:
    """A text that begins as a line of a list does is given back too, in each place of the header."""
    answer = Answer("a", "x", questions=(words, "y"), facets={words: (words,)}, source=words)
    assert parse(format_markdown_answer(answer), "a.md") == answer


def test_folder_with_companions(tmp_path: Path) -> None:
    """Answers come by path, with facets, acronyms and off-topic questions from beside them."""
    (tmp_path / "answers" / "b").mkdir(parents=True)
    (tmp_path / "answers" / "b" / "deux.md").write_text("Deux.", encoding="utf-8")
    (tmp_path / "answers" / "a.md").write_text("Un.", encoding="utf-8")
    (tmp_path / "answers" / "LISEZMOI.md").write_text("Pas une réponse.", encoding="utf-8")
    (tmp_path / "facettes.yaml").write_text("c:\n  question: Quel c ?\n  valeurs: [x, 1]\n", encoding="utf-8")
    (tmp_path / "acronyms.tsv").write_text("# sigles\nBAL\tboîte aux lettres\n", encoding="utf-8")
    (tmp_path / "hors-sujet.txt").write_text("# autres\n\nQuel temps ?\n", encoding="utf-8")
    corpus = open_corpus(tmp_path)
    assert [answer.id for answer in corpus.answers()] == ["a", "deux"]
    assert corpus.facets == (Facet("c", "Quel c ?", ("x", "1")),)
    assert corpus.acronyms == (Acronym("BAL", "boîte aux lettres"),)
    assert corpus.off_topic == ("Quel temps ?",)


def test_all_forms_give_the_same_answers(tmp_path: Path) -> None:
    """Markdown, JSONL and CSV with commas or semicolons are read alike."""
    record = {
        "id": ANSWER.id,
        "text": ANSWER.text,
        "questions": list(ANSWER.questions),
        "facets": {"couloir": ["Hôpital", "905"]},
        "source": "FAQ",
    }
    (tmp_path / "faq.jsonl").write_text(json.dumps(record) + "\n\n", encoding="utf-8")
    for name, delimiter in (("commas", ","), ("semicolons", ";")):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            rows = csv.writer(stream, delimiter=delimiter)
            rows.writerow(["id", "text", "questions", "facette:couloir", "source"])
            rows.writerow([ANSWER.id, ANSWER.text, "Combien de temps ? | Oui", "Hôpital\n905", "FAQ"])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "duree.md").write_text(EXAMPLE, encoding="utf-8")
    for name in ("faq.jsonl", "commas.csv", "semicolons.csv", "folder"):
        assert list(open_corpus(tmp_path / name).answers()) == [ANSWER]


ROW_TEXT = SOME.filter(lambda text: not re.search("[\x80-\x9f\ufffd]", text))
ROW_ANSWERS = st.lists(
    st.builds(
        Answer,
        id=st.text("abé-0/", min_size=1, max_size=6),
        text=st.lists(ROW_TEXT, min_size=1, max_size=3).map("\n\n".join),
        questions=st.lists(ROW_TEXT, max_size=3, unique_by=question_key).map(tuple),
        facets=st.dictionaries(
            st.text("abé-", min_size=1, max_size=4), st.lists(ROW_TEXT, min_size=1, max_size=2).map(tuple), max_size=2
        ),
        source=st.none() | ROW_TEXT,
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda answer: answer.id,
).filter(lambda answers: len(keys := [question_key(q) for a in answers for q in a.questions]) == len(set(keys)))


@given(answers=ROW_ANSWERS, mark=st.booleans(), line_end=st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_rows_of_json_are_read_as_written(
    answers: list[Answer], mark: bool, line_end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every field of every row comes back, with a byte order mark, empty lines or Windows line ends too."""
    file = tmp_path_factory.mktemp("rows") / "faq.jsonl"
    rows = "".join(json.dumps(dataclasses.asdict(answer), ensure_ascii=False) + line_end for answer in answers)
    file.write_text(rows, encoding="utf-8-sig" if mark else "utf-8", newline="")
    assert list(open_corpus(file).answers()) == answers


@given(answers=ROW_ANSWERS, delimiter=st.sampled_from(",;\t"), parted=st.sampled_from(["\n", " | "]))
def test_rows_of_csv_are_read_as_written(
    answers: list[Answer], delimiter: str, parted: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every field of every row comes back, whichever sign parts the columns and the questions; HTML is another test."""
    assume(not any(sign in str(answer) for answer in answers for sign in "<&"))
    assume(not any("|" in text for answer in answers for text in (*answer.questions, *sum(answer.facets.values(), ()))))
    file = tmp_path_factory.mktemp("rows") / "faq.csv"
    keys = sorted({key for answer in answers for key in answer.facets})
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, delimiter=delimiter)
        rows.writerow(["id", "text", "questions", "source", *(f"facette:{key}" for key in keys)])
        for answer in answers:
            cells = [answer.id, answer.text, parted.join(answer.questions), answer.source or ""]
            rows.writerow(cells + [parted.join(answer.facets.get(key, ())) for key in keys])
    assert list(open_corpus(file).answers()) == answers


@given(content=st.binary(max_size=80) | st.text('id,text\n\r"{}[]:; a1', max_size=80).map(str.encode))
@pytest.mark.parametrize("name", ["faq.csv", "faq.jsonl", "a.md", "facettes.yaml", "acronyms.tsv", "hors-sujet.txt"])
def test_any_bytes_are_read_or_told(name: str, content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a file holds, it is read, or its problems have a line of it; nothing else happens."""
    folder = tmp_path_factory.mktemp("bytes")
    (folder / name).write_bytes(content)
    path = folder / name if name.startswith("faq") else folder
    lines = content.count(b"\n") + content.count(b"\r") + 1
    problems = check_corpus(path)
    assert all(1 <= problem.line <= lines for problem in problems)
    errors = {problem for problem in problems if problem.severity is Severity.ERROR}
    refused: set[Problem] = set()
    try:
        list(open_corpus(path).answers())
    except CorpusError as error:
        refused = set(error.problems)
    assert refused == errors


def test_beir_folder(tmp_path: Path) -> None:
    """Title and text of a BEIR document are one answer."""
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d0", "title": "T", "text": "x"}\n{"_id": "d1", "text": "y"}\n')
    assert [(a.id, a.text) for a in open_corpus(tmp_path).answers()] == [("d0", "T\nx"), ("d1", "y")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "JSON"),
        ("[]", "objet"),
        ('{"id": "a"}', "obligatoires"),
        ('{"id": 1, "text": "x"}', "obligatoires"),
        ('{"id": "a", "text": " "}', "pas de texte"),
        ('{"id": "a b", "text": "x"}', "identifiant"),
        ('{"id": "a", "text": "x", "questions": "q"}', "questions"),
        ('{"id": "a", "text": "x", "questions": [" "]}', "questions"),
        ('{"id": "a", "text": "x", "facets": {"c": "v"}}', "facets"),
        ('{"id": "a", "text": "x", "source": 3}', "source"),
        ('{"id": "a", "text": "x", "questions": 0}', "questions"),
        ('{"id": "a", "text": "x", "facets": []}', "facets"),
        ('{"id": "a", "text": "x", "facets": {"": ["v"]}}', "facets"),
        ('{"id": "a", "text": "x", "id": "b"}', "« id » est deux fois"),
        ('{"id": "a", "text": "x\\u0000"}', r"U+0000"),
        ('{"id": "a", "text": "x", "source": "\\ud800"}', "U+D800"),
        ('{"id": "a", "text": ' + "1" * 5000 + "}", "JSON"),
        ('{"id": "a", "text": "\\ud800"}', "caractère interdit"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_bad_row_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    """A row that is no answer is named; all of them at once."""
    file = tmp_path / "faq.jsonl"
    file.write_text('{"id": "ok", "text": "x"}\n' + line + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        list(open_corpus(file).answers())
    assert {problem.line for problem in caught.value.problems} >= {2, 3}
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id\na\n", "il manque"),
        ("id,text\na,x,y\n", r":2: .*3 colonnes"),
        ('id,text\na,"x\n', r":2: .*CSV"),
        ("id,text\n\na,x\nb\n", r":4: cellule B4 : la réponse n'a pas de texte"),
        ("id,text\na b,x\n", r":2: cellule A2 : l'identifiant"),
        ("id,text,text\na,x,y\n", "deux fois"),
        ("id,text,facette:\na,x,y\n", "pas de clé"),
        ("id\rtext\r", "il manque la colonne des réponses"),
        ("Titre seul\n\na,b\n", "il manque la ligne des titres.* a « Titre seul »"),
        ("", "il manque"),
        ("id,text\n", "aucune réponse"),
    ],
)
def test_bad_csv_is_told(tmp_path: Path, content: str, words: str) -> None:
    """A CSV file that does not fit says which column or line."""
    (tmp_path / "faq.csv").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=words):
        list(open_corpus(tmp_path / "faq.csv").answers())


def test_bytes_that_are_not_utf_8_are_told_where_they_are(tmp_path: Path) -> None:
    """A row of another encoding among rows of UTF-8 is told; the other rows are read."""
    (tmp_path / "faq.csv").write_bytes('id,text\na,été\nb,"un\ndeux\nd'.encode() + b'\xe9lai"\nc,y\n')
    (tmp_path / "faq.jsonl").write_bytes(b'{"id": "a", "text": "x"}\n{"id": "b", "text": "d\xe9lai"}\n')
    for name, line in (("faq.csv", 3), ("faq.jsonl", 2)):
        answers = []
        with pytest.raises(CorpusError, match=rf"{name}:{line}: .*UTF-8"):
            answers += list(open_corpus(tmp_path / name).answers())
        assert [(problem.line, "UTF-8" in problem.message) for problem in check_corpus(tmp_path / name)] == [
            (line, True)
        ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_in_utf_16_is_told_once(tmp_path: Path, encoding: str) -> None:
    """What a spreadsheet calls « Texte Unicode » is named, with its mark or without, and none of its NULs is shown."""
    (tmp_path / "faq.csv").write_bytes("id\ttext\na\tDélai\nb\ty\n".encode(encoding))
    (tmp_path / "faq.jsonl").write_bytes('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n'.encode(encoding))
    for name, kind in (("faq.csv", "CSV UTF-8"), ("faq.jsonl", "UTF-8")):
        assert str(check_corpus(tmp_path / name)[0]) == (
            f"{tmp_path / name}:1: le fichier est en UTF-16, « Texte Unicode » dans un tableur : enregistrez-le à "
            f"nouveau, en « {kind} »."
        )
        assert len(check_corpus(tmp_path / name)) == 1


def test_endless_row_is_passed_over(tmp_path: Path) -> None:
    """A line that is too long for memory is told without being kept, and the next one is read."""
    long = '{"id": "b", "text": "' + "x" * 2 * MAX_ROW_BYTES + '"}'
    (tmp_path / "faq.jsonl").write_text(f'{{"id": "a"}}\n{long}\n{{"id": "c"}}\n', encoding="utf-8")
    assert [problem.line for problem in check_corpus(tmp_path / "faq.jsonl")] == [1, 2, 3]


def test_duplicate_id_names_both_places(tmp_path: Path) -> None:
    """The second place is told the first."""
    (tmp_path / "faq.jsonl").write_text('{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"faq\.jsonl:2: .*faq\.jsonl:1"):
        list(open_corpus(tmp_path / "faq.jsonl").answers())


def test_nothing_there_is_told(tmp_path: Path) -> None:
    """An absent path, an empty folder and a foreign file each say so."""
    with pytest.raises(CorpusError, match=r"pas de corpus.*dossier d'où la commande est lancée.*import FICHIER"):
        open_corpus(tmp_path / "absent")
    with pytest.raises(CorpusError, match="aucune réponse"):
        list(open_corpus(tmp_path).answers())
    (tmp_path / "faq.txt").write_text("x")
    with pytest.raises(CorpusError, match=r"\.jsonl"):
        open_corpus(tmp_path / "faq.txt")


def test_rows_are_streamed(tmp_path: Path) -> None:
    """Reading five thousand answers of a kilobyte holds a small part of them at a time."""
    file = tmp_path / "faq.jsonl"
    with file.open("w") as stream:
        for number in range(5_000):
            stream.write(json.dumps({"id": f"a{number}", "text": "mot " * 250}) + "\n")
    tracemalloc.start()
    assert sum(1 for _ in open_corpus(file).answers()) == 5_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_500_000  # the texts are 5,000,000 bytes; what stays are ids and places


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answers must not be gone without a word."""
    (tmp_path / "answers" / "a").mkdir(parents=True)
    (tmp_path / "answers" / "a" / "un.md").write_text("Une réponse.", encoding="utf-8")

    def deny(folder: str) -> Iterator[os.DirEntry[str]]:
        # Root may read everything.
        if Path(folder).name == "a":
            raise PermissionError(13, "Permission denied", folder)
        return scan(folder)

    scan = os.scandir
    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(CorpusError, match=r"answers/a:1: .* ne peut pas être lu .* vérifiez ses droits"):
        list(open_corpus(tmp_path).answers())
