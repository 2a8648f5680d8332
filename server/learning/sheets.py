"""Proposals as a file to tick, a spreadsheet or Markdown, and what an editor made of it.

Each line stands by itself: it may be moved, deleted or reworded, and be decided in another week. Whatever a spreadsheet
makes of the file when it saves it is read: any separator, encoding or format that a corpus may have.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from indexer.corpus.entries import Unreadable
from indexer.corpus.tables.rows import Row, column_letter
from indexer.corpus.tables.sheets import ENDINGS, read_sheets
from indexer.corpus.text_files import read_text_file
from indexer.errors import CorpusError
from indexer.french.text import words_of
from indexer.records import Problem, Severity
from server.exports import Cell, csv_lines, text_in_cell
from server.learning.records import Decision, Proposal, Proposals, Verdict

_COLUMNS = (
    *("Décision", "Question", "Réponse", "Titre de la réponse", "Origine", "Jours", "Fois", "Confiance"),
    *("Aussi demandé", "Réponses proches", "Clé"),
)
_MARKDOWN = (".md", ".txt")
_VERDICTS = {
    **dict.fromkeys(("oui", "o", "x", "ok", "1", "vrai", "accepter", "accepte", "acceptee"), Verdict.ACCEPT),
    **dict.fromkeys(("non", "n", "0", "faux", "refuser", "refuse", "refusee"), Verdict.REFUSE),
    **dict.fromkeys(("hors sujet", "hs", "h"), Verdict.OFF_TOPIC),
}
_KEY = re.compile(r"k([0-9a-f]{16})\b")
_TICKED = re.compile(
    r"\s*[-*+]\s+\[(?P<mark>[^\]]*)\]\s*(?P<question>.*)→\s*`?(?P<answer>[^`\s]*)`?\s*<!--(?P<origin>[^>]*?)"
    r"(?P<keys>(?:\s*k[0-9a-f]{16})+)\s*-->\s*"
)
_BEGINS_LIKE_ONE = re.compile(r"\s*[-*+]\s+\[[^\]]*[^\s\]][^\]]*\]")


def write_sheet(proposals: Proposals, file: Path) -> None:
    """Write the proposals to *file*, to be ticked, as Markdown or CSV, as its name ends.

    CorpusError for another ending: a table that only looks like a workbook opens nowhere. OSError if it cannot be.
    """
    if file.suffix.lower() not in (".csv", *_MARKDOWN):
        message = "ce fichier s'écrit en .csv, pour un tableur, ou en .md : donnez-lui un nom qui finit ainsi."
        raise CorpusError([Problem(str(file), 1, message)])
    if file.suffix.lower() in _MARKDOWN:
        file.write_text("\n".join(_markdown_lines(proposals)) + "\n", encoding="utf-8")
        return
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(csv_lines(_COLUMNS, map(_row, proposals.all)))


def read_sheet(file: Path) -> tuple[Decision, ...]:
    """Return what was decided in a file that `write_sheet` wrote. CorpusError with every problem of it, in French."""
    if file.suffix.lower() not in (*ENDINGS, *_MARKDOWN) or not file.is_file():
        endings = ", ".join((*ENDINGS, ".md"))
        message = f"il n'y a pas de fichier à lire ici : donnez celui que « learn --out » a écrit ({endings})."
        raise CorpusError([Problem(str(file), 1, message)])
    read = _read_markdown if file.suffix.lower() in _MARKDOWN else _read_table
    found = list(read(file))
    problems = [one for one in found if isinstance(one, Problem) and one.severity is Severity.ERROR]
    if problems:
        raise CorpusError(problems)
    return tuple(one for one in found if isinstance(one, Decision))


def _row(one: Proposal) -> dict[str, Cell]:
    values = (
        "",
        one.question,
        one.answer.id if one.answer else "",
        one.answer.title if one.answer else "",
        one.origin.value,
        one.days,
        one.times,
        f"{one.confidence:.2f}".replace(".", ","),
        " | ".join(one.others),
        " | ".join(f"{near.id} : {near.title}" for near in one.nearest),
        " ".join(f"k{key}" for key in one.keys),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _read_table(file: Path) -> Iterator[Decision | Problem]:
    has_head = False
    for sheet in read_sheets(file, rate=_rate):
        if isinstance(sheet, Unreadable):
            yield from sheet.problems
            continue
        columns: dict[str, int] = {}
        for row in sheet.rows:
            if isinstance(row, Unreadable):
                yield from row.problems
            elif not columns:
                columns = {words_of(cell): at for at, cell in enumerate(row.cells)} if _rate(row.cells) >= 3 else {}
                has_head = has_head or bool(columns)
            elif not row.is_empty():
                yield from _decision_of_row(row, columns, sheet.path)
    if not has_head:
        message = "la ligne de titres manque : gardez « Décision », « Question », « Réponse » et « Clé » tels quels."
        yield Problem(str(file), 1, message)


def _rate(cells: Sequence[str]) -> int:
    return len({"decision", "question", "reponse", "cle"} & {words_of(cell) for cell in cells})


def _decision_of_row(row: Row, columns: dict[str, int], path: str) -> Iterator[Decision | Problem]:
    def cell(name: str) -> str:
        at = columns.get(name, len(row.cells))
        return text_in_cell(row.cells[at].strip()) if at < len(row.cells) else ""

    word = cell("decision")
    if not word:
        return
    verdict = _VERDICTS.get(words_of(word))
    if verdict is None:
        place = f"{column_letter(columns['decision'])}{row.number}"
        message = f"cellule {place} : « {word[:40]} » n'est pas une décision : oui, non, hors sujet, ou rien."
        yield Problem(path, row.number, message)
        return
    keys = tuple(_KEY.findall(cell("cle")))
    yield Decision(verdict, cell("question"), cell("reponse"), cell("origine"), keys, place=path, line=row.number)


def _markdown_lines(proposals: Proposals) -> Iterator[str]:
    yield "# Questions à décider"
    yield ""
    yield "Entre les crochets : `x` pour accepter, `-` pour refuser, `h` pour hors sujet, rien pour décider plus tard."
    yield "Reformulez la question si vous voulez ; après la flèche, c'est la réponse. Gardez la fin de la ligne."
    for title, some in (
        ("Jugées utiles", proposals.phrasings),
        ("Restées sans réponse sûre", proposals.themes),
        ("Pour les réponses qui ont peu de questions", proposals.suggestions),
    ):
        if not some:
            continue
        yield from ("", f"## {title}", "")
        for one in some:
            keys = " ".join(f"k{key}" for key in one.keys)
            answer = f"`{one.answer.id}`" if one.answer else "?"
            question = " ".join(one.question.split())
            yield f"- [ ] {question} → {answer} <!-- {one.origin.value} {keys} -->"
            if one.answer:
                yield f"  {one.answer.title}"
            else:
                yield f"  les plus proches : {', '.join(f'`{near.id}`' for near in one.nearest)}"


def _read_markdown(file: Path) -> Iterator[Decision | Problem]:
    text = read_text_file(file)
    if isinstance(text, Problem):
        yield text
        return
    for number, line in enumerate(text.split("\n"), start=1):
        ticked = _TICKED.fullmatch(line)
        if not ticked:
            if _BEGINS_LIKE_ONE.match(line):
                yield Problem(str(file), number, "la fin de cette ligne manque, depuis la flèche : remettez-la.")
            continue
        mark = ticked["mark"].strip()
        if not mark:
            continue
        verdict = Verdict.REFUSE if mark == "-" else _VERDICTS.get(words_of(mark))
        if verdict is None:
            yield Problem(str(file), number, f"« {mark[:20]} » n'est pas une décision : x, - ou h, ou rien.")
            continue
        answer = ticked["answer"].strip("?")
        keys = tuple(_KEY.findall(ticked["keys"]))
        question = ticked["question"].strip()
        yield Decision(verdict, question, answer, ticked["origin"].strip(), keys, place=str(file), line=number)
