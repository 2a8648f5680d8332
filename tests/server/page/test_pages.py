"""The pages, without a browser: what a visitor without JavaScript gets, and what every page carries."""

import dataclasses
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from indexer.index.build import build_index
from indexer.records import Answer, Facet, Reply, Status
from server.answering.answering import Answering
from server.app import create_api, create_site
from server.feedback.inbox import Filter, Kind
from server.feedback.schema import LEFT_QUESTION
from server.feedback.store import FeedbackStore
from server.page import routes, views
from server.page.files import PageFiles
from server.page.maker import PageMaker
from server.page.typography import french_spaces
from server.page.views import FacetCount, group_by_theme, title_of, view_facets, view_result
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

QUESTION = "combien de temps un certificat est-il valable"
QUERY_ID = "0123456789abcdef" * 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedbackStore]:
    """An empty store of judgements and questions."""
    with FeedbackStore.open(tmp_path / "feedback.sqlite", keep_questions="redacted", retention_days=30) as store:
        yield store


@pytest.fixture
def asked() -> list[tuple[str, Reply]]:
    """The questions that the pages passed on to be kept, with their replies."""
    return []


@pytest.fixture
def browser(answering: Answering, store: FeedbackStore, asked: list[tuple[str, Reply]]) -> Iterator[TestClient]:
    """Asks for pages of the small index, and follows redirects as a browser does."""
    app = create_api(answering, feedback=store)
    maker = PageMaker(answering, limit=5, feedback=store, keep_question=lambda *given: asked.append(given))
    files = PageFiles()
    app.include_router(routes.routes(maker, files))
    app.mount("/page", files)
    with TestClient(app) as client:
        yield client


def send(client: TestClient, address: str, fields: list[tuple[str, str]]) -> Response:
    """Send a form as a browser does."""
    return client.post(
        address, content=urlencode(fields), headers={"content-type": "application/x-www-form-urlencoded"}
    )


def words(text: str) -> str:
    """Return what is to be read of HTML, its spaces made plain."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_home_has_a_form_that_keeps_the_question_out_of_the_address(browser: TestClient) -> None:
    """The form is sent by POST to the page's own address, and its field is labelled."""
    page = browser.get("/").text
    assert '<form id="ask" class="ask" method="post" action="/"' in page
    assert '<label for="question">' in page
    assert "Parcourir les 4 réponses par thème" in page


def test_an_faq_without_facets_is_not_offered_by_theme(tmp_path: Path) -> None:
    """Its list has no themes, and the way to it promises none."""
    plain = [dataclasses.replace(answer, facets={}) for answer in ANSWERS]
    build_index(MemoryCorpus(plain), tmp_path / "index", encoder=FakeEncoder())
    with TestClient(create_site(Answering.open(tmp_path / "index", encoder=FakeEncoder()))) as client:
        assert "Parcourir les 4 réponses</a>" in client.get("/").text


def test_a_question_gets_its_answer_without_javascript(browser: TestClient, asked: list[tuple[str, Reply]]) -> None:
    """The first answer is open with its passage marked and the reason; the others are folded."""
    reply = send(browser, "/", [("q", QUESTION)])
    assert reply.status_code == 200
    assert reply.url.path == "/"
    assert not reply.url.query
    assert "<mark>Un certificat a une durée de validité de 3 ans.</mark>" in reply.text
    assert "Mots communs : certificat, temps, valable" in words(reply.text)
    assert reply.text.count('<details class="other">') == len(ANSWERS) - 1
    assert f'value="{QUESTION}"' in reply.text
    (question, remembered) = asked[0]
    assert question == QUESTION
    assert f'name="query_id" value="{remembered.query_id}"' in reply.text


def test_facets_go_into_the_address_by_a_redirect(browser: TestClient) -> None:
    """A form that chooses facets is sent again to the address that names them, and the result keeps to them."""
    reply = send(browser, "/", [("q", QUESTION), ("couloir", "Officine")])
    assert [one.status_code for one in reply.history] == [307]
    assert reply.url.query == b"couloir=Officine"
    assert QUESTION.encode() not in reply.url.query
    assert "code-erreur-905" not in reply.text
    assert re.findall(r'value="([^"]+)" id="[^"]+" checked', reply.text) == ["Officine"]
    assert 'name="sans" value="couloir=Officine"' in reply.text


def test_a_chip_removes_its_facet(browser: TestClient) -> None:
    """The form of a pressed chip still has the checked box; the chip wins."""
    fields = [("q", QUESTION), ("couloir", "Officine"), ("sans", "couloir=Officine")]
    reply = send(browser, "/?couloir=Officine", fields)
    assert reply.url.path == "/"
    assert not reply.url.query
    assert "code-erreur-905" in reply.text


def test_an_address_with_facets_opens_with_them_chosen(browser: TestClient) -> None:
    """An old link with an unknown facet or value opens all the same."""
    page = browser.get("/?couloir=Officine&couloir=Absent&nothing=1").text
    assert page.count(" checked>") == 1
    assert 'action="/?couloir=Officine"' in page


def test_an_example_is_asked_though_the_field_is_empty(browser: TestClient, asked: list[tuple[str, Reply]]) -> None:
    """The button of an example sends its question after the empty field."""
    send(browser, "/", [("q", ""), ("q", QUESTION)])
    assert [question for question, _ in asked] == [QUESTION]


def test_a_refined_question_keeps_its_id(browser: TestClient, asked: list[tuple[str, Reply]]) -> None:
    """The same question with other facets is one question; another question, or an id of no shape, is a new one."""
    again = [("asked", QUESTION), ("query_id", QUERY_ID)]
    send(browser, "/fragment", [("q", QUESTION), ("couloir", "Officine"), *again])
    send(browser, "/fragment", [("q", "code erreur"), *again])
    send(browser, "/fragment", [("q", QUESTION), ("asked", QUESTION), ("query_id", "'; drop table")])
    ids = [reply.query_id for _, reply in asked]
    assert ids[0] == QUERY_ID
    assert QUERY_ID not in ids[1:]
    assert all(re.fullmatch(r"[0-9a-f]{32}", query_id) for query_id in ids)


def test_fragment_is_the_same_result_as_the_page(browser: TestClient) -> None:
    """What JavaScript puts in place is what the page shows without it."""
    fields = [("q", QUESTION), ("asked", QUESTION), ("query_id", QUERY_ID)]
    page, fragment = send(browser, "/", fields).text, send(browser, "/fragment", fields).text
    assert fragment.strip() in page


def test_counts_of_a_chosen_facet_are_those_without_it(browser: TestClient, answering: Answering) -> None:
    """Beside each value of a chosen facet stands how many answers it would add, not what is left of them."""
    page = words(browser.get("/?couloir=Officine").text)
    counts = answering.count_facets()["couloir"]
    assert f"Hôpital {counts['Hôpital']} réponse" in page
    assert f"Officine {counts['Officine']} réponse" in page


@pytest.mark.parametrize(
    ("question", "expected"),
    [("a\x00b", "U+0000"), ("a" * 3000, "2000")],
)
def test_a_question_that_cannot_be_asked_is_explained(browser: TestClient, question: str, expected: str) -> None:
    """The page says why, keeps what was typed, and is no error of the server."""
    reply = send(browser, "/", [("q", question)])
    assert reply.status_code == 422
    assert expected in reply.text
    assert html.escape(question) in reply.text


@pytest.mark.parametrize("body", [b"", b"q", b"&&&", b"q=%ff%fe", b"\xff\xfe", b"q=%F0%9F&couloir=", b"sans=x"])
def test_a_strange_form_is_no_error_of_the_server(browser: TestClient, body: bytes) -> None:
    """Whatever the body holds, there is a page."""
    for address in ("/", "/fragment", "/avis"):
        assert browser.post(address, content=body).status_code in (200, 422)


def test_a_form_too_large_is_refused(browser: TestClient) -> None:
    """A body larger than any form of ours is not read to its end."""
    assert browser.post("/fragment", content=b"q=" + b"a" * 100_000).status_code == 413


def test_personal_data_in_a_question_is_pointed_out(browser: TestClient) -> None:
    """A visitor who sent an e-mail address is told that it is neither needed nor kept."""
    page = words(send(browser, "/", [("q", "certificat de jean.dupont@exemple.fr")]).text)
    assert "Votre question semble contenir une adresse de courriel" in page


def test_an_off_topic_question_looks_different(browser: TestClient) -> None:
    """Without a sure answer none is open, the nearest are folded, and the question can be left to the team."""
    page = send(browser, "/", [("q", "zzz qqq")]).text
    assert "Je n’ai pas trouvé de réponse sûre" in page
    assert '<article class="best"' not in page
    assert "Laisser ma question à l’équipe" in page
    assert '<details class="other">' in page


def test_several_questions_get_their_answers_one_under_the_other(browser: TestClient, answering: Answering) -> None:
    """Each of the first three stands with its answer, judged by an id of its own; a fourth can be asked by a button."""
    questions = [*(answer.questions[0] for answer in ANSWERS[:3]), "Dois-je exporter les données ?"]
    page = send(browser, "/", [("q", " ".join(questions))]).text
    assert re.findall(r"Vous demandez aussi&nbsp;: <strong>([^<]+)</strong>", page) == [
        html.escape(french_spaces(question)) for question in questions[1:3]
    ]
    judged = re.findall(r'<article class="best".*?name="answer_id" value="([^"]+)"', page, re.DOTALL)
    assert judged == [answer.id for answer in ANSWERS[:3]]
    assert len(set(re.findall(r'name="query_id" value="(\w+)"', page))) == 3
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert f'name="q" value="{questions[3]}"><button>Poser aussi' in page
    reply = answering.answer(" ".join(questions))
    assert [one.hits[0].answer.id for one in reply.also_found[:2]] == [answer.id for answer in ANSWERS[1:3]]


def test_a_second_question_may_be_refused(browser: TestClient) -> None:
    """It is said under the answers of the others, with what comes nearest."""
    questions = [ANSWERS[0].questions[0], "zzz qqq xxx ?", ANSWERS[2].questions[0]]
    page = send(browser, "/", [("q", " ".join(questions))]).text
    (first, second, third) = page.split("Vous demandez aussi")
    assert "Réponse très probable" in first
    assert "Je n’ai pas trouvé de réponse sûre" in second
    assert second.count('<details class="other">') == 2
    assert "Réponse très probable" in third


def test_every_answer_has_a_page_with_structured_data(browser: TestClient) -> None:
    """The permalink shows the answer, and has it as schema.org FAQPage: one question of several names, one text."""
    page = browser.get("/reponses/validite-certificat").text
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert data
    document = json.loads(data[1])
    assert document["@type"] == "FAQPage"
    (question,) = document["mainEntity"]
    assert [question["name"], *question["alternateName"]] == list(ANSWERS[0].questions)
    assert "3 ans" in question["acceptedAnswer"]["text"]
    assert "application/ld+json" not in browser.get("/reponses/sans-question").text


def test_an_absent_answer_has_a_page_in_words(browser: TestClient) -> None:
    """A permalink that leads nowhere is a 404 that a person can read."""
    reply = browser.get("/reponses/absent")
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/html")
    assert "Cette réponse n’existe pas" in reply.text


def test_all_answers_are_listed_by_theme(browser: TestClient) -> None:
    """The list links to every answer, under its theme."""
    page = browser.get("/reponses").text
    assert set(re.findall(r'href="/reponses/([^"]+)"', page)) == {answer.id for answer in ANSWERS}
    assert page.index("Certificats</h2>") < page.index("validite-certificat") < page.index("Interopérabilité</h2>")


def test_a_judgement_without_javascript_is_kept_once(browser: TestClient, store: FeedbackStore) -> None:
    """Non, then a reason and a comment, are one row; the page says thank you."""
    ids = [("query_id", QUERY_ID), ("answer_id", "validite-certificat")]
    asked_why = send(browser, "/avis", [*ids, ("useful", "non")]).text
    assert "Qu’est-ce qui n’allait pas" in asked_why
    fields = [*ids, ("useful", "non"), ("reason", "Il manque une information"), ("reason", "forged"), ("comment", "Si")]
    assert "Merci" in send(browser, "/avis", fields).text
    (row,) = map(json.loads, store.export_jsonl())
    assert (row["useful"], row["comment"]) == (False, "Il manque une information\nSi")
    assert send(browser, "/avis", [("query_id", "x"), ("answer_id", "absent"), ("useful", "oui")]).status_code == 422
    assert len(list(store.export_jsonl())) == 1


def test_a_vote_erases_nothing_that_was_left(browser: TestClient, store: FeedbackStore) -> None:
    """The question left for the team, and the remark, are there after a vote on the same answer."""
    ids = [("query_id", QUERY_ID), ("answer_id", "validite-certificat")]
    send(browser, "/avis", [*ids, ("useful", "non"), ("left", "oui"), ("comment", "Et le soir ?")])
    for said in ([], [("comment", "Trop vague")], []):
        send(browser, "/avis", [*ids, ("useful", "non"), *said])
    comments = [json.loads(row)["comment"] for row in store.export_jsonl()]
    assert comments == [f"{LEFT_QUESTION}Et le soir ?", "Trop vague"]
    (left,) = store.inbox().read(Filter(Kind.LEFT)).items
    assert left.text == "Et le soir ?"


def test_a_question_left_without_a_word_is_no_vote(browser: TestClient, store: FeedbackStore) -> None:
    """An emptied field is told, and nothing is kept against the answer that came nearest."""
    fields = [("query_id", QUERY_ID), ("answer_id", "validite-certificat"), ("useful", "non"), ("left", "oui")]
    reply = send(browser, "/avis", [*fields, ("comment", " ")])
    assert reply.status_code == 422
    assert "Il n’y avait pas de question" in reply.text
    assert list(store.export_jsonl()) == []


def test_a_long_question_can_be_left_as_it_stands_there(browser: TestClient) -> None:
    """No browser holds what a page has put into a field to the length that this may have."""
    page = send(browser, "/", [("q", "zzz qqq " * 249)]).text
    field = re.search(r'<textarea id="left-question"[^>]*maxlength="(\d+)"[^>]*>([^<]*)<', page)
    assert field
    assert 1_000 < len(field[2]) <= int(field[1])


def test_nothing_asks_for_feedback_where_none_is_kept(answering: Answering) -> None:
    """A server without a file for judgements does not ask for them."""
    app = create_site(answering)
    with TestClient(app) as client:
        for question in (QUESTION, "zzz qqq"):
            page = send(client, "/", [("q", question)]).text
            assert "utile" not in page
            assert "équipe" not in page
        assert send(client, "/avis", [("query_id", QUERY_ID), ("answer_id", "types-de-bal")]).status_code == 422


@pytest.mark.parametrize("address", ["/", "/reponses", "/reponses/types-de-bal", "/reponses/absent"])
def test_pages_hold_no_inline_code_and_a_strict_policy(browser: TestClient, address: str) -> None:
    """No inline script or style, no address elsewhere, no cookie; the policy forbids them, and nobody caches a page."""
    reply = browser.get(address)
    policy = reply.headers["content-security-policy"]
    assert policy == browser.get("/page/style.css").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "set-cookie" not in reply.headers
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<[^>]+ (style|on\w+)=", reply.text)
    assert not re.search(r"<style|javascript:", reply.text)
    assert all("src=" in tag or "ld+json" in tag for tag in re.findall(r"<script[^>]*>", reply.text))
    assert not re.search(r'(src|href)="(https?:)?//', reply.text)


def test_page_weighs_little(browser: TestClient) -> None:
    """A page with its result, its style and all its scripts, weighs at most 60 kB without compression too."""
    page = send(browser, "/", [("q", QUESTION)]).text
    addresses = set(re.findall(r'(?:src|href)="(/page/[^"]+)"', page)) | {"/page/answer.js"}
    files = {address: browser.get(address) for address in addresses}
    assert {file.status_code for file in files.values()} == {200}
    assert {file.headers["cache-control"] for file in files.values()} == {"no-cache"}
    weight = len(page.encode()) + sum(len(file.content) for file in files.values())
    print({address: len(file.content) for address, file in files.items()}, len(page.encode()), weight)
    assert weight <= 60_000


def test_only_files_of_the_page_are_served(browser: TestClient) -> None:
    """Templates and modules of the server are not to be had."""
    for address in ("/page/../pages.py", "/page/%2e%2e/pages.py", "/page/..%2ftemplates/base.html", "/page/base.html"):
        assert browser.get(address).status_code == 404


def test_french_spaces() -> None:
    """Signs of two parts get a no-break space, and apostrophes are curved; codes stay as they are."""
    assert french_spaces("Qu'est-ce : « l'INS » ?") == "Qu’est-ce\u00a0: «\u00a0l’INS\u00a0»\u202f?"
    assert french_spaces("https://a.b/c?d;e 12:30") == "https://a.b/c?d;e 12:30"


def test_title_of_an_answer_without_questions() -> None:
    """It is the beginning of its text, without markup and cut between words."""
    assert title_of(Answer("a", "**Oui**, par l'[annuaire](https://a.fr)")) == "Oui, par l'annuaire"
    long = title_of(Answer("a", "mot " * 100))
    assert long == " ".join(["mot"] * 27) + "…"


def test_facets_share_their_beginning() -> None:
    """What all the questions of the guided search begin with is said once."""
    facets = [
        Facet("a", "Votre question concerne quel couloir ?", ("x", "y")),
        Facet("b", "Votre question concerne quelle thématique ?", ("z",)),
    ]
    counted = {"a": FacetCount(3, {"x": 2}), "b": FacetCount(2, {"z": 1})}
    view = view_facets(facets, counted, {"a": ["y"]})
    assert view.beginning == "Votre question concerne"
    assert [facet.ending for facet in view.facets] == ["un couloir", "une thématique"]
    assert [(one.value, one.count, one.chosen) for one in view.facets[0].values] == [("x", 2, False), ("y", 0, True)]
    assert view.chosen == (("a", "y"),)


def test_only_values_that_choose_are_offered() -> None:
    """One that would leave nothing, or everything, is not; a facet without others neither. What is chosen stays."""
    facets = [Facet("a", "A ?", ("all", "some", "none")), Facet("b", "B ?", ("all",))]
    counted = {"a": FacetCount(4, {"all": 4, "some": 3}), "b": FacetCount(4, {"all": 4})}
    offered = view_facets(facets, counted, {}).facets
    assert [(facet.key, [one.value for one in facet.values]) for facet in offered] == [("a", ["some"])]
    chosen = view_facets(facets, counted, {"b": ["all"]}).facets
    assert [(facet.key, [one.value for one in facet.values]) for facet in chosen] == [("a", ["some"]), ("b", ["all"])]


def test_an_answer_of_two_themes_is_under_both() -> None:
    """Answers without a theme come last, under a heading of their own."""
    theme = Facet("thematique", "?", ("B", "A"), open_to_all=False)
    answers = [Answer("1", "un", facets={"thematique": ("A", "B")}), Answer("2", "deux")]
    groups = group_by_theme(answers, [theme], title_of=title_of)
    assert {name: [entry.id for entry in group] for name, group in groups.items()} == {
        "B": ["1"],
        "A": ["1"],
        "Autres réponses": ["2"],
    }


def test_a_reply_without_hits_is_no_answer(answering: Answering) -> None:
    """Where the facets leave nothing, no threshold makes it uncertain."""
    reply = answering.answer(QUESTION)
    empty = dataclasses.replace(reply, hits=(), status=Status.UNCERTAIN, confidence=0.0)
    assert view_result(QUESTION, empty).status is Status.NO_ANSWER


def test_markup_of_editors_and_visitors_is_only_shown(tmp_path: Path) -> None:
    """No markup of an answer, a question, a facet or a source is markup on any page."""
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    answer = Answer(
        "piege",
        f"{attack} [clic](javascript:alert(1)) <svg/onload=alert(1)>",
        questions=(f"Que faire {attack} ?",),
        facets={"thematique": (attack,)},
        source=f"https://a.fr/{attack.replace(' ', '')}",
    )
    corpus = MemoryCorpus([answer, *ANSWERS], facets=[Facet("thematique", attack, (attack,))])
    build_index(corpus, tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    app = create_site(answering)
    with TestClient(app) as client:
        shown = [client.get(address).text for address in ("/", "/reponses", "/reponses/piege")]
        shown += [send(client, address, [("q", f"Que faire {attack} ?")]).text for address in ("/", "/fragment")]
    for page in shown:
        assert not re.search(r"<(img|svg/)", page)
        assert not re.search(r"<script>", page)
        assert not re.search(r'href="?javascript:', page)
        assert page.count("<script") == page.count("</script>")


def test_a_question_counts_once_however_many_facets_are_chosen(browser: TestClient, answering: Answering) -> None:
    """The counts beside the values are searches too, but nobody asked those."""

    def replies() -> float:
        lines = answering.metrics.text().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(b"souffleur_replies_total{"))

    before = replies()
    send(browser, "/", [("q", "erreur 905"), ("couloir", "Hôpital"), ("thematique", "Interopérabilité")])
    assert replies() == before + 1


def test_a_long_list_begins_with_its_themes(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what a page holds, themes are links to their answers; a list too long for one page has several."""
    monkeypatch.setattr(views, "LISTED_AT_ONCE", 1)
    with TestClient(create_site(answering)) as client:
        first = client.get("/reponses").text
        assert 'href="/reponses?thematique=Certificats"' in first
        assert "/reponses/validite-certificat" not in first
        assert "/reponses/validite-certificat" in client.get("/reponses?thematique=Certificats").text
        sifted = client.post("/reponses", content=b"mots=d").text
        assert "page=" not in sifted
        assert re.search(r"[2-4] réponses sur 4", sifted)
