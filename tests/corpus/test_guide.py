"""What `corpus/LISEZMOI.md` tells editors is true."""

import re
from pathlib import Path

import openpyxl
import pytest

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from souffleur.cli import main

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "corpus/LISEZMOI.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(markdown|csv|json)\n(.*?)```", GUIDE, re.DOTALL)
MAKE_COMMANDS = sorted(set(re.findall(r"`make ([a-z-]+)", GUIDE)))
COMMANDS = sorted(set(re.findall(r"bin/souffleur ([a-z]+)", GUIDE)))


@pytest.mark.parametrize(("language", "example"), EXAMPLES)
def test_examples_are_answers(language: str, example: str, tmp_path: Path) -> None:
    """Each example, copied as it is, is an answer that the definitions of this corpus accept."""
    if language == "markdown":
        (tmp_path / "facettes.yaml").write_bytes((ROOT / "corpus/facettes.yaml").read_bytes())
        path = tmp_path
        (path / "exemple.md").write_text(example, encoding="utf-8")
    else:
        path = tmp_path / {"csv": "faq.csv", "json": "faq.jsonl"}[language]
        path.write_text(example, encoding="utf-8")
    assert check_corpus(path) == []
    (answer,) = open_corpus(path).answers()
    assert answer.text
    assert answer.source


def test_the_example_of_a_facet_defines_one(tmp_path: Path) -> None:
    """Copied as it is, it is a question with values, and an answer may have one of them."""
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "facettes.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "un.md").write_text("---\nfacettes:\n  couloir: Hôpital\n---\nUn.\n", encoding="utf-8")
    assert check_corpus(tmp_path) == []
    (facet,) = open_corpus(tmp_path).facets
    assert facet.question == "Votre question concerne quel couloir ?"
    assert facet.values == ("Hôpital", "Médecin de ville")


def test_all_forms_have_an_example() -> None:
    """Markdown, CSV and JSONL are shown, the first with questions and facets."""
    assert {language for language, _ in EXAMPLES} == {"markdown", "csv", "json"}
    assert "questions:" in EXAMPLES[0][1]
    assert "facettes:" in EXAMPLES[0][1]


@pytest.mark.parametrize("command", MAKE_COMMANDS)
def test_make_knows_the_commands(command: str) -> None:
    """Every make command named is a target."""
    assert re.search(rf"^{command}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_program_knows_the_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command named has help."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert command in capsys.readouterr().out


def test_the_main_commands_are_named() -> None:
    """An editor finds how to check, build, try, serve, import and undo."""
    assert {"check-corpus", "index", "ask", "serve"} <= set(MAKE_COMMANDS)
    assert {"import", "rollback", "check"} <= set(COMMANDS)


def test_messages_named_are_those_of_the_program(tmp_path: Path) -> None:
    """Each message of the guide's table is one that the check gives."""
    rows = re.findall(r"^\| (.+?) \| .+ \|$", GUIDE.split("## Les messages")[1], re.MULTILINE)[2:]
    text = "Un texte assez long pour que sa copie se remarque, au mot près, quand on la retrouve ailleurs."
    files = {
        "a.md": f"---\nquestions:\n  - Un ?\n---\n{text}",
        "b.md": f"---\nquestions:\n  - Un\n---\n{text}",
        "c.md": "---\nquestion: x\nfacettes:\n  couloir: [Hopital]\n---\nz",
        "d.md": "---\nfacettes:\n  couloir: [Hopital]\n---\nz",
        "e.md": "---\nsource: x",
        "f.md": "---\nsource: Un : deux\n---\nz",
        "g.md": "---\nquestions:\n  -Combien\n---\nz",
        "h.md": "---\nquestions:\n\t- x\n---\nz",
        "i.md": "",
        "j.md": "d\udce9lai",
        "k.md": "---\nsource: x\n---\nz\n---\nsource: y\n---\nz",
        "l.md": "La durÃ©e.",
        "M.MD": "z",
        "n.md": "---\nquestions:\n  - certificat expiration renouvellement\nanciens-noms: vieux\n---\nUn.",
        "o.md": "---\nmodifie-le: hier\nanciens-noms: vieux\n---\nDeux.",
        "p 2.md": "z",
        "p.md": "---\nanciens-noms: vieux\n---\nTrois.",
    }
    (tmp_path / "facettes.yaml").write_text("couloir:\n  valeurs: [Hôpital]\n", encoding="utf-8")
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    table = tmp_path / "faq.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for cells in (["Question", "Réponse", "", "Fin"], ["Quand ?", "#REF!", "à revoir"], ["Combien ?", 0.5]):
        sheet.append(cells)
    book.create_sheet("Archives").append(["Question", "Réponse", "Rubrique", "Catégorie"])
    sheet.cell(3, 2).number_format = "# ?/?"
    book.save(table)
    given = "\n".join(map(str, [*check_corpus(tmp_path), *check_corpus(table)])).lower()
    assert len(rows) == 21
    for row in rows:
        words = re.sub(r"à \d+ %", "à 100 %", row.lower()).rstrip("…")
        assert words in given, words
