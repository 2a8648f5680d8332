"""Runs and baselines that were damaged or edited: every command says which file, which line, and what to do."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from evaluation import commands
from evaluation.cli import main
from evaluation.report.plots import PICTURE_ENDINGS
from indexer.terminal import DONE, FAILED
from tests.evaluation.test_cli import write_set
from tests.fakes import FakeEncoder

QUESTIONS = (
    ("Quelle est la durée de validité d'un certificat ?", "validite-certificat"),
    ("Quels types de BAL ?", "types-de-bal"),
    ("Où manger une pizza ?", ""),
)


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_index: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Work in a folder with the query set `faq`, and with the finished run `run` of it, by the fake encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "load_configured_encoder", lambda _: FakeEncoder())
    write_set(tmp_path / "faq", questions=QUESTIONS)
    assert main(["run", "faq", "--index", str(small_index), "--out", "run"]) == DONE
    capsys.readouterr()
    return Path("run")


def error_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command says that must fail."""
    assert main(command) == FAILED
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def edit_result(run: Path, changes: Mapping[str, object]) -> None:
    """Change the second line of the results."""
    lines = (run / "results.jsonl").read_text(encoding="utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | changes)
    (run / "results.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confidence": "x"}, "confidence: 'x' should be a valid number"),
        ({"confidence": True}, "confidence: True should be a valid number"),
        ({"confidence": float("nan")}, "confidence: nan should be a finite number"),
        ({"confidence": 1.5}, "confidence: 1.5 should be less than or equal to 1"),
        ({"id": 3}, "id: 3 should be a valid string"),
        ({"question": ["Quoi ?"]}, "question: ['Quoi ?'] should be a valid string"),
        ({"expected": {"types-de-bal": "1"}}, "expected.types-de-bal: '1' should be a valid integer"),
        ({"expected": ["types-de-bal"]}, "expected: ['types-de-bal'] should be an object"),
        ({"expected": {}}, "scope: 'in_scope' does not fit what is expected"),
        ({"facets": {"thematique": "BAL"}}, "facets.thematique: 'BAL' should be a valid array"),
        ({"hits": [{"id": "a", "score": "1", "confidence": 1}]}, "hits.0.score: '1' should be a valid number"),
        ({"hits": [{"id": "a", "score": 1}]}, "hits.0.confidence is missing"),
        ({"hits": [None]}, "hits.0: None should be an object"),
        ({"hits": 3}, "hits: 3 should be a valid array"),
        ({"metrics": {"AP": None}}, "metrics.AP: None should be a valid number"),
        ({"metrics": {"AP": 10**400}}, f"metrics.AP: 1{'0' * 38}… should be a finite number"),
        ({"took_ms": "1"}, "took_ms: '1' should be a valid number"),
        ({"status": "perhaps"}, "status: 'perhaps' should be 'answered', 'uncertain' or 'no_answer'"),
        ({"scope": []}, "scope: [] should be 'in_scope', 'off_topic' or 'unjudged'"),
        ({"style": "\ud800"}, "Invalid JSON: "),
    ],
)
def test_a_wrong_value_in_a_result_is_named(
    run: Path, capsys: pytest.CaptureFixture[str], changes: Mapping[str, object], message: str
) -> None:
    """Whatever its type, in both commands that read results."""
    edit_result(run, changes)
    for command in (["compare", "run", "run"], ["report", "run"]):
        error = error_of(command, capsys)
        assert error.startswith(f"run/results.jsonl:2: not a result: {message}")
        assert error.endswith(". Run it again.\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "Invalid JSON: EOF while parsing a value at column 0"),
        (b"\xff", "Invalid JSON: expected value at column 1"),
        (b'{"id": "\xff"}', "Invalid JSON: invalid unicode code point at column "),
        (b'{"id": "q1"', "Invalid JSON: EOF while parsing an object"),
        (b"[" * 100_000, "Invalid JSON: recursion limit exceeded"),
        (b"[]", "[] should be an object"),
        (b"{}", "id is missing"),
    ],
)
def test_a_line_that_is_no_result_is_named(
    run: Path, capsys: pytest.CaptureFixture[str], line: bytes, message: str
) -> None:
    """Bytes that are not UTF-8, half a line, or other JSON."""
    lines = (run / "results.jsonl").read_bytes().splitlines()
    lines[1] = line
    (run / "results.jsonl").write_bytes(b"\n".join([*lines, b""]))
    for command in (["compare", "run", "run"], ["report", "run"]):
        assert error_of(command, capsys).startswith(f"run/results.jsonl:2: not a result: {message}")


def test_results_that_cannot_be_opened_are_an_error(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in their place, for example."""
    (run / "results.jsonl").unlink()
    (run / "results.jsonl").mkdir()
    assert error_of(["report", "run"], capsys) == "run/results.jsonl cannot be read: Is a directory. Run it again.\n"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("run.json", '{"format_version": 99}', "has format 99, this program reads 1"),
        ("run.json", "[" * 100_000, "cannot be read: Invalid JSON: recursion limit exceeded"),
        ("run.json", '{"format_version": 1}', "cannot be read: query_set is missing"),
        ("run.json", {"queries": "3"}, "cannot be read: queries: '3' should be a valid integer"),
        ("run.json", {"queries": 0}, "cannot be read: queries: 0 should be greater than or equal to 1"),
        ("run.json", {"target": {}}, "cannot be read: target.where is missing"),
        ("run.json", {"query_set_sha256": 12}, "cannot be read: query_set_sha256: 12 should be a valid string"),
        ("summary.json", "", "cannot be read: Invalid JSON: EOF while parsing a value at column 0"),
        ("summary.json", {"timing": {}}, "cannot be read: timing.p50_ms is missing"),
        ("summary.json", {"timing": []}, "cannot be read: timing: [] should be an object"),
    ],
)
def test_a_damaged_document_of_a_run_is_named(
    run: Path, capsys: pytest.CaptureFixture[str], file: str, content: str | Mapping[str, object], message: str
) -> None:
    """With what is wrong, and the advice to run it again."""
    if not isinstance(content, str):
        content = json.dumps(json.loads((run / file).read_text()) | content)
    (run / file).write_text(content)
    error = error_of(["report", "run"], capsys)
    assert error.startswith(f"run/{file} {message}")
    assert error.endswith(". Run it again.\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read: Invalid JSON: EOF while parsing an object at column 1"),
        ("{}", "cannot be read: format_version is missing"),
        ('{"format_version": 2}', "has format 2, not 1"),
        ('{"format_version": 1, "query_sets": []}', "cannot be read: query_sets: [] should be an object"),
        ({"count": 0}, "cannot be read: query_sets.faq.metrics.AP.count: 0 should be greater than or equal to 1"),
        ({"low": None}, "cannot be read: query_sets.faq.metrics.AP.low: None should be a valid number"),
        ({"value": float("nan")}, "cannot be read: query_sets.faq.metrics.AP.value: nan should be a finite number"),
    ],
)
def test_a_damaged_baseline_is_named(
    small_index: Path, capsys: pytest.CaptureFixture[str], content: str | Mapping[str, object], message: str
) -> None:
    """The gate measures nothing against it, and does not replace it either: other query sets may be accepted there."""
    gate = ["gate", "faq", "--baseline", "baseline.json", "--index", str(small_index)]
    assert main([*gate, "--accept"]) == DONE
    capsys.readouterr()
    if not isinstance(content, str):
        document = json.loads(Path("baseline.json").read_text())
        document["query_sets"]["faq"]["metrics"]["AP"].update(content)
        content = json.dumps(document)
    Path("baseline.json").write_text(content)
    for command in (gate, [*gate, "--accept"]):
        error = error_of(command, capsys)
        assert error == f"baseline.json {message}. Correct it, or move it away and accept a baseline anew.\n"
    assert Path("baseline.json").read_text() == content


def test_results_that_are_missing_or_too_many_are_counted(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty or a truncated file is not a run of fewer questions."""
    lines = (run / "results.jsonl").read_bytes().splitlines(keepends=True)
    for kept in ([], lines[:2], [*lines, lines[0]]):
        (run / "results.jsonl").write_bytes(b"".join(kept))
        for command in (["compare", "run", "run"], ["report", "run"]):
            assert error_of(command, capsys) == (
                f"run/results.jsonl has {len(kept)} results, but run/run.json says 3. Run it again.\n"
            )


def test_a_set_of_which_nothing_is_left_is_not_run(capsys: pytest.CaptureFixture[str], small_index: Path) -> None:
    """Where the chosen judgments are of no query, and the others of all."""
    folder = write_set(Path("all"), questions=QUESTIONS[:2])
    (folder / "qrels" / "none.tsv").write_text("query-id\tcorpus-id\tscore\n")
    command = ["run", "all", "--qrels", "all/qrels/none.tsv", "--index", str(small_index)]
    assert "all/qrels/none.tsv:1: this judges no query of the set, and the others judge all" in error_of(
        command, capsys
    )


def test_a_report_that_cannot_be_written_is_an_error(
    run: Path, small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its page, its picture, or a picture of no known format, which is said before anything is drawn."""
    Path("file").write_text("")
    report = ["report", "run", "--index", str(small_index)]
    assert error_of([*report, "--out", "file/page.html"], capsys) == (
        "file/page.html cannot be written: File exists (file). Choose another --out.\n"
    )
    assert (
        error_of([*report, "--out", "faq"], capsys) == "faq cannot be written: Is a directory. Choose another --out.\n"
    )
    assert error_of([*report, "--picture", "file/p.png"], capsys) == (
        "file/p.png cannot be written: File exists (file). Choose another --picture.\n"
    )
    (run / "report.html").unlink()
    for name in ("p.xyz", "p"):
        assert error_of([*report, "--picture", name], capsys) == (
            f"--picture cannot be {name}: its ending must be one of .png, .svg, .pdf, .jpg, .webp, for the format.\n"
        )
    assert not (run / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("ending", PICTURE_ENDINGS)
def test_a_picture_can_have_each_ending(small_index: Path, ending: str) -> None:
    """Large letters too."""
    picture = Path(f"p{ending.upper()}")
    assert main(["report", "run", "--index", str(small_index), "--picture", str(picture)]) == DONE
    assert picture.stat().st_size > 10_000


def test_a_baseline_that_cannot_be_written_is_an_error(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said to be accepted."""
    Path("file").write_text("")
    command = ["gate", "faq", "--accept", "--baseline", "file/b.json", "--index", str(small_index)]
    assert error_of(command, capsys) == (
        "file/b.json cannot be written: File exists (file). Choose another --baseline; nothing was accepted.\n"
    )


def test_what_the_system_refuses_is_an_error(
    small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that may not be read, a full disk: the command ends with 2, not with a traceback and 1."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "faq/queries.jsonl")

    monkeypatch.setattr(commands, "open_query_set", refuse)
    assert error_of(["run", "faq", "--index", str(small_index)], capsys) == (
        "[Errno 13] Permission denied: 'faq/queries.jsonl'. Correct that, and give the command again: a run goes on "
        "where it stopped.\n"
    )


def test_a_set_without_judgments_is_not_accepted(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its gate would always pass; the sets beside it are not accepted either, so that nothing is half done."""
    Path("questions.txt").write_text("Un certificat ?\n")
    options = ["--baseline", "baseline.json", "--index", str(small_index)]
    for paths in (["questions.txt"], ["faq", "questions.txt"]):
        assert error_of(["gate", *paths, "--accept", *options], capsys) == (
            "questions has no judgments, so there is no metric to accept, and the gate would always pass. Add "
            "judgments (qrels/*.tsv in its folder) and accept it then; nothing was accepted.\n"
        )
        assert not Path("baseline.json").exists()


def test_a_baseline_without_metrics_does_not_pass(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does one without any query set."""
    gate = ["gate", "--baseline", "baseline.json", "--index", str(small_index)]
    assert main([*gate, "faq", "--accept"]) == DONE
    capsys.readouterr()
    document = json.loads(Path("baseline.json").read_text())
    document["query_sets"]["faq"]["metrics"] = {}
    Path("baseline.json").write_text(json.dumps(document))
    assert error_of(gate, capsys) == (
        "faq was accepted without any metric. Add judgments, then accept it with --accept.\n"
    )
    Path("baseline.json").write_text('{"format_version": 1, "query_sets": {}}')
    assert error_of(gate, capsys) == ("baseline.json has no query set yet. Name those to accept, with --accept.\n")


@pytest.mark.parametrize("other", [FakeEncoder(dimension=32), FakeEncoder(name="autre")])
def test_a_map_with_another_encoder_than_that_of_the_index_is_refused(
    run: Path,
    small_index: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    other: FakeEncoder,
) -> None:
    """Of another dimension, or of the same: its vectors mean something else."""
    built = FakeEncoder()
    monkeypatch.setattr(commands, "load_configured_encoder", lambda _: other)
    index_id = json.loads((run / "run.json").read_text())["target"]["index_id"]
    assert error_of(["report", "run", "--index", str(small_index)], capsys) == (
        f"The index {index_id} of this run was built with fake ({built.fingerprint[:7]}), but {other.name} "
        f"({other.fingerprint[:7]}) is in use here: its questions have no place among those answers. Name the encoder "
        "of the index with --encoder.\n"
    )
    assert not (run / "report.html").exists()


@pytest.mark.parametrize(
    "changes", [{"hits": [{"id": "absent", "score": 1, "confidence": 1}]}, {"expected": {"absent": 1}}]
)
def test_results_of_answers_that_the_index_lacks_have_no_report(
    run: Path, small_index: Path, capsys: pytest.CaptureFixture[str], changes: Mapping[str, object]
) -> None:
    """Expected ones and returned ones."""
    edit_result(run, changes)
    index_id = json.loads((run / "run.json").read_text())["target"]["index_id"]
    assert error_of(["report", "run", "--index", str(small_index)], capsys) == (
        f"run/results.jsonl names the answer 'absent', which the index {index_id} of this run does not have. "
        "Run it again.\n"
    )
