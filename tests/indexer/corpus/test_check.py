"""Every problem of a corpus at once, in French."""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.errors import CorpusError
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
        ("valeur2.md", "---\nfacettes:\n  couloir: [zzz]\n---\nz", 3, "choisissez parmi « Hôpital », « Officine »."),
        ("longue.md", "---\nquestions:\n  - ok\n  - " + "y" * 501 + "\n---\nz", 4, "raccourcissez"),
        ("carte.md", "---\n- x\n---\nz", 2, "une clé"),
        ("nul.md", "---\nsource: a\x00b\n---\nz", 2, "interdit"),
        ("nul2.md", "un\ndeux\x07", 2, "U+0007"),
        ("cp1252.md", "Un\nle délai".encode("cp1252"), 2, "voyez « délai »"),
        ("utf16.md", "Un texte".encode("utf-16"), 1, "UTF-16"),
        ("utf16le.md", "Un texte".encode("utf-16-le"), 1, "UTF-16"),
        ("tiret.md", "---\nquestions:\n  -a\n---\nz", 3, "espace après le tiret"),
        ("tiret2.md", "---\nquestions:\n  - a\n  -b\n---\nz", 4, "espace après le tiret"),
        ("espace.md", "---\nquestions:\n  - a\nsource:FAQ\n---\nz", 4, "après les deux-points"),
        ("espace2.md", "---\nsource:FAQ\n---\nz", 2, "deux-points, une espace"),
        ("guillemet.md", '---\nquestions:\n  - "a\n  - b\nsource: x\n---\nz', 3, 'il manque "'),
        ("guillemets.md", '---\nquestions:\n  - "un" mot\n---\nz', 3, "après le signe fermant"),
        ("guillemets2.md", '---\nsource: "Le "mot" clé"\n---\nz', 2, "« » à la place de ceux du texte"),
        ("apostrophe.md", "---\nquestions:\n  - x\n  - 'Le prix de l'INS ?'\n---\nz", 4, "ferme celle du début"),
        ("apostrophe2.md", "---\nquestions:\n  - 'L'arrivée\n  - x\n---\nz", 3, "ferme celle du début"),
        ("puces.md", "---\nquestions:\n  * Un ?\n  * Deux ?\n---\nz", 3, "Mettez un tiret « - » au lieu de « * »"),
        ("regle.md", "---\nquestions:\n  - Un ?\n\nTexte.\n\n---\nz", 5, "mettez une ligne « --- » avant"),
        ("sans.md", "---\nquestions:\nUn ?\n---\nz", 3, "n'a ni clé ni tiret : si elle est d'une liste"),
        ("crochet.md", "---\nfacettes:\n  couloir: [Officine\nsource: x\n---\nz", 3, "il manque ]"),
        ("crochets.md", "---\nquestions: " + "[" * 2000 + "\n---\nz", 2, "trop de crochets"),
        ("diese.md", "---\nquestions:\n  - Le ticket # 905 ?\n---\nz", 3, "serait perdu"),
        ("etoile.md", "---\nquestions:\n  - *un* mot\n---\nz", 3, "commencer par ce signe"),
        ("esperluette.md", "---\nquestions:\n  - &un mot\n---\nz", 3, "commencer par ce signe"),
        ("exclamation.md", "---\nquestions:\n  - !un mot\n---\nz", 3, "commencer par ce signe"),
        ("ferme.md", "---\nquestions:\n  - a\n—\nz", 4, "doit être « --- »"),
        ("debut.md", "questions:\n  - a\n---\nz", 1, "doit commencer par une ligne « --- »"),
        ("ligne.md", "---\nquestions:\n  - a\u2028b\n  - Un : deux\n---\nz", 4, "deux-points"),
        ("majuscule.md", "---\nQuestions:\n  - a\n---\nz", 2, "voulez-vous dire « questions »"),
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
    with pytest.raises(CorpusError) as caught:
        list(open_corpus(tmp_path).answers())
    assert list(caught.value.problems) == problems


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
    assert found == [("b", 1, Severity.ERROR), ("c", 4, Severity.WARNING), ("d", 1, Severity.WARNING)]
    assert "déjà celui de" in problems[0].message
    assert "« un »" in problems[1].message
    assert "attention : " in str(problems[2])


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("acronyms.tsv", "# c\nBAL boîte aux lettres\n", 2, "une tabulation"),
        ("acronyms.tsv", "BAL\tboîte\taux lettres\n", 1, "une tabulation"),
        ("acronyms.tsv", "BAL\t \n", 1, "une tabulation"),
        ("acronyms.tsv", "BAL\tx\n\nBAL\tx\n", 3, "déjà la ligne 1"),
        ("acronyms.tsv", "BAL\tx\nCR\tà".encode("latin-1"), 2, "UTF-8"),
        ("hors-sujet.txt", "# c\nquel TEMPS\n", 3, "hors-sujet.txt:2"),
        ("hors-sujet.txt", "Un ?\n\nun\n", 3, "déjà à la ligne 1"),
        ("hors-sujet.txt", "a\n" + "x" * 501, 2, "raccourcissez"),
        ("hors-sujet.txt", "a\nDurÃ©e ?\n", 2, "caractère abîmé après « Dur », sans doute « é » : retapez-le."),
        ("acronyms.tsv", "BAL\tboÃ®te\n", 1, "caractère abîmé après « BAL bo », sans doute « î » : retapez-le."),
        ("facettes.yaml", "c:\n  valeurs: [HÃ´pital]\n", 2, "caractère abîmé après « valeurs: [H »"),
        ("facettes.yaml", "couloir: x\n", 1, "la facette « couloir » doit avoir"),
        ("facettes.yaml", "couloir:\n  question: x\n", 1, "pas de liste de « valeurs »"),
        ("facettes.yaml", "couloir:\n  valeurs: [x, y, x]\n", 2, "« x » est deux fois"),
        ("facettes.yaml", "couloir:\n  valeurs: [x]\n  valeur: y\n", 3, "clé inconnue « valeur »"),
        ("facettes.yaml", "c:\n  valeurs: [x]\nc:\n  valeurs: [x]\n", 3, "deux fois"),
        ("facettes.yaml", "couloir:\n\tvaleurs: [x]\n", 2, "tabulation"),
        ("facettes.yaml", "- x\n", 1, "une clé"),
    ],
)
def test_mistakes_beside_the_answers(tmp_path: Path, name: str, content: str | bytes, line: int, words: str) -> None:
    """Acronyms, facets and off-topic questions are checked too; one that is also a curated question is told there."""
    write(tmp_path, {"answers/a.md": "---\nquestions:\n  - Quel temps ?\n---\nx", name: content})
    problems = [problem for problem in check_corpus(tmp_path) if words in str(problem)]
    assert [problem.line for problem in problems] == [line], check_corpus(tmp_path)


HEADER = "---\nquestions:\n{}\n---\nUne réponse."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEADER.format("  - prix de la carte\n    - carte perdue"), "4: « - » au début de cette ligne"),
        (HEADER.format("  -\u00a0Combien de temps ?"), "3: une espace insécable est au début de cette ligne"),
        (HEADER.format("\u00a0\u00a0- Combien de temps ?"), "3: une espace insécable est au début de cette ligne"),
        (HEADER.format("  - un\nsource:\u202fFAQ"), "4: une espace insécable est au début de cette ligne"),
        (HEADER.format("  - un\n  \u200b- deux"), "4: un caractère invisible est au début de cette ligne"),
        (HEADER.format("  - un\n    \u200b- deux"), "4: un caractère invisible est au début de cette ligne"),
        (HEADER.format("  - un\n\u2060source: FAQ"), "4: un caractère invisible est au début de cette ligne"),
        (HEADER.format("  1. Combien de temps ?"), "3: « 1. » au début de cette ligne"),
        (HEADER.format('  - "un\n  - deux"'), "4: « - » au début de cette ligne"),
        ("---\nquestions: |\n  un\n  - deux\n---\nTexte.", "4: « - » au début de cette ligne"),
        ("---\nquestions: >\n  un\n  deux\n---\nTexte.", "3: attention : cette ligne et la suivante ne font qu'un"),
        ("---\nquestions:\n  un\n  deux\n---\nTexte.", "3: attention : cette ligne et la suivante ne font qu'un"),
        (HEADER.format("  – Combien de temps ?"), "3: « – » au début de cette ligne"),
        (HEADER.format("  - un\n    2. deux"), "4: « 2. » au début de cette ligne"),
        (HEADER.format("  - un\n\u00a0\u00a0- deux"), "4: une espace insécable"),
        (HEADER.format("  - 'L'arrivée de la carte ?'"), "3: ce passage ne se lit pas. L'apostrophe du texte"),
        ("# Titre\n---\nquestions:\n  - un\n---\nTexte.", "2: l'en-tête doit être tout au début"),
        ("\u200b---\nquestions:\n  - un\n---\nTexte.", "1: un caractère invisible"),
        ("Questions:\n  - un\n\nTexte.", "1: l'en-tête doit commencer"),
        ("question :\n– un\n\nTexte.", "1: l'en-tête doit commencer"),
        ("```\n---\nquestions:\n  - un\n---\nTexte.\n```", "1: retirez cette ligne"),
        ("```\n\n---\nquestions:\n  - un\n---\nTexte.\n```", "1: retirez cette ligne"),
        ("```yaml\nquestions:\n  - un\n```\nTexte.", "1: mettez « --- », trois tirets, au lieu de cette ligne"),
        ("```\nSource: FAQ\n```\nTexte.", "1: mettez « --- », trois tirets, au lieu de cette ligne"),
        ("---\nsource: a\n---\nUn.\n---\nquestions:\n  - un ?\n---\nDeux.", "5: un second en-tête commence ici"),
        ("---\nsource: a\n---\nUn.\n\n---\nsource: b\n---\nDeux.", "6: un second en-tête commence ici"),
        ("---\nsource: a\n---\n\nquestions:\n  - un ?\n---\nUn.", "3: un second en-tête commence ici"),
        ("# Titre\n---\nsource: a\n---\nTexte.", "2: l'en-tête doit être tout au début"),
        ("# Titre\n\n---\nQuestions :\n  - un\n---\nTexte.", "3: l'en-tête doit être tout au début"),
        ("# Titre\nquestions:\n- un\n\nTexte.", "2: l'en-tête doit être tout au début"),
        ("Source: a\nQuestions:\n  - un\n---\nTexte.", "1: l'en-tête doit commencer"),
        ("Question: Combien ?\nTexte.", "1: attention : cette ligne ferait partie du texte"),
        ("---\nsource: a\n\u200b---\nTexte.\n\n---\nFin.", "3: un caractère invisible"),
        ("---\nsource: a\n ---\nTexte.", "3: un caractère invisible ou une espace"),
        ("---\nsource: a\n——\nTexte.\n\n---\nFin.", "3: cette ligne doit être « --- »"),
        ("La durÃ©e de validitÃ©.", "1: attention : caractère abîmé après « La dur »"),
        ("lâ€™accès", "1: attention : caractère abîmé après « l », sans doute « ’ » : retapez-le."),
        ("---\n---\n\nUn.\nau cÅ“ur Ã  Lyon", "5: attention : caractère abîmé après « au c », sans doute « œ » (et 1"),
        ("prixÂ ?", "1: attention : caractère abîmé après « prix », sans doute une espace : retapez-le."),
        ("d\ufffdlai", "1: attention : caractère abîmé après « d », sans doute un accent perdu : retapez-le."),
    ],
)
def test_what_would_be_lost_or_joined_in_silence_is_told(content: str, words: str, tmp_path: Path) -> None:
    """A header or a question that the program would take for something else."""
    write(tmp_path, {"answers/un.md": content})
    assert str(check_corpus(tmp_path)[0]).startswith(f"{tmp_path}/answers/un.md:{words}")


@pytest.mark.parametrize(
    "content",
    [
        "Question : combien ? Réponse : trois ans.",
        "Source : le code de la santé publique.\n\n---\n\nVoir aussi.",
        "- un\n- deux",
        "Sources :\n\nla loi.",
        "Voir.\n\n---\nSources :\n- la loi\n- le décret\n\n---\nFin.",
        "Voir.\n\n---\nSource : la loi\n---\nFin.",
        "Titre\n---\nQuestions fréquentes : aucune.\n\nTexte.\n***\nFin.",
        "Un exemple :\n\n```\n---\nquestions:\n  - un\n---\nTexte.\n```\nFin.",
        "```\nsource ~/.profile\n```\nPuis relancez.",
        "---\n---\n---\nUne règle de Markdown.\n\n---\n",
        "---\nsource: FAQ\n\nquestions:\n  - Un ?\n---\n\n- un\n---\n- deux",
        HEADER.format("  - Âge, durée « 3 ans », combien - en mois - de validité ?"),
    ],
)
def test_ordinary_texts_are_no_problem(content: str, tmp_path: Path) -> None:
    """What people write, and what only looks a little like a mistake."""
    write(tmp_path, {"answers/un.md": content})
    assert check_corpus(tmp_path) == []


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("- Le mode hors-ligne - est-il permis ?", "Le mode hors-ligne - est-il permis ?"),
        ("- 3.5 Mo suffisent-ils ?", "3.5 Mo suffisent-ils ?"),
        ("- 1. Comment ?", "1. Comment ?"),
        ("- Combien de\n    60 jours ?", "Combien de 60 jours ?"),
        ("- Une réponse de\n    2024. Et après ?", "Une réponse de 2024. Et après ?"),
        ('- "- comment faire une liste ?"', "- comment faire une liste ?"),
        ("- \u00a0Comment\u00a0?", "Comment ?"),
        ("- Comment ?\n\u00a0\u00a0\n", "Comment ?"),
        ("- 'Qu''est-ce ?'", "Qu'est-ce ?"),
        ("Comment ?", "Comment ?"),
        ("|\n  Comment ?", "Comment ?"),
    ],
)
def test_ordinary_questions_are_no_problem(tmp_path: Path, written: str, asked: str) -> None:
    """Hyphens, numbers, quotes and no-break spaces inside of a text are text, and one text needs no dash."""
    write(tmp_path, {"a.md": f"---\nquestions: {written}\n---\nz".replace(": -", ":\n  -")})
    assert check_corpus(tmp_path) == []
    assert next(open_corpus(tmp_path).answers()).questions == (asked,)


NOT_READ = "1: attention : ce fichier n'est pas lu"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("answers/facettes.yaml", f"{NOT_READ} : s'il devait l'être, son nom est « {{}}/facettes.yaml »."),
        ("facettes.yml", f"{NOT_READ} : s'il devait l'être, son nom est « facettes.yaml »."),
        ("acronymes.tsv", f"{NOT_READ} : s'il devait l'être, son nom est « acronyms.tsv »."),
        ("hors sujet.TXT", f"{NOT_READ} : « hors-sujet.txt » l'est. Reportez-y ce qui manque, puis retirez celui-ci."),
        ("answers/hors-sujet.txt", f"{NOT_READ} : « {{}}/hors-sujet.txt » l'est. Reportez-y"),
        ("x.md", f"{NOT_READ} : déplacez-le dans le dossier « answers »."),
        ("x.md ", f"{NOT_READ} : déplacez-le dans le dossier « answers » et nommez-le « x.md »."),
        ("certificats/Y.MD", f"{NOT_READ} : déplacez-le dans le dossier « answers » et nommez-le « y.md »."),
        ("x.docx", f"{NOT_READ} : faites-en des réponses, avec « "),
        (
            "Ma FAQ.docx",
            f"{NOT_READ} : faites-en des réponses, avec « souffleur import '{{}}/Ma FAQ.docx' {{}}/answers ».",
        ),
        ("answers/faq.xlsx", f"{NOT_READ} : faites-en des réponses, avec « souffleur import {{}}/answers/faq.xlsx "),
        ("answers/faq.doc", f"{NOT_READ} : enregistrez-le en .docx ou en .xlsx, et faites-en des réponses, avec « "),
        ("notes.txt", f"{NOT_READ} : si c'est une réponse, mettez-la dans un fichier « notes.md »"),
        ("answers/sans-fin", f"{NOT_READ} : une réponse porte un nom comme « sans-fin.md »."),
        ("answers/c.md ", f"{NOT_READ} : une réponse porte un nom comme « c.md »."),
        ("answers/d.md.txt", f"{NOT_READ} : une réponse porte un nom comme « d.md »."),
        ("answers/Carte d'été.txt", f"{NOT_READ} : une réponse porte un nom comme « carte-d-ete.md »."),
        ("answers/un.md.bak", f"{NOT_READ} : « un.md » est déjà là. Si c'en est une copie, retirez-la."),
        ("Carte d'été.md", f"{NOT_READ} : déplacez-le dans le dossier « answers » et nommez-le « carte-d-ete.md »."),
    ],
)
def test_a_file_in_the_wrong_place_or_misnamed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    """It would do nothing, and nobody would notice."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"answers/un.md": "x", "hors-sujet.txt": "y", name: "z"})
    (problem,) = check_corpus(tmp_path)
    assert str(problem).startswith(f"{tmp_path}/{name}:{words.format(*[tmp_path] * 2)}")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "carte-vitale 2",
            "carte-vitale (1)",
            "carte-vitale - Copie",
            "carte-vitale - Copie (2)",
            "carte-vitale copie",
        ),
        *("carte-vitale-PC-DE-MARIE", "carte-vitale-MacBook-Air", "Copie de carte-vitale", "carte-vitale_2"),
        "carte-vitale (copie en conflit de Marie 2026-04-03)",
        "carte-vitale.sync-conflict-20260403-101010-ABCDEFG",
        "carte-vitale (conflicted copy 2026-04-03 101010)",
    ],
)
def test_a_copy_is_told_as_one(tmp_path: Path, name: str) -> None:
    """What synchronising or copying leaves beside an answer is not to be renamed and published."""
    write(tmp_path, {"answers/carte-vitale.md": "x", f"answers/{name}.md": "x"})
    (problem,) = check_corpus(tmp_path)
    assert str(problem).startswith(
        f"{tmp_path}/answers/{name}.md:1: ce fichier a l'air d'une copie de « carte-vitale.md » : comparez-les"
    )


@pytest.mark.parametrize("name", ["carte vitale", "Carte", "carte-été"])
def test_a_name_that_is_none_is_shown_as_it_may_be(tmp_path: Path, name: str) -> None:
    """Another answer beside it does not make it a copy."""
    write(tmp_path, {"answers/carte.md": "x", f"answers/{name}.md": "y"})
    (problem,) = check_corpus(tmp_path)
    assert "sert d'identifiant" in problem.message
    assert re.search(r"comme « (carte(-vitale|-ete)?\.md) »", problem.message)


def test_a_corpus_without_a_folder_of_answers_tells_each_file_once(tmp_path: Path) -> None:
    """Its companions lie among the answers."""
    write(tmp_path, {"un.md": "x", "facettes.yml": "z", "acronyms.tsv": "", "b/acronyms.tsv": "", "notes.txt": "z"})
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in check_corpus(tmp_path)] == [
        f"b/acronyms.tsv:{NOT_READ} : « {tmp_path}/acronyms.tsv » l'est. Reportez-y ce qui manque, puis retirez "
        "celui-ci.",
        f"facettes.yml:{NOT_READ} : s'il devait l'être, son nom est « facettes.yaml ».",
        f"notes.txt:{NOT_READ} : une réponse porte un nom comme « notes.md ».",
    ]


def test_a_beir_folder_tells_of_misnamed_companions(tmp_path: Path) -> None:
    """All else in it is of another making, and none of an editor's."""
    write(
        tmp_path, {"corpus.jsonl": '{"_id": "a", "text": "x"}', "queries.jsonl": "", "qrels/test.tsv": "", "a.md": ""}
    )
    assert check_corpus(tmp_path) == []
    write(tmp_path, {"facettes.yml": ""})
    assert [Path(problem.path).name for problem in check_corpus(tmp_path)] == ["facettes.yml"]


def test_what_is_not_meant_to_be_read_is_not_told(tmp_path: Path) -> None:
    """Explanations, pictures, queries, sources, what is hidden, and what the system leaves."""
    names = ["LISEZMOI.md", "b/README.md", "logo.png", "queries/dev/q.jsonl", "sources/page.txt", ".git/x", "Thumbs.db"]
    names += ["~$faq.xlsx", "answers/~$ponse.docx", ".~lock.faq.ods#"]
    write(tmp_path, {"answers/un.md": "x", **dict.fromkeys(names, "z")})
    assert check_corpus(tmp_path) == []


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    """A document of another kind, a linked folder, a broken link and a pipe are named; pictures and notes are not."""
    write(
        tmp_path,
        {
            "answers/bon.md": "x",
            "answers/b/autre.DOCX": "x",
            "answers/Grand.MD": "x",
            "answers/README.md": "x",
            "answers/logo.png": "x",
            "answers/.cache/x.txt": "x",
            "ailleurs/y.md": "y",
        },
    )
    (tmp_path / "answers" / "lien").symlink_to(tmp_path / "ailleurs")
    (tmp_path / "answers" / "perdu.md").symlink_to(tmp_path / "absent.md")
    os.mkfifo(tmp_path / "answers" / "tuyau.md")
    problems = check_corpus(tmp_path)
    assert [(Path(problem.path).name, problem.severity) for problem in problems] == [
        ("y.md", Severity.WARNING),
        ("Grand.MD", Severity.WARNING),
        ("autre.DOCX", Severity.WARNING),
        ("lien", Severity.WARNING),
        ("perdu.md", Severity.ERROR),
        ("tuyau.md", Severity.ERROR),
    ]


def test_warnings_stop_nothing(tmp_path: Path) -> None:
    """A question twice in one answer, a lost dash, a damaged accent: each is a warning, and the corpus is read."""
    write(
        tmp_path,
        {
            "a.md": "---\nquestions:\n  - Un ?\n  - UN\n---\nx",
            "b.md": "---\nquestions:\n  - Deux ?\n    Trois ?\n---\ny",
            "c.md": "Un d\ufffdlai.",
            "d.md": "---\nquestions:\n  - Deux ? Trois ?\n---\nz",
            "e.md": "x" * 20_001,
        },
    )
    problems = check_corpus(tmp_path)
    assert [(Path(problem.path).name, problem.line, problem.severity) for problem in problems] == [
        ("a.md", 4, Severity.WARNING),
        ("b.md", 3, Severity.WARNING),
        ("c.md", 1, Severity.WARNING),
        ("d.md", 3, Severity.WARNING),
        ("e.md", 1, Severity.WARNING),
    ], problems
    assert "20000 au plus" in problems[-1].message
    assert len(list(open_corpus(tmp_path).answers())) == 5


def test_facet_values_are_known_by_their_letters(tmp_path: Path) -> None:
    """A typographic apostrophe and decomposed accents are no other value: the defined spelling is taken."""
    write(
        tmp_path,
        {
            "facettes.yaml": "couloir:\n  question: q\n  valeurs: [Hôpital, Service d'accès aux soins]\n",
            "answers/a.md": "---\nfacettes:\n  couloir: [Ho\u0302pital, Service d’accès aux soins]\n---\nx",
        },
    )
    assert check_corpus(tmp_path) == []
    answer = next(open_corpus(tmp_path).answers())
    assert answer.facets == {"couloir": ("Hôpital", "Service d'accès aux soins")}


def test_former_names_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    """A name that an answer has now, its own name, and one that two claim; a name alone is well."""
    write(
        tmp_path,
        {
            "a.md": "---\nanciens-noms:\n  - a\n  - b\n  - vieux\n---\nUn.",
            "b.md": "---\nanciens-noms: a\n---\nDeux.",
            "c.md": "---\nanciens-noms:\n  - vieux\n  - seul\n---\nTrois.",
        },
    )
    problems = check_corpus(tmp_path)
    found = [(Path(one.path).name, one.line, one.severity) for one in problems]
    warning = Severity.WARNING
    assert found == [("a.md", 3, warning), ("b.md", 2, warning), ("b.md", 4, warning), ("c.md", 3, warning)]
    for problem, words in zip(
        problems,
        ("qu'elle porte|que la réponse porte", "est le nom de", "aussi un ancien nom", "déjà un ancien"),
        strict=True,
    ):
        assert re.search(words, problem.message), problem


def test_keywords_among_questions_are_guessed(tmp_path: Path) -> None:
    """A string that asks nothing is warned of, with the place for it; titles and questions are not."""
    write(
        tmp_path,
        {
            "a.md": "---\nquestions:\n  - certificat expiration renouvellement\n  - Comment le renouveler ?\n"
            "  - Durée de validité du certificat\n  - cni, papiers, identité\nmots-cles: [a b c, 'd, e']\n---\nUn.",
        },
    )
    problems = check_corpus(tmp_path)
    assert [(one.line, one.severity) for one in problems] == [(3, Severity.WARNING), (6, Severity.WARNING)]
    assert "mettez-les sous « mots-cles »" in problems[0].message
    answer = next(open_corpus(tmp_path).answers())
    assert answer.keywords == ("a b c", "d e")
    assert len(answer.questions) == 4


def test_a_facet_says_what_an_answer_without_a_value_applies_to(tmp_path: Path) -> None:
    """« toutes », the default, or « aucune »; another word is told with its line."""
    lines = "{}:\n  question: q\n  sans-valeur: {}\n  valeurs: [x]\n"
    write(tmp_path, {"facettes.yaml": lines.format("a", "aucune") + lines.format("b", "toutes"), "a.md": "Un."})
    assert check_corpus(tmp_path) == []
    assert [facet.open_to_all for facet in open_corpus(tmp_path).facets] == [False, True]
    write(tmp_path, {"facettes.yaml": lines.format("a", "jamais")})
    (problem,) = check_corpus(tmp_path)
    assert (problem.line, "« jamais » n'est pas connu" in problem.message) == (3, True)


def test_a_day_of_change_is_read_or_told(tmp_path: Path) -> None:
    """As machines and as people write it; what is no day is an error with its line."""
    for written, day in (("2026-03-31", 31), ("1er mars 2026", 1), ("05/03/2026", 5)):
        write(tmp_path, {"a.md": f"---\nmodifie-le: {written}\n---\nUn."})
        (answer,) = open_corpus(tmp_path).answers()
        assert answer.changed_on == date(2026, 3, day)
    write(tmp_path, {"a.md": "---\nmodifie-le: 31/02/2026\n---\nUn."})
    (problem,) = check_corpus(tmp_path)
    assert (problem.line, problem.severity) == (2, Severity.ERROR)
    assert "n'est pas un jour" in problem.message


def test_shipped_corpus_is_clean() -> None:
    """The corpus of the project has no problem at all."""
    assert check_corpus(Path(__file__).parents[3] / "corpus") == []


def test_absent_and_empty_corpora_are_problems(tmp_path: Path) -> None:
    """There is nothing to check, and that is said."""
    assert "pas de corpus" in check_corpus(tmp_path / "absent")[0].message
    assert "aucune réponse" in check_corpus(tmp_path)[0].message


def test_values_on_one_line_are_told(tmp_path: Path) -> None:
    """A comma parts nothing, since a value may have one: among others it is none to tell."""
    write(tmp_path, {"un.md": "x", "facettes.yaml": "theme:\n  valeurs: Cours, Adhésion\n"})
    (problem,) = check_corpus(tmp_path)
    assert problem.severity is Severity.WARNING
    assert (problem.line, problem.message[:45]) == (2, "« Cours, Adhésion » est une seule valeur : s'")
    write(tmp_path, {"facettes.yaml": "theme:\n  valeurs:\n    - Cours, stages\n    - Adhésion\n"})
    assert check_corpus(tmp_path) == []
