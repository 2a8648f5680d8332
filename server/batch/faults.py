"""What may be wrong with a file of questions, by its kind, never by a sentence.

Who asks for a file's answers reads French, who measures English: each has the words in a module of their own.
"""

from enum import StrEnum


class Fault(StrEnum):
    """What keeps a file, or one line of it, from being read."""

    WORKBOOK = "workbook"  # or another archive, or a PDF
    MARKUP = "markup"
    JSON_DOCUMENT = "json_document"  # one document, not one a line
    NOT_TEXT = "not_text"
    BROKEN_PACKING = "broken_packing"
    NO_HEADING = "no_heading"  # of a column of questions
    LIKE_A_TABLE = "like_a_table"
    NOT_UTF_8 = "not_utf_8"
    NOT_CSV = "not_csv"  # a quotation mark that is not closed, or goes on
    TOO_MANY_CELLS = "too_many_cells"
    NO_TAB = "no_tab"


class QuestionFileError(ValueError):
    """A file of questions cannot be read, for a reason that its reader puts in words. detail: what was seen of it."""

    def __init__(self, fault: Fault, *, line: int = 1, detail: str = "") -> None:
        self.fault, self.line, self.detail = fault, line, detail
        super().__init__(f"{line}: {fault}: {detail}")
