"""How French is printed."""

from server.page.typography import as_printed, grouped


def test_numbers_are_grouped_by_three() -> None:
    """A narrow space that no line is broken at, and none in a short number."""
    assert [grouped(number) for number in (0, 999, 14801, 1234567)] == [
        "0",
        "999",
        "14\u202f801",
        "1\u202f234\u202f567",
    ]


def test_no_line_is_broken_in_an_amount() -> None:
    """Neither between its thousands nor before its sign; years, dates and telephone numbers stay as they are."""
    printed = as_printed("de 800 à 1 199 €, ou 5 % de 12 500 euros, en 2026 à 9 h, au 01 23 45 67 89, 1er étage")
    assert printed == (
        "de 800 à 1\u202f199\u00a0€, ou 5\u00a0% de 12\u202f500 euros, en 2026 à 9 h, au 01 23 45 67 89, 1er étage"
    )
