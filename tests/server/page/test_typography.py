"""How French is printed."""

from server.page.typography import grouped


def test_numbers_are_grouped_by_three() -> None:
    """A narrow space that no line is broken at, and none in a short number."""
    assert [grouped(number) for number in (0, 999, 14801, 1234567)] == [
        "0",
        "999",
        "14\u202f801",
        "1\u202f234\u202f567",
    ]
