"""Bringing a table in, and again: nothing that an editor wrote is lost."""

import csv
import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.cli import main
from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.corpus.imports.bring_in import carry_out, prepare_import
from indexer.corpus.imports.plan import Change
from indexer.corpus.phrasings.memory import AcceptedQuestion, DecidedQuestions, key_of
from indexer.corpus.phrasings.write import CorpusAdditions, write_decisions
from indexer.errors import CorpusError
from indexer.records import Answer, Severity

FACETS = "# de ma main\nthematique:\n  question: Quoi ?\n  valeurs:\n    -   Prix\n\n# suite\nautre:\n  valeurs: [x]\n"
Rows = dict[str, str]


def table(folder: Path, rows: Rows, name: str = "faq.csv") -> Path:
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["Question", "Réponse", "Thématique"])
        writer.writerows([question, text, "Délais"] for question, text in rows.items())
    return folder / name


def changes(file: Path, answers: Path) -> dict[str, Change]:
    return {step.file.stem: step.change for step in prepare_import(file, answers).plan.steps}


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    """Names stay, and not a byte is written again."""
    file = table(tmp_path, {"Quel délai ?": "Trois jours.", "Combien ?": "Rien."})
    carry_out(prepare_import(file, tmp_path / "answers"))
    before = {one: one.read_bytes() for one in (tmp_path / "answers").rglob("*") if one.is_file()}
    again = prepare_import(file, tmp_path / "answers")
    assert not again.changes_anything
    assert "2 sans changement" in str(again)
    assert before == {one: one.read_bytes() for one in (tmp_path / "answers").rglob("*") if one.is_file()}


def test_keywords_and_day_of_change_are_kept(tmp_path: Path) -> None:
    """What a table says beside question and answer is in the files that are made of it, and read again."""
    rows = tmp_path / "faq.csv"
    rows.write_text(
        "ID;Question;Réponse;Mots-clés;Modifié le;Anciens noms\n"
        "cni;Où la demander ?;En mairie.;cni, papiers;31/03/2026;carte\n",
        encoding="utf-8",
    )
    answers = tmp_path / "answers"
    assert main(["import", str(rows), str(answers), "--yes"]) == 0
    (answer,) = open_corpus(answers).answers()
    assert (answer.questions, answer.keywords) == (("Où la demander ?",), ("cni papiers",))
    assert (answer.changed_on, answer.former_ids) == (date(2026, 3, 31), ("carte",))
    line = {"id": "a", "text": "Un.", "mots-clés": "a; b", "modifie_le": "2026-03-31", "former_ids": ["z"]}
    file = tmp_path / "faq.jsonl"
    file.write_text(json.dumps(line), encoding="utf-8")
    (answer,) = open_corpus(file).answers()
    assert answer == Answer("a", "Un.", keywords=("a b",), changed_on=date(2026, 3, 31), former_ids=("z",))


def test_a_question_asked_twice_under_two_numbers_is_told(tmp_path: Path) -> None:
    """Numbered rows stay apart, even with one question: both are brought in, and the editor reads of it at once."""
    rows = tmp_path / "faq.csv"
    rows.write_text("N°;Question;Réponse\n1;Où ?;Ici.\n2;Quand ?;Demain.\n3;OÙ ?;Là.\n", encoding="utf-8")
    prepared = prepare_import(rows, tmp_path / "answers")
    assert [step.draft.answer.text for step in prepared.plan.steps if step.draft] == ["Ici.", "Demain.", "Là."]
    assert str(prepared).split("\n")[0] == (
        f"{rows}:4: attention : cette ligne a une question de la ligne 2, mais un autre identifiant : les deux "
        "réponses sont gardées. Est-ce voulu ?"
    )


@pytest.mark.parametrize("ids", [("", ""), ("a", ""), ("", "a"), ("a", "a")])
def test_a_question_asked_twice_without_two_ids_is_told_without_them(tmp_path: Path, ids: tuple[str, str]) -> None:
    """Where one of the two rows has none, or both have the same one, no id is the reason that they stay apart."""
    rows = tmp_path / "faq.csv"
    rows.write_text(f"ID;Question;Réponse\n{ids[0]};Où ?|Ici ?;Ici.\n{ids[1]};Ici ?;Là.\n", encoding="utf-8")
    notes = [note.message for note in prepare_import(rows, tmp_path / "answers").drafts.notes if note.line == 3]
    assert notes == ["cette ligne a une question de la ligne 2 : les deux réponses sont gardées. Est-ce voulu ?"]


def test_an_id_given_twice_is_told(tmp_path: Path) -> None:
    """The second answer gets another name; numbers that begin anew under each heading are none."""
    rows = tmp_path / "faq.csv"
    rows.write_text(
        "ID;Question;Réponse\ncarte;Où ?;Ici.\nCarte;Quand ?;Demain.\n1;Qui ?;Un.\n1;Quoi ?;Deux.\n", encoding="utf-8"
    )
    prepared = prepare_import(rows, tmp_path / "answers")
    assert [str(note).removeprefix(str(rows)) for note in prepared.drafts.notes] == [
        ":3: attention : cellule A3 : l'identifiant « Carte » est déjà celui de la ligne 2 : les deux réponses sont "
        "gardées, celle-ci sous un autre nom. Est-ce voulu ?"
    ]
    assert [step.file.stem for step in prepared.plan.steps] == ["carte", "carte-2", "qui", "quoi"]


def test_each_change_is_known(tmp_path: Path) -> None:
    """New, changed there, changed here, by both, removed here, gone there, renamed here: each is what it is."""
    answers = tmp_path / "answers"
    rows = {f"Question {word} ?": f"Réponse {word}." for word in ("alpha", "beta", "gamma", "delta", "omega", "kappa")}
    carry_out(prepare_import(table(tmp_path, rows), answers))
    files = {one.stem.split("-")[-1]: one for one in answers.rglob("*.md")}
    for name in ("beta", "gamma"):
        files[name].write_text(files[name].read_text(encoding="utf-8") + "\nAjout.\n", encoding="utf-8")
    files["delta"].unlink()
    files["kappa"].rename(files["kappa"].with_name("nom-choisi.md"))
    del rows["Question omega ?"]
    rows |= {"Question alpha ?": "Autre.", "Question gamma ?": "Encore autre.", "Question zeta ?": "Neuf."}
    found = {name.split("-")[-1]: change for name, change in changes(table(tmp_path, rows), answers).items()}
    assert found == {
        "alpha": Change.CHANGED,
        "beta": Change.KEPT,
        "gamma": Change.CONFLICT,
        "delta": Change.TAKEN_OUT,
        "omega": Change.GONE,
        "choisi": Change.SAME,
        "zeta": Change.NEW,
    }
    carry_out(prepare_import(tmp_path / "faq.csv", answers))
    assert files["beta"].read_text(encoding="utf-8").endswith("Ajout.\n")
    assert files["gamma"].read_text(encoding="utf-8").endswith("Ajout.\n")
    assert files["omega"].exists()
    carry_out(prepare_import(tmp_path / "faq.csv", answers, overwrites=True, removes=True))
    assert "Encore autre." in files["gamma"].read_text(encoding="utf-8")
    assert not files["omega"].exists()
    assert check_corpus(tmp_path / "answers") == []


def test_a_renamed_table_is_the_same(tmp_path: Path) -> None:
    """Next year's file, of which most is the same, goes on from this year's."""
    rows = {f"Question {word} ?": f"Réponse {word}." for word in ("alpha", "beta", "gamma")}
    carry_out(prepare_import(table(tmp_path, rows), tmp_path / "answers"))
    del rows["Question beta ?"]
    later = prepare_import(table(tmp_path, rows, "faq 2027.csv"), tmp_path / "answers")
    assert later.plan.was == "faq.csv"
    assert [step.change for step in later.plan.steps] == [Change.SAME, Change.SAME, Change.GONE]


def test_facet_values_are_added_as_lines(tmp_path: Path) -> None:
    """What facettes.yaml holds stays byte for byte; the new value is one line, and the corpus has no problem."""
    (tmp_path / "facettes.yaml").write_bytes(FACETS.replace("\n", "\r\n").encode())
    carry_out(prepare_import(table(tmp_path, {"Quel délai ?": "Trois jours."}), tmp_path / "answers"))
    (tmp_path / "faq.csv").unlink()
    expected = FACETS.replace("Prix\n", "Prix\n    - Délais\n").replace("\n", "\r\n")
    assert (tmp_path / "facettes.yaml").read_bytes() == expected.encode()
    assert check_corpus(tmp_path) == []


WORD = st.text("abcdé '-#*", min_size=1, max_size=12).filter(str.strip)


@settings(deadline=None, max_examples=30)
@given(
    first=st.dictionaries(WORD, WORD, min_size=1, max_size=5),
    second=st.dictionaries(WORD, WORD, min_size=1, max_size=5),
    edited=st.sets(st.integers(0, 4)),
    note=st.binary(max_size=12),
)
def test_edited_files_survive(
    first: Rows, second: Rows, edited: set[int], note: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the table becomes, a file that an editor touched, and any other file, keeps every byte."""
    folder = tmp_path_factory.mktemp("survive")
    carry_out(prepare_import(table(folder, first), folder / "answers"))
    files = sorted((folder / "answers").rglob("*.md"))
    mine = {}
    for at, file in enumerate(files):
        if at in edited:
            file.write_bytes(file.read_bytes() + b"\r\n  Ajout de ma main.\t\n")
            mine[file] = file.read_bytes()
    other = folder / "answers" / "LISEZMOI.md"
    other.write_bytes(note)
    again = prepare_import(table(folder, second), folder / "answers", removes=True)
    carry_out(again)
    assert {file: file.read_bytes() for file in mine} == mine
    assert other.read_bytes() == note


def test_the_command_asks_before_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and without --yes nothing is written, and that is said; with --yes it is."""
    file = table(tmp_path, {"Quel délai ?": "Trois jours."})
    assert main(["import", str(file), str(tmp_path / "answers")]) == 2
    assert "Rien n'a été écrit" in capsys.readouterr().out
    assert not (tmp_path / "answers").exists()
    assert main(["import", str(file), str(tmp_path / "answers"), "--yes"]) == 0
    assert [one.text for one in open_corpus(tmp_path / "answers").answers()] == ["Trois jours."]


def test_the_folder_of_a_corpus_stands_for_its_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given `corpus` for `corpus/answers`, an import writes where a build reads, and says so."""
    corpus = tmp_path / "corpus"
    (corpus / "answers").mkdir(parents=True)
    assert main(["import", str(table(tmp_path, {"Quel délai ?": "Trois jours."})), str(corpus), "--yes"]) == 0
    assert f"1 réponse dans {corpus / 'answers'}." in capsys.readouterr().out
    assert [one.text for one in open_corpus(corpus).answers()] == ["Trois jours."]
    assert [one.name for one in corpus.iterdir()] == ["answers"]


def test_nothing_is_brought_beside_the_file_of_a_corpus(tmp_path: Path) -> None:
    """Where all answers are in a corpus.jsonl, a build would read none of the files: that is told before."""
    (tmp_path / "corpus.jsonl").write_text('{"_id": "a", "text": "Un."}\n', encoding="utf-8")
    file = table(tmp_path, {"Quel délai ?": "Trois jours."})
    for folder in (tmp_path, tmp_path / "answers"):
        with pytest.raises(
            CorpusError, match=r"corpus\.jsonl:1: les réponses de ce dossier sont toutes dans ce fichier"
        ):
            prepare_import(file, folder)


def test_former_names_given_later_are_a_change(tmp_path: Path) -> None:
    """Filling « Anciens noms » of a table that was brought in before changes the file; without them nothing changes."""
    rows = "Question;Réponse;Anciens noms\nQuel délai ?;Trois jours.;{}\nCombien ?;Rien.;\n"
    file, answers = tmp_path / "faq.csv", tmp_path / "answers"
    file.write_text(rows.format(""), encoding="utf-8")
    carry_out(prepare_import(file, answers))
    file.write_text(rows.format("ancien-delai.md"), encoding="utf-8")
    assert changes(file, answers) == {"delai": Change.CHANGED, "combien": Change.SAME}
    carry_out(prepare_import(file, answers))
    assert {one.id: one.former_ids for one in open_corpus(answers).answers()} == {
        "delai": ("ancien-delai",),
        "combien": (),
    }
    assert changes(file, answers) == {"delai": Change.SAME, "combien": Change.SAME}


def test_a_former_name_that_is_no_name_is_told(tmp_path: Path) -> None:
    """What no file can have been called leads nowhere: it is left out, with its place."""
    file = tmp_path / "faq.csv"
    file.write_text("Question;Réponse;Anciens noms\nQuel délai ?;Trois jours.;Délai | delais\n", encoding="utf-8")
    prepared = prepare_import(file, tmp_path / "answers")
    (note,) = prepared.drafts.notes
    assert (note.line, note.severity) == (2, Severity.WARNING)
    assert "l'ancien nom « Délai » n'est pas celui d'un fichier" in note.message
    assert prepared.drafts.drafts[0].answer.former_ids == ("delais",)


def test_a_problem_that_quotes_the_word_for_an_id_is_told(tmp_path: Path) -> None:
    """Only what is wrong with the id itself does not matter, since another is made of it."""
    file = tmp_path / "faq.jsonl"
    wrong = {"id": "a b", "text": "Tapez l'identifiant\x01 ici.", "questions": ["Où ?"]}
    good = {"id": "c d", "text": "Là.", "questions": ["Quand ?"]}
    file.write_text(f"{json.dumps(wrong)}\n{json.dumps(good)}\n", encoding="utf-8")
    prepared = prepare_import(file, tmp_path / "answers")
    assert [note.message for note in prepared.drafts.notes] == [
        "caractère interdit (U+0001) après « Tapez l'identifiant » : retirez-le."
    ]
    assert [step.draft.answer.text for step in prepared.writes if step.draft] == ["Là."]


def test_answers_removed_here_come_back_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Deleted files stay deleted, even with --overwrite; the plan names --restore, which writes them as before."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours.", "Combien ?": "Rien."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    before = {one: one.read_bytes() for one in answers.rglob("*.md")}
    for one in before:
        one.unlink()
    assert main(["import", str(file), str(answers), "--overwrite", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "2 ont été retirées d'ici : laissées de côté. Pour les remettre, ajoutez --restore" in said
    assert "x delais/delai.md — Quel délai ?" in said
    assert list(answers.rglob("*.md")) == []
    assert main(["import", str(file), str(answers), "--restore", "--yes"]) == 0
    assert {one: one.read_bytes() for one in answers.rglob("*.md")} == before
    assert set(changes(file, answers).values()) == {Change.SAME}


def test_an_answer_renamed_and_corrected_is_not_made_twice(tmp_path: Path) -> None:
    """A file that has another name and other words is still seen to ask the same: nothing comes back beside it."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    (answers / "delais" / "delai.md").unlink()
    (answers / "attente.md").write_text("---\nquestions:\n  - Quel délai ?\n---\nQuatre jours.\n", encoding="utf-8")
    prepared = prepare_import(file, answers, restores=True)
    assert [(step.change, step.file.name) for step in prepared.plan.steps] == [(Change.ALIKE, "attente.md")]
    assert not prepared.changes_anything


def test_an_import_that_was_forgotten_is_known_again(tmp_path: Path) -> None:
    """Without its trace, files that are still what the table says are of it: its next correction reaches them."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours.", "Combien ?": "Rien."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    edited = answers / "delais" / "combien.md"
    edited.write_text(edited.read_text(encoding="utf-8") + "Ni frais.\n", encoding="utf-8")
    (answers / ".imports.json").unlink()
    before = {one: one.read_bytes() for one in answers.rglob("*.md")}
    assert main(["import", str(file), str(answers), "--yes"]) == 0
    assert {one: one.read_bytes() for one in answers.rglob("*.md")} == before
    assert changes(file, answers) == {"delai": Change.SAME, "combien": Change.ALIKE}
    table(tmp_path, {"Quel délai ?": "Dix jours.", "Combien ?": "Un euro."})
    assert changes(file, answers) == {"delai": Change.CHANGED, "combien": Change.ALIKE}


def test_what_two_tables_bring_is_of_the_first(tmp_path: Path) -> None:
    """The second one, which has the same answer word for word, neither claims its file nor removes it."""
    rows = {f"Question {word} ?": f"Réponse {word}." for word in ("alpha", "beta", "gamma")}
    carry_out(prepare_import(table(tmp_path, rows), tmp_path / "answers"))
    second = table(tmp_path, {"Question beta ?": "Réponse beta.", "Une ?": "A.", "Deux ?": "B."}, "autre.csv")
    carry_out(prepare_import(second, tmp_path / "answers"))
    table(tmp_path, {"Une ?": "A.", "Deux ?": "B."}, "autre.csv")
    again = prepare_import(second, tmp_path / "answers", removes=True)
    assert not again.changes_anything


def test_an_answer_renamed_as_the_guide_says_is_the_same(tmp_path: Path) -> None:
    """Its old name under `anciens-noms`: what the source does with it is seen, and its old address outlives that."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours.", "Combien ?": "Rien."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    renamed = answers / "attente.md"
    text = (answers / "delais" / "delai.md").read_text(encoding="utf-8")
    (answers / "delais" / "delai.md").unlink()
    renamed.write_text(text.replace("---\n", "---\nanciens-noms: delai\n", 1), encoding="utf-8")
    assert changes(file, answers) == {"attente": Change.KEPT, "combien": Change.SAME}
    gone = prepare_import(table(tmp_path, {"Combien ?": "Rien."}), answers)
    assert "n'est plus dans « faq.csv », mais a été changée ici : laissée" in str(gone)
    assert "- attente.md" in str(gone)
    changed = prepare_import(
        table(tmp_path, {"Quel délai ?": "Dix jours.", "Combien ?": "Rien."}), answers, overwrites=True
    )
    assert "1 ancien nom y reste" in str(changed)
    carry_out(changed)
    assert {one.id: (one.text, one.former_ids) for one in open_corpus(answers).answers()} == {
        "attente": ("Dix jours.", ("delai",)),
        "combien": ("Rien.", ()),
    }
    assert changes(file, answers) == {"attente": Change.KEPT, "combien": Change.SAME}


def test_an_answer_that_took_another_one_in_stays_itself(tmp_path: Path) -> None:
    """Two answers of a table made one, which has the name of both: no row is written over the text of the other."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours.", "Combien ?": "Rien."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    kept = answers / "delais" / "combien.md"
    (answers / "delais" / "delai.md").unlink()
    kept.write_text("---\nanciens-noms: delai\n---\nRien, en trois jours.\n", encoding="utf-8")
    again = prepare_import(table(tmp_path, {"Quel délai ?": "Dix jours.", "Combien ?": "Un euro."}), answers)
    assert [(step.change, step.file.name) for step in again.plan.steps] == [
        (Change.CONFLICT, "combien.md"),
        (Change.TAKEN_OUT, "delai.md"),
    ]


def test_an_import_beside_the_corpus_says_what_would_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build of the settings' corpus reads no other folder: that is said before, and the command that does, after."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path, {"Quel délai ?": "Trois jours."})
    assert main(["import", "faq.csv", "mes réponses", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Attention" not in said
    assert said.endswith("À faire ensuite : « souffleur build --corpus 'mes réponses' ».\n")
    (tmp_path / "corpus" / "answers").mkdir(parents=True)
    assert main(["import", "faq.csv", "answers", "--yes"]) == 0
    said = capsys.readouterr().out
    assert (
        "Attention : « answers » n'est pas dans le corpus « corpus » : « souffleur build » n'y lira rien. Pour servir "
        "ces réponses avec les autres, donnez à l'import « corpus/answers »." in said
    )
    assert main(["import", "faq.csv", "corpus", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Attention" not in said
    assert said.endswith("dans corpus/answers. À faire ensuite : « souffleur build ».\n")


def test_the_folder_of_a_theme_stands_for_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its names and its facets are those of all answers: none is given twice, and a new value is defined."""
    monkeypatch.chdir(tmp_path)
    theme = tmp_path / "corpus" / "answers" / "prix"
    theme.mkdir(parents=True)
    (tmp_path / "corpus" / "facettes.yaml").write_text("thematique:\n  valeurs:\n    - Prix\n", encoding="utf-8")
    (tmp_path / "corpus" / "answers" / "delai.md").write_text("Tout autre chose.", encoding="utf-8")
    table(tmp_path, {"Quel délai ?": "Trois jours."})
    assert main(["import", "faq.csv", "corpus/answers/prix", "--yes"]) == 0
    assert [answer.id for answer in open_corpus(Path("corpus")).answers()] == ["delai", "delai-2"]
    assert check_corpus(Path("corpus")) == []
    assert (tmp_path / "corpus" / "answers" / ".imports.json").exists()


@pytest.mark.parametrize("mark", ["\x0b", "\x0c"])
def test_what_is_imported_is_read_by_the_next_build(tmp_path: Path, mark: str) -> None:
    """Line and page ends as a text processor leaves them in a cell are line ends of the file."""
    file = table(tmp_path, {f"Quel{mark}délai ?": f"Trois jours.{mark}Cinq en été."})
    carry_out(prepare_import(file, tmp_path / "answers"))
    assert check_corpus(tmp_path / "answers") == []
    (answer,) = open_corpus(tmp_path / "answers").answers()
    assert (answer.questions, answer.text) == (("Quel délai ?",), "Trois jours.\nCinq en été.")
    assert changes(file, tmp_path / "answers") == {"delai": Change.SAME}


def test_a_name_from_a_mac_is_found_as_it_is_typed(tmp_path: Path) -> None:
    """Its accents are signs of their own on that disk, and letters on a keyboard; to people it is one name."""
    table(tmp_path, {"Quel délai ?": "Trois jours."}, unicodedata.normalize("NFD", "été.csv"))
    typed = tmp_path / unicodedata.normalize("NFC", "été.csv")
    assert not typed.exists()
    assert len(prepare_import(typed, tmp_path / "answers").drafts.drafts) == 1
    assert [answer.text for answer in open_corpus(typed).answers()] == ["Trois jours."]
    with pytest.raises(CorpusError, match="il n'y a pas de fichier à cet endroit"):
        prepare_import(tmp_path / "hiver à.csv", tmp_path / "answers")


def test_an_address_is_no_file(tmp_path: Path) -> None:
    """Nothing is fetched: a page is saved by the browser first."""
    with pytest.raises(CorpusError, match="une page ne se lit pas à son adresse : ouvrez-la dans votre navigateur"):
        prepare_import(Path("https://exemple.fr/faq"), tmp_path / "answers")


def test_an_answer_is_not_imported(tmp_path: Path) -> None:
    """It has the form that an import would give it."""
    (tmp_path / "un.md").write_text("Un texte.\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"un fichier \.md est déjà une réponse : copiez-le"):
        prepare_import(tmp_path / "un.md", tmp_path / "answers")


@pytest.mark.parametrize("name", ["faq.csv", "faq.xlsx", "faq.docx", "faq.html", "faq.txt"])
def test_an_empty_file_is_told_as_one(tmp_path: Path, name: str) -> None:
    """A copy that failed is neither damaged nor without headings."""
    (tmp_path / name).touch()
    with pytest.raises(CorpusError, match="ce fichier est vide"):
        prepare_import(tmp_path / name, tmp_path / "answers")


@pytest.mark.parametrize("mark", ["~$faq.csv", "~$q.csv", ".~lock.faq.csv#"])
def test_a_table_that_is_open_is_told(tmp_path: Path, mark: str) -> None:
    """What was typed and not saved is missed: the plan says why. The mark of the other program is no table itself."""
    file = table(tmp_path, {"Quel délai ?": "Trois jours."})
    assert prepare_import(file, tmp_path / "answers").drafts.notes == ()
    (tmp_path / mark).write_bytes(b"\x05Marie")
    (note,) = prepare_import(file, tmp_path / "answers").drafts.notes
    assert note.message.startswith("ce fichier est ouvert dans un autre programme")
    assert note.severity is Severity.WARNING


def test_the_mark_of_an_open_document_is_no_document(tmp_path: Path) -> None:
    """It has the ending of one, and is beside it."""
    (tmp_path / "~$faq.xlsx").write_bytes(b"\x05Marie")
    with pytest.raises(CorpusError, match="c'est la marque d'un document ouvert dans Office"):
        prepare_import(tmp_path / "~$faq.xlsx", tmp_path / "answers")


def test_a_cell_that_is_too_long_is_not_only_told_for_a_quotation_mark(tmp_path: Path) -> None:
    """A picture pasted into a cell as HTML has five million letters, and no quotation mark is open."""
    file = table(tmp_path, {"Quel délai ?": "x" * 5_000_000, "Combien ?": "Rien."})
    (error,) = [
        one for one in prepare_import(file, tmp_path / "answers").drafts.notes if one.severity is Severity.ERROR
    ]
    assert error.line == 2
    assert "une cellule a plus de 4000000 caractères" in error.message
    assert "si elle est si longue, partagez-la" in error.message


def test_a_text_that_fits_in_no_file_is_told(tmp_path: Path) -> None:
    """Its row is left, with its cell; the other rows are brought in."""
    file = table(tmp_path, {"Quel délai ?": "é" * 2_100_000, "Combien ?": "Rien."})
    prepared = prepare_import(file, tmp_path / "answers")
    assert [str(one).removeprefix(str(file)) for one in prepared.drafts.notes if one.severity is Severity.ERROR] == [
        ":2: cellule B2 : ce texte ne tient pas dans un fichier de 4000000 octets, et est laissé : partagez-le."
    ]
    carry_out(prepared)
    assert [answer.text for answer in open_corpus(tmp_path / "answers").answers()] == ["Rien."]


def test_accepted_questions_outlive_an_overwrite(tmp_path: Path) -> None:
    """What editors took from visitors stays in the file that the source replaces, then and at each import after."""
    file, answers = table(tmp_path, {"Quel délai ?": "Trois jours."}), tmp_path / "answers"
    carry_out(prepare_import(file, answers))
    accept(tmp_path, "faut-il un bonnet")
    written = answers / "delais" / "delai.md"
    by_hand = written.read_text(encoding="utf-8").replace("  - faut-il", "  - Écrite à la main ?\n  - faut-il")
    written.write_text(by_hand, encoding="utf-8", newline="\r\n")  # as some editors save it
    for text in ("Quatre jours.", "Cinq jours."):
        again = prepare_import(table(tmp_path, {"Quel délai ?": text}), answers, overwrites=True)
        assert "1 question acceptée y reste" in str(again)
        carry_out(again)
        (answer,) = open_corpus(tmp_path).answers()
        assert (answer.text, answer.questions) == (text, ("Quel délai ?", "faut-il un bonnet"))
        assert changes(file, answers) == {"delai": Change.KEPT}
    with_it = table(tmp_path, {"Quel délai ? | Faut-il un bonnet ?": "Six jours."})
    carry_out(prepare_import(with_it, answers, overwrites=True))
    (answer,) = open_corpus(tmp_path).answers()
    assert answer.questions == ("Quel délai ?", "Faut-il un bonnet ?")


def accept(corpus: Path, question: str) -> None:
    """Put a visitor's question into the one answer of a corpus, as editors do."""
    opened = open_corpus(corpus)
    (answer,) = opened.answers()
    decided = DecidedQuestions((AcceptedQuestion(key_of(question), answer.id, "found", "2026-11-02"),))
    write_decisions(opened, CorpusAdditions({answer.id: [question]}), decided)
