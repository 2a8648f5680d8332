"""Answers in rows: JSONL, CSV, BEIR. Read one row at a time, so that the size of the file does not matter."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from indexer.entries import Entry, Located, Unreadable
from indexer.records import Answer, Problem

FACET_COLUMN = "facette:"
_JSONL_FIELDS = {"id", "text", "questions", "facets", "source"}


def read_jsonl(file: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a JSONL file with the fields id, text, questions, facets, source."""
    for line, record in _json_lines(file):
        if isinstance(record, Unreadable):
            yield record
            continue
        unknown = sorted(set(record) - _JSONL_FIELDS)
        if unknown:
            known = ", ".join(sorted(_JSONL_FIELDS))
            yield _wrong(file, line, f"champ inconnu « {unknown[0]} » : les champs sont {known}.")
            continue
        yield _entry(
            file,
            line,
            answer_id=record.get("id"),
            text=record.get("text"),
            questions=record.get("questions") or [],
            facets=record.get("facets") or {},
            source=record.get("source"),
        )


def read_beir(file: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a BEIR corpus.jsonl: the title, where there is one, is the first line of the text."""
    for line, record in _json_lines(file):
        if isinstance(record, Unreadable):
            yield record
            continue
        title, text = record.get("title") or "", record.get("text")
        whole = f"{title}\n{text}" if isinstance(title, str) and title and isinstance(text, str) else text
        yield _entry(file, line, answer_id=record.get("_id"), text=whole, questions=[], facets={}, source=None)


def read_csv(file: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a CSV file, one row each, with the columns id, text, questions, source, facette:<key>.

    Several questions, or several values of a facet, are parted by « | » or by line ends. Commas or semicolons part the
    columns, as French spreadsheets write them.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        try:
            head = stream.readline()
            stream.seek(0)
            delimiter = ";" if head.count(";") > head.count(",") else ","
            rows = csv.DictReader(stream, delimiter=delimiter, strict=True)
            columns = rows.fieldnames or []
            unknown = [name for name in columns if name not in _COLUMNS and not name.startswith(FACET_COLUMN)]
            if unknown or not {"id", "text"} <= set(columns):
                wrong = f"colonne inconnue « {unknown[0]} »" if unknown else "il manque la colonne « id » ou « text »"
                yield _wrong(file, 1, f"{wrong} : les colonnes sont {', '.join(_COLUMNS)} et {FACET_COLUMN}….")
                return
            for row in rows:
                yield _csv_entry(file, rows.line_num, row)
        except UnicodeDecodeError:
            yield _wrong(file, 1, "le fichier n'est pas en UTF-8 : enregistrez-le en « CSV UTF-8 ».")
        except csv.Error as error:
            yield _wrong(
                file, rows.line_num, f"la ligne ne se lit pas comme du CSV ({error}) : vérifiez les guillemets."
            )


_COLUMNS = ("id", "text", "questions", "source")


def _csv_entry(file: Path, line: int, row: Mapping[str | None, str | list[str] | None]) -> Entry | Unreadable:
    if None in row or None in row.values():
        return _wrong(file, line, "la ligne n'a pas autant de colonnes que la première : vérifiez les guillemets.")
    cells = {str(key): str(value) for key, value in row.items()}
    facets = {
        key.removeprefix(FACET_COLUMN): _parts(text) for key, text in cells.items() if key.startswith(FACET_COLUMN)
    }
    return _entry(
        file,
        line,
        answer_id=cells["id"],
        text=cells["text"],
        questions=_parts(cells.get("questions", "")),
        facets={key: values for key, values in facets.items() if values},
        source=cells.get("source") or None,
    )


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("|", "\n").split("\n") if part.strip()]


def _json_lines(file: Path) -> Iterator[tuple[int, dict[str, object] | Unreadable]]:
    with file.open("rb") as stream:
        for line, content in enumerate(stream, 1):
            if not content.strip():
                continue
            try:
                record = json.loads(content.decode("utf-8-sig" if line == 1 else "utf-8"))
            except UnicodeDecodeError:
                yield line, _wrong(file, line, "la ligne n'est pas en UTF-8 : enregistrez le fichier en UTF-8.")
            except (json.JSONDecodeError, RecursionError) as error:
                yield line, _wrong(file, line, f"la ligne ne se lit pas comme du JSON : {error}.")
            else:
                if isinstance(record, dict):
                    yield line, record
                else:
                    yield line, _wrong(file, line, "la ligne doit être un objet JSON, entre accolades.")


def _entry(
    file: Path, line: int, *, answer_id: object, text: object, questions: object, facets: object, source: object
) -> Entry | Unreadable:
    if not isinstance(answer_id, str) or not isinstance(text, str):
        return _wrong(file, line, "l'identifiant et le texte sont obligatoires, et doivent être du texte.")
    if not isinstance(questions, list) or not all(isinstance(one, str) and one.strip() for one in questions):
        return _wrong(file, line, "« questions » doit être une liste de textes non vides.")
    if not isinstance(facets, dict) or not all(
        isinstance(values, list) and values and all(isinstance(value, str) and value.strip() for value in values)
        for values in facets.values()
    ):
        return _wrong(file, line, "« facets » doit donner à chaque clé une liste de textes non vides.")
    if source is not None and not isinstance(source, str):
        return _wrong(file, line, "« source » doit être un texte.")
    if any(0xD800 <= ord(c) <= 0xDFFF for value in (answer_id, text, *questions) for c in value):
        return _wrong(file, line, "la ligne contient un demi-caractère (\\ud800 à \\udfff) : retirez-le.")
    answer = Answer(
        answer_id,
        text,
        questions=tuple(questions),
        facets={key: tuple(values) for key, values in facets.items()},
        source=source,
    )
    return Entry(
        str(file),
        answer,
        line,
        questions=tuple(Located(question, line) for question in questions),
        facet_values=tuple((key, Located(value, line)) for key, values in facets.items() for value in values),
    )


def _wrong(file: Path, line: int, message: str) -> Unreadable:
    return Unreadable((Problem(str(file), line, message),))
