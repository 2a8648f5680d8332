"""Which language `Accept-Language` asks for."""

import pytest

from server.http.language import Language, preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "fr"),
        ("fr", "fr"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en-US,en;q=0.9", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("de, en;q=0.8, fr;q=0.3", "en"),
        ("de", "fr"),
        ("*", "fr"),
        ("en;q=0.5, *", "fr"),
        ("en, fr", "en"),
        ("fr, en", "fr"),
        ("en;q=0", "fr"),
        ("fr;q=0, en", "en"),
        ("en;q=many", "fr"),
        ("en;q = 0.4 , fr;q=0.3", "en"),
        (";;,=,en;q=1;x", "fr"),
        ("english", "fr"),
    ],
)
def test_the_language_with_the_higher_weight_is_spoken(header: str, language: str) -> None:
    """French without a wish that we can meet; the first named of equals; what cannot be read is no wish."""
    assert preferred(header) == Language(language)
