"""`souffleur mcp`, asked by the client of the real package: over its pipes, over HTTP, and in one process."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("mcp", reason="mcp is not installed: pip install -e '.[dev]'")

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from server.answering.answering import Answering
from souffleur.adapters.faq import LocalFaq
from souffleur.adapters.mcp_server import make_server
from tests.fakes import FakeEncoder
from tests.souffleur.adapters.conftest import ANSWER_ID, OFF_TOPIC, QUESTION, ROOT

Speak = Callable[[Client], Coroutine[Any, Any, Any]]


def command(*options: str) -> list[str]:
    """Return the arguments of the command behind the interpreter."""
    return ["-m", "souffleur", "mcp", *options]


def speak(server: Any, talk: Speak) -> Any:
    """Return what *talk* returns of a client that is connected to *server*."""

    async def connected() -> Any:
        async with Client(server, read_timeout_seconds=60) as client:
            return await talk(client)

    return asyncio.run(connected())


@contextmanager
def over_http(*options: str) -> Iterator[str]:
    """Run the command over HTTP on a free port, and yield its address."""
    process = subprocess.Popen(
        [sys.executable, *command("--http", "0", *options)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        line = process.stderr.readline()
        assert line.startswith("Listening at http://127.0.0.1:"), line
        yield line.removeprefix("Listening at ").strip()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


async def conversation(client: Client) -> dict[str, Any]:
    """Ask all that there is to ask."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "found": ("search_faq", {"question": QUESTION, "limit": 1}),
        "refused": ("search_faq", {"question": OFF_TOPIC, "limit": 1}),
        "blank": ("search_faq", {"question": " "}),
        "facet": ("search_faq", {"question": QUESTION, "facets": {"tematique": ["x"]}}),
        "read": ("get_answer", {"answer_id": ANSWER_ID}),
        "fits": ("get_answer", {"answer_id": ANSWER_ID, "question": QUESTION}),
        "does not": ("get_answer", {"answer_id": ANSWER_ID, "question": OFF_TOPIC}),
        "absent": ("get_answer", {"answer_id": "absent"}),
    }
    return {"tools": tools} | {name: await client.call_tool(*call) for name, call in calls.items()}


def check(said: dict[str, Any], url: str | None) -> None:
    """What comes back is what the FAQ says, wherever it is and whatever carries it."""
    assert said["tools"].keys() == {"search_faq", "get_answer"}
    assert "no_answer: the FAQ does not answer this" in said["tools"]["search_faq"].description
    found = said["found"].structured_content
    assert (found["status"], found["missing"], found["answers"][0]["id"]) == ("answered", [], ANSWER_ID)
    assert found["confidence"] > 0.9
    assert "3 ans" in found["answers"][0]["passage"]
    assert found["answers"][0]["source"] == "FAQ des industriels"
    assert found["answers"][0]["url"] == (f"{url}/reponses/{ANSWER_ID}" if url else None)
    # Who does not read structured content has the same as text.
    assert json.loads(said["found"].content[0].text) == found
    refused = said["refused"].structured_content
    assert (refused["status"], refused["missing"], refused["answers"]) == ("no_answer", ["Pérou"], [])
    assert "Do not answer from your own knowledge" in refused["guidance"]
    assert refused["nearest"][0].keys() == {"id", "question", "url"}
    read, fits, not_fit = (said[name].structured_content for name in ("read", "fits", "does not"))
    assert "3 ans" in read["answer"]
    assert (read["status"], read["confidence"]) == (None, None)
    assert (fits["status"], fits["confidence"]) == ("answered", found["confidence"])
    assert (not_fit["status"], not_fit["missing"]) == ("no_answer", ["Pérou"])
    for name, words in (("blank", "vide"), ("facet", "tematique"), ("absent", "no answer with the id 'absent'")):
        assert said[name].is_error
        assert words in said[name].content[0].text


@pytest.mark.slow
def test_over_pipes_it_answers_from_an_index(shipped_index: Path) -> None:
    """As an assistant's program starts it."""
    options = ("--index", str(shipped_index))
    check(speak(StdioServerParameters(command=sys.executable, args=command(*options), cwd=ROOT), conversation), None)


@pytest.mark.slow
def test_over_pipes_it_asks_a_server(server_url: str) -> None:
    """Nothing is loaded, and answers have an address."""
    options = ("--url", server_url)
    server = StdioServerParameters(command=sys.executable, args=command(*options), cwd=ROOT)
    check(speak(server, conversation), server_url)


@pytest.mark.slow
def test_over_http_it_answers_this_machine_alone(shipped_index: Path) -> None:
    """The same as over pipes; a page of another site, which a browser may lead here, is refused."""
    with over_http("--index", str(shipped_index)) as address:
        check(speak(address, conversation), None)
        for header in ({"host": "faq.example"}, {"origin": "https://elsewhere.example"}):
            headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"} | header
            reply = httpx.post(address, json={}, headers=headers, trust_env=False)
            assert reply.status_code in (403, 421), reply.text


def test_what_is_missing_is_told_with_what_may_be_done(small_index: Path) -> None:
    """An assistant is told in words that an answer does not know a part of the question."""
    faq = LocalFaq(Answering.open(small_index, encoder=FakeEncoder()))

    async def ask(client: Client) -> Any:
        return await client.call_tool("search_faq", {"question": "Quel code d'erreur renvoyer pour l'erreur 906 ?"})

    found = speak(make_server(faq), ask).structured_content
    assert found["missing"] == ["906"]
    assert found["status"] != "answered"
    assert found["status"] == "no_answer" or "does not know: 906. Say so." in found["guidance"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--url", "faq.example"], "is no address of a server"),
        (["--index", "/nowhere"], "/nowhere"),
        (["--http", "99999999", "--url", "http://127.0.0.1:1"], "Choose another port"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(options: list[str], words: str) -> None:
    """On the pipe of errors, with the status of a command that could not run; nothing is on the other."""
    done = subprocess.run(
        [sys.executable, *command(*options)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_server_that_is_not_there_is_told_to_the_assistant() -> None:
    """The tool fails with a sentence; the program goes on."""

    async def ask(client: Client) -> Any:
        return await client.call_tool("search_faq", {"question": QUESTION})

    server = StdioServerParameters(command=sys.executable, args=command("--url", "http://127.0.0.1:9"), cwd=ROOT)
    said = speak(server, ask)
    assert said.is_error
    assert "cannot be reached" in said.content[0].text
