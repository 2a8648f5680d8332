"""Answers in lines of JSON: JSONL and BEIR. Read one at a time, so that the size of the file does not matter.

A row that cannot be read is told with its line, and the next ones are read all the same.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from indexer.corpus.change_date import not_a_date, read_change_date
from indexer.corpus.entries import Entry, Located, Unreadable
from indexer.corpus.slugs import free_name, name_of
from indexer.corpus.tables.columns import Role, is_theme, role_of
from indexer.corpus.text_files import is_utf_16
from indexer.french.keywords import keywords_in
from indexer.records import Answer, Problem, Severity

MAX_ROW_BYTES = 1_000_000
_JSONL_FIELDS = ("id", "text", "questions", "facets", "source", "keywords", "former_ids", "changed_on")
_FIELD_OF = {
    Role.ID: "id",
    Role.TEXT: "text",
    Role.QUESTION: "questions",
    Role.SOURCE: "source",
    Role.LINK: "source",
    Role.KEYWORDS: "keywords",
    Role.FORMER_NAMES: "former_ids",
    Role.CHANGED_ON: "changed_on",
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = "le fichier est en UTF-16, « Texte Unicode » dans un tableur : enregistrez-le à nouveau, en « UTF-8 »."


def read_jsonl(file: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a JSONL file, whose fields have the names of those of `Answer`, or of columns of tables.

    Without an id, one is made of the question. A field that is not read is named once.
    """
    names = _Names(file)
    for line, record in _json_lines(file):
        if isinstance(record, Unreadable):
            yield record
            continue
        fields, unknown = _fields(record)
        yield from names.problems(unknown, line)
        if not fields.get("id") and "id" not in record:
            yield names.named(_entry(file, line, **{**fields, "id": ""}))
        else:
            yield _entry(file, line, **fields)


def read_beir(file: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a BEIR corpus.jsonl: the title, where there is one, is the first line of the text.

    Questions, facets and a source beside them, or in the metadata, are read as those of JSONL are; what else the rows
    hold is named once.
    """
    names = _Names(file)
    for line, record in _json_lines(file):
        if isinstance(record, Unreadable):
            yield record
            continue
        title, text, metadata = record.get("title"), record.get("text"), record.get("metadata")
        if title is not None and not isinstance(title, str):
            yield _wrong(file, line, "« title » doit être un texte.")
            continue
        beside = {**(metadata if isinstance(metadata, dict) else {}), **record}
        kept = {key: value for key, value in beside.items() if key not in ("_id", "id", "title", "text", "metadata")}
        fields, unknown = _fields(kept)
        yield from names.problems(unknown, line)
        whole = f"{title}\n{text}" if title and isinstance(text, str) else text
        yield _entry(file, line, **{**fields, "id": record.get("_id"), "text": whole})


class _Names:
    """The names of fields told so far, and of answers made so far, in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._told: set[str] = set()
        self._taken: set[str] = set()

    def problems(self, unknown: list[str], line: int) -> Iterator[Unreadable]:
        """Yield a warning for each name that was not told yet."""
        for name in unknown:
            if name not in self._told:
                self._told.add(name)
                message = f"champ inconnu {_named(name, _JSONL_FIELDS)} Il n'est pas lu, ici et plus bas."
                yield Unreadable((Problem(str(self._file), line, message, Severity.WARNING),))

    def named(self, entry: Entry | Unreadable) -> Entry | Unreadable:
        """Return the entry with an id made of its question, or of its text."""
        if isinstance(entry, Unreadable):
            return entry
        name = free_name(name_of(entry.answer.questions, entry.answer.text), self._taken)
        self._taken.add(name)
        return entry.with_answer(id=name, has_made_id=True)


def _fields(record: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Return the known fields of a row, whatever names they have there, and the names that mean nothing here."""
    fields: dict[str, object] = dict.fromkeys(_JSONL_FIELDS)
    fields |= {key: value for key, value in record.items() if key in _JSONL_FIELDS}
    unknown = []
    for key, value in record.items():
        if key in _JSONL_FIELDS:
            continue
        role = role_of(key)
        target = _FIELD_OF.get(role) if role else None
        if is_theme(key):
            facets = fields["facets"] if isinstance(fields["facets"], dict) else {}
            if value:
                fields["facets"] = {"thematique": value if isinstance(value, list) else [value], **facets}
        elif target == "questions" and value:
            more = value if isinstance(value, list) else [value]
            fields["questions"] = [*(fields["questions"] if isinstance(fields["questions"], list) else []), *more]
        elif target and fields[target] is None:
            fields[target] = value
        elif value not in (None, "", [], {}):
            unknown.append(key)
    return fields, unknown


def _begins_as_utf_16(stream: BinaryIO) -> bool:
    start = stream.read(2)
    stream.seek(0)
    return is_utf_16(start)


def _json_lines(file: Path) -> Iterator[tuple[int, Mapping[str, object] | Unreadable]]:
    with file.open("rb") as stream:
        if _begins_as_utf_16(stream):
            yield 1, _wrong(file, 1, _UTF_16)
            return
        line = 0
        is_told = False
        while content := stream.readline(MAX_ROW_BYTES):
            line += 1
            if len(content) == MAX_ROW_BYTES and not content.endswith(b"\n"):
                while content and not content.endswith(b"\n"):
                    content = stream.readline(MAX_ROW_BYTES)
                yield line, _wrong(file, line, f"la ligne dépasse {MAX_ROW_BYTES} octets : partagez la réponse.")
                continue
            if line == 1:
                content = content.removeprefix(_BYTE_ORDER_MARK)
            if not content.strip():
                continue
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError:
                if not is_told:  # a file of another encoding has it in most of its rows
                    is_told = True
                    yield line, _wrong(file, line, "la ligne n'est pas en UTF-8 : enregistrez le fichier en UTF-8.")
                continue
            yield line, _json_record(file, line, text)


def _json_record(file: Path, line: int, text: str) -> Mapping[str, object] | Unreadable:
    try:
        record = json.loads(text, object_pairs_hook=_without_doubles)
    except _DoubleError as error:
        return _wrong(file, line, f"« {error} » est deux fois dans la ligne : gardez-en un.")
    except (ValueError, RecursionError) as error:
        return _wrong(file, line, f"la ligne ne se lit pas comme du JSON : {error}.")
    return record if isinstance(record, dict) else _wrong(file, line, "la ligne doit être un objet JSON, { … }.")


class _DoubleError(Exception):
    """A key of a JSON object is there twice."""


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record: dict[str, object] = {}
    for key, value in pairs:
        if key in record:
            raise _DoubleError(_shown(key))
        record[key] = value
    return record


def _entry(
    file: Path,
    line: int,
    *,
    id: object,  # noqa: A002  # the field's name
    text: object,
    questions: object,
    facets: object,
    source: object,
    keywords: object,
    former_ids: object,
    changed_on: object,
) -> Entry | Unreadable:
    answer_id = id
    if not isinstance(answer_id, str) or not isinstance(text, str):
        return _wrong(file, line, "l'identifiant et le texte sont obligatoires, et doivent être du texte.")
    asked = _texts([] if questions is None else questions)
    if asked is None:
        return _wrong(file, line, "« questions » doit être une liste de textes non vides.")
    found = {key: _texts(values) for key, values in facets.items()} if isinstance(facets, dict) else {}
    values = {key: tuple(some) for key, some in found.items() if some and key.strip()}
    if not (facets is None or isinstance(facets, dict)) or len(values) < len(found):
        return _wrong(file, line, "« facets » doit donner à chaque clé une liste de textes non vides.")
    if source is not None and not isinstance(source, str):
        return _wrong(file, line, "« source » doit être un texte.")
    words, former = _listed(keywords), _listed(former_ids)
    if words is None or former is None:
        return _wrong(file, line, "« keywords » et « former_ids » doivent être des listes de textes non vides.")
    words = [one for one in map(keywords_in, words) if one]
    day = read_change_date(changed_on) if isinstance(changed_on, str) else None
    warnings: tuple[Problem, ...] = ()
    if changed_on not in (None, "") and day is None:
        warnings = (Problem(str(file), line, not_a_date(_shown(str(changed_on))), Severity.WARNING),)
    return Entry(
        str(file),
        Answer(
            answer_id,
            text.strip(),
            questions=tuple(asked),
            facets=values,
            source=source,
            former_ids=tuple(former),
            keywords=tuple(words),
            changed_on=day,
        ),
        line,
        questions=tuple(Located(question, line) for question in asked),
        facet_values=tuple((key, Located(value, line)) for key, some in values.items() for value in some),
        warnings=warnings,
        keywords=tuple(Located(one, line) for one in words),
        former_names=tuple(Located(one, line) for one in former),
    )


def _listed(value: object) -> list[str] | None:
    """Return the texts of a list, or of one text alone; see `_texts`."""
    if value in (None, ""):
        return []
    return _texts([value] if isinstance(value, str) else value)


def _texts(values: object) -> list[str] | None:
    """Return texts on one line each, None where there is something else, or an empty one."""
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        return None
    return [" ".join(value.split()) for value in values]


def _named(written: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(written.lower(), known, n=1)
    hint = f"voulez-vous dire « {nearest[0]} » ?" if nearest else f"les noms connus sont {', '.join(known)}."
    return f"« {_shown(written)} » : {hint}"


def _shown(text: str) -> str:
    return text[:40].encode("utf-8", errors="replace").decode()


def _wrong(file: Path, line: int, message: str) -> Unreadable:
    return Unreadable((Problem(str(file), line, message),))
