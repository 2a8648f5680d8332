"""A Markdown answer: YAML between two lines of three hyphens, then the text. Parsed here, and nowhere else.

Owns every message about the shape of such a file, in French and with its line.
"""

import difflib
import re
from pathlib import Path

import yaml

from indexer.entries import Entry, Located, Unreadable
from indexer.records import Answer, Problem, Severity
from indexer.text_files import FORMAT_CHARACTERS
from indexer.yaml_text import YamlText, needs_quotes

FENCE = "---"
KEYS = ("questions", "facettes", "source")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEY_LINE = re.compile(rf"(?:{'|'.join(KEYS)})\s*:")
_LOOSE_KEY_LINE = re.compile(r"(?:questions?|facettes?|sources?)\s*:", re.IGNORECASE)
_ITEM = re.compile(r"\s*[-‐‑‒–—•*]\s*\S")
_INVISIBLE = re.compile(f"[{FORMAT_CHARACTERS}]")
_CODE_FENCE = re.compile(r"```|~~~")
_LINES_LOOKED_AT = 20
"""From the first line on, for a header that is not at the beginning."""
_LIKE_A_FENCE = re.compile(r"\s*[-‐‑‒–—_=*]+\s*")


def parse_markdown_text(text: str, *, path: str) -> Entry | Unreadable:
    """Return the answer in a file's *text*, or every problem that kept it from being one.

    The id is the file's name without its ending; that is checked here too.
    """
    lines = text.split("\n")
    problems: list[Problem] = []
    answer_id = Path(path).stem
    if not _ID.fullmatch(answer_id):
        message = (
            f"le nom du fichier, « {answer_id} », sert d'identifiant : des minuscules sans accent, des chiffres et des "
            "tirets seulement, comme « validite-certificat.md »."
        )
        problems.append(Problem(path, 1, message))
    fences = _fences(lines, path)
    if isinstance(fences, Problem):
        return Unreadable((*problems, fences))
    opening, closing = fences
    header = _Header()
    if closing:
        stretch = "\n".join(lines[opening + 1 : closing])
        header.read(YamlText(stretch, path=path, first_line=opening + 2, problems=problems), path, problems)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Unreadable(tuple(problems))
    start = closing + 1 if closing else 0
    body = "\n".join(lines[start:])
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
        ),
        start + 1,
        tuple(header.questions),
        tuple(header.facet_values),
        tuple(problems),
    )


def format_markdown_answer(answer: Answer) -> str:
    """Return the file of an answer; parsing it gives the answer back."""
    header: dict[str, object] = {}
    if answer.questions:
        header["questions"] = list(answer.questions)
    if answer.facets:
        header["facettes"] = {key: list(values) for key, values in answer.facets.items()}
    if answer.source:
        header["source"] = answer.source
    if not header:
        return f"{FENCE}\n{FENCE}\n{answer.text}\n"
    text = yaml.dump(header, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, indent=2)
    return f"{FENCE}\n{text}{FENCE}\n{answer.text}\n"


def _fences(lines: list[str], path: str) -> tuple[int, int] | Problem:
    """Return where the header begins and ends, from 0; (0, 0) where there is none; or which of the two is missing."""
    opening = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if lines[opening].rstrip() == FENCE:
        closing = next((at for at in range(opening + 1, len(lines)) if lines[at].rstrip() == FENCE), 0)
        if closing:
            return opening, closing
        like = next((at for at in range(opening + 1, len(lines)) if _LIKE_A_FENCE.fullmatch(lines[at])), 0)
        if like:
            return Problem(path, like + 1, f"cette ligne doit être « {FENCE} », trois tirets, pour fermer l'en-tête.")
        message = f"l'en-tête ouvert ici n'est pas fermé : ajoutez une ligne « {FENCE} » après lui."
        return Problem(path, opening + 1, message)
    hidden = _INVISIBLE.sub("", lines[opening]).strip()
    if hidden == FENCE:
        return Problem(path, opening + 1, f"un caractère invisible est sur cette ligne : retapez-la, « {FENCE} ».")
    if _CODE_FENCE.match(hidden) and opening + 1 < len(lines) and lines[opening + 1].rstrip() == FENCE:
        return Problem(path, opening + 1, "retirez cette ligne et celle qui lui répond à la fin du fichier.")
    looked_at = range(opening, min(opening + _LINES_LOOKED_AT, len(lines) - 1))
    misplaced = next((at for at in looked_at if _begins(lines, at)), 0)
    if misplaced:
        message = f"l'en-tête doit être tout au début du fichier : mettez après lui ce qui précède ce « {FENCE} »."
        return Problem(path, misplaced + 1, message)
    after = opening + 1 if _LIKE_A_FENCE.fullmatch(lines[opening]) else opening
    if after < len(lines) and (_KEY_LINE.match(lines[after]) or _looks_like_a_key(lines, after)):
        message = (
            f"l'en-tête doit commencer par une ligne « {FENCE} », trois tirets, et finir de même ; ses clés sont "
            f"{', '.join(KEYS)}."
        )
        return Problem(path, opening + 1, message)
    return 0, 0


def _begins(lines: list[str], at: int) -> bool:
    """Whether a header begins at this line, and not what Markdown makes of three hyphens."""
    return lines[at].rstrip() == FENCE and bool(re.match(r"(?:questions|facettes)\s*:", lines[at + 1]))


def _looks_like_a_key(lines: list[str], at: int) -> bool:
    """Whether this line is a key, in whatever case, with a list below: a text hardly begins so."""
    return bool(_LOOSE_KEY_LINE.fullmatch(lines[at].strip()) and _ITEM.match("".join(lines[at + 1 : at + 2])))


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
            else:
                nearest = difflib.get_close_matches(key.text.lower(), KEYS, n=1)
                hint = (
                    f"voulez-vous dire « {nearest[0]} » ?" if nearest else f"les clés connues sont {', '.join(KEYS)}."
                )
                problems.append(Problem(path, key.line, f"clé inconnue « {key.text} » : {hint}"))
