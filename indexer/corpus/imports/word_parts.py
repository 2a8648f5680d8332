"""What stands beside the text of a Word document: styles that are headings, links, lists that count, notes."""

import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.corpus.tables.archive import attribute, local_name, read_relations, stream_elements

DOCUMENT = "word/document.xml"
_HEADING_NAME = re.compile(r"(?:heading|titre|überschrift)\s*([1-6])\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WordParts:
    """What stands beside the text. ranks: of the styles of headings. numbered: list and level of those that count.

    counts: how far each list and level has counted.
    """

    ranks: Mapping[str, int]
    links: Mapping[str, str]
    numbered: frozenset[tuple[str, str]]
    notes: Mapping[str, str]
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def next_in(self, number: str, level: str) -> int:
        """Return what the next paragraph of a list counts; what is deeper begins anew."""
        for other in [one for one in self.counts if one[0] == number and one[1] > level]:
            del self.counts[other]
        self.counts[number, level] += 1
        return self.counts[number, level]


def read_parts(archive: zipfile.ZipFile) -> WordParts:
    """Return what the text of the document in *archive* refers to."""
    links = read_relations(archive, DOCUMENT)
    return WordParts(_ranks_of_styles(archive), links, _numbered_lists(archive), _notes(archive))


def _numbered_lists(archive: zipfile.ZipFile) -> frozenset[tuple[str, str]]:
    """Return number and level of the lists whose paragraphs have a number or a letter before them, and no sign."""
    if "word/numbering.xml" not in archive.namelist():
        return frozenset()
    levels: dict[str, list[str]] = {}
    found: set[tuple[str, str]] = set()
    with archive.open("word/numbering.xml") as stream:
        for element in stream_elements(stream, kept=frozenset({"abstractNum", "num"})):
            if element.tag == "abstractNum":
                counting = [
                    attribute(level, "ilvl") or "0"
                    for level in element
                    for part in level
                    if local_name(part.tag) == "numFmt" and attribute(part, "val") not in ("bullet", "none")
                ]
                levels[attribute(element, "abstractNumId") or ""] = counting
            else:
                of = next((attribute(one, "val") for one in element if local_name(one.tag) == "abstractNumId"), None)
                found |= {(attribute(element, "numId") or "", level) for level in levels.get(of or "", ())}
    return frozenset(found)


def _notes(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return what each note says, by its kind and number."""
    notes: dict[str, str] = {}
    for kind in ("footnote", "endnote"):
        part = f"word/{kind}s.xml"
        if part in archive.namelist():
            with archive.open(part) as stream:
                for note in stream_elements(stream, kept=frozenset({kind})):
                    words = (one.text or "" for one in note.iter() if local_name(one.tag) == "t")
                    notes[f"{kind} {attribute(note, 'id')}"] = "".join(words)
    return notes


def _ranks_of_styles(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return the rank of each style that is a heading: by its outline, its name, or the style it is made from."""
    ranks: dict[str, int] = {}
    if "word/styles.xml" not in archive.namelist():
        return ranks
    with archive.open("word/styles.xml") as stream:
        for style in stream_elements(stream, kept=frozenset({"style"})):
            style_id = attribute(style, "styleId") or ""
            for part in style.iter():
                value = attribute(part, "val") or ""
                name = local_name(part.tag)
                if name == "outlineLvl" and value.isdigit() and int(value) < 6:
                    ranks[style_id] = int(value) + 1
                elif name == "name" and (found := _HEADING_NAME.match(value)):
                    ranks.setdefault(style_id, int(found[1]))
                elif name == "basedOn" and value in ranks:
                    ranks.setdefault(style_id, ranks[value])
    return ranks
