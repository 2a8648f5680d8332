"""Values that an import brings and `facettes.yaml` does not have: added there as lines, all others left as they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus.companion_files import FACETS_FILE, read_companions
from indexer.corpus.handwritten_yaml import in_quotes, needs_quotes
from indexer.french.text import normalise
from indexer.records import Answer, Facet


@dataclass(frozen=True, slots=True)
class FacetLines:
    """What `facettes.yaml` would hold. before: its bytes. missing: what is to be added by hand, since no line could."""

    file: Path
    before: bytes
    after: str
    added: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]


def facet_lines(answers: Iterable[Answer], *, corpus: Path) -> FacetLines | None:
    """Return the definitions in *corpus* with the values of *answers*; None where there are none, or nothing is new."""
    defined = read_companions(corpus).facets
    if not defined:
        return None
    file = corpus / FACETS_FILE
    before = file.read_bytes()
    unknown = _unknown(answers, defined)
    text = before.decode("utf-8-sig")
    added: dict[str, tuple[str, ...]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for key, values in unknown.items():
        changed = _with_values(text, key, values, is_defined=any(facet.key == key for facet in defined))
        if changed is None:
            missing[key] = values
        else:
            text, added[key] = changed, values
    if not unknown:
        return None
    mark = "\ufeff" if before.startswith(b"\xef\xbb\xbf") else ""
    return FacetLines(file, before, mark + text, added, missing)


def _unknown(answers: Iterable[Answer], defined: Sequence[Facet]) -> dict[str, tuple[str, ...]]:
    known = {(facet.key, normalise(value)) for facet in defined for value in facet.values}
    unknown: dict[str, tuple[str, ...]] = {}
    for answer in answers:
        for key, values in answer.facets.items():
            for value in values:
                if (key, normalise(value)) not in known:
                    known.add((key, normalise(value)))
                    unknown[key] = (*unknown.get(key, ()), value)
    return unknown


def _with_values(text: str, key: str, values: Sequence[str], *, is_defined: bool) -> str | None:
    """Return the file with *values* as new lines; None where its form does not allow that, as a list in brackets."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if not is_defined:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += end
        block = [f"{_value(key)}:", f"  question: {_value(f'{key.capitalize()} ?')}", "  valeurs:"]
        return "".join(lines) + "".join(line + end for line in (*block, *(f"    - {_value(one)}" for one in values)))
    opening = re.compile(rf"[\"']?{re.escape(key)}[\"']?\s*:\s*(#.*)?$")
    start = next((at for at, line in enumerate(lines) if opening.match(line)), None)
    if start is None:
        return None
    last, indent, inside = None, "", False
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if line.strip() and not line[0].isspace() and not line.startswith("#"):
            break
        inside = bool(re.match(r"\s+valeurs\s*:\s*(#.*)?$", line)) if re.match(r"\s+[\w-]+\s*:", line) else inside
        item = re.match(r"(\s+)- +\S", line)
        if inside and item:
            last, indent = at, item[1]
    if last is None:
        return None
    if not lines[last].endswith("\n"):
        lines[last] += end
    return "".join([*lines[: last + 1], *(f"{indent}- {_value(one)}{end}" for one in values), *lines[last + 1 :]])


def _value(text: str) -> str:
    plain = re.fullmatch(r"[^\W\d_][\w '’()/.,-]*", text) and not needs_quotes(text) and not text.endswith(" ")
    if plain and text.lower() not in ("oui", "non", "yes", "no", "true", "false", "null", "on", "off"):
        return text
    return in_quotes(text)
