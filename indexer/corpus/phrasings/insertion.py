"""Puts one more question into the file of an answer: every byte the editor wrote stays, and in its place.

Only what is new is put in between. The file is then read again, as a build would: where it does not say the same as
before and that one question more, nothing is changed, and the editor is told to write the line.
"""

import dataclasses
import re

import yaml

from indexer.corpus.entries import Entry, Unreadable
from indexer.corpus.handwritten_yaml import YamlText, in_quotes
from indexer.corpus.header import FENCE, find_header
from indexer.corpus.markdown import parse_markdown_text
from indexer.corpus.text_files import decode_text
from indexer.errors import CorpusError
from indexer.records import Problem, Severity

_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(r"\r\n|\r|\n")
_DASH = re.compile(r"\s*-\s+(?=\S)")
_PLAIN = re.compile(r"[^\W_](?:[^:#\"'\[\]{},&*!|>%@`]|:(?=\S)|['’,])*\Z")
_KEY = "questions"


def with_question(content: bytes, question: str, *, path: str) -> bytes:
    """Return the content of an answer's file with one more curated question, the last; nothing else differs.

    question: one line, in normal form. CorpusError where the file cannot be read, or its form leaves no sure place.
    """
    text = decode_text(content, path=path)
    if isinstance(text, Problem):
        raise CorpusError([text])
    before = _parse(text, path)
    mark = _MARK if content.startswith(_MARK) else b""
    written = _Written(content.removeprefix(_MARK).decode())
    for changed in written.with_question(question, path=path):
        after = parse_markdown_text(_LINE_END.sub("\n", changed), path=path)
        if isinstance(after, Entry) and _says_one_more(before, after, question):
            return mark + changed.encode()
    message = f"cet en-tête laisse mal voir où ajouter une question : ajoutez-y vous-même « {question} »."
    raise CorpusError([Problem(path, 1, message)])


def _parse(text: str, path: str) -> Entry:
    entry = parse_markdown_text(text, path=path)
    if isinstance(entry, Unreadable):
        raise CorpusError([problem for problem in entry.problems if problem.severity is Severity.ERROR])
    return entry


def _says_one_more(before: Entry, after: Entry, question: str) -> bool:
    expected = dataclasses.replace(before.answer, questions=(*before.answer.questions, question))
    return after.answer == expected and len(after.warnings) <= len(before.warnings)


class _Written:
    """A file as it was written, by lines that keep their ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        ends = [match.span() for match in _LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._line_ends = [start for start, _ in ends] + [len(text)]
        self._lines = [text[start:end] for start, end in zip(self._starts, self._line_ends, strict=True)]
        first = ends[0] if ends else (0, 0)
        self._newline = text[slice(*first)] or "\n"

    def with_question(self, question: str, *, path: str) -> list[str]:
        """Return the text with the question put in, in each way that may be meant, the likeliest first."""
        header = find_header(self._lines, path=path)
        item = _item(question)
        if not header.closing:
            lines = [FENCE, f"{_KEY}:", f"  - {item}", FENCE]
            return [self._at(0, "".join(line + self._newline for line in lines))]
        first = header.opening + 1
        stretch = "\n".join(self._lines[first : header.closing])
        root = YamlText(stretch, path=path, first_line=first + 1, problems=[]).compose()
        if not isinstance(root, yaml.MappingNode):
            new = f"{_KEY}:{self._newline}  - {item}{self._newline}"
            return [self._at(self._starts[first], new)]
        for key, value in root.value:
            if isinstance(key, yaml.ScalarNode) and key.value == _KEY:
                return self._under_key(key, value, question, first)
        indent = " " * root.value[0][0].start_mark.column
        new = f"{indent}{_KEY}:{self._newline}{indent}  - {item}{self._newline}"
        return [self._at(self._starts[first], new)]

    def _under_key(self, key: yaml.Node, value: yaml.Node, question: str, first: int) -> list[str]:
        item = _item(question)
        indent = " " * (key.start_mark.column + 2)
        if isinstance(value, yaml.SequenceNode) and value.flow_style:
            quoted = in_quotes(question)
            if not value.value:
                return [self._at(self._place(value.start_mark, first) + 1, quoted)]
            return [self._at(self._place(value.value[-1].end_mark, first), f", {quoted}")]
        if isinstance(value, yaml.SequenceNode):
            last = value.value[-1]
            start = _DASH.match(self._lines[first + last.start_mark.line])
            dash = start[0] if start else " " * value.start_mark.column + "- "
            return [self._below(self._last_line(last, first), dash + item)]
        if not value.value:  # nothing under the key yet
            return [self._below(first + key.start_mark.line, f"{indent}- {item}")]
        # One text without a list: it becomes the first of one.
        at = self._place(value.start_mark, first)
        below = self._below(self._last_line(value, first), f"{indent}- {item}")
        return [below[:at] + f"{self._newline}{indent}- " + below[at:]]

    def _place(self, mark: yaml.Mark, first: int) -> int:
        return self._starts[first + mark.line] + mark.column

    def _last_line(self, node: yaml.Node, first: int) -> int:
        """Return the line that a text ends on; one of several lines is said to end on the line below, or further."""
        end = node.end_mark
        last = first + (end.line if end.column else end.line - 1)
        while last > first + node.start_mark.line and not self._lines[last].strip():
            last -= 1
        return last

    def _below(self, line: int, new: str) -> str:
        return self._at(self._line_ends[line], self._newline + new)

    def _at(self, place: int, new: str) -> str:
        return self._text[:place] + new + self._text[place:]


def _item(question: str) -> str:
    """Return a question as a value of YAML, with quotes where it could be told for something else."""
    return question if _PLAIN.match(question) and not question.endswith(":") else in_quotes(question)
