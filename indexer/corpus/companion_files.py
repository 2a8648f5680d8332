"""What stands beside the answers: `facettes.yaml`, `acronyms.tsv`, `hors-sujet.txt`. Each may be absent.

In the last two, empty lines and lines that begin with # say nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus.entries import MAX_CURATED_CHARACTERS, Located, lines_of, wrong_characters
from indexer.corpus.handwritten_yaml import YamlText
from indexer.corpus.text_files import leads_out, read_text_file
from indexer.french.text import question_key
from indexer.records import Acronym, Facet, Problem, Severity

FACETS_FILE = "facettes.yaml"
ACRONYMS_FILE = "acronyms.tsv"
OFF_TOPIC_TEXTS = "hors-sujet.txt"
WITHOUT_VALUE, TO_ALL, TO_NONE = "sans-valeur", "toutes", "aucune"
"""Of a facet: what an answer without a value of it applies to."""

FILES = frozenset({FACETS_FILE, ACRONYMS_FILE, OFF_TOPIC_TEXTS})


@dataclass(frozen=True, slots=True)
class Companions:
    """What stands beside the answers, and every problem found in it. off_topic_path: for messages about its lines."""

    facets: tuple[Facet, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
    off_topic: tuple[Located, ...] = ()
    off_topic_path: str = ""
    problems: tuple[Problem, ...] = ()


def read_companions(folder: Path) -> Companions:
    """Return what the companions in *folder* say, as far as they can be read."""
    problems: list[Problem] = []
    return Companions(
        facets=_read_facets(folder / FACETS_FILE, problems),
        acronyms=_read_acronyms(folder / ACRONYMS_FILE, problems),
        off_topic=_read_off_topic(folder / OFF_TOPIC_TEXTS, problems),
        off_topic_path=str(folder / OFF_TOPIC_TEXTS),
        problems=tuple(problems),
    )


def _text(file: Path, problems: list[Problem]) -> str | None:
    try:
        if not file.exists() and not file.is_symlink():
            return None
    except OSError:  # told where the files of the folder are listed
        return None
    text = leads_out(file, file.parent) or read_text_file(file)
    if isinstance(text, Problem):
        problems.append(text)
        return None
    problems += wrong_characters(str(file), lines_of(text))
    return text


def _lines(text: str) -> Iterator[Located]:
    for line in lines_of(text):
        if line.text.strip() and not line.text.lstrip().startswith("#"):
            yield Located(line.text.rstrip(), line.line)


def _read_acronyms(file: Path, problems: list[Problem]) -> tuple[Acronym, ...]:
    acronyms: dict[Acronym, int] = {}
    for line in _lines(_text(file, problems) or ""):
        parts = [part.strip() for part in line.text.split("\t")]
        if len(parts) != 2 or not all(parts):
            message = "une ligne a un sigle, une tabulation, et ce qu'il veut dire : corrigez celle-ci."
            problems.append(Problem(str(file), line.line, message))
            continue
        first = acronyms.setdefault(Acronym(*parts), line.line)
        if first != line.line:
            message = f"cette ligne est déjà la ligne {first} : effacez l'une des deux."
            problems.append(Problem(str(file), line.line, message, Severity.WARNING))
    return tuple(acronyms)


def _read_off_topic(file: Path, problems: list[Problem]) -> tuple[Located, ...]:
    questions: dict[bytes, Located] = {}
    for line in _lines(_text(file, problems) or ""):
        question = Located(line.text.strip(), line.line)
        if len(question.text) > MAX_CURATED_CHARACTERS:
            size = f"{len(question.text)} caractères, {MAX_CURATED_CHARACTERS} au plus"
            problems.append(Problem(str(file), line.line, f"cette question compte {size} : raccourcissez-la."))
            continue
        first = questions.setdefault(question_key(question.text), question)
        if first is not question:
            message = f"cette question est déjà à la ligne {first.line} : effacez l'une des deux."
            problems.append(Problem(str(file), line.line, message, Severity.WARNING))
    return tuple(questions.values())


def _read_facets(file: Path, problems: list[Problem]) -> tuple[Facet, ...]:
    text = _text(file, problems)
    if text is None:
        return ()
    definitions = YamlText(text, path=str(file), first_line=1, problems=problems)
    node = definitions.compose()
    facets = []
    for key, facet in definitions.pairs(node, "le fichier") if node is not None else ():
        question, values, open_to_all = key.text, list[Located](), True
        for part, value in definitions.pairs(facet, f"la facette « {key.text} »"):
            if part.text == "question":
                question = definitions.text(value, "question") or key.text
            elif part.text == "valeurs":
                values = list(definitions.texts(value, "valeurs"))
            elif part.text == WITHOUT_VALUE:
                said = definitions.text(value, WITHOUT_VALUE)
                open_to_all = said != TO_NONE
                if said not in (None, TO_ALL, TO_NONE):
                    message = (
                        f"« {said} » n'est pas connu ici : une réponse sans valeur vaut pour « {TO_ALL} » les valeurs "
                        f"ou pour « {TO_NONE} »."
                    )
                    problems.append(Problem(str(file), part.line, message))
            else:
                message = (
                    f"clé inconnue « {part.text} » : une facette a une « question », des « valeurs », et au besoin "
                    f"« {WITHOUT_VALUE} »."
                )
                problems.append(Problem(str(file), part.line, message))
        if not values:
            problems.append(Problem(str(file), key.line, f"la facette « {key.text} » n'a pas de liste de « valeurs »."))
            continue
        if len(values) == 1 and "," in values[0].text:
            message = (
                f"« {values[0].text} » est une seule valeur : s'il y en a plusieurs, chacune a sa ligne, derrière un "
                "tiret et une espace."
            )
            problems.append(Problem(str(file), values[0].line, message, Severity.WARNING))
        seen: set[str] = set()
        for one in values:
            if one.text in seen:
                problems.append(
                    Problem(str(file), one.line, f"la valeur « {one.text} » est deux fois : gardez-en une.")
                )
            seen.add(one.text)
        facets.append(Facet(key.text, question, tuple(dict.fromkeys(one.text for one in values)), open_to_all))
    return tuple(facets)
