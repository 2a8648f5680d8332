"""Switching indexes while questions are answered."""

import dataclasses
import json
import os
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexFolderError, StoreError
from indexer.files import sha256_of
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import _FILES
from indexer.search.contents import READ_TEXTS_FILE
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.store import FeedbackStore
from tests.conftest import CORPUS
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

TOKEN = "a-token-for-the-tests"
SMALLER = MemoryCorpus(ANSWERS[:2])


@pytest.fixture
def folder(small_index: Path, tmp_path: Path) -> Path:
    """A copy of the small index, to be changed."""
    return Path(shutil.copytree(small_index, tmp_path / "index"))


@pytest.fixture
def answering(folder: Path) -> Answering:
    """Answers from the copy."""
    return Answering.open(folder, encoder=FakeEncoder())


@pytest.fixture
def index_switch(folder: Path, answering: Answering) -> IndexSwitch:
    """Switches the indexes of the copy."""
    return IndexSwitch(folder, answering)


@pytest.fixture
def operator(answering: Answering, index_switch: IndexSwitch) -> Iterator[TestClient]:
    """Speaks HTTP with the token."""
    with TestClient(create_site(answering, index_switch=index_switch, admin_token=TOKEN)) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        yield client


def refused(answering: Answering) -> bool:
    return b"souffleur_refused_reloads_total 1.0" in answering.metrics.text()


def test_a_new_index_is_noticed(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """Whoever asks after `current` was written gets replies of the new index, which they name."""
    before = answering.answer("certificat").index.id
    assert not index_switch.look()
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest.id
    assert index_switch.look()
    assert answering.answer("certificat").index.id == built != before
    assert answering.answer("certificat").index.answers == 2
    assert answering.get_answer("types-de-bal") is None
    assert not index_switch.look()


def test_a_judgement_belongs_to_the_index_that_made_the_reply(
    folder: Path, answering: Answering, index_switch: IndexSwitch, tmp_path: Path
) -> None:
    """Sent after a switch, by a program or from the page, it names the index whose answer was shown, gone or not."""
    with FeedbackStore.open(tmp_path / "kept.sqlite", keep_questions="off", retention_days=30) as store:
        with TestClient(create_site(answering, feedback=store)) as client:
            reply = client.post("/v1/search", json={"query": "Quels types de boîte aux lettres y a-t-il ?"}).json()
            shown = reply["hits"][0]["id"]
            page = client.post("/", data={"q": "Quels types de boîte aux lettres y a-t-il ?"}).text
            build_index(SMALLER, folder, encoder=FakeEncoder())
            assert index_switch.look()
            assert answering.get_answer(shown) is None
            judgement = {"query_id": reply["query_id"], "answer_id": shown, "useful": True}
            assert client.post("/v1/feedback", json=judgement).status_code == 404
            named = judgement | {"index_id": reply["index"]["id"]}
            assert client.post("/v1/feedback", json=named).status_code == 201
            assert client.post("/v1/feedback", json=named | {"index_id": "M. Dupont"}).status_code == 422
            unheard_of = named | {"index_id": "20200101-000000-000-00000000"}
            assert client.post("/v1/feedback", json=unheard_of).status_code == 404
            fields = dict(re.findall(r'name="(query_id|index_id|answer_id)" value="([^"]+)"', page))
            assert client.post("/avis", data=fields | {"answer_id": shown, "useful": "oui"}).status_code == 200
        kept = [json.loads(line) for line in store.export_jsonl()]
    assert [row["index_id"] for row in kept] == [reply["index"]["id"]] * 2


def test_an_index_published_while_another_was_loaded_is_noticed(folder: Path) -> None:
    """What is put into `current` after an index was opened, and before the first look, is not missed."""
    before = IndexFolder(folder).stamp()
    answering = Answering.open(folder, encoder=FakeEncoder())
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest.id
    index_switch = IndexSwitch(folder, answering, loaded_since=before)
    assert index_switch.look()
    assert answering.index_info.id == built
    assert not index_switch.look()


def test_a_damaged_index_is_refused_once(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """The old index goes on serving, the refusal is counted, and not repeated until `current` is written again."""
    before = answering.index_info
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest.id
    file = folder / built / "answers.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    assert not index_switch.look()
    assert not index_switch.look()
    assert answering.index_info == before
    assert refused(answering)
    with pytest.raises(IndexFolderError, match="damaged"):
        index_switch.reload()


def test_large_files_are_verified_after_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flipped bit in one is told and counted while the index serves; one that is too short is refused at once."""
    monkeypatch.setattr("server.answering.prepared.VERIFIED_AT_ONCE", 0)
    file = next(folder.glob("2*/embeddings.npy"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    answering = Answering.open(folder, encoder=FakeEncoder())
    with IndexSwitch(folder, answering).watch():
        assert answering.answer("certificat").hits
    assert b"souffleur_damaged_files_total 1.0" in answering.metrics.text()
    file.write_bytes(whole[:-100])
    with pytest.raises(IndexFolderError, match="make index"):
        Answering.open(folder, encoder=FakeEncoder())


def test_a_store_that_refuses_to_be_verified_is_told(
    folder: Path, answering: Answering, index_switch: IndexSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index serves, degraded, whatever its store says at the first look; the next looks find what is new."""

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("the role may not count rows")

    monkeypatch.setattr(IndexFolder, "verify", refuse)
    index_switch._verify_the_rest()
    assert "refused to have it verified" in str(answering.degraded)
    monkeypatch.undo()
    build_index(SMALLER, folder, encoder=FakeEncoder())
    assert index_switch.look()
    assert answering.degraded is None


def test_a_file_whose_content_is_strange_is_refused(
    folder: Path, answering: Answering, index_switch: IndexSwitch
) -> None:
    """Sums that are right, and a content that no program writes: refused like any other."""
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest
    strange = folder / built.id
    (strange / "facets.json").write_text("[[1]]", encoding="utf-8")
    sums = {**built.files, "facets.json": sha256_of(strange / "facets.json")}
    manifest = dataclasses.replace(built, files=sums, sizes={})
    (strange / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
    before = answering.index_info.id
    assert not index_switch.look()
    assert answering.index_info.id == before
    assert refused(answering)


@pytest.mark.parametrize("victim", ["current", "manifest.json", "answers.jsonl", "lexical/words.txt"])
@pytest.mark.parametrize("device", ["pipe", "/dev/zero", "socket"])
def test_what_never_ends_is_not_read(
    folder: Path, answering: Answering, index_switch: IndexSwitch, victim: str, device: str
) -> None:
    """A pipe, a device or a link in place of a file is refused at once, and the next good index is taken."""
    before = answering.index_info.id
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest.id
    file = folder / victim if victim == "current" else folder / built / victim
    file.unlink()
    if device == "pipe":
        os.mkfifo(file)
    elif device == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            # The path of a socket is short.
            listening.bind(name := tempfile.mktemp(dir="/tmp"))
            Path(name).rename(file)
    else:
        file.symlink_to(device)
    with pytest.raises(IndexFolderError, match=r"current|manifest|answers|words"):
        index_switch.reload()
    assert answering.index_info.id == before
    file.unlink()
    again = build_index(MemoryCorpus(ANSWERS[:3]), folder, encoder=FakeEncoder()).manifest.id
    assert index_switch.reload().id == again


def test_the_folder_that_was_verified_is_loaded(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """A manifest that calls itself another index, or one elsewhere, opens nothing."""
    before = answering.index_info.id
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest
    shutil.copytree(folder / before, folder.parent / "evil")
    for name in ("../evil", before):
        lying = dataclasses.replace(built, id=name)
        (folder / built.id / "manifest.json").write_text(lying.to_json(), encoding="utf-8")
        with pytest.raises(IndexFolderError, match="that of another index"):
            index_switch.reload()
    assert answering.index_info.id == before


@pytest.mark.parametrize("left_out", ["all", "answers.jsonl", "lexical/words.txt"])
def test_every_file_that_is_opened_has_been_verified(folder: Path, index_switch: IndexSwitch, left_out: str) -> None:
    """A manifest without sums, or without that of one file, verifies nothing; a build lists just what is opened.

    And what the next build takes over.
    """
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest
    assert built.files.keys() == _FILES | {READ_TEXTS_FILE} == built.sizes.keys()
    kept = {} if left_out == "all" else {name: digest for name, digest in built.files.items() if name != left_out}
    careless = dataclasses.replace(built, files=kept, sizes={})
    (folder / built.id / "manifest.json").write_text(careless.to_json(), encoding="utf-8")
    with pytest.raises(IndexFolderError, match="has no sum of"):
        index_switch.reload()


def test_an_index_of_another_encoder_is_refused(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """Vectors of another encoder cannot be compared with those of questions."""
    before = answering.index_info
    build_index(SMALLER, folder, encoder=FakeEncoder(name="other", dimension=32))
    assert not index_switch.look()
    assert answering.index_info == before
    assert refused(answering)


def test_a_request_sees_one_index(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """What began with an index ends with it, even where another is put into service meanwhile."""
    before = answering.index_info
    build_index(SMALLER, folder, encoder=FakeEncoder())
    with answering.one_index():
        assert index_switch.look()
        assert answering.index_info == before
        assert answering.answer("certificat").index == before
        assert answering.get_answer("types-de-bal") is not None
    assert answering.index_info != before


def test_operators_reload_and_roll_back(folder: Path, answering: Answering, operator: TestClient) -> None:
    """Both switch, and say to which index; a rollback is also what `current` names from then on."""
    first = answering.index_info.id
    built = build_index(SMALLER, folder, encoder=FakeEncoder()).manifest.id
    assert operator.post("/v1/admin/reload").json()["id"] == built
    assert operator.post("/v1/admin/rollback").json()["id"] == first
    assert IndexFolder(folder).current_id() == first == answering.index_info.id
    reply = operator.post("/v1/admin/rollback")
    assert reply.status_code == 409
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer é"])
def test_operators_routes_need_the_token(operator: TestClient, header: str) -> None:
    """Without the very token there is nothing but a 401."""
    for method, address in (("POST", "reload"), ("POST", "rollback"), ("GET", "atelier")):
        reply = operator.request(method, f"/v1/admin/{address}", headers={b"authorization": header.encode()})
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"


def test_without_a_token_there_are_no_operators_routes(answering: Answering, index_switch: IndexSwitch) -> None:
    """A server without a token has nothing to guess at."""
    with TestClient(create_site(answering, index_switch=index_switch)) as client:
        assert client.post("/v1/admin/reload").status_code == 404
        assert "/v1/admin/reload" not in client.get("/openapi.json").text


@pytest.mark.slow
def test_switching_under_load_fails_no_request(folder: Path, answering: Answering, index_switch: IndexSwitch) -> None:
    """Every reply is of the index that it names, however often indexes are switched, damaged ones among them."""
    answers = {answering.index_info.id: len(CORPUS.entries)}
    wrong: list[object] = []
    ended = threading.Event()
    with TestClient(create_site(answering)) as client:

        def ask() -> None:
            while not ended.is_set():
                reply = client.post("/v1/search", json={"query": "boîte aux lettres", "limit": 4})
                body = reply.json()
                if reply.status_code != 200 or len(body["hits"]) > body["index"]["answers"]:
                    wrong.append(body)
                seen.append((body["index"]["id"], body["index"]["answers"]))

        seen: list[tuple[str, int]] = []
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(10):
            corpus = CORPUS if number % 2 else SMALLER
            built = build_index(corpus, folder, encoder=FakeEncoder()).manifest.id
            answers[built] = len(corpus.entries)
            if number == 5:
                (folder / built / "answers.jsonl").write_bytes(b"")
            assert index_switch.look() == (number != 5)
        ended.set()
        for thread in threads:
            thread.join()
    assert not wrong
    assert seen
    assert all(answers[index_id] == count for index_id, count in seen)
