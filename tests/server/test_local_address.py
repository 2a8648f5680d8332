"""Which addresses are of this machine."""

import pytest

from server.local_address import is_this_machine


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("http://127.8.8.8", True),
        ("https://faq.example", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example", False),
        ("http://[::1", False),
    ],
)
def test_this_machine_is_known_by_the_host_alone(url: str, expected: bool) -> None:
    """Whatever the port and the scheme; nothing is looked up."""
    assert is_this_machine(url) is expected
