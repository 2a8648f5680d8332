"""A Markdown answer: a header in YAML, then the text. Parsed here, and nowhere else.

Owns what is said, in French and with its line, of the name and the keys of such a file.
"""

import difflib
import re
from datetime import date
from pathlib import Path

import yaml

from indexer.corpus.body import cleaned_body, signs_that_would_show
from indexer.corpus.change_date import not_a_date, read_change_date
from indexer.corpus.entries import Entry, Located, Unreadable
from indexer.corpus.handwritten_yaml import YamlText, needs_quotes
from indexer.corpus.header import CHANGED_ON, FENCE, FORMER_NAMES, KEYS, KEYWORDS, find_header
from indexer.corpus.slugs import file_name_of
from indexer.french.keywords import keywords_in
from indexer.records import Answer, Problem, Severity

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def parse_markdown_text(text: str, *, path: str) -> Entry | Unreadable:
    """Return the answer in a file's *text*, or every problem that kept it from being one.

    The id is the file's name without its ending; that is checked here too.
    """
    lines = text.split("\n")
    problems: list[Problem] = []
    answer_id = Path(path).stem
    if not is_answer_name(answer_id):
        message = (
            f"le nom du fichier, « {answer_id} », sert d'identifiant : des minuscules sans accent, des chiffres et des "
            f"tirets seulement, comme « {file_name_of(answer_id)} »."
        )
        problems.append(Problem(path, 1, message))
    found = find_header(lines, path=path)
    if found.problem:
        problems.append(found.problem)
    opening, closing = found.opening, found.closing
    header = _Header()
    if closing:
        stretch = "\n".join(lines[opening + 1 : closing])
        header.read(YamlText(stretch, path=path, first_line=opening + 2, problems=problems), path, problems)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Unreadable(tuple(problems))
    start = closing + 1 if closing else 0
    raw = "\n".join(lines[start:])
    problems += signs_that_would_show(raw, path=path, first_line=start + 1)
    body = cleaned_body(raw)
    facets: dict[str, tuple[str, ...]] = {}
    for key, value in header.facet_values:
        facets[key] = (*facets.get(key, ()), value.text)
    return Entry(
        path,
        Answer(
            id=answer_id,
            text=body.strip(),
            questions=tuple(question.text for question in header.questions),
            facets=facets,
            source=header.source,
            former_ids=tuple(name.text for name in header.former_names),
            keywords=tuple(words.text for words in header.keywords),
            changed_on=header.changed_on,
        ),
        start + 1,
        tuple(header.questions),
        tuple(header.facet_values),
        tuple(problems),
        keywords=tuple(header.keywords),
        former_names=tuple(header.former_names),
        text_line=start + 1 + body.count("\n", 0, len(body) - len(body.lstrip())),
    )


def is_answer_name(name: str) -> bool:
    """Return whether the file of an answer may have this name, without its ending: it is the answer's address."""
    return bool(_ID.fullmatch(name))


def format_markdown_answer(answer: Answer) -> str:
    """Return the file of an answer; parsing it gives the answer back.

    A line or a page that begins by a sign of its own, as a text processor leaves it, begins on a new line.
    """
    body = re.sub("[\x0b\x0c]", "\n", answer.text)
    header: dict[str, object] = {}
    if answer.questions:
        header["questions"] = list(answer.questions)
    if answer.facets:
        header["facettes"] = {key: list(values) for key, values in answer.facets.items()}
    if answer.source:
        header["source"] = answer.source
    if answer.keywords:
        header[KEYWORDS] = list(answer.keywords)
    if answer.former_ids:
        header[FORMER_NAMES] = list(answer.former_ids)
    if answer.changed_on:
        header[CHANGED_ON] = answer.changed_on.isoformat()
    if not header:
        return f"{FENCE}\n{FENCE}\n{body}\n"
    text = yaml.dump(header, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, indent=2)
    return f"{FENCE}\n{text}{FENCE}\n{body}\n"


class _Dumper(yaml.SafeDumper):
    """Writes a list under its key with two spaces, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # PyYAML's signature
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return the node of a text, quoted where it would be told for a line of a list."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if needs_quotes(text) else None)


_Dumper.add_representer(str, _Dumper.represent_text)


class _Header:
    """What the front matter says."""

    def __init__(self) -> None:
        self.questions: list[Located] = []
        self.facet_values: list[tuple[str, Located]] = []
        self.source: str | None = None
        self.keywords: list[Located] = []
        self.former_names: list[Located] = []
        self.changed_on: date | None = None

    def read(self, header: YamlText, path: str, problems: list[Problem]) -> None:
        node = header.compose()
        if node is None:
            return
        for key, value in header.pairs(node, "l'en-tête"):
            if key.text == "questions":
                self.questions = list(header.texts(value, "questions"))
            elif key.text == "facettes":
                for facet, values in header.pairs(value, "facettes"):
                    self.facet_values += [(facet.text, text) for text in header.texts(values, facet.text)]
            elif key.text == "source":
                self.source = header.text(value, "source")
            elif key.text == FORMER_NAMES:
                names = header.texts(value, FORMER_NAMES)
                self.former_names = [Located(name.text.removesuffix(".md"), name.line) for name in names]
                for name in self.former_names:
                    if not is_answer_name(name.text):
                        message = f"« {name.text} » n'est pas un nom de fichier : sans accent, avec des tirets."
                        problems.append(Problem(path, name.line, message))
            elif key.text == KEYWORDS:
                texts = (Located(keywords_in(words.text), words.line) for words in header.texts(value, KEYWORDS))
                self.keywords = [words for words in texts if words.text]
            elif key.text == CHANGED_ON:
                written = header.text(value, CHANGED_ON)
                self.changed_on = read_change_date(written or "")
                if written and self.changed_on is None:
                    problems.append(Problem(path, key.line, not_a_date(written)))
            else:
                nearest = difflib.get_close_matches(key.text.lower(), KEYS, n=1)
                hint = (
                    f"voulez-vous dire « {nearest[0]} » ?" if nearest else f"les clés connues sont {', '.join(KEYS)}."
                )
                problems.append(Problem(path, key.line, f"clé inconnue « {key.text} » : {hint}"))
