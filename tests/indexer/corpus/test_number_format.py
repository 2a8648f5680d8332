"""Cells are read as the spreadsheet shows them; formats that are not understood, and errors, are told with the cell."""

from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.corpus.tables.number_format import show_number
from indexer.records import Severity
from tests.workbooks import rewrite, write_workbook

EUROS = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'
AFTERNOON = datetime(2026, 6, 13, 14, 30)  # noqa: DTZ001  # spreadsheets know no time zone

SHOWN: list[tuple[object, str, str]] = [
    (3.5, '0.00\\ "€"', "3,50 €"),
    (1234567.891, '#,##0.00\\ "€"', "1\u202f234\u202f567,89 €"),
    (1234.5, "#,##0.00\\ [$€-40C];[Red]\\-#,##0.00\\ [$€-40C]", "1\u202f234,50 €"),
    (-44, EUROS, "-44,00 €"),
    (-44, "0.00;@", "-44,00"),
    (0, EUROS, "- €"),
    (-44, '"$"#,##0.00_);("$"#,##0.00)', "-44,00 €"),  # built in, as number 7: in French, euros
    (0.25, "0%", "25\xa0%"),
    (0.255, "0.0\\ %", "25,5 %"),
    (1234567, '#,##0,\\ "k€"', "1\u202f235 k€"),
    (12000000, '0.0,,"M€"', "12,0M€"),
    (12500, '#,##0.0,"k€"', "12,5k€"),
    (1234567890, '#,##0.00,\\ "k€"', "1\u202f234\u202f567,89 k€"),
    (12500, '0,.0"k€"', "12,5k€"),
    (12500, '0.,"k€"', "13k€"),
    (123456789, '0#" "##" "##" "##" "##', "01 23 45 67 89"),
    (33612345678, '+##" "#" "##" "##" "##" "##', "+33 6 12 34 56 78"),
    (1401, "00000", "01401"),
    (3, '0" jours"', "3 jours"),
    (3, 'General" jours"', "3 jours"),
    (5, '[=1]0" jour";0" jours"', "5 jours"),
    (5.25, "0.##", "5,25"),
    (12.25, '.00" m"', "12,25 m"),
    (0.25, ".00", ",25"),
    (2.5, "0", "3"),
    (3, "@", "3"),
    (3.5, "General", "3,5"),
    (AFTERNOON, "dd/mm/yyyy hh:mm", "13/06/2026 14:30"),
    (AFTERNOON, "m/d/yy h:mm AM/PM", "13/06/2026 14:30"),
    (AFTERNOON, 'dddd d mmmm yyyy "à" hh"h"mm', "samedi 13 juin 2026 à 14h30"),
    (date(2026, 6, 13), "mm-dd-yy", "13/06/2026"),  # built in, as number 14: the day as the country writes it
    (date(2026, 6, 13), "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "samedi 13 juin 2026"),
    (date(2026, 6, 1), "mmmm yyyy", "juin 2026"),
    (time(14, 30), "hh:mm", "14:30"),
    (AFTERNOON, "jj/mm/aaaa", "13/06/2026"),
    (1.5, "[h]:mm", "36:00"),
]
NOT_UNDERSTOOD: list[tuple[object, str, str]] = [
    (0.5, "# ?/?", "0,5"),
    (12345, "0.00E+00", "12345"),
    (5, "[DBNum1]0", "5"),
    (-5, "dd/mm/yyyy", "-5"),
]


def _table(folder: Path, *rows: tuple[object, str]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["N°", "Question", "Réponse"])
    for number, (value, code) in enumerate(rows, start=1):
        sheet.append([number, f"Question {number} ?", value])
        sheet.cell(number + 1, 3).number_format = code
    book.save(folder / "faq.xlsx")
    return folder / "faq.xlsx"


def _changed(folder: Path, value: object, code: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Question", "Réponse", "Modifié le"])
    sheet.append(["Où ?", "Ici.", value])
    sheet.cell(2, 3).number_format = code
    book.save(folder / "faq.xlsx")
    return folder / "faq.xlsx"


def test_numbers_are_read_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    """Prices, shares, telephone numbers, days with their hour: with what stands around the digits, and no word said."""
    file = _table(tmp_path, *((value, code) for value, code, _ in SHOWN))
    assert [answer.text for answer in open_corpus(file).answers()] == [shown for *_, shown in SHOWN]
    assert not [problem for problem in check_corpus(file) if "n'est pas compris" in problem.message]


def test_a_format_that_is_not_understood_is_told_with_its_cell(tmp_path: Path) -> None:
    """The plain number is read, and a warning says of which cell, and as what."""
    file = _table(tmp_path, *((value, code) for value, code, _ in NOT_UNDERSTOOD))
    assert [answer.text for answer in open_corpus(file).answers()] == [shown for *_, shown in NOT_UNDERSTOOD]
    told = [problem for problem in check_corpus(file) if "n'est pas compris" in problem.message]
    assert [(problem.line, problem.severity) for problem in told] == [(line, Severity.WARNING) for line in range(2, 6)]
    assert told[0].message.startswith("cellule C2 : le format « # ?/? » n'est pas compris : elle est lue « 0,5 ».")


def test_conditional_formats_are_numbered_apart(tmp_path: Path) -> None:
    """What a rule or the style of a table shows as number 14 is not the format of a day, which cells name so."""
    file = _table(tmp_path, (date(2026, 6, 13), "mm-dd-yy"), (3.5, '0.00" m"'))
    rules = "".join(f'<dxf><numFmt numFmtId="{one}" formatCode="0.00%"/></dxf>' for one in (14, 164, 165))
    rewrite(file, "xl/styles.xml", "<tableStyles", f"<dxfs>{rules}</dxfs><tableStyles")
    assert [answer.text for answer in open_corpus(file).answers()] == ["13/06/2026", "3,50 m"]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("[<0]-0;0", "-3"),
        ("[>=0]0;-0", "-3"),
        ("[>0]+0;[=0]0;-0", "-3"),
        ("[>10]0;[>0]0;-0", "-3"),
        ("0;[Red][<0](0)", "(3)"),
        ('[>1000]#,##0,"k";-0;0', "-3"),
        ("[=-3]-0;0", "-3"),
        ("[<>0]0;0", "-3"),
        ("[<5]0;[>=5]0.0", "-3"),
        ("[>5]0;0.0", "-3,0"),
        ("[>=5]0;[<5]0.0", "-3,0"),
        ('[=1]0" jour";0" jours"', "-3 jours"),
    ],
)
def test_a_negative_number_has_one_minus(code: str, shown: str) -> None:
    """A section that only negative numbers come to writes its own; one that positive numbers have too gets ours."""
    assert show_number(-3, code) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [('0" m2"', "0 m2"), ('"n° 7 : "0', "n° 7 : 0"), ("0.0", "-0,4"), ("0%", "-40\xa0%"), ("#,##0,", "0")],
)
def test_what_is_shown_as_zero_has_no_minus(code: str, shown: str) -> None:
    """Whatever digits stand in the words around it."""
    assert show_number(-0.4, code) == shown


def test_a_positive_number_without_a_condition_is_in_its_own_section() -> None:
    """Where the first section has a condition, the second of three is of negative numbers still."""
    code = '[>1000]#,##0,"k";-0;0" m"'
    assert [show_number(number, code) for number in (12000, 5, 0, -5)] == ["12k", "5 m", "0 m", "-5"]


def test_a_number_that_names_a_row_is_without_thousands(tmp_path: Path) -> None:
    """A row keeps its name, whether its number is shown as 1234 or as 1 234."""
    file = _table(tmp_path, ("Ici.", "General"))
    book = openpyxl.load_workbook(file)
    book.worksheets[0].cell(2, 1, 1234).number_format = "#,##0"
    book.save(file)
    assert [answer.id for answer in open_corpus(file).answers()] == ["1234"]


@pytest.mark.parametrize("value", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "Err:502", "###"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_error_of_the_spreadsheet_is_no_answer(tmp_path: Path, value: str, ending: str) -> None:
    """The check tells it as an error, with its cell, in any column that is read and in no other."""
    rows = [["Question", "Réponse", "Thème", "Calcul"], ["Où ?", value, "Lieux", "1"], ["Qui ?", "Moi.", value, value]]
    file = tmp_path / f"faq.{ending}"
    if ending == "csv":
        file.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    else:
        write_workbook(file, rows)
    errors = [problem for problem in check_corpus(file) if problem.severity is Severity.ERROR]
    assert [problem.message for problem in errors] == [
        f"cellule {cell} : « {value} » est une erreur du tableur : corrigez la formule, ou écrivez la valeur."
        for cell in ("B2", "C3")
    ]


def test_a_formula_without_a_result_is_told(tmp_path: Path) -> None:
    """A program that writes formulas computes none: what the spreadsheet will show is not in the file."""
    file = _table(tmp_path, ("=1+1", "0"))
    said = [str(problem) for problem in check_corpus(file)]
    assert any("faq.xlsx:2: attention : cellule C2 : sa formule n'a pas de résultat" in words for words in said)


@pytest.mark.parametrize(
    "code",
    [
        *("yyyy-mm-dd h:mm:ss", "dddd d mmmm yyyy", "dd-mmm-yy", 'dd/mm/yyyy "à" h"h"mm', "[$-F800]", "m/d/yy h:mm"),
        *("d-mmm", "mmm-yy", "mmmm yyyy", "dd/mm", '"le "d mmmm yyyy', 'yyyy-mm-dd"T"hh:mm:ss', "[$-40C]d\\-mmm;@"),
    ],
)
def test_a_day_in_any_format_is_the_day_of_a_change(tmp_path: Path, code: str) -> None:
    """The column of changes takes days with their name or an hour, as formats show them, and where they show a part."""
    file = _changed(tmp_path, datetime(2026, 3, 31, 9, 5), code)  # noqa: DTZ001  # cells have no zone
    assert [answer.changed_on for answer in open_corpus(file).answers()] == [date(2026, 3, 31)]
    assert check_corpus(file) == []


@pytest.mark.parametrize("code", ["0", "General", "hh:mm", "[h]:mm", "mm:ss", "yyyy"])
def test_a_number_that_is_no_day_is_told(tmp_path: Path, code: str) -> None:
    """The column of changes takes no number for a day because it could be one."""
    file = _changed(tmp_path, 46_112.5, code)
    assert [answer.changed_on for answer in open_corpus(file).answers()] == [None]
    assert ["n'est pas un jour" in problem.message for problem in check_corpus(file)] == [True]


def test_a_former_id_with_thousands_is_one(tmp_path: Path) -> None:
    """The space that a format puts into a number parts no names; one that an editor writes does."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["ID", "Question", "Réponse", "Anciens noms"], ["a", "Où ?", "Ici.", 1234567], ["b", "Qui ?", "Moi."]):
        sheet.append(row)
    sheet["D2"].number_format = "#,##0"
    sheet["D3"] = "12 345, 1\u202f234 1\xa0234\xa0567 b\xa0120"
    book.save(tmp_path / "faq.xlsx")
    assert [answer.former_ids for answer in open_corpus(tmp_path / "faq.xlsx").answers()] == [
        ("1234567",),
        ("12", "345", "1234", "1234567", "b", "120"),
    ]


@given(
    number=st.floats(allow_nan=False, allow_infinity=False) | st.floats(0, 2_960_000),
    code=st.text('0#?.,%@;"\\_*[]/-+ €dmyhsjaE<=>$9AMP', max_size=12),
    counts_from_1904=st.booleans(),
)
@example(number=2_958_465.99999999, code="dd/mm/yyyy", counts_from_1904=False)
@example(number=2_957_004, code="dd/mm/yyyy", counts_from_1904=True)
@example(number=2_958_465, code="dd/mm/yyyy", counts_from_1904=True)
@example(number=1e308, code="[h]:mm", counts_from_1904=False)
@example(number=0.1, code="0." + "0" * 30, counts_from_1904=False)
@example(number=1e20, code="0." + "0" * 250, counts_from_1904=False)
@example(number=1e20, code="0" + "%" * 250, counts_from_1904=False)
@example(number=1, code="[>.]0", counts_from_1904=False)
@example(number=1, code="[>1.2.3]0", counts_from_1904=False)
def test_any_number_in_any_format_is_shown_or_not_understood(number: float, code: str, counts_from_1904: bool) -> None:
    """No format, however odd, keeps a table from being read."""
    shown = show_number(number, code, counts_from_1904=counts_from_1904)
    assert shown is None or shown == shown.strip(" ")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("dd/mm/yyyy", "31/12/2026"),
        ("dd/mm/yyyy hh:mm", "31/12/2026 23:59"),
        ("hh:mm:ss", "23:59:59"),
        ("mm:ss.0", "59:59,9"),
        ("ss.000", "59,997"),
        ("mmmm yyyy", "décembre 2026"),
    ],
)
def test_a_moment_late_on_a_day_stays_on_it(code: str, shown: str) -> None:
    """What a format leaves out of a moment is cut, not rounded: programs write the end of a day in milliseconds."""
    assert show_number(46387 + (86_400 - 0.003) / 86_400, code) == shown


@pytest.mark.parametrize(("last", "counts_from_1904"), [(2_958_465, False), (2_957_003, True)])
def test_days_end_with_the_year_9999(last: int, counts_from_1904: bool) -> None:
    """Its last moment is shown, as programs write it for what has no end; a later one is not understood."""
    moment = last + (86_400 - 0.003) / 86_400
    assert show_number(moment, "dd/mm/yyyy hh:mm", counts_from_1904=counts_from_1904) == "31/12/9999 23:59"
    assert show_number(last + 1, "dd/mm/yyyy", counts_from_1904=counts_from_1904) is None


def test_a_format_has_as_many_decimals_as_the_spreadsheet_offers() -> None:
    """Thirty, also of a large number."""
    assert show_number(0.1, "0." + "0" * 30) == "0,1" + "0" * 29
    assert show_number(123456789, "0." + "0" * 30) == "123456789," + "0" * 30
