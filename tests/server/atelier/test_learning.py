"""The page where editors decide of visitors' questions."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape

from indexer.corpus.phrasings.memory import key_of, read_decided
from indexer.records import Acronym
from server.answering.answering import Answering
from server.app import create_site
from server.feedback.store import FeedbackStore
from server.learning import desk as desk_module
from server.learning.desk import LearningDesk
from server.learning.grounds import Grounds
from server.learning.propose import propose
from server.learning.records import Decision, Origin, Proposals, Verdict
from tests.corpora import ANSWERS

TOKEN = "a-token-of-the-editors"
NEW = "le certificat, il tient combien d'années"
HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """The small corpus as files."""
    (tmp_path / "answers").mkdir()
    for answer in ANSWERS:
        (tmp_path / "answers" / f"{answer.id}.md").write_text(f"{answer.text}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def feedback(answering: Answering, tmp_path: Path) -> Iterator[FeedbackStore]:
    """A question that a visitor put and found answered."""
    path = tmp_path / "feedback.sqlite"
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=395) as store:
        reply = answering.answer(NEW)
        store.record_question(
            reply.query_id, NEW, status=reply.status, confidence=0.5, answer_id="validite-certificat", index_id="i"
        )
        store.record_feedback(reply.query_id, "validite-certificat", useful=True, index_id="i")
        yield store


@pytest.fixture
def editor(answering: Answering, feedback: FeedbackStore, corpus: Path) -> Iterator[TestClient]:
    """An editor at the page, with the proposals made."""
    app = create_site(answering, feedback=feedback, editor_token=TOKEN, corpus=corpus)
    with TestClient(app, headers=HEADERS) as client:
        client.post("/atelier/apprendre", data={"preparer": "oui"})
        while "se préparent" in client.get("/atelier/apprendre").text:
            pass
        yield client


def decide(editor: TestClient, decision: str, question: str = NEW) -> tuple[int, str]:
    """Press a button of the first proposal."""
    form = {"decision": decision, "question": question, "reponse": "validite-certificat", "origine": "jugée utile"}
    response = editor.post("/atelier/apprendre", data=form | {"cles": key_of(NEW)})
    return response.status_code, response.text


def test_a_question_is_accepted_on_the_page(editor: TestClient, corpus: Path) -> None:
    """It is shown, may be reworded, becomes a line of its answer, and is gone from the page."""
    assert f'value="{escape(NEW)}"' in editor.get("/atelier/apprendre").text
    status, page = decide(editor, "oui", "Combien d'années tient un certificat ?")
    assert status == 200
    assert escape(NEW) not in page
    written = (corpus / "answers" / "validite-certificat.md").read_text(encoding="utf-8")
    assert written == (f"---\nquestions:\n  - Combien d'années tient un certificat ?\n---\n{ANSWERS[0].text}\n")
    (accepted,) = read_decided(corpus).accepted
    assert accepted.asked == (key_of(NEW),)


def test_a_refusal_is_the_same_as_anywhere(editor: TestClient, corpus: Path) -> None:
    """It is in the memory that the terminal and a ticked file share."""
    assert decide(editor, "non")[0] == 200
    assert read_decided(corpus).refused_places == {(key_of(NEW), "validite-certificat")}


def test_personal_data_is_refused_with_a_word(editor: TestClient, corpus: Path) -> None:
    """What an editor pastes is looked at too, and nothing is written."""
    status, page = decide(editor, "oui", "Pour Mme Durand, combien de temps ?")
    assert status == 422
    assert "donnée personnelle" in page
    assert read_decided(corpus).accepted == ()
    assert decide(editor, "peut-être")[0] == 422


def test_only_editors_come_in(answering: Answering, feedback: FeedbackStore, corpus: Path) -> None:
    """Nobody else reads what visitors asked, or writes into the corpus."""
    app = create_site(answering, feedback=feedback, editor_token=TOKEN, corpus=corpus)
    with TestClient(app) as client:
        assert client.get("/atelier/apprendre").status_code == 403
        assert decide(client, "oui")[0] == 403
    assert not (corpus / ".apprentissage.json").exists()


def test_a_server_without_the_corpus_says_so(answering: Answering, feedback: FeedbackStore) -> None:
    """There is nothing to write into."""
    app = create_site(answering, feedback=feedback, editor_token=TOKEN)
    with TestClient(app, headers=HEADERS) as client:
        assert "Rien à apprendre ici" in client.get("/atelier/apprendre").text
        assert client.post("/atelier/apprendre", data={"preparer": "oui"}).status_code == 409


def test_proposals_are_made_once_at_a_time(answering: Answering, feedback: FeedbackStore, corpus: Path) -> None:
    """Whoever presses twice waits for one; a fault is told, and the last proposals stay."""
    desk = LearningDesk(answering, feedback, corpus=corpus)
    desk.begin()
    desk.begin()
    desk.wait()
    assert desk.prepared is not None
    assert [one.question for one in desk.prepared.proposals.phrasings] == [NEW]
    (corpus / ".apprentissage.json").write_text("{", encoding="utf-8")
    desk.begin()
    desk.wait()
    assert "accepté et refusé" in (desk.failure or "")
    assert desk.prepared is not None


def test_what_is_decided_while_proposals_are_made_does_not_come_back(
    answering: Answering, feedback: FeedbackStore, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of before is there meanwhile, and may be decided of."""
    desk = LearningDesk(answering, feedback, corpus=corpus)
    desk.begin()
    desk.wait()
    made, decided = threading.Event(), threading.Event()

    def made_before_the_decision(grounds: Grounds, *, acronyms: Sequence[Acronym]) -> Proposals:
        found = propose(grounds, acronyms=acronyms)
        made.set()
        assert decided.wait(30)
        return found

    monkeypatch.setattr(desk_module, "propose", made_before_the_decision)
    desk.begin()
    assert made.wait(30)
    desk.decide(Decision(Verdict.REFUSE, NEW, "validite-certificat", Origin.JUDGED.value, (key_of(NEW),)))
    decided.set()
    desk.wait()
    assert desk.prepared is not None
    assert [one.question for one in desk.prepared.proposals.phrasings] == [NEW]
    assert NEW not in [one.question for one in desk.prepared.left]
