"""YAML as people write it by hand: every value is text, every mistake has its line and an advice in French.

Owns PyYAML's reading side. Plain words stay as written (« Oui », « 905 », dates); what YAML would take for a sign of
its own, and drop in silence (#, &, !, a second line), is told instead.
"""

import re
from collections.abc import Iterator

import yaml

from indexer.corpus.entries import Located
from indexer.corpus.text_files import FORMAT_CHARACTERS
from indexer.corpus.yaml_advice import QUOTE_IT, SEE_EXAMPLE, diagnose
from indexer.records import Problem, Severity

_LINE_ENDS_OF_YAML = re.compile("[\x85\u2028\u2029]")
_BULLET = re.compile(r"[-‐‑‒–—•*]\s")
_BULLET_OR_NUMBER = re.compile(r"\s*(?:[-‐‑‒–—•*]|\d{1,2}[.)])\s")
# What pushes a line out of its place: blanks that are no plain spaces, and what takes no place at all.
_UNSEEN = re.compile(rf"[{FORMAT_CHARACTERS}]|[^\S \t]")
_START = re.compile(rf"([\s{FORMAT_CHARACTERS}]*)(?:(-|[\w-]+:)(?=[^ \t])([\s{FORMAT_CHARACTERS}]*))?")
_QUOTES = ("'", '"')
_BLOCKS = ("|", ">")


class YamlText:
    """Reads a stretch of YAML in a file, noting each problem at its line. *first_line*: that of the stretch, from 1."""

    def __init__(self, text: str, *, path: str, first_line: int, problems: list[Problem]) -> None:
        # These three end a line for YAML, and not for an editor: they would shift the lines of every message.
        lines = _LINE_ENDS_OF_YAML.sub(" ", text).split("\n")
        self._path = path
        self._first_line = first_line
        self._problems = problems
        self._lines = [self._with_plain_start(line, at) for at, line in enumerate(lines)]
        self._text = "\n".join(self._lines)

    def compose(self) -> yaml.Node | None:
        """Return the tree, None where it is empty or does not parse."""
        try:
            return yaml.compose(self._text, Loader=_PlainLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at, advice = diagnose(self._lines, mark.line if mark else 0)
            self._note(self._first_line + at, f"ce passage ne se lit pas. {advice}")
        except yaml.YAMLError:
            self._note(self._first_line, "un caractère interdit se trouve dans ce passage : retapez-le.")
        except RecursionError:
            self._note(self._first_line, f"trop de crochets ou d'accolades dans ce passage. {SEE_EXAMPLE}")
        return None

    def pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[Located, yaml.Node]]:
        """Yield the keys of a mapping and their values; an empty place has none."""
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return
        if not isinstance(node, yaml.MappingNode):
            message = f"{what} doit avoir par ligne une clé, deux-points, une espace et une valeur."
            self._note(self._line(node), message)
            return
        seen: set[str] = set()
        for key, value in node.value:
            text = " ".join(key.value.split()) if isinstance(key, yaml.ScalarNode) else ""
            if not text:
                self._note(self._line(key), f"une clé de {what} est vide ou mal écrite. {SEE_EXAMPLE}")
            elif text in seen:
                self._note(self._line(key), f"la clé « {text} » est deux fois dans {what} : gardez-en une.")
            else:
                seen.add(text)
                yield Located(text, self._line(key)), value

    def texts(self, node: yaml.Node, what: str) -> Iterator[Located]:
        """Yield the texts of a list, or the only one where there is no list; an empty place has none."""
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return
        listed = isinstance(node, yaml.SequenceNode)
        for item in node.value if listed else [node]:
            text = self.text(item, what, may_be_several=not listed)
            if text is not None:
                yield Located(text, self._line(item))

    def text(self, node: yaml.Node, what: str, *, may_be_several: bool = False) -> str | None:
        """Return a text on one line, None where there is something else or nothing.

        may_be_several: whether each line of it could have been meant for a text of its own.
        """
        if not isinstance(node, yaml.ScalarNode):
            message = f"« {what} » contient ici autre chose qu'un texte. S'il y a deux-points dans le texte, {QUOTE_IT}"
            self._note(self._line(node), message)
            return None
        text = " ".join(node.value.split())
        if not text:
            self._note(self._line(node), f"« {what} » est vide ici : complétez ou retirez la ligne.")
            return None
        return text if self._reads_as_written(node, may_be_several=may_be_several) else None

    def _with_plain_start(self, line: str, at: int) -> str:
        """Return a line as it looks: read as it is, it would be another line, and told for what it does not show."""
        start = _START.match(line)
        if not start or not _UNSEEN.search(start[0]):
            return line
        if start.end() < len(line):
            what = "une espace insécable" if re.search(r"[^\S \t]", start[0]) else "un caractère invisible"
            message = f"{what} est au début de cette ligne : effacez ce début, espaces comprises, et retapez-le."
            self._note(self._first_line + at, message)
        return re.sub(r"[^\S \t]", " ", re.sub(f"[{FORMAT_CHARACTERS}]", "", start[0])) + line[start.end() :]

    def _reads_as_written(self, node: yaml.ScalarNode, *, may_be_several: bool) -> bool:
        """Note what YAML dropped or joined in silence around or in a text; False where that is an error."""
        start, end = node.start_mark, node.end_mark
        if not node.style and self._lines[end.line][end.column :].lstrip().startswith("#"):
            self._note(self._first_line + end.line, f"ce qui suit « # » serait perdu : {QUOTE_IT}")
            return False
        last = end.line if end.column else end.line - 1
        for at in range(start.line, last + 1):
            before = self._lines[at][: start.column].strip() if at == start.line else ""
            written = self._lines[at][start.column :] if before else self._lines[at]
            sign = (_BULLET if before else _BULLET_OR_NUMBER).match(written)
            if sign:
                message = (
                    f"« {sign[0].strip()} » au début de cette ligne ferait partie du texte. Mettez chaque texte sur sa "
                    "ligne, derrière un tiret « - » et une espace ordinaires, et alignez les tirets."
                )
                self._note(self._first_line + at, message)
                return False
            if node.style not in _QUOTES and re.match(r"\s*-\S", self._lines[at]):
                self._note(self._first_line + at, "mettez une espace après le tiret.")
                return False
        for at in range(start.line + (node.style in _BLOCKS), last):
            if may_be_several or self._lines[at].rstrip().endswith("?"):
                message = (
                    "cette ligne et la suivante ne font qu'un seul texte : s'il y en a deux, chacun a sa ligne et son "
                    "tiret."
                )
                self._note(self._first_line + at, message, Severity.WARNING)
        return True

    def _line(self, node: yaml.Node) -> int:
        return self._first_line + int(node.start_mark.line)

    def _note(self, line: int, message: str, severity: Severity = Severity.ERROR) -> None:
        self._problems.append(Problem(self._path, line, message, severity))


def needs_quotes(text: str) -> bool:
    """Whether a text, written without quotes, would be told for the sign or the character that it begins with."""
    return bool(_BULLET.match(text) or _UNSEEN.match(text))


def in_quotes(text: str) -> str:
    """Return a text of one line as a value in straight quotes, which is read as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _PlainLoader(yaml.BaseLoader):
    """Takes every plain word for text, and refuses anchors, references and tags: nobody means them here."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or tag is not None:
            mark = event.start_mark
            raise yaml.composer.ComposerError(None, None, "a sign of YAML's own", mark)  # type: ignore[arg-type]  # stubs
        return super().compose_node(parent, index)
