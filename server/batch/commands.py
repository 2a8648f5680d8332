"""What `souffleur ask --input` does, once it is parsed: questions of a file in, their replies beside them out."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from indexer.errors import CorpusError
from indexer.records import Progress
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, FAILED, FOUND, show_progress
from server.answering.answering import Answering
from server.batch.answers_file import (
    STATUS_WORDS,
    Answered,
    JsonLines,
    Shape,
    Spreadsheet,
    is_same_file,
    open_answers,
    write_rows,
)
from server.batch.asked import AskedFile, AskedRow, BatchError, open_asked
from server.http.schemas import MAX_BATCH
from server.serve import open_answering
from server.settings import ServerSettings

_STANDARD = Path("-")
_JSON_ENDINGS, _TABLE_ENDINGS = (".jsonl", ".ndjson"), (".csv",)


def ask_file(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    """Ask the questions of a file, and go on with a file of answers that an earlier time has left unfinished.

    DONE, or FOUND where some of them cannot be asked, at whatever time. FAILED where rows cannot be read: none is asked
    then.
    """
    source: Path = options.input
    target: Path = options.output or _STANDARD
    try:
        is_json = _is_json(target, options)
        if is_same_file(source, target):
            raise BatchError(f"{target} contient les questions : donnez un autre --output.")
        with _file_of(source) as (path, name):
            asked = open_asked(path, name=name)
            shape: Shape = JsonLines(asked) if is_json else Spreadsheet(asked)
            answering = open_answering(index, server)
            if target == _STANDARD:
                sys.stdout.flush()
                stream, done = sys.stdout.buffer, 0
                stream.write(shape.head().encode())
                return _ask(asked, shape, stream, answering, done=done, limit=server.limit, target=target)
            stream, done = open_answers(target, shape, index_id=answering.index_info.id, anew=options.force)
            with stream:
                return _ask(asked, shape, stream, answering, done=done, limit=server.limit, target=target)
    except CorpusError as error:
        print(error, file=sys.stderr)
        print("\nAucune question n'a été posée : corrigez, puis recommencez.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        raise
    except OSError as error:
        print(
            f"{error.filename or target} ne peut pas être écrit ({error.strerror}) : faites de la place ou choisissez "
            "un autre --output ; la même commande continue où elle s'est arrêtée.",
            file=sys.stderr,
        )
        return FAILED


def _is_json(target: Path, options: argparse.Namespace) -> bool:
    ending = target.suffix.lower()
    if target != _STANDARD and ending not in (*_JSON_ENDINGS, *_TABLE_ENDINGS):
        raise BatchError(f"{target} : terminez le nom de --output par .csv (pour un tableur) ou .jsonl.")
    if options.json and ending in _TABLE_ENDINGS:
        raise BatchError(f"--json écrit du JSONL : terminez le nom de --output par .jsonl, et non {ending}.")
    return bool(options.json) or ending in _JSON_ENDINGS


@contextmanager
def _file_of(source: Path) -> Iterator[tuple[Path, str]]:
    """Give the file of the questions, and what it is called; what comes in is kept, to be read twice."""
    if source != _STANDARD:
        yield source, str(source)
        return
    if sys.stdin.isatty():
        print("Tapez une question par ligne ; Ctrl-D termine.", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="souffleur-") as folder:
        kept = Path(folder) / "questions"
        with kept.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield kept, "L'entrée standard"


def _ask(
    asked: AskedFile, shape: Shape, stream: BinaryIO, answering: Answering, *, done: int, limit: int, target: Path
) -> int:
    began, started = done, time.perf_counter()
    if done:
        print(f"{target} : {_counted(done, 'réponse')} déjà là, sur {asked.count}.", file=sys.stderr)
    statuses: Counter[str] = Counter()
    try:
        with show_progress("questions") as progress:
            for answered in _answers(asked, answering, skip=done, limit=limit, progress=progress):
                write_rows(stream, shape.lines(answered))
                done += len(answered)
                statuses.update(
                    STATUS_WORDS[one.reply.status] if one.reply else "impossible à poser" for one in answered
                )
    except KeyboardInterrupt:
        print(
            f"Interrompu après {_counted(done, 'question')} : la même commande continue où elle s'est arrêtée.",
            file=sys.stderr,
        )
        return FAILED
    if done == began:
        print(f"{target} a déjà toutes les réponses ; --force les redemande.", file=sys.stderr)
        return FOUND if asked.refused else DONE
    seconds = time.perf_counter() - started
    counts = ", ".join(f"{number} «\u00a0{words}\u00a0»" for words, number in statuses.most_common())
    where = "" if target == _STANDARD else f" ; {target} est complet"
    rate = f"{(done - began) / seconds:.0f} par seconde"
    print(f"{_counted(done - began, 'question')} en {seconds:.0f} s ({rate}) : {counts}{where}.", file=sys.stderr)
    return FOUND if asked.refused else DONE


def _counted(number: int, what: str) -> str:
    return f"{number} {what}s" if number > 1 else f"{number} {what}"


def _answers(
    asked: AskedFile, answering: Answering, *, skip: int, limit: int, progress: Progress
) -> Iterator[list[Answered]]:
    """Yield the rows after the first *skip* with their replies, as many at a time as the server takes in a batch."""
    rows = islice(asked.rows(), skip, None)
    done = skip
    progress(done, asked.count)
    while batch := list(islice(rows, MAX_BATCH)):
        yield _answer(batch, answering, limit)
        done += len(batch)
        progress(done, asked.count)


def _answer(batch: list[AskedRow], answering: Answering, limit: int) -> list[Answered]:
    questions = [row.question for row in batch if not row.refused]
    replies = iter(answering.answer_many(questions, limit=limit)) if questions else iter(())
    return [Answered(row, None if row.refused else next(replies)) for row in batch]
