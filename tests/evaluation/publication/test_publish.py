"""A corpus is put into service only if questions are answered no worse by it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.publication.publish import HowToBuild, Publication, publish
from evaluation.publication.questions import OWN, VISITORS, Heard
from indexer.corpus import open_corpus
from indexer.corpus.phrasings.memory import AcceptedQuestion, DecidedQuestions, key_of
from indexer.errors import CorpusError
from indexer.french.text import words_of
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.milvus_indexes import MilvusIndexes
from server.feedback.asked import AskedQuestion, JudgedAnswer
from tests.corpora import ANSWERS
from tests.fakes import FakeEncoder
from tests.stores import connected


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """The small corpus as files."""
    answers = tmp_path / "corpus" / "answers"
    answers.mkdir(parents=True)
    for answer in ANSWERS:
        (answers / f"{answer.id}.md").write_text(
            "---\nquestions:\n" + "".join(f'  - "{one}"\n' for one in answer.questions) + f"---\n{answer.text}\n",
            encoding="utf-8",
        )
    return tmp_path / "corpus"


def publish_now(
    corpus: Path,
    *,
    heard: Heard | None = None,
    store: MilvusIndexes | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Publication:
    """Publish with the fake encoder."""
    return publish(
        open_corpus(corpus),
        corpus.parent / "index",
        encoder=FakeEncoder(),
        heard=heard or Heard(),
        how=HowToBuild(),
        store=store,
        dry_run=dry_run,
        force=force,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MilvusIndexes]:
    """A Milvus in a file, with nothing in it."""
    store = connected(f"milvus+lite://{tmp_path / 'faq.db'}")
    yield store
    store.close()


def break_answer(corpus: Path) -> None:
    """Edit as one may by accident: the text and the questions of an answer are those of another matter."""
    file = corpus / "answers" / "validite-certificat.md"
    file.write_text("---\nquestions:\n  - Où garer sa voiture ?\n---\nLe parking est au sous-sol.\n", encoding="utf-8")


def test_another_encoder_takes_its_place_through_the_gate(corpus: Path) -> None:
    """Each index is asked with its own; that of questions asked before is kept for the next time, no other."""
    publish_now(corpus)
    new = FakeEncoder(name="tuned", dimension=48)
    done = publish(
        open_corpus(corpus),
        corpus.parent / "index",
        encoder=new,
        served_by=FakeEncoder(),
        heard=Heard(),
        how=HowToBuild(),
    )
    assert done.served
    assert done.trial is not None
    assert all(one.was_right and one.is_right for one in done.trial.compared)
    assert Index.open(corpus.parent / "index").manifest.encoder.fingerprint == new.fingerprint
    kept = list((corpus.parent / "index" / "publications").glob("*.npz"))
    assert [new.fingerprint[:12] in file.name for file in kept] == [True]


def test_the_first_is_published(corpus: Path) -> None:
    """There is nothing to compare with yet; publishing it again changes nothing."""
    first = publish_now(corpus)
    assert (first.served, first.trial) == (True, None)
    assert IndexFolder(corpus.parent / "index").current_id() == first.index_id
    again = publish_now(corpus)
    assert (again.served, again.unchanged, again.index_id) == (False, True, first.index_id)


def test_an_edit_that_breaks_an_answer_is_refused(corpus: Path) -> None:
    """The questions that broke are named, the index in service stays, and the report lies beside it."""
    before = publish_now(corpus)
    break_answer(corpus)
    refused = publish_now(corpus)
    assert refused.trial is not None
    assert not refused.served
    assert any("« validite-certificat » n'est plus trouvée" in one for one in refused.trial.objections)
    assert {one.question.text for one in refused.trial.worse} == {*ANSWERS[0].questions}
    folder = IndexFolder(corpus.parent / "index")
    assert folder.current_id() == before.index_id
    assert folder.ids() == [before.index_id]
    assert refused.file is not None
    report = refused.file.read_text(encoding="utf-8")
    assert report.startswith("# Refusé : rien n'a changé en service")
    assert all(f"« {question} »" in report for question in ANSWERS[0].questions)
    assert refused.file.parent == corpus.parent / "index" / "publications"


def test_who_means_it_can_insist(corpus: Path) -> None:
    """With force it is served, and the report says what got worse."""
    publish_now(corpus)
    break_answer(corpus)
    done = publish_now(corpus, force=True)
    assert done.served
    assert done.report.startswith("# Mis en service, malgré ce qui suit")


def test_a_dry_run_changes_nothing_in_service(corpus: Path) -> None:
    """It says what would come of it, good or bad."""
    before = publish_now(corpus)
    with (corpus / "answers" / "sans-question.md").open("a", encoding="utf-8") as file:
        file.write("Le format est documenté.\n")
    tried = publish_now(corpus, dry_run=True)
    assert tried.report.startswith("# Essai : ce serait mis en service")
    assert IndexFolder(corpus.parent / "index").current_id() == before.index_id
    break_answer(corpus)
    assert publish_now(corpus, dry_run=True).report.startswith("# Essai : ce serait refusé")
    assert IndexFolder(corpus.parent / "index").ids() == [before.index_id]


def test_a_harmless_edit_is_published(corpus: Path) -> None:
    """One more answer and one more question: nothing that was right is wrong."""
    publish_now(corpus)
    (corpus / "answers" / "parking.md").write_text("Le parking est au sous-sol.\n", encoding="utf-8")
    done = publish_now(corpus)
    assert done.trial is not None
    assert (done.served, done.trial.added, done.trial.gone) == (True, ("parking",), ())
    assert [one.source for one in done.trial.figures] == [OWN]


def test_a_removed_answer_is_no_failure_and_many_are(corpus: Path) -> None:
    """Its questions are left out and counted; where many answers have gone, somebody lost a folder."""
    publish_now(corpus)
    (corpus / "answers" / "types-de-bal.md").unlink()
    done = publish_now(corpus)
    assert done.trial is not None
    assert (done.served, done.trial.gone, done.trial.unasked) == (True, ("types-de-bal",), {OWN: 1})
    for name in ("validite-certificat.md", "code-erreur-905.md"):
        (corpus / "answers" / name).unlink()
    refused = publish_now(corpus)
    assert refused.trial is not None
    assert not refused.served
    assert refused.trial.objections[-1].startswith("2 réponses sur 3 ont disparu")


def test_a_renamed_answer_is_the_same(corpus: Path) -> None:
    """Under its new name, where it says the old one."""
    publish_now(corpus)
    file = corpus / "answers" / "types-de-bal.md"
    text = file.read_text(encoding="utf-8").replace("questions:", "anciens-noms: [types-de-bal]\nquestions:")
    file.with_name("boites.md").write_text(text, encoding="utf-8")
    file.unlink()
    done = publish_now(corpus)
    assert done.trial is not None
    assert (done.served, done.trial.gone, done.trial.added, done.trial.worse) == (True, (), (), ())


def test_a_question_given_to_another_answer_is_expected_there(corpus: Path) -> None:
    """An editor who moves a question breaks nothing."""
    publish_now(corpus)
    first, second = (corpus / "answers" / f"{name}.md" for name in ("validite-certificat", "code-erreur-905"))
    line = '  - "Suis-je prévenu avant la fin ?"\n'
    first.write_text(first.read_text(encoding="utf-8").replace(line, ""), encoding="utf-8")
    text = second.read_text(encoding="utf-8").replace("questions:\n", f"questions:\n{line}")
    second.write_text(text, encoding="utf-8")
    done = publish_now(corpus)
    assert done.trial is not None
    assert (done.served, done.trial.worse) == (True, ())


def test_visitors_questions_are_held_out(corpus: Path) -> None:
    """What visitors judged, and what was accepted as meaning the same, is asked; not what an answer has by now."""
    asked = [
        AskedQuestion(text, words_of(text), 1, frozenset([day]), 0, 1, 0.5, None)
        for day, text in enumerate(("certificat valable combien", "Suis-je prévenu avant la fin ?", "la fin du certif"))
    ]
    judged = [
        JudgedAnswer(words_of(one.question), "validite-certificat", frozenset([1]), frozenset()) for one in asked[:2]
    ]
    accepted = AcceptedQuestion("k", "validite-certificat", "", "2026-11-29", (key_of("la fin du certif"),))
    heard = Heard(asked, judged, DecidedQuestions((accepted,)))
    publish_now(corpus)
    (corpus / "answers" / "parking.md").write_text("Le parking est au sous-sol.\n", encoding="utf-8")
    done = publish_now(corpus, heard=heard)
    assert done.trial is not None
    assert sorted(one.question.text for one in done.trial.compared if one.question.source == VISITORS) == [
        "certificat valable combien",
        "la fin du certif",
    ]
    certain = {one.question.text: one.question.is_certain for one in done.trial.compared}
    assert (certain["certificat valable combien"], certain["la fin du certif"]) == (False, True)


def test_query_sets_of_another_faq_are_not_asked(corpus: Path) -> None:
    """A set beside the corpus is asked where it judges one of its answers."""
    for name, answer in (("ours", "validite-certificat"), ("theirs", "autre-chose")):
        folder = corpus / "queries" / name
        (folder / "qrels").mkdir(parents=True)
        (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "durée du certificat"}\n', encoding="utf-8")
        (folder / "qrels" / "t.tsv").write_text(f"query-id\tcorpus-id\tscore\nq1\t{answer}\t1\n", encoding="utf-8")
    publish_now(corpus)
    (corpus / "answers" / "parking.md").write_text("Le parking est au sous-sol.\n", encoding="utf-8")
    done = publish_now(corpus)
    assert done.trial is not None
    assert [one.source for one in done.trial.figures] == ["jeu « ours »", OWN]


def test_errors_leave_what_is_in_service(corpus: Path) -> None:
    """A corpus that cannot be read is not published."""
    before = publish_now(corpus)
    (corpus / "answers" / "parking.md").write_text("---\nquestions:\n  - A\n", encoding="utf-8")
    with pytest.raises(CorpusError):
        publish_now(corpus)
    assert Index.open(corpus.parent / "index").manifest.id == before.index_id


def test_a_report_that_cannot_be_written_stops_nothing(corpus: Path) -> None:
    """The index is in service or not as ever; the reason is told beside the report."""
    file = corpus.parent / "index" / "publications"
    file.parent.mkdir()
    file.write_text("in the way", encoding="utf-8")
    first = publish_now(corpus)
    (corpus / "answers" / "parking.md").write_text("Le parking est au sous-sol.\n", encoding="utf-8")
    for done in (first, publish_now(corpus)):
        assert (done.served, done.file) == (True, None)
        assert str(file) in done.not_kept
        assert done.report.startswith("# Mis en service")
    break_answer(corpus)
    assert publish_now(corpus).report.startswith("# Refusé")


def test_reports_do_not_pile_up(corpus: Path, tmp_path: Path) -> None:
    """Old ones go: they hold questions of visitors."""
    publish_now(corpus)
    folder = tmp_path / "index" / "publications"
    for number in range(60):
        shutil.copy(next(folder.glob("*.md")), folder / f"20200101-000000-{number:03}-00000000.md")
    break_answer(corpus)
    assert publish_now(corpus).file in [*folder.glob("*.md")]
    assert len([*folder.glob("*.md")]) == 50


def test_a_store_that_went_back_changes_by_the_gate_alone(corpus: Path, store: MilvusIndexes) -> None:
    """What it serves is what counts: a dry run leaves it, and what the folder serves is tried before it goes there."""
    first = publish_now(corpus, store=store)
    assert (first.trial, store.current_id()) == (None, first.index_id)
    break_answer(corpus)
    publish_now(corpus, store=store, force=True)
    store.switch(first.index_id)
    tried = publish_now(corpus, store=store, dry_run=True)
    assert (tried.unchanged, tried.served, store.current_id()) == (False, False, first.index_id)
    assert tried.report.startswith("# Essai : ce serait refusé")
    assert publish_now(corpus, store=store).report.startswith("# Refusé : rien n'a changé en service")
    assert store.current_id() == first.index_id


@pytest.mark.slow
def test_what_a_store_serves_is_compared_with_a_new_index_too(corpus: Path, store: MilvusIndexes) -> None:
    """That the folder serves another, no better than the new one, does not open the gate; to insist does."""
    first = publish_now(corpus, store=store)
    break_answer(corpus)
    broken = publish_now(corpus, store=store, force=True)
    assert (store.current_id(), publish_now(corpus, store=store).unchanged) == (broken.index_id, True)
    store.switch(first.index_id)
    (corpus / "answers" / "parking.md").write_text("Le parking est au sous-sol.\n", encoding="utf-8")
    assert not publish_now(corpus, store=store).served
    assert store.current_id() == first.index_id
    again = publish_now(corpus, store=store, force=True)
    assert again.report.startswith("# Mis en service, malgré ce qui suit")
    assert store.current_id() == again.index_id


def test_a_store_with_nothing_in_it_takes_what_the_folder_serves(corpus: Path, store: MilvusIndexes) -> None:
    """But for a dry run; there is nothing to compare with."""
    first = publish_now(corpus)
    assert not publish_now(corpus, store=store, dry_run=True).served
    assert store.stamp() is None
    done = publish_now(corpus, store=store)
    assert (done.served, done.trial, store.current_id()) == (True, None, first.index_id)


def test_an_index_of_another_encoder_is_not_said_to_be_none(corpus: Path) -> None:
    """It cannot be asked with this one."""
    publish_now(corpus)
    done = publish(
        open_corpus(corpus),
        corpus.parent / "index",
        encoder=FakeEncoder(name="other", dimension=48),
        heard=Heard(),
        how=HowToBuild(),
    )
    assert "Rien n'était en service à quoi le comparer" in done.report
