"""The page that describes the API."""

import re
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from server.headers import CONTENT_SECURITY_POLICY


def test_docs_names_only_our_own_addresses(client: TestClient) -> None:
    """Every address of the page is one of this server and answers; there is no code between its tags."""
    reply = client.get("/docs")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    addresses = re.findall(r"""(?:src|href|action)=["']?([^"'> ]+)""", reply.text)
    assert len(addresses) > 3
    for address in addresses:
        if address != "data:,":
            assert urlsplit(address)[:2] == ("", "")
            assert client.get(address).status_code == 200
    assert "<style" not in reply.text
    assert " style=" not in reply.text
    assert not re.findall(r"<script[^>]*>[^<]", reply.text)
    assert "//" not in reply.text


@pytest.mark.parametrize("address", ["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"])
def test_docs_have_the_policy_of_our_pages(client: TestClient, address: str) -> None:
    """A browser loads and runs nothing but our files there."""
    headers = client.get(address).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"


def test_our_script_asks_nobody_else(client: TestClient) -> None:
    """The description is read from this server, and sent to no validator."""
    script = client.get("/docs/start.js").text
    assert '"openapi.json"' in script
    assert "validatorUrl: null" in script
    assert "http" not in script


def test_there_is_no_other_page_of_the_framework(client: TestClient) -> None:
    """ReDoc, which would load its scripts from elsewhere, is not served."""
    assert client.get("/redoc").status_code == 404
