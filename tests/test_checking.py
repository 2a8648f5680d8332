"""Every problem of a corpus at once, in French."""

from pathlib import Path

import pytest

from indexer.checking import check_corpus
from indexer.records import Severity


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


LONG = (
    "Le certificat est délivré pour trois ans à compter de son obtention par l'agence, et se renouvelle avant la fin."
)


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("vide.md", "---\nsource: x\n---\n \n", 4, "pas de texte"),
        ("rien.md", "", 1, "pas de texte"),
        ("Mal Nommé.md", "x", 1, "minuscules"),
        ("ouvert.md", "---\nsource: x\n", 1, "pas fermé"),
        ("cle.md", "---\nsource: x\nquestion: y\n---\nz", 3, "voulez-vous dire « questions »"),
        ("inconnue.md", "---\nzzz: y\n---\nz", 2, "les clés connues sont"),
        ("deux.md", "---\nsource: a\nsource: b\n---\nz", 3, "deux fois"),
        ("points.md", "---\nquestions:\n  - Un certificat : combien ?\n---\nz", 3, "entre guillemets droits"),
        ("points2.md", "---\nsource: Un: deux: trois\n---\nz", 2, "guillemets"),
        ("tabulation.md", "---\nquestions:\n\t- x\n---\nz", 3, "tabulation"),
        ("vide2.md", "---\nquestions:\n  - a\n  -\n---\nz", 4, "est vide"),
        ("latin.md", "Première ligne\nd\xe9lai".encode("latin-1"), 1, "UTF-8"),
        ("facette.md", "---\nfacettes:\n  couloirs: [Hôpital]\n---\nz", 3, "facette inconnue « couloirs »"),
        ("valeur.md", "---\nfacettes:\n  couloir:\n    - Hopital\n---\nz", 4, "voulez-vous dire « Hôpital »"),
        ("long.md", "x" * 20_001, 1, "20000 au plus"),
        ("longue.md", "---\nquestions:\n  - ok\n  - " + "y" * 501 + "\n---\nz", 4, "raccourcissez"),
        ("carte.md", "---\n- x\n---\nz", 2, "une clé"),
        ("nul.md", "---\nsource: a\x00b\n---\nz", 2, "interdit"),
    ],
)
def test_each_mistake_has_its_line_and_advice(
    tmp_path: Path, name: str, content: str | bytes, line: int, words: str
) -> None:
    """One mistake of an editor, one message, at its line in the file."""
    write(
        tmp_path,
        {
            "facettes.yaml": "couloir:\n  question: Quel couloir ?\n  valeurs: [Hôpital, Officine]\n",
            f"answers/{name}": content,
        },
    )
    problems = check_corpus(tmp_path)
    assert [(problem.line, problem.severity) for problem in problems] == [(line, Severity.ERROR)], problems
    assert words in problems[0].message
    assert str(problems[0]).startswith(f"{tmp_path / 'answers' / name}:{line}: ")


def test_mistakes_between_answers(tmp_path: Path) -> None:
    """The same id, the same question, the same text nearly: each is told at the second place, all at once."""
    write(
        tmp_path,
        {
            "answers/a/un.md": f"---\nquestions:\n  - Combien de temps ?\n---\n{LONG}",
            "answers/b/un.md": "Un autre texte.",
            "answers/c/trois.md": "---\nquestions:\n  - x\n  - COMBIEN de temps\n---\nEncore un autre.",
            "answers/d/quatre.md": LONG.replace("délivré", "donné"),
        },
    )
    problems = check_corpus(tmp_path)
    found = [(Path(problem.path).parent.name, problem.line, problem.severity) for problem in problems]
    assert found == [("b", 1, Severity.ERROR), ("c", 4, Severity.ERROR), ("d", 1, Severity.WARNING)]
    assert "déjà celui de" in problems[0].message
    assert "« un »" in problems[1].message
    assert "attention : " in str(problems[2])


def test_mistakes_beside_the_answers(tmp_path: Path) -> None:
    """Acronyms, facets and off-topic questions are checked too."""
    write(
        tmp_path,
        {
            "answers/a.md": "---\nquestions:\n  - Quel temps ?\n---\nx",
            "acronyms.tsv": "# c\nBAL boîte aux lettres\n",
            "facettes.yaml": "couloir: x\n",
            "hors-sujet.txt": "Quel temps ?\n",
        },
    )
    messages = "\n".join(map(str, check_corpus(tmp_path)))
    assert "acronyms.tsv:2: " in messages
    assert "« couloir »" in messages
    assert "hors sujet" in messages


def test_shipped_corpus_is_clean() -> None:
    """The corpus of the project has no problem at all."""
    assert check_corpus(Path(__file__).parents[1] / "corpus") == []


def test_absent_and_empty_corpora_are_problems(tmp_path: Path) -> None:
    """There is nothing to check, and that is said."""
    assert "pas de corpus" in check_corpus(tmp_path / "absent")[0].message
    assert "aucune réponse" in check_corpus(tmp_path)[0].message
