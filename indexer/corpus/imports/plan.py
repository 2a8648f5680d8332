"""What an import would do, before anything is done: each draft compared with what is there and what was brought in.

An answer is known again by its question, its words or the id that the source gives it. A file that an editor has
changed since is left alone, unless the editor says otherwise.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from indexer.corpus.entries import Entry
from indexer.corpus.imports.drafts import Draft
from indexer.corpus.imports.files import existing_answers
from indexer.corpus.imports.remembered import Memory, Remembered, read_memory, sum_of, sum_of_answer
from indexer.corpus.markdown import format_markdown_answer
from indexer.corpus.near_duplicates import ALIKE, overlap_of
from indexer.corpus.slugs import free_name
from indexer.french.text import question_key

_NO_THEME = "divers"
_MOST_COMPARED = 250_000


class Change(StrEnum):
    """What an answer of the source, or one that came from it, is beside what is there."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    KEPT = "kept"  # changed by an editor, the same in the source
    CONFLICT = "conflict"  # changed by both
    PRESENT = "present"  # not from an import, with the same words
    ALIKE = "alike"  # not from an import, with the same question, or most of the words
    TAKEN_OUT = "taken out"  # removed by an editor
    GONE = "gone"  # no longer in the source
    GONE_KEPT = "gone, kept"  # the same, and changed by an editor


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of a plan. file: where it is or would be. draft: None where it is gone from the source."""

    change: Change
    file: Path
    draft: Draft | None
    before: Remembered | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. source: the name under which it is remembered; was: the one it had before, or empty."""

    steps: tuple[Step, ...]
    source: str
    was: str
    memory: Memory

    def of(self, *changes: Change) -> list[Step]:
        """Return the steps of these kinds."""
        return [step for step in self.steps if step.change in changes]


def make_plan(drafts: Iterable[Draft], *, source: str, folder: Path) -> Plan:
    """Return what bringing *drafts* of the file named *source* into *folder* would do. CorpusError if it is unreadable.

    Where a file of this name was never brought in, and most of another one is in it, it is that one renamed.
    """
    existing = existing_answers(folder)
    memory = read_memory(folder)
    todo = list(drafts)
    was = source if source in memory else _renamed(todo, memory)
    matched, unmatched, gone = _match(todo, memory.get(was, ()))
    files = _Files(existing, memory, source=was)
    there = [(draft, before, files.of(before)) for draft, before in matched]
    steps = [_known_step(draft, before, *found) for draft, before, found in there if found]
    steps += [_gone_step(files, before) for before in gone]
    known = {step.file for step in steps}
    others = _Others([entry for entry in existing if Path(entry.path) not in known], todo)
    taken = {Path(entry.path).stem for entry in existing} | {before.id for before in memory.get(was, ())}
    for draft, before, _ in (one for one in there if not one[2]):
        named = _named(draft, before.id)
        change, file = others.like(draft) or (Change.TAKEN_OUT, _place_of(named, folder))
        steps.append(Step(change, file, named, before))
    for draft in unmatched:
        if like := others.like(draft):
            steps.append(Step(*like, draft))
            continue
        named = _named(draft, free_name(draft.answer.id, taken))
        taken.add(named.answer.id)
        steps.append(Step(Change.NEW, _place_of(named, folder), named))
    return Plan(tuple(steps), source, was if was != source else "", memory)


def remember(draft: Draft, answer_id: str) -> Remembered:
    """Return what is to be remembered of a draft whose file is written as it is."""
    return Remembered(
        answer_id,
        draft.key,
        tuple(_keys(draft)),
        sum_of_answer(draft.answer),
        sum_of(format_markdown_answer(draft.answer).encode()),
    )


class _Files:
    """The files of the answers that a source brought, by their names, by what they hold, or by their former names."""

    def __init__(self, existing: Sequence[Entry], memory: Memory, *, source: str) -> None:
        by_name = {Path(entry.path).stem: Path(entry.path) for entry in existing}
        by_former_name = {name: Path(entry.path) for entry in existing for name in entry.answer.former_ids}
        self._content = {file: file.read_bytes() for file in by_name.values()}
        by_sum = {sum_of(content): file for file, content in self._content.items()}
        remembered = memory.get(source, ())
        self._files = {
            before: file for before in remembered if (file := by_name.get(before.id) or by_sum.get(before.written))
        }
        # An answer that took in another one has its name, too, and stays the file of what it was itself.
        others = (by_name.get(before.id) for name, some in memory.items() if name != source for before in some)
        owned = {*self._files.values(), *filter(None, others)}
        for before in remembered:
            file = by_former_name.get(before.id)
            if before not in self._files and file and file not in owned:
                self._files[before] = file
                owned.add(file)

    def of(self, before: Remembered) -> tuple[Path, bytes] | None:
        """Return the file of a remembered answer, renamed perhaps, and what it holds; None where it is gone."""
        file = self._files.get(before)
        return (file, self._content[file]) if file else None


def _named(draft: Draft, answer_id: str) -> Draft:
    return replace(draft, answer=replace(draft.answer, id=answer_id))


def _place_of(draft: Draft, folder: Path) -> Path:
    return folder / (draft.theme or _NO_THEME) / f"{draft.answer.id}.md"


def _known_step(draft: Draft, before: Remembered, file: Path, content: bytes) -> Step:
    named = _named(draft, file.stem)
    is_edited = sum_of(content) != before.written
    is_changed = sum_of_answer(draft.answer) != before.draft
    if format_markdown_answer(named.answer).encode() == content:
        change = Change.SAME
    elif is_changed:
        change = Change.CONFLICT if is_edited else Change.CHANGED
    else:
        change = Change.KEPT if is_edited else Change.SAME
    return Step(change, file, named, before, content)


def _gone_step(files: _Files, before: Remembered) -> Step:
    found = files.of(before)
    if found is None:
        return Step(Change.GONE, Path(), None, before)
    is_edited = sum_of(found[1]) != before.written
    return Step(Change.GONE_KEPT if is_edited else Change.GONE, found[0], None, before, found[1])


class _Others:
    """The answers that no import has made, or that another file has brought."""

    def __init__(self, entries: list[Entry], drafts: Iterable[Draft]) -> None:
        # What the source has word for word is no edited version of anything else in it.
        brought = {_words(draft.answer.text) for draft in drafts}
        self._edited = [entry for entry in entries if _words(entry.answer.text) not in brought]
        self._by_name = {Path(entry.path).stem: Path(entry.path) for entry in self._edited}
        self._by_words = {_words(entry.answer.text): Path(entry.path) for entry in entries}
        self._by_question = {
            question_key(question): Path(entry.path) for entry in entries for question in entry.answer.questions
        }
        self._comparisons = 0

    def like(self, draft: Draft) -> tuple[Change, Path] | None:
        """Return the answer that says the same, or asks the same, or nearly; None where none does."""
        if file := self._by_words.get(_words(draft.answer.text)):
            return Change.PRESENT, file
        for question in draft.answer.questions[:1]:
            if file := self._by_question.get(question_key(question)):
                return Change.ALIKE, file
        if not draft.answer.questions and (file := self._by_name.get(draft.answer.id)):  # named by its first words
            return Change.ALIKE, file
        for entry in self._edited:
            self._comparisons += 1
            if self._comparisons > _MOST_COMPARED:  # an hour's work for a large table, and a hint only
                return None
            if overlap_of(entry.answer.text, draft.answer.text) >= ALIKE:
                return Change.ALIKE, Path(entry.path)
        return None


def _match(
    drafts: list[Draft], remembered: Iterable[Remembered]
) -> tuple[list[tuple[Draft, Remembered]], list[Draft], list[Remembered]]:
    """Return drafts with what is remembered of them, the drafts that are new, and what is gone; surest signs first."""
    left = dict(enumerate(remembered))
    waiting = dict(enumerate(drafts))
    pairs: dict[int, tuple[Draft, Remembered]] = {}
    signs: tuple[tuple[Callable[[Draft], Iterable[Hashable]], Callable[[Remembered], Iterable[Hashable]]], ...] = (
        (
            lambda draft: _key_and_question(draft.key, _keys(draft)),
            lambda before: _key_and_question(before.key, before.questions),
        ),
        (lambda draft: _keys(draft)[:1], lambda before: before.questions[:1]),
        (lambda draft: [sum_of_answer(draft.answer)], lambda before: [before.draft]),
        (_keys, lambda before: before.questions),
        (lambda draft: filter(None, [draft.key]), lambda before: filter(None, [before.key])),
        (lambda draft: [draft.answer.id], lambda before: [before.id]),
    )
    for of_draft, of_before in signs:
        places: dict[Hashable, int] = {}
        for at, before in left.items():
            for sign in of_before(before):
                places.setdefault(sign, at)
        for number, draft in list(waiting.items()):
            at_ = next((places[sign] for sign in of_draft(draft) if places.get(sign, -1) in left), None)
            if at_ is not None:
                pairs[number] = (draft, left.pop(at_))
                del waiting[number]
    return [pairs[number] for number in sorted(pairs)], list(waiting.values()), list(left.values())


def _renamed(drafts: list[Draft], memory: Memory) -> str:
    def known(name: str) -> float:
        matched, _, _ = _match(drafts, memory[name])
        return len(matched) / max(1, len(memory[name]))

    best = max(memory, key=known, default="")
    return best if best and known(best) >= 0.5 else ""


def _keys(draft: Draft) -> list[str]:
    return [question_key(question).hex() for question in draft.answer.questions]


def _key_and_question(key: str, questions: Sequence[str]) -> list[tuple[str, ...]]:
    return [(key, *questions[:1])] if key or questions else []


def _words(text: str) -> str:
    return " ".join(text.split())
