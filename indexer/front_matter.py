"""A Markdown answer: YAML between two lines of three hyphens, then the text. Parsed here, and nowhere else.

Owns every message about such a file, in French and with its line.
"""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from indexer.entries import Entry, Located, Unreadable
from indexer.records import Answer, Problem

FENCE = "---"
KEYS = ("questions", "facettes", "source")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def parse_markdown_answer(content: bytes, *, path: str) -> Entry | Unreadable:
    """Return the answer in a file's *content*, or every problem that kept it from being one.

    The id is the file's name without its ending; that is checked here too.
    """
    try:
        lines = _decode(content).split("\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = "le fichier n'est pas en UTF-8 : enregistrez-le avec l'encodage « UTF-8 »."
        return Unreadable((Problem(path, line, message),))
    problems: list[Problem] = []
    answer_id = Path(path).stem
    if not _ID.fullmatch(answer_id):
        message = (
            f"le nom du fichier, « {answer_id} », sert d'identifiant : des minuscules sans accent, des chiffres et des "
            "tirets seulement, comme « validite-certificat.md »."
        )
        problems.append(Problem(path, 1, message))
    closing = 0
    if lines[0].rstrip() == FENCE:
        closing = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), 0)
        if not closing:
            message = f"l'en-tête ouvert ici n'est pas fermé : ajoutez une ligne « {FENCE} » après lui."
            return Unreadable((*problems, Problem(path, 1, message)))
    header = _Header(path, problems)
    node = _compose("\n".join(lines[1:closing]), path, problems)
    if node is not None:
        header.read(node)
    if problems:
        return Unreadable(tuple(problems))
    facets: dict[str, tuple[str, ...]] = {}
    for key, value in header.facet_values:
        facets[key] = (*facets.get(key, ()), value.text)
    answer = Answer(
        id=answer_id,
        text="\n".join(lines[closing + 1 if closing else 0 :]).strip(),
        questions=tuple(question.text for question in header.questions),
        facets=facets,
        source=header.source,
    )
    return Entry(path, answer, closing + 2 if closing else 1, tuple(header.questions), tuple(header.facet_values))


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


class _Dumper(yaml.SafeDumper):
    """Writes a list under its key with two spaces, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # PyYAML's signature
        super().increase_indent(flow, False)


def _compose(yaml_text: str, path: str, problems: list[Problem]) -> yaml.Node | None:
    """Return the tree of the front matter with its lines, None where it is empty or does not parse."""
    try:
        # The base loader takes every plain word for text: « Oui », « 905 » and dates stay as they are written.
        return yaml.compose(yaml_text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + 2
        written = [*yaml_text.split("\n"), ""][line - 2].rstrip()
        problems.append(Problem(path, line, f"l'en-tête ne se lit pas ici. {_advice(written)}"))
    except yaml.YAMLError as error:
        problems.append(Problem(path, 2, f"l'en-tête contient un caractère interdit ({error}) : retirez-le."))
    return None


def _advice(written: str) -> str:
    if "\t" in written:
        return "Remplacez la tabulation par des espaces."
    if re.match(r" *-\S", written):
        return "Mettez une espace après le tiret."
    if ": " in written or written.endswith(":"):
        return 'Si le texte contient deux-points, mettez-le tout entier entre guillemets droits : "…".'
    if re.match(r" *\w+:\S", written):
        return "Mettez une espace après les deux-points."
    return "Comparez avec l'exemple de LISEZMOI.md : alignement, tirets, guillemets fermés."


class _Header:
    """Reads the tree of the front matter, noting each problem at its line."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems
        self.questions: list[Located] = []
        self.facet_values: list[tuple[str, Located]] = []
        self.source: str | None = None

    def read(self, node: yaml.Node) -> None:
        for key, value in self._pairs(node, "l'en-tête"):
            if key.text == "questions":
                self.questions = list(self._texts(value, "questions"))
            elif key.text == "facettes":
                for facet, values in self._pairs(value, "facettes"):
                    self.facet_values += [(facet.text, text) for text in self._texts(values, facet.text)]
            elif key.text == "source":
                self.source = self._text(value, "source")
            else:
                nearest = difflib.get_close_matches(key.text, KEYS, n=1)
                hint = (
                    f"voulez-vous dire « {nearest[0]} » ?" if nearest else f"les clés connues sont {', '.join(KEYS)}."
                )
                self._note(key.line, f"clé inconnue « {key.text} » : {hint}")

    def _pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[Located, yaml.Node]]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return
        if not isinstance(node, yaml.MappingNode):
            self._note(_line(node), f"{what} doit avoir une clé, deux-points et une valeur par ligne.")
            return
        seen: set[str] = set()
        for key, value in node.value:
            text = key.value if isinstance(key, yaml.ScalarNode) else ""
            if text in seen:
                self._note(_line(key), f"la clé « {text} » est deux fois dans {what} : gardez-en une.")
                continue
            seen.add(text)
            yield Located(text, _line(key)), value

    def _texts(self, node: yaml.Node, what: str) -> Iterator[Located]:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for item in items:
            text = self._text(item, what)
            if text is not None:
                yield Located(text, _line(item))

    def _text(self, node: yaml.Node, what: str) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._note(
                _line(node),
                f"« {what} » contient ici autre chose qu'un texte. S'il y a deux-points dans le texte, mettez-le tout "
                'entier entre guillemets droits : "…".',
            )
            return None
        text = " ".join(node.value.split())
        if not text:
            self._note(_line(node), f"« {what} » est vide ici : complétez ou retirez la ligne.")
            return None
        return text

    def _note(self, line: int, message: str) -> None:
        self._problems.append(Problem(self._path, line, message))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 2  # the opening fence is line 1, and YAML counts from 0


def _decode(content: bytes) -> str:
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
