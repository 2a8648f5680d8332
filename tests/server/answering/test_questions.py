from server.answering.questions import read_question


def test_a_question_in_capitals_is_asked_in_small_letters() -> None:
    """The encoder takes capitals for other words; an acronym alone stays one."""
    asked = read_question("COMBIEN DE TEMPS UN CERTIFICAT\u00a0EST-IL VALABLE ?")
    assert asked == "combien de temps un certificat est-il valable ?"
    assert read_question("Qu’est-ce que le DMP ?") == "Qu'est-ce que le DMP ?"
    assert read_question("DMP") == "DMP"


def test_dates_in_digits_are_asked_in_letters() -> None:
    """As answers mostly have them."""
    assert read_question("Depuis le 01/03/25 ?") == "Depuis le 1er mars 2025 ?"
