"""Query sets of every form, and every mistake in them."""

import gzip
import json
import re
from pathlib import Path

import pytest

from evaluation.queries.query_sets import QuerySet, open_query_set
from evaluation.records import EvaluationError, Query, QuerySetError, Result, Scope
from evaluation.runs.folder import export_results
from evaluation.runs.own_corpus import corpus_ids
from indexer.records import Status

ANSWERS = {"a1", "a2"}


def write(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return file


def beir(folder: Path, queries: list[dict[str, object]], **qrels: tuple[str, ...]) -> Path:
    """Write a BEIR folder; qrels: file name to lines of query, answer, score, blanks between."""
    write(folder / "queries.jsonl", *(json.dumps(query) for query in queries))
    for name, lines in qrels.items():
        tabbed = ("\t".join(line.split()) for line in lines)
        write(folder / "qrels" / f"{name}.tsv", "query-id\tcorpus-id\tscore", *tabbed)
    return folder


def problems(queries: QuerySet) -> list[str]:
    """Return all that is wrong, as lines without folders."""
    with pytest.raises(QuerySetError) as raised:
        queries.require_sound(ANSWERS)
    return [f"{Path(problem.path).name}:{problem.line}: {problem.message}" for problem in raised.value.problems]


def test_a_beir_folder_says_what_is_expected_and_what_is_off_topic(tmp_path: Path) -> None:
    """Grades above 0 are relevant; a query without any is off-topic, judged or not; metadata is kept."""
    metadata = {"style": "typos", "language": "fr", "kind": "in_scope"}
    queries: list[dict[str, object]] = [
        {"_id": "q1", "text": "Un ?", "metadata": metadata},
        {"_id": "q2", "text": "Deux ?"},
        {"_id": "q3", "text": "Trois ?", "metadata": {"kind": "chit_chat"}},
    ]
    found = open_query_set(beir(tmp_path / "petit", queries, dev=("q1 a1 2", "q1 a2 0", "q2 a1 0")))
    found.require_sound(ANSWERS)
    assert list(found) == [
        Query("q1", "Un ?", Scope.IN_SCOPE, {"a1": 2, "a2": 0}, "typos", "fr", "in_scope"),
        Query("q2", "Deux ?", Scope.OFF_TOPIC, {"a1": 0}),
        Query("q3", "Trois ?", Scope.OFF_TOPIC, kind="chit_chat"),
    ]
    assert (found.name, found.count, found.corpus) == ("petit", 3, None)


def test_a_split_leaves_out_what_only_another_split_judges(tmp_path: Path) -> None:
    """All files of judgments count; with one of them chosen, the queries of the others are not off-topic."""
    queries: list[dict[str, object]] = [{"_id": f"q{n}", "text": f"{n} ?"} for n in (1, 2, 3)]
    folder = beir(tmp_path, queries, train=("q1 a1 1",), test=("q2 a2 1",))
    assert [query.scope for query in open_query_set(folder)] == [Scope.IN_SCOPE, Scope.IN_SCOPE, Scope.OFF_TOPIC]
    one = open_query_set(folder, qrels=folder / "qrels" / "test.tsv")
    assert [(query.id, query.scope) for query in one] == [("q2", Scope.IN_SCOPE), ("q3", Scope.OFF_TOPIC)]
    assert one.count == 2


def test_trec_topics_and_judgments_are_read(tmp_path: Path) -> None:
    """Topics are id, tab, question; judgments have four columns; a byte order mark does no harm."""
    topics = tmp_path / "topics.tsv"
    topics.write_bytes(b"\xef\xbb\xbfT1\tUn certificat ?\r\n\r\nT2\tQui \xc3\xaates-vous ?\r\n")
    qrels = write(tmp_path / "qrels.txt", "T1 0 a1 2", "T1 0 a2 -1")
    found = open_query_set(topics, qrels=qrels)
    found.require_sound(ANSWERS)
    assert list(found) == [
        Query("T1", "Un certificat ?", Scope.IN_SCOPE, {"a1": 2, "a2": -1}),
        Query("T2", "Qui êtes-vous ?", Scope.OFF_TOPIC),
    ]


def test_a_plain_list_of_questions_is_not_judged(tmp_path: Path) -> None:
    """Each line is a question, known by its line; empty lines are passed over."""
    found = open_query_set(write(tmp_path / "questions.txt", "Un ?", "", "Deux ?"))
    assert [(query.id, query.scope) for query in found] == [("line-1", Scope.UNJUDGED), ("line-3", Scope.UNJUDGED)]


def test_every_mistake_is_listed_at_once_with_file_and_line(tmp_path: Path) -> None:
    """Broken JSON, missing, empty and unaskable texts, double ids, unknown answers and queries: all in one go."""
    lines = [
        '{"_id": "q1", "text": "Un ?"}',
        '{"_id": "q1", "text": "Encore ?"}',
        '{"_id": "q2", "text": "  "}',
        "{nonsense",
        '{"_id": "q4"}',
        '{"text": "Sans identifiant ?"}',
        '{"_id": "q 5", "text": "Cinq ?"}',
        json.dumps({"_id": "q6", "text": "x" * 3000}),
        '{"_id": "q7", "text": "Sept ?", "metadata": {"kind": "in_scope"}}',
        '{"_id": "q8", "text": "Huit ?", "metadata": {"kind": "general"}}',
        '["q9"]',
        '{"_id": "q10", "text": "Dix ?", "metadata": {"style": 3}}',
    ]
    write(tmp_path / "queries.jsonl", *lines)
    with (tmp_path / "queries.jsonl").open("ab") as stream:
        stream.write(b'{"_id": "q11", "text": "\xff"}\n')
    write(
        tmp_path / "qrels" / "dev.tsv",
        *("query-id\tcorpus-id\tscore", "q1\ta1\t1", "q1\ta1\t2", "q8\ta2\t1", "q1\tabsent\t1", "nobody\ta1\t1"),
        *("q1\ta2\thigh", "q1\ta2"),
    )
    found = problems(open_query_set(tmp_path))
    for expected in (
        "dev.tsv:3: 'a1' is judged twice for 'q1'",
        "dev.tsv:5: there is no answer with the id 'absent'",
        "dev.tsv:6: there is no query with the id 'nobody'",
        "dev.tsv:7: the relevance 'high' is not a whole number",
        "dev.tsv:8: neither three columns",
        "queries.jsonl:2: the id 'q1' is taken already, by line 1",
        "queries.jsonl:3: the text is empty",
        "queries.jsonl:4: not JSON",
        "queries.jsonl:5: \"text\" of 'q4' is missing",
        'queries.jsonl:6: "_id" is missing',
        "queries.jsonl:7: the id 'q 5' must be one word",
        "queries.jsonl:8: the question cannot be asked: La question compte 3000 caractères",
        "queries.jsonl:9: 'q7' is said to be in_scope, but no answer is relevant to it",
        "queries.jsonl:10: 'q8' is said to be general, but an answer is relevant to it",
        "queries.jsonl:11: not a JSON object",
        "queries.jsonl:12: \"metadata\" of 'q10' must be an object",
        "queries.jsonl:13: not UTF-8",
    ):
        assert any(line.startswith(expected) for line in found), expected
    assert len(found) == 17


def test_json_that_cannot_be_kept_is_a_mistake_of_its_line(tmp_path: Path) -> None:
    """Numbers of too many digits, arrays too deep, and escapes of half a character, which no run could write."""
    lines = [
        '{"_id": "q1", "text": "Un ?", "pages": ' + "9" * 5000 + "}",
        "[" * 100_000,
        r'{"_id": "q\ud800", "text": "Trois ?"}',
        r'{"_id": "q4", "text": "Quatre ?", "metadata": {"style": "\ud800"}}',
    ]
    found = problems(open_query_set(write(tmp_path / "queries.jsonl", *lines)))
    half = "the id or the metadata has half of a character (a surrogate), which no file can hold"
    assert found[0].startswith("queries.jsonl:1: not JSON that can be read: Exceeds the limit")
    assert found[1].startswith("queries.jsonl:2: not JSON that can be read: maximum recursion depth exceeded")
    assert found[2:] == [f"queries.jsonl:3: {half}", f"queries.jsonl:4: {half}"]


def test_a_set_whose_name_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    """The name is in every file of a run."""
    with pytest.raises(EvaluationError, match=r"caf\\udce9\.txt', is not UTF-8\. Rename it"):
        open_query_set(tmp_path / "caf\udce9.txt")


def test_a_relevance_beyond_bounds_is_a_mistake_of_its_line(tmp_path: Path) -> None:
    """Too large for trec_eval, or of more digits than Python reads: file and line, not a failure while measuring."""
    topics = write(tmp_path / "topics.tsv", "T1\tUn ?", "T2\tDeux ?", "T3\tTrois ?")
    qrels = write(
        tmp_path / "qrels.txt",
        *("T1 0 a1 99999999999999999999999", "T1 0 a2 5000", "T2 0 a1 -10001"),
        *("T2 0 a2 " + "9" * 5000, "T3 0 a1 10000", "T3 0 a2 -10000"),
    )
    assert problems(open_query_set(topics, qrels=qrels)) == [
        "qrels.txt:1: the relevance '99999999999999999999999' is not from -10000 to 10000",
        "qrels.txt:3: the relevance '-10001' is not from -10000 to 10000",
        f"qrels.txt:4: the relevance '{'9' * 29}…' is not from -10000 to 10000",
    ]


def test_an_empty_or_missing_set_is_an_error(tmp_path: Path) -> None:
    """Nothing to ask is a mistake, not a perfect score."""
    assert problems(open_query_set(write(tmp_path / "none.txt"))) == ["none.txt:1: there is no query in this file"]
    assert problems(open_query_set(write(tmp_path / "topics.tsv", "no tab"))) == [
        "topics.tsv:1: a tab is missing between id and question"
    ]
    with pytest.raises(EvaluationError, match=r"queries\.jsonl is missing"):
        open_query_set(tmp_path)
    with pytest.raises(EvaluationError, match="no file of judgments"):
        open_query_set(tmp_path / "none.txt", qrels=tmp_path / "absent")


def test_the_sum_of_a_set_changes_with_its_questions_and_its_judgments(tmp_path: Path) -> None:
    """It is the same for the same content elsewhere."""
    queries: list[dict[str, object]] = [{"_id": "q1", "text": "Un ?"}]
    sums = {
        open_query_set(beir(tmp_path / name, queries, dev=(line,))).sha256
        for name, line in (("here", "q1 a1 1"), ("there", "q1 a1 1"), ("other", "q1 a2 1"))
    }
    assert len(sums) == 2


def test_a_line_of_the_corpus_that_is_no_answer_is_passed_over(tmp_path: Path) -> None:
    """Building reports it; judgments are checked with the others."""
    lines = ["[" * 100_000, '{"_id": ' + "9" * 5000 + "}", "[]", '{"_id": "a1"}']
    assert corpus_ids(write(tmp_path / "corpus.jsonl", *lines)) == {"a1"}


@pytest.mark.parametrize("grade", ["--1", "+-1", "1.5", "a", ""])
def test_grade_that_is_no_whole_number_is_told(grade: str, tmp_path: Path) -> None:
    """With its file and line."""
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "Combien ?"}\n', encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\nq1\ta\t{grade}\n", encoding="utf-8")
    with pytest.raises(QuerySetError, match=r"test\.tsv:2: the relevance .* is not a whole number"):
        open_query_set(folder).require_sound({"a"})


def test_what_others_write_is_read(tmp_path: Path) -> None:
    """Integer ids, no metadata, 1.0, a judgment said twice, an ending in capitals and a heading are no mistakes."""
    queries = write(tmp_path / "q.JSONL", '{"_id": 1, "text": "Un ?", "metadata": null}')
    qrels = write(tmp_path / "qrels.tsv", "1 a1 1.0", "1 a1 1")
    found = open_query_set(queries, qrels=qrels)
    assert found.problems == ()
    assert list(found) == [Query("1", "Un ?", Scope.IN_SCOPE, {"a1": 1})]
    topics = open_query_set(write(tmp_path / "t.tsv", "qid\tquestion", "T1\tUn ?"))
    assert [query.text for query in topics] == ["Un ?"]


TABLES = {
    "semicolons.csv": b"id;question\nq1;Un ?\nq2;Deux, et trois ?\n",
    "commas.CSV": b'Id,Question,Notes\r\nq1,Un ?,\r\nq2,"Deux, et trois ?",vu\r\n',
    "mark.csv": b"\xef\xbb\xbfsep=;\r\nidentifiant;intitul\xc3\xa9\r\nq1;Un ?\r\nq2;Deux, et trois ?\r\n",
    "excel.txt": "identifiant\tQuestion\r\nq1\tUn ?\r\nq2\tDeux, et trois ?\r\n".encode("utf-16"),
    "headings.tsv": b"query-id\ttext \n\nq1\t Un ?\n\t\nq2\tDeux, et trois ?\t\n",
    "topics.tsv": b"q1\tUn ?\nq2\tDeux, et trois ?\n",
    "other-words.tsv": b"qid\tce qui est demande\nq1\tUn ?\nq2\tDeux, et trois ?\n",
    "packed.tsv.gz": gzip.compress(b"id\tquestion\nq1\tUn ?\nq2\tDeux, et trois ?\n"),
    "lines.NDJSON": b'{"id": "q1", "question": "Un ?"}\n{"id": "q2", "query": "Deux, et trois ?"}\n',
    "without-ending": b'{"_id": "q1", "text": "Un ?"}\n{"_id": "q2", "text": "Deux, et trois ?"}\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_which_column_has_the_questions(name: str, tmp_path: Path) -> None:
    """As spreadsheets and programs write it: other signs between columns, encodings, packed, empty rows, blanks."""
    (tmp_path / name).write_bytes(TABLES[name])
    found = open_query_set(tmp_path / name)
    assert found.problems == ()
    assert [(query.id, query.text) for query in found] == [("q1", "Un ?"), ("q2", "Deux, et trois ?")]
    assert (found.name, found.count) == (name.split(".")[0], 2)


def test_a_table_without_ids_numbers_its_lines_and_may_say_what_is_expected(tmp_path: Path) -> None:
    """Its own column of expected answers judges, where no other judgments are given; an empty cell is off-topic."""
    table = tmp_path / "table.csv"
    table.write_text('question;réponse attendue;style\n"Un\n?";a1 a2;sms\nDeux ?;;\n', encoding="cp1252")
    found = open_query_set(table)
    found.require_sound(ANSWERS)
    assert list(found) == [
        Query("line-2", "Un\n?", Scope.IN_SCOPE, {"a1": 1, "a2": 1}, "sms"),
        Query("line-4", "Deux ?", Scope.OFF_TOPIC),
    ]
    table.write_text("question;expected\nUn ?;absente\n", encoding="utf-8")
    assert problems(open_query_set(table)) == ["table.csv:2: there is no answer with the id 'absente'"]


def test_a_column_of_questions_alone_may_have_commas(tmp_path: Path) -> None:
    """Nothing parts a table of one column."""
    found = open_query_set(write(tmp_path / "q.csv", "Question", "Un, deux ?", '"Dit ""trois"" ?"'))
    assert [query.text for query in found] == ["Un, deux ?", 'Dit "trois" ?']


def test_the_same_line_twice_is_one_query(tmp_path: Path) -> None:
    """Said twice is no mistake; another question under the same id is."""
    lines = ['{"_id": 1.0, "text": "Un ?"}', '{"_id": 1, "text": "Un ?", "metadata": {"style": null}}']
    found = open_query_set(write(tmp_path / "q.jsonl", *lines))
    assert found.problems == ()
    assert (found.count, [query.id for query in found]) == (1, ["1"])
    other = open_query_set(write(tmp_path / "other.csv", "id;question", "q1;Un ?", "q1;Un ?", "q1;Deux ?"))
    assert problems(other) == ["other.csv:4: the id 'q1' is taken already, by line 2"]


@pytest.mark.parametrize("name", ["Queries.JSONL", "queries.jsonl.gz", "QUERIES.tsv", "queries.csv"])
@pytest.mark.parametrize("judged", ["qrels/test.TSV", "Qrels/test.tsv.gz", "qrels/test.csv", "qrels.txt"])
def test_a_folder_is_read_however_its_files_are_written(name: str, judged: str, tmp_path: Path) -> None:
    """Of any case, packed, and with the judgments beside the queries."""
    queries = b"id\tquestion\n7\tUn ?\n" if name.lower().endswith(("tsv", "csv")) else b'{"_id": 7, "text": "Un ?"}\n'
    rows = {"qrels.txt": b"7 0 a1 1\n", "qrels/test.csv": b"query_id,doc_id,relevance\n7,a1,1.0\n"}
    judgments = rows.get(judged, b"query-id\tcorpus-id\tscore\n7\ta1\t1\n")
    for file, content in ((name, queries), (judged, judgments)):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(gzip.compress(content) if file.endswith("gz") else content)
    found = open_query_set(tmp_path)
    found.require_sound(ANSWERS)
    assert list(found) == [Query("7", "Un ?", Scope.IN_SCOPE, {"a1": 1})]


@pytest.mark.parametrize(
    "rows",
    [
        "q1 0 a1 1.0\r\nq2 Q0 a2 0.0\r\n".encode("utf-16"),
        b"\xef\xbb\xbfqid\titer\tdocid\trel\nq1\t0\ta1\t1\n\nq2\t0\ta2\t0\n",
        b"query-id corpus-id score\nq1  a1  1\nq2 a2 0.\n",
        b'"query-id";"corpus-id";"score"\n"q1";"a1";"1"\n"q2";"a2";"0"\n',
    ],
)
def test_judgments_are_read_as_others_write_them(rows: bytes, tmp_path: Path) -> None:
    """With a heading or without, grades as floats, of spreadsheets and of TREC."""
    (tmp_path / "qrels.txt").write_bytes(rows)
    topics = write(tmp_path / "topics.tsv", "q1\tUn ?", "q2\tDeux ?")
    found = open_query_set(topics, qrels=tmp_path / "qrels.txt")
    found.require_sound(ANSWERS)
    assert [query.expected for query in found] == [{"a1": 1}, {"a2": 0}]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.csv", b"q1;Un ?\nq2;Deux ?\n", "does not say which column has the questions: its first line is 'q1;Un ?'"),
        ("q.txt", b"q1;Un ?\nq2;Deux ?\n", "seems to be a table, of which line 1 is 'q1;Un ?'"),
        ("q.txt", b"q1,Un ?\nq2,Deux ?\n", "seems to be a table"),
        ("q.txt", b"Un ?\nq2\tDeux ?\n", "seems to be a table, of which line 2 is"),
        ("q.txt", b"| q1 | Un ? |\n| q2 | Deux ? |\n", "seems to be a table"),
        ("q.xml", b"Un ?\n", "is XML or HTML"),
        ("q.txt", b"<topics>\n<topic>Un ?</topic>\n</topics>", "is XML or HTML, which begins with '<topics>'"),
        ("q.txt", b'[{"_id": "q1", "text": "Un ?"}]', "is one JSON document"),
        ("q.json", b'{\n"_id": "q1", "text": "Un ?"}', 'object a line, such as {"_id": "q1", "text": "…"}, into'),
        ("q.csv", b"PK\x03\x04...", "is a workbook, an archive or a PDF"),
        ("q.txt", b"Un\x00 deux trois", "is not text"),
        (
            "q.jsonl.gz",
            gzip.compress(b'{"_id": "q1", "text": "Un ?"}\n' * 99)[:-9],
            "is packed, and damaged or cut off",
        ),
    ],
)
def test_what_is_no_query_set_is_refused_in_a_sentence(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    """Its lines would be measured as questions."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=re.escape(said)) as raised:
        open_query_set(tmp_path / name)
    assert str(raised.value).startswith(str(tmp_path / name))
    assert "\n" not in str(raised.value)


def test_rows_of_a_table_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A comma that is not quoted, a quotation mark that is not closed, a tab too many."""
    table = write(tmp_path / "q.csv", "id,question", "q1,Un, deux ?", "q2,Trois ?", 'q3,"Quatre ?')
    found = problems(open_query_set(table))
    assert [line[:34] for line in found] == ["q.csv:2: more cells than the headi", "q.csv:4: a quotation mark is not c"]
    topics = write(tmp_path / "t.tsv", "q1\tUn ?\tformel", "q2\tDeux ?")
    assert problems(open_query_set(topics))[0].startswith("t.tsv:1: more cells than the headings name (3/2)")


def test_a_folder_of_several_sets_or_a_packed_corpus_is_told(tmp_path: Path) -> None:
    """Which of them is meant, or that another index would be asked, nobody can guess."""
    for name in ("queries.csv", "queries.tsv"):
        write(tmp_path / name, "id\tquestion", "q1\tUn ?")
    with pytest.raises(EvaluationError, match=r"has queries\.csv and queries\.tsv: name the one to ask"):
        open_query_set(tmp_path)
    (tmp_path / "queries.csv").unlink()
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(EvaluationError, match=r"corpus\.jsonl\.gz has the answers of this set.*unpack it"):
        open_query_set(tmp_path)


def test_ids_that_a_spreadsheet_made_numbers_of_are_told(tmp_path: Path) -> None:
    """With the id that is meant."""
    topics = write(tmp_path / "topics.tsv", "7\tUn ?")
    found = problems(open_query_set(topics, qrels=write(tmp_path / "qrels.txt", "7.0 0 a1.0 1")))
    assert found[0] == "qrels.txt:1: there is no query with the id '7.0', but with '7': write whole numbers without .0"
    assert (
        found[1] == "qrels.txt:1: there is no answer with the id 'a1.0', but with 'a1': write whole numbers without .0"
    )


def test_what_a_run_left_as_a_spreadsheet_is_a_query_set(tmp_path: Path) -> None:
    """With the same questions and expected answers."""
    queries: list[dict[str, object]] = [{"_id": "q1", "text": "Un ?"}, {"_id": "q2", "text": "Deux ?"}]
    asked = list(open_query_set(beir(tmp_path / "set", queries, dev=("q1 a1 1",))))
    rows = [Result(query, {}, Status.NO_ANSWER, 0.0, (), {}, None) for query in asked]
    (tmp_path / "run").mkdir()
    assert len(list(export_results([rows], tmp_path / "run"))) == 2
    assert list(open_query_set(tmp_path / "run" / "results.csv")) == asked
