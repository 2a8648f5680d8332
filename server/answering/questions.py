"""From what a visitor typed to a question that can be asked, or to a reason in French why not."""

import re

from indexer.errors import QuestionError, QuestionFault, Wording
from indexer.french.numbers import spell_dates
from indexer.french.text import normalise, unshouted

MAX_QUESTION_CHARACTERS = 2_000
"""More than the encoder reads (512 tokens); a longer text is a document, not a question."""

QUERY_ID = "[0-9a-f]{32}"
"""What the id of a question asked looks like, as a regular expression."""

# Control characters but for blanks, and surrogates: the categories Cc and Cs of Unicode.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def read_question(text: str) -> str:
    """Return the question in normal form. QuestionError, in French, if nothing can be asked with it.

    For the encoder, which takes them for other words than those of the answers: one all in capitals is asked in small
    letters, and dates in digits are spelt out.
    """
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            QuestionFault.TOO_LONG,
            Wording(
                f"La question compte {len(text)} caractères, {MAX_QUESTION_CHARACTERS} au plus sont acceptés. "
                "Gardez l'essentiel en une ou deux phrases.",
                f"The question has {len(text)} characters, at most {MAX_QUESTION_CHARACTERS} are accepted. "
                "Keep what matters, in a sentence or two.",
            ),
        )
    if wrong := _NOT_TEXT.search(text):
        place, code = wrong.start() + 1, f"U+{ord(wrong[0]):04X}"
        raise QuestionError(
            QuestionFault.NOT_TEXT,
            Wording(
                f"Le caractère {place} de la question ({code}) n'est pas du texte. "
                "Retirez-le, ou tapez la question à nouveau.",
                f"Character {place} of the question ({code}) is not text. Remove it, or type the question again.",
            ),
        )
    question = normalise(text)
    if not question:
        raise QuestionError(
            QuestionFault.BLANK,
            Wording(
                "La question est vide. Écrivez quelques mots, par exemple une phrase.",
                "The question is blank. Write some words, such as a sentence.",
            ),
        )
    return spell_dates(unshouted(question))
