"""What publishing did, in French for editors: the same Markdown in the terminal and in the file beside the index.

The files hold questions of visitors, redacted as in the feedback, and so go when those do.
"""

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluation.publication.records import Compared, Said, Trial
from indexer.files import written_aside
from indexer.french.text import normalise
from indexer.records import Status

FOLDER = "publications"
_MOST_SHOWN = 20
_MOST_REPORTS = 50
_SECONDS_A_DAY = 86_400
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_WORDS = {Status.ANSWERED: "donnée comme sûre", Status.UNCERTAIN: "proposée", Status.NO_ANSWER: "pas de réponse sûre"}


def render_trial(trial: Trial | None, *, served: bool, dry_run: bool, index_id: str) -> str:
    """Return the report of a publication. trial: None where nothing in service could be compared with."""
    return _CONTROL.sub("\ufffd", "\n".join(_lines(trial, served=served, dry_run=dry_run, index_id=index_id)))


def write_report(report: str, index: Path, index_id: str, *, keep_days: int) -> Path:
    """Write *report* beside the indexes in the folder *index*; return its file. OSError where it cannot be written.

    keep_days: reports older than that are removed, and all but the newest of them.
    """
    folder = index / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{index_id}.md"
    with written_aside(file) as aside:
        aside.write_text(report + "\n", encoding="utf-8")
    reports = sorted(folder.glob("*.md"), reverse=True)
    too_old = time.time() - keep_days * _SECONDS_A_DAY
    for number, other in enumerate(reports):
        if number >= _MOST_REPORTS or other.stat().st_mtime < too_old:
            other.unlink(missing_ok=True)
    return file


def _lines(trial: Trial | None, *, served: bool, dry_run: bool, index_id: str) -> Iterator[str]:
    yield f"# {_title(trial, served=served, dry_run=dry_run)}"
    yield ""
    yield f"Index {index_id}."
    if trial is None:
        yield "Rien n'était en service à quoi le comparer : aucune question n'a été posée."
        return
    if trial.objections:
        yield ""
        yield "Ce qui l'empêche :"
        yield from (f"- {objection}" for objection in trial.objections)
    if trial.added or trial.gone:
        yield ""
    if trial.added:
        yield f"Réponses nouvelles : {_listed(trial.added)}."
    if trial.gone:
        yield f"Réponses retirées : {_listed(trial.gone)}."
    yield from _table(trial)
    yield from (
        f"- {count} des {source} portaient sur une réponse retirée : laissées de côté."
        for source, count in trial.unasked.items()
    )
    yield from _changes("Ce qui va mieux", trial.better)
    yield from _changes("Ce qui va moins bien", trial.worse)
    if not trial.better and not trial.worse:
        yield ""
        yield "Aucune question n'a changé de première réponse, ni dans un sens ni dans l'autre."
    if trial.objections:
        yield ""
        yield (
            "Corrigez les réponses citées, puis recommencez ; si c'est bien ce que vous voulez, ajoutez --force. "
            "Ce qui était en service le reste."
        )


def _title(trial: Trial | None, *, served: bool, dry_run: bool) -> str:
    if served:
        return "Mis en service" + (", malgré ce qui suit" if trial and trial.objections else "")
    if dry_run:
        return "Essai : ce serait " + ("refusé" if trial and trial.objections else "mis en service")
    return "Refusé : rien n'a changé en service"


def _table(trial: Trial) -> Iterator[str]:
    if not trial.figures:
        yield ""
        yield "Aucune question n'était là pour comparer."
        return
    yield ""
    yield "| questions | combien | justes | sûres et fausses | sans réponse |"
    yield "| --- | --- | --- | --- | --- |"
    for one in trial.figures:
        numbers = " | ".join(f"{before} → {after}" for before, after in (one.right, one.wrong, one.refused))
        yield f"| {one.source} | {one.count} | {numbers} |"
    yield ""


def _changes(title: str, changes: Sequence[Compared]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield f"## {title} ({len(changes)})"
    yield ""
    for one in changes[:_MOST_SHOWN]:
        yield f"- « {normalise(one.question.text)} »"
        yield f"  avant : {_said(one.before)} ; maintenant : {_said(one.after)}"
    if len(changes) > _MOST_SHOWN:
        yield f"- … et {len(changes) - _MOST_SHOWN} de plus."


def _said(said: Said) -> str:
    return f"{said.answer_id or 'rien'} ({_WORDS[said.status]})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN]) + (
        f" et {len(names) - _MOST_SHOWN} de plus" if len(names) > _MOST_SHOWN else ""
    )
