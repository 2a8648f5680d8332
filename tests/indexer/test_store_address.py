"""How the place of an index in a Milvus is written."""

import pytest

from indexer.store_address import StoreAddress


@pytest.mark.parametrize(
    ("text", "kind", "place", "name"),
    [
        ("milvus://host", "plain", "host:19530", "souffleur"),
        ("milvus://127.0.0.1:1953/faq_2", "plain", "127.0.0.1:1953", "faq_2"),
        ("milvus+tls://milvus.example.org:443/faq", "tls", "milvus.example.org:443", "faq"),
        ("milvus://[::1]:19530", "plain", "[::1]:19530", "souffleur"),
        ("milvus+lite:///var/lib/faq.db", "lite", "/var/lib/faq.db", "souffleur"),
        ("milvus+lite://build/faq.db#deux", "lite", "build/faq.db", "deux"),
    ],
)
def test_an_address_is_read_and_written(text: str, kind: str, place: str, name: str) -> None:
    """What is written is read as the same again."""
    address = StoreAddress.parse(text)
    assert address == StoreAddress(kind, place, name)  # type: ignore[arg-type]  # one of the three
    assert StoreAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://host:19530", "begins with milvus://"),
        ("host:19530", "begins with milvus://"),
        ("milvus://root:secret@host", "SOUFFLEUR_STORE_TOKEN"),
        ("milvus://", "a host is needed"),
        ("milvus://host:99999", "port"),
        ("milvus://host/1faq", "no name"),
        ("milvus://host/faq?db=x", "question mark"),
        ("milvus+lite:///var/lib/", "a file is needed"),
    ],
)
def test_a_wrong_address_is_told_without_its_secret(text: str, words: str) -> None:
    """With what is needed."""
    with pytest.raises(ValueError, match=words) as caught:
        StoreAddress.parse(text)
    assert "secret@" not in str(caught.value)
    assert ":secret" not in str(caught.value)
