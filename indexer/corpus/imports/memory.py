"""What is remembered of an import once it is done, by what it did with each answer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from indexer.corpus.imports.drafts import Draft
from indexer.corpus.imports.plan import Change, Plan, Step, remember
from indexer.corpus.imports.remembered import Memory, Remembered, sum_of_answer
from indexer.corpus.markdown import format_markdown_answer


def memory_after(plan: Plan, *, written: Iterable[Step], removed: Iterable[Step]) -> Memory:
    """Return what is to be remembered once the answers of *written* are there, and those of *removed* are gone."""
    is_written, is_removed = set(map(id, written)), set(map(id, removed))
    others = {name: some for name, some in plan.memory.items() if name not in (plan.was, plan.source)}
    of_others = {one.id for some in others.values() for one in some}
    found: list[Remembered] = []
    for step in plan.steps:
        if step.draft is not None and id(step) in is_written:
            found.append(remember(step.draft, step.draft.answer.id))
        elif step.before is not None and id(step) not in is_removed:
            found += _kept(step, step.before)
        elif step.change is Change.PRESENT and step.draft and step.file.stem not in of_others:
            found += _taken_back(step.file, step.draft)
    return others | {plan.source: tuple(sorted(found, key=lambda one: one.id))}


def _taken_back(file: Path, draft: Draft) -> Iterator[Remembered]:
    """Yield what is to be remembered of an answer whose import is forgotten, where its file is still of that import."""
    written = replace(draft, answer=replace(draft.answer, id=file.stem))
    if file.read_bytes() == format_markdown_answer(written.answer).encode():
        yield remember(written, file.stem)


def _kept(step: Step, before: Remembered) -> Iterable[Remembered]:
    if step.draft is None:
        return [before] if step.content else []
    if step.change is Change.SAME and sum_of_answer(step.draft.answer) != before.draft:
        return [remember(step.draft, step.file.stem)]
    if step.change in (Change.SAME, Change.KEPT):
        now = remember(step.draft, step.file.stem)
        return [replace(now, written=before.written)]
    return [before]
