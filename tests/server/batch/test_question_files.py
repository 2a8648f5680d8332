"""Files of questions: whatever bytes they hold, they are read or refused; what stands in them comes out."""

import contextlib
import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.batch.faults import QuestionFileError
from server.batch.question_files import Form, Role, look_at

_SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_PIECES = st.sampled_from(
    [
        *(b"id;question\n", b"question", b"\tq\t", b'"', b";", b",", b"|", b"\r\n", b"\n", b"\r", b"\x00", b"\xff\xfe"),
        *(
            b"\xef\xbb\xbf",
            b"\xc3\xa9",
            b"\xe9",
            b"sep=;\n",
            b'{"text": "a"}\n',
            b"[",
            b"<a>",
            b"\x1a",
            b"\x1f\x8b",
            b"a b?",
        ),
    ]
)
_CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029"), max_size=12)


@_SETTINGS
@given(
    content=st.one_of(st.binary(max_size=60), st.lists(_PIECES, max_size=12).map(b"".join)),
    name=st.sampled_from(["q.csv", "q.tsv", "q.jsonl", "q.txt", "q", "q.JSON", "q.csv.gz"]),
    packed=st.booleans(),
)
def test_any_bytes_are_read_or_refused(content: bytes, name: str, packed: bool, tmp_path: Path) -> None:
    """With a fault that says why; each line is cells of the table's width, or has a fault of its own."""
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    # No other exception than the one that says why.
    with contextlib.suppress(QuestionFileError):
        file = look_at(tmp_path / name)
        for line in file.lines():
            width = len(file.heading) or (2 if file.form is Form.TOPICS else 1)
            assert line.fault or len(line.cells) == width
            assert line.number >= 1


@_SETTINGS
@given(
    rows=st.lists(st.tuples(_CELLS.map(str.strip), _CELLS.map(str.strip).filter(bool)), min_size=1, max_size=6),
    delimiter=st.sampled_from([";", ",", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_spreadsheet_writes_is_read_again(
    rows: list[tuple[str, str]], delimiter: str, encoding: str, tmp_path: Path
) -> None:
    """Cell by cell, whatever parts them, with quotation marks and delimiters inside."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([("Numéro", "Question"), *rows])
    (tmp_path / "q.csv").write_bytes(text.getvalue().encode(encoding))
    file = look_at(tmp_path / "q.csv")
    assert file.form is Form.TABLE
    assert [(line.cells[0], file.cell(line, Role.QUESTION)) for line in file.lines()] == rows


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Question", "Question"),
        ("texte;QUESTION ;id", "QUESTION"),  # what is called so comes before what may be one
        ("Libellé de la question;Réponse attendue", "Libellé de la question"),
        ("qid;énoncé", "énoncé"),
        ("N°;Intitulé;Thème", "Intitulé"),
        ("query_id,query", "query"),
    ],
)
def test_the_column_of_the_questions_is_found_by_its_heading(heading: str, question: str, tmp_path: Path) -> None:
    """In French and English, in any case, with accents and signs; of two that may be it, the plainer."""
    (tmp_path / "q.csv").write_text(heading + "\n", encoding="utf-8")
    file = look_at(tmp_path / "q.csv")
    assert file.heading[file.columns[Role.QUESTION]] == question.strip()


def test_questions_in_a_list_may_have_any_signs(tmp_path: Path) -> None:
    """Commas, semicolons and bars do not make a table of sentences."""
    lines = ["Bonjour, comment faire ?", "Moi ; et toi ?", "a|b, c", "Où, quand, et pourquoi ?"]
    (tmp_path / "q.txt").write_text("\n".join(lines), encoding="utf-8")
    file = look_at(tmp_path / "q.txt")
    assert file.form is Form.PLAIN
    assert [line.cells[0] for line in file.lines()] == lines
