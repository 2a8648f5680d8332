"""From a page saved from the site, as text, to one Markdown file an answer. Never overwrites a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus.imports.ans_page import CLOSING_LINE, EVIDENCE, GUIDED, SOURCE
from indexer.corpus.imports.files import existing_answers, write_files
from indexer.corpus.markdown import format_markdown_answer
from indexer.corpus.near_duplicates import ALIKE, overlap_of
from indexer.corpus.slugs import free_name, slug_of
from indexer.corpus.text_files import read_text_file
from indexer.errors import CorpusError
from indexer.french.text import fold, words_of
from indexer.records import Answer, Problem

_CLOSING_WORDS = words_of(CLOSING_LINE)
_NO_THEME = "divers"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did: files made, answers that were there already, and answers left alone with the reason."""

    created: tuple[Path, ...]
    present: tuple[Path, ...]
    left_alone: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"Réponses créées : {len(self.created)}. Déjà présentes : {len(self.present)}."]
        lines += [f"  créée : {path}" for path in self.created]
        lines += [f"  laissée : {reason}" for reason in self.left_alone]
        return "\n".join(lines)


def import_page(page: Path, folder: Path) -> ImportSummary:
    """Write each answer of *page* that *folder* does not have yet to a file of its own, in the folder of its theme.

    An answer is known by its words, whatever its file is called now and whatever was added around it; one whose words
    were edited, by its name or by most of its words. CorpusError, and nothing written, if the page cannot be read as
    one, or the folder cannot be read or written.
    """
    texts = list(dict.fromkeys(_answers_of(page)))
    existing = existing_answers(folder)
    by_words = {_words(entry.answer.text): Path(entry.path) for entry in existing}
    on_page = {_words(text) for text in texts}
    # What the page has word for word is no edited version of anything else on it.
    edited = [entry for entry in existing if _words(entry.answer.text) not in on_page]
    taken = {Path(entry.path).stem: Path(entry.path) for entry in existing}
    created: dict[Path, str] = {}
    present: list[Path] = []
    left_alone: list[str] = []
    for text in texts:
        slug = slug_of(text) or "reponse"
        version = next((Path(entry.path) for entry in edited if overlap_of(entry.answer.text, text) >= ALIKE), None)
        if _words(text) in by_words:
            present.append(by_words[_words(text)])
        elif slug in taken and taken[slug] not in created:
            left_alone.append(f"« {slug} » : {taken[slug]} porte déjà ce nom avec un autre texte ; comparez-les.")
        elif version:
            left_alone.append(f"« {slug} » : {version} en semble une version corrigée ; comparez-les.")
        else:
            answer = Answer(free_name(slug, taken), text, facets=_facets(text), source=SOURCE)
            file = folder / _theme(answer) / f"{answer.id}.md"
            created[file] = format_markdown_answer(answer)
            taken[answer.id] = file
    if created:
        write_files(created, folder)
    return ImportSummary(tuple(created), tuple(present), tuple(left_alone))


def _theme(answer: Answer) -> str:
    theme = fold(answer.facets["thematique"][0]) if "thematique" in answer.facets else _NO_THEME
    return re.sub(r"[^a-z0-9]+", "-", theme)


def _answers_of(page: Path) -> Iterator[str]:
    """Yield the texts of the answers: what stands between the closing lines, without the guided search above them."""
    text = read_text_file(page)
    if isinstance(text, Problem):
        raise CorpusError([text])
    lines = [line.strip() for line in text.split("\n")]
    closings = [at for at, line in enumerate(lines) if words_of(line) == _CLOSING_WORDS]
    if not closings:
        message = f"aucune ligne « {CLOSING_LINE} » : est-ce bien une page de la FAQ, enregistrée en texte ?"
        raise CorpusError([Problem(str(page), 1, message)])
    if any(lines[closings[-1] + 1 :]):
        at = next(at for at in range(closings[-1] + 1, len(lines)) if lines[at])
        message = f"ce texte vient après la dernière ligne « {CLOSING_LINE} » : complétez ou retirez-le."
        raise CorpusError([Problem(str(page), at + 1, message)])
    start = 0
    while start < len(lines) and (not lines[start] or GUIDED.fullmatch(words_of(lines[start]))):
        start += 1
    for closing in closings:
        body = "\n".join(lines[start:closing]).strip()
        if body:
            yield body
        start = closing + 1


def _words(text: str) -> str:
    return " ".join(text.split())


def _facets(text: str) -> dict[str, tuple[str, ...]]:
    found = {
        key: tuple(value for value, expression in values if re.search(expression, text, re.IGNORECASE))
        for key, values in EVIDENCE.items()
    }
    found["thematique"] = found["thematique"][:1]
    return {key: values for key, values in found.items() if values}
