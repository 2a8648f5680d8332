"""One import: what it would do, said in French, and doing it. Asking is the command's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.corpus.companion_files import read_companions
from indexer.corpus.corpus import ANSWERS_FOLDER, BEIR_FILE
from indexer.corpus.entries import Entry
from indexer.corpus.imports.drafts import Drafts, read_drafts
from indexer.corpus.imports.facet_values import FacetLines, facet_lines
from indexer.corpus.imports.files import left_open, write_files
from indexer.corpus.imports.memory import memory_after
from indexer.corpus.imports.plan import Change, Plan, Step, make_plan
from indexer.corpus.imports.remembered import FILE, memory_text, read_memory
from indexer.corpus.markdown import format_markdown_answer, parse_markdown_text
from indexer.corpus.phrasings.memory import key_of, read_decided
from indexer.corpus.text_files import as_on_disk, decode_text
from indexer.errors import CorpusError
from indexer.records import Answer, Problem, Severity

_SHOWN = 15
_QUESTION_CHARACTERS = 70


@dataclass(frozen=True, slots=True)
class Import:
    """What bringing a file in would do. overwrites: files changed here too. removes: those gone from the source.

    corpus: what a build is told, to read *folder*. restores: writes again those that were removed here. accepted: the
    keys of the questions that editors took from visitors: those that a file has stay in it, whatever replaces the rest.
    """

    file: Path
    folder: Path
    corpus: Path
    drafts: Drafts
    plan: Plan
    facets: FacetLines | None
    overwrites: bool
    removes: bool
    restores: bool
    accepted: frozenset[str]

    @property
    def writes(self) -> tuple[Step, ...]:
        """The answers whose files would be made or changed."""
        changes = [Change.NEW, Change.CHANGED]
        changes += [Change.CONFLICT] if self.overwrites else []
        changes += [Change.TAKEN_OUT] if self.restores else []
        return tuple(self.plan.of(*changes))

    @property
    def removals(self) -> tuple[Step, ...]:
        """The answers whose files would go: those that no editor has changed."""
        return tuple(step for step in self.plan.of(Change.GONE) if self.removes and step.content)

    def accepted_in(self, step: Step) -> tuple[str, ...]:
        """Return the questions taken from visitors that the file of *step* has, and its source has not."""
        there = _answer_there(step) if self.accepted else None
        brought = {key_of(one) for one in step.draft.answer.questions} if step.draft else set()
        return tuple(one for one in there.questions if key_of(one) in self.accepted - brought) if there else ()

    def former_names_in(self, step: Step) -> tuple[str, ...]:
        """Return the former names that an editor gave the file of *step*: its old addresses lead to it."""
        there = _answer_there(step) if step.change is Change.CONFLICT else None
        brought = step.draft.answer.former_ids if step.draft else ()
        return tuple(one for one in there.former_ids if one not in brought) if there else ()

    @property
    def changes_anything(self) -> bool:
        """Whether an answer would be written or removed."""
        return bool(self.writes or self.removals)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for problem in self.drafts.notes:
            yield str(problem)
        if self.drafts.notes:
            yield ""
        count = len(self.drafts.drafts)
        renamed = f" (auparavant « {self.plan.was} »)" if self.plan.was else ""
        yield f"{self.file}{renamed} : {_count(count, 'réponse lue', 'réponses lues')}."
        name = f"« {self.plan.source} »"
        conflict = (
            "changée ici et dans la source : SERA REMPLACÉE|changées ici et dans la source : SERONT REMPLACÉES"
            if self.overwrites
            else f"changée ici et dans {name} : laissée telle quelle. Comparez, ou ajoutez --overwrite"
            f"|changées ici et dans {name} : laissées telles quelles. Comparez, ou ajoutez --overwrite"
        )
        gone = (
            f"n'est plus dans {name} : SERA RETIRÉE|ne sont plus dans {name} : SERONT RETIRÉES"
            if self.removes
            else f"n'est plus dans {name} : laissée. Pour la retirer, ajoutez --remove"
            f"|ne sont plus dans {name} : laissées. Pour les retirer, ajoutez --remove"
        )
        yield from _part("+", "nouvelle|nouvelles", self.plan.of(Change.NEW), self.folder)
        yield from _part("~", f"changée dans {name}|changées dans {name}", self.plan.of(Change.CHANGED), self.folder)
        yield from _part("!", conflict, self.plan.of(Change.CONFLICT), self.folder)
        learnt = sum(len(self.accepted_in(step)) for step in self.plan.of(Change.CONFLICT))
        if learnt:
            yield f"    {_count(learnt, 'question acceptée y reste', 'questions acceptées y restent')}"
        former = sum(len(self.former_names_in(step)) for step in self.plan.of(Change.CONFLICT))
        if former:
            yield f"    {_count(former, 'ancien nom y reste', 'anciens noms y restent')}"
        shown_gone = [step for step in self.plan.of(Change.GONE) if step.content]
        yield from _part("-", gone, shown_gone, self.folder)
        kept = (
            f"n'est plus dans {name}, mais a été changée ici : laissée"
            f"|ne sont plus dans {name}, mais ont été changées ici : laissées"
        )
        yield from _part("-", kept, self.plan.of(Change.GONE_KEPT), self.folder)
        alike = "ressemble à une réponse déjà là : laissée, comparez-les|ressemblent à des réponses déjà là : laissées"
        yield from _part("?", alike, self.plan.of(Change.ALIKE), self.folder)
        out = (
            "a été retirée d'ici : SERA REMISE|ont été retirées d'ici : SERONT REMISES"
            if self.restores
            else "a été retirée d'ici : laissée de côté. Pour la remettre, ajoutez --restore"
            "|ont été retirées d'ici : laissées de côté. Pour les remettre, ajoutez --restore"
        )
        yield from _part("x", out, self.plan.of(Change.TAKEN_OUT), self.folder)
        kept_here = len(self.plan.of(Change.KEPT))
        if kept_here:
            yield f"  {_count(kept_here, 'corrigée ici : gardée', 'corrigées ici : gardées')}"
        same = len(self.plan.of(Change.SAME, Change.PRESENT))
        if same:
            yield f"  {same} sans changement"
        if self.facets:
            for key, values in self.facets.added.items():
                yield f"  « {key} » a de nouvelles valeurs, ajoutées à {self.facets.file} : {', '.join(values)}"
            for key, values in self.facets.missing.items():
                yield f"  « {key} » a de nouvelles valeurs : ajoutez-les à {self.facets.file} : {', '.join(values)}"


def prepare_import(
    file: Path, folder: Path, *, overwrites: bool = False, removes: bool = False, restores: bool = False
) -> Import:
    """Return what bringing *file* into *folder* would do; nothing is written.

    folder: that of the answers, or of a corpus with such a one, where they go then: a build reads none beside it.
    CorpusError with every problem that keeps the file, or what is in the folder, from being read.
    """
    file = as_on_disk(file)
    folder = folder / ANSWERS_FOLDER if (folder / ANSWERS_FOLDER).is_dir() else folder
    corpus = folder.parent if folder.name == ANSWERS_FOLDER else folder
    if (corpus / BEIR_FILE).is_file():
        message = "les réponses de ce dossier sont toutes dans ce fichier : donnez un autre dossier à l'import."
        raise CorpusError([Problem(str(corpus / BEIR_FILE), 1, message)])
    companions = read_companions(corpus) if corpus.is_dir() else None
    errors = [one for one in companions.problems if one.severity is Severity.ERROR] if companions else []
    if errors:
        raise CorpusError(errors)
    drafts = read_drafts(file, facet_keys=[facet.key for facet in companions.facets] if companions else ())
    drafts = replace(drafts, notes=(*left_open(file), *drafts.notes))
    plan = make_plan(drafts.drafts, source=file.name, folder=folder)
    decided = [read_decided(place) for place in (corpus, folder) if place.is_dir()] if overwrites else []
    accepted = frozenset(one.key for some in decided for one in some.accepted)
    done = Import(file, folder, corpus, drafts, plan, None, overwrites, removes, restores, accepted)
    facets = facet_lines((step.draft.answer for step in done.writes if step.draft), corpus=corpus)
    return replace(done, facets=facets)


def carry_out(prepared: Import) -> None:
    """Write what was prepared: all of it or nothing. CorpusError where that cannot be, or a file has changed since."""
    created: dict[Path, str] = {}
    replaced: dict[Path, tuple[bytes, str]] = {}
    for step in prepared.writes:
        if step.draft is None:
            continue
        answer = step.draft.answer
        questions = (*answer.questions, *prepared.accepted_in(step))
        former_ids = (*answer.former_ids, *prepared.former_names_in(step))
        text = format_markdown_answer(replace(answer, questions=questions, former_ids=former_ids))
        if step.change in (Change.NEW, Change.TAKEN_OUT):
            created[step.file] = text
        else:
            replaced[step.file] = (step.content, text)
    if prepared.facets and prepared.facets.added:
        replaced[prepared.facets.file] = (prepared.facets.before, prepared.facets.after)
    memory = memory_text(memory_after(prepared.plan, written=prepared.writes, removed=prepared.removals))
    file = prepared.folder / FILE
    if file.exists():
        replaced[file] = (file.read_bytes(), memory)
    else:
        created[file] = memory
    write_files(created, prepared.folder, replaced=replaced, removed=[step.file for step in prepared.removals])


def note_what_is_the_same(prepared: Import) -> None:
    """Remember files that an editor renamed, the source's new name, or all, where no answer is to be written."""
    file = prepared.folder / FILE
    before = read_memory(prepared.folder)
    after = memory_after(prepared.plan, written=prepared.writes, removed=prepared.removals)
    if file.exists() and before != after:
        write_files({}, prepared.folder, replaced={file: (file.read_bytes(), memory_text(after))})
    elif after[prepared.plan.source] and not file.exists():
        write_files({file: memory_text(after)}, prepared.folder)


def _answer_there(step: Step) -> Answer | None:
    """Return what the file of *step* says; None where there is none."""
    text = decode_text(step.content, path=str(step.file))
    there = parse_markdown_text(text, path=str(step.file)) if isinstance(text, str) else None
    return there.answer if isinstance(there, Entry) else None


def _part(mark: str, heading: str, steps: list[Step], folder: Path) -> Iterator[str]:
    if not steps:
        return
    one, _, many = heading.partition("|")
    yield f"  {_count(len(steps), one, many)}"
    for step in steps[:_SHOWN]:
        place = step.file.relative_to(folder) if step.file.is_relative_to(folder) else step.file
        asked = step.draft.answer.questions if step.draft else ()
        question = " ".join(asked[0].split()) if asked else ""
        if len(question) > _QUESTION_CHARACTERS:
            question = f"{question[: _QUESTION_CHARACTERS - 1]}…"
        yield f"    {mark} {place}" + (f" — {question}" if question else "")
    if len(steps) > _SHOWN:
        yield f"    … et {len(steps) - _SHOWN} de plus"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
