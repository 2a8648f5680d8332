"""`souffleur ask --input`: questions of a file in, their answers in another, as an editor types it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Vectors
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, FAILED, FOUND
from server import cli
from server.answering.answering import Answering
from server.batch import commands
from tests.conftest import CORPUS
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

QUESTIONS = [question for answer in ANSWERS for question in answer.questions]
OURS = (
    *("Statut", "Confiance", "Réponse", "Passage", "Question proche", "Ne mentionne pas", "Conseil"),
    *("Aussi demandé", "Autres réponses", "Source", "Index", "Erreur"),
)


class Counting(FakeEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        # An index is warmed up by a question of its own when it is opened: not one of those with a number.
        self.asked += (text for text in texts if text.endswith(")"))
        return super().encode_questions(texts)


@pytest.fixture(autouse=True)
def encoder(tmp_path: Path, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Work in an empty folder, on the small index."""
    encoder = Counting()

    def open_small(settings: IndexerSettings, *_: object) -> Answering:
        path = settings.index if settings.index != Path("build/index") else small_index
        return Answering.open(path, encoder=encoder)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "open_answering", open_small)
    return encoder


def ask(*arguments: str) -> int:
    """Run the command as it is typed."""
    return cli.main(["ask", *arguments])


def read(file: Path) -> list[dict[str, str]]:
    """Return the rows of a spreadsheet by heading."""
    text = file.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def write_table(name: str = "questions.csv", *, times: int = 1) -> Path:
    """Write a table of questions, each *times* with another number."""
    lines = ["ID;Question;Service"]
    lines += [f"q{at};{question} ({at});=SOMME(A1)" for at, question in enumerate(QUESTIONS * times)]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(name)


def test_a_table_comes_back_with_the_answers_beside_its_cells(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are the server's; what a spreadsheet would run as a formula is text, and the end says how it went."""
    write_table()
    assert ask("--input", "questions.csv", "--output", "sous/reponses.csv") == DONE
    rows = read(Path("sous/reponses.csv"))
    assert list(rows[0]) == ["ID", "Question", "Service", *OURS]
    for row in rows:
        reply = client.get("/v1/search", params={"q": row["Question"], "limit": 5}).json()
        first, *others = reply["hits"]
        assert row["Réponse"] == first["id"]
        assert row["Passage"] == first["passage"]["text"]
        assert row["Confiance"] == str(reply["confidence"]).replace(".", ",")
        assert row["Autres réponses"].split() == [hit["id"] for hit in others]
        assert row["Index"] == reply["index"]["id"]
        assert row["Service"] == "'=SOMME(A1)"
        words = {"answered": "réponse sûre", "uncertain": "à vérifier", "no_answer": "sans réponse sûre"}
        assert row["Statut"] == words[reply["status"]]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("4 questions en ")
    assert said.err.endswith("; sous/reponses.csv est complet.\n")


def test_lines_of_json_hold_the_reply_as_over_http(client: TestClient) -> None:
    """All of it but what differs each time, beside the line and the question."""
    Path("questions.txt").write_text("".join(f"{question}\n" for question in QUESTIONS), encoding="utf-8")
    assert ask("--input", "questions.txt", "--output", "reponses.JSONL", "--limit", "2") == DONE
    records = [json.loads(line) for line in Path("reponses.JSONL").read_text(encoding="utf-8").splitlines()]
    assert [record["question"] for record in records] == QUESTIONS
    for number, record in enumerate(records, start=1):
        reply = client.post("/v1/search", json={"query": record["question"], "limit": 2}).json()
        for differs in ("query_id", "took_ms"):
            assert type(record["reply"].pop(differs)) is type(reply.pop(differs))
        assert record["reply"] == reply
        assert (record["line"], record["error"]) == (number, None)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 10, 60, 100, 200, 350, 351, 352, 700, 1500, 2500])
def test_what_was_cut_off_is_completed_and_nothing_asked_twice(cut: int, form: str, encoder: Counting) -> None:
    """Wherever it was cut, in the middle of a letter too: the same file as without, and no row asked again."""
    write_table(times=3)
    arguments = ["--input", "questions.csv", "--output", f"reponses.{form}"]
    assert ask(*arguments) == DONE
    whole = Path(f"reponses.{form}").read_bytes()
    Path(f"reponses.{form}").write_bytes(whole[:cut])
    encoder.asked.clear()
    assert ask(*arguments) == DONE
    again = Path(f"reponses.{form}").read_bytes()
    ends = b"\r\n" if form == "csv" else b"\n"
    heading = 1 if form == "csv" else 0
    kept = max(0, whole[:cut].count(ends) - heading)
    assert len(encoder.asked) == len(QUESTIONS) * 3 - kept
    if form == "csv":
        assert again == whole
    else:
        assert _timeless(again) == _timeless(whole)


def _timeless(lines: bytes) -> list[object]:
    records = [json.loads(line) for line in lines.splitlines()]
    for record in records:
        del record["reply"]["query_id"], record["reply"]["took_ms"]
    return records


def test_cells_of_several_lines_survive_an_interruption() -> None:
    """A row that ends inside of its quotation marks is no row, though a line ends there."""
    Path("q.csv").write_text('Question;Note\n"Un\ncertificat ?";"a\r\nb ""c"""\nQui ?;\n', encoding="utf-8")
    assert ask("--input", "q.csv", "--output", "a.csv") == DONE
    whole = Path("a.csv").read_bytes()
    for end in range(0, len(whole), 3):
        Path("a.csv").write_bytes(whole[:end])
        assert ask("--input", "q.csv", "--output", "a.csv") == DONE
        assert Path("a.csv").read_bytes() == whole


def test_what_is_complete_is_not_asked_again(encoder: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless one says so."""
    write_table()
    arguments = ["--input", "questions.csv", "--output", "reponses.csv"]
    assert ask(*arguments) == DONE
    before = Path("reponses.csv").read_bytes()
    encoder.asked.clear()
    capsys.readouterr()
    assert ask(*arguments) == DONE
    assert encoder.asked == []
    assert "reponses.csv a déjà toutes les réponses ; --force les redemande." in capsys.readouterr().err
    assert ask(*arguments, "--force") == DONE
    assert len(encoder.asked) == len(QUESTIONS)
    assert Path("reponses.csv").read_bytes() == before


@pytest.mark.parametrize("there", ["autre chose\n", '{"line": 1}\n', '\ufeff"ID";"Autre"\r\n', '"a\n"b";\r\n'])
@pytest.mark.parametrize("name", ["reponses.csv", "reponses.jsonl"])
def test_a_file_of_something_else_is_left_alone(there: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So are the answers to other questions, and the questions themselves."""
    write_table()
    Path(name).write_bytes(there.encode())
    assert ask("--input", "questions.csv", "--output", name) == FAILED
    assert Path(name).read_bytes() == there.encode()
    assert "ne contient pas les réponses à ces questions" in capsys.readouterr().err
    assert ask("--input", "questions.csv", "--output", "questions.csv") == FAILED
    assert "questions.csv contient les questions" in capsys.readouterr().err


def test_answers_of_another_index_are_not_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two indexes in one file would compare nothing."""
    write_table()
    assert ask("--input", "questions.csv", "--output", "reponses.csv") == DONE
    whole = Path("reponses.csv").read_bytes()
    Path("reponses.csv").write_bytes(whole[:-100])
    build_index(MemoryCorpus(ANSWERS[:2], facets=CORPUS.facets), tmp_path / "other", encoder=FakeEncoder())
    assert ask("--input", "questions.csv", "--output", "reponses.csv", "--index", "other") == FAILED
    assert "a été commencé avec l'index" in capsys.readouterr().err
    assert Path("reponses.csv").read_bytes() == whole[:-100]


def test_a_question_that_cannot_be_asked_has_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """The others are asked; the status tells that there was one."""
    Path("q.csv").write_text(f"N;Question\n1;Qui ?\n2;\n3;{'x' * 2001}\n", encoding="utf-8")
    assert ask("--input", "q.csv", "--output", "a.csv") == FOUND
    rows = read(Path("a.csv"))
    assert [row["Erreur"][:28] for row in rows] == ["", "La question est vide. Écrive", "La question compte 2001 cara"]
    assert [bool(row["Réponse"]) for row in rows] == [True, False, False]
    assert "2 «\u00a0impossible à poser\u00a0»" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_status_is_that_of_the_whole_file(form: str) -> None:
    """Also where the question that cannot be asked was in the part that was there already, or all of it was."""
    Path("q.csv").write_text("N;Question\n1;\n2;Qui ?\n", encoding="utf-8")
    arguments = ("--input", "q.csv", "--output", f"a.{form}")
    assert ask(*arguments) == FOUND
    whole = Path(f"a.{form}").read_bytes()
    Path(f"a.{form}").write_bytes(whole[:-20])
    assert ask(*arguments) == FOUND
    assert ask(*arguments) == FOUND


def test_half_of_a_character_cannot_be_asked_and_does_no_harm() -> None:
    """It is told, written as a sign that stands for it, and found again when the file is gone on with."""
    Path("q.jsonl").write_text('{"id": 7, "question": "Qui \\ud800 ?"}\n"Quoi ?"\n', encoding="utf-8")
    for name in ("a.jsonl", "a.csv"):
        assert ask("--input", "q.jsonl", "--output", name) == FOUND
        assert ask("--input", "q.jsonl", "--output", name) == FOUND
    rows = read(Path("a.csv"))
    assert [(row["ID"], row["Question"], bool(row["Erreur"])) for row in rows] == [
        ("7", "Qui ? ?", True),
        ("", "Quoi ?", False),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.csv", "a;b\n1;2\n", "q.csv ne dit pas quelle colonne contient les questions (première ligne : « a;b »)"),
        ("q.txt", "1;Un ?\n2;Deux ?\n", "q.txt ressemble à un tableau (ligne 1 : « 1;Un ? »)"),
        ("q.txt", "\n \n", "q.txt ne contient aucune question."),
        ("q.json", '[{"question": "Qui ?"}]', "q.json est un seul document JSON"),
        ("q.xlsx", "PK\x03\x04", "q.xlsx est un classeur"),
        ("q.jsonl", '{"question": 3}\n{"question": "Qui ?"}\n[\n', "q.jsonl:1: la question manque"),
        ("q.csv", 'id,question\n1,"Un\n', "q.csv:2: un guillemet droit n'est pas fermé"),
        ("absent.csv", None, "absent.csv ne peut pas être lu (No such file or directory)"),
    ],
)
def test_what_cannot_be_read_is_told_in_french(
    name: str, content: str | None, said: str, encoder: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the line and what to do; nothing was asked, and no file made."""
    if content is not None:
        Path(name).write_text(content, encoding="utf-8")
    assert ask("--input", name, "--output", "a.csv") == FAILED
    assert said in capsys.readouterr().err
    assert encoder.asked == []
    assert not Path("a.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--input", "q.txt", "--output", "a.xlsx"],
            "terminez le nom de --output par .csv (pour un tableur) ou .jsonl",
        ),
        (["--input", "q.txt", "--output", "a.csv", "--json"], "--json écrit du JSONL"),
        (["Qui ?", "--output", "a.csv"], "--output et --force vont avec --input"),
        (["--input", "q.txt", "--output", "q.txt/a.csv"], "q.txt/a.csv ne peut pas être écrit"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence."""
    Path("q.txt").write_text("Qui ?\n", encoding="utf-8")
    assert ask(*arguments) == FAILED
    assert said in capsys.readouterr().err


def test_headings_of_the_table_that_are_ours_too_are_kept_apart() -> None:
    """Those of the table keep their names; one without a name or with that of another gets one."""
    Path("q.tsv").write_text("Source\tquestion\tSource\t\tx\nici\tQui ?\tlà\tvide\t1\n", encoding="utf-8")
    assert ask("--input", "q.tsv", "--output", "a.csv") == DONE
    (row,) = read(Path("a.csv"))
    assert (row["Source"], row["Source (3)"], row["colonne 4"]) == ("ici", "là", "vide")
    assert "Source (Souffleur)" in row


def test_what_comes_in_is_answered_to_the_terminal(small_index: Path) -> None:
    """Another process, as a shell runs it: bytes of any form in, a table or lines of JSON out, the rest on stderr."""
    code = """
import sys
from pathlib import Path
from server import cli
from server.answering.answering import Answering
from server.batch import commands
from tests.fakes import FakeEncoder
index, *arguments = sys.argv[1:]
commands.open_answering = lambda *_: Answering.open(Path(index), encoder=FakeEncoder())
sys.exit(cli.main(["ask", "--input", "-", *arguments]))
"""
    root = Path(__file__).parents[3]
    for arguments in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, str(small_index), *arguments],
            input="Question\r\nUn certificat ?\r\n".encode("utf-16"),
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert done.returncode == DONE, done.stderr.decode()
        assert done.stderr.decode().startswith("1 question en ")
        if arguments:
            assert json.loads(done.stdout)["question"] == "Un certificat ?"
        else:
            assert done.stdout.decode("utf-8-sig").splitlines()[1].startswith('"Un certificat ?";')
