"""The commands of the indexer: import, check, build, describe, rollback, prune. Prints; everything else returns."""

import argparse
import contextlib
import dataclasses
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import CorpusError, IndexFolderError, SouffleurError
from indexer.settings import (
    ENCODER_OPTIONS,
    IndexerSettings,
    add_config_option,
    add_options,
    keep_off_the_hub,
    read_settings,
    refuse_misspelt,
    settings_file,
)
from indexer.terminal import DONE, FAILED, FOUND, Subparsers, add_command, add_commands_to, command_of

if TYPE_CHECKING:
    from indexer.encoders import Encoder
    from indexer.index.build import BuildSummary
    from indexer.index.manifest import CorpusInfo
    from indexer.workforce import Workforce


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when the check found something, 2 when it could not run."""
    options = parser().parse_args(arguments)
    return run(options)


def run(options: argparse.Namespace) -> int:
    """Run the command that was parsed by `add_commands`; the status as `main`."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        refuse_misspelt(IndexerSettings, environment=os.environ)
        settings = read_settings(IndexerSettings, options=options, environment=os.environ, file=settings_file(options))
        keep_off_the_hub(settings.encoder)
        return int(options.run(options, settings))
    except CorpusError as error:
        print(error, file=sys.stderr)
        done = "importé" if options.run is _import else "construit"
        print(f"\n{_count(len(error.problems), 'problème')} : rien n'a été {done}.", file=sys.stderr)
        return FOUND
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(
            "Interrompu : l'index en service reste le même ; la même commande reprend où elle en était. (Interrupted.)",
            file=sys.stderr,
        )
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m indexer`."""
    program = argparse.ArgumentParser(prog="python -m indexer", description="From a French FAQ to an index folder.")
    add_commands(add_commands_to(program))
    return program


def add_commands(commands: Subparsers) -> None:
    """Add the commands of the indexer to those of a parser."""
    command = add_command(
        commands,
        "import",
        sentence="turn a spreadsheet, a saved page or a Word document into Markdown files",
        example="faq.xlsx corpus/answers",
        run=_import,
        program=run,
    )
    command.add_argument("file", type=Path, help="a .csv, .xlsx, .ods, .jsonl, .html, .docx or .txt file")
    command.add_argument("folder", type=Path, help="the folder of answers, such as corpus/answers")
    command.add_argument("--yes", action="store_true", help="write without asking")
    command.add_argument("--overwrite", action="store_true", help="replace answers edited both here and in the file")
    command.add_argument("--remove", action="store_true", help="remove answers that the file no longer has")
    command.add_argument("--restore", action="store_true", help="write again answers whose files were deleted here")
    add_config_option(command)

    command = add_command(
        commands,
        "check",
        sentence="report every problem of a corpus, in French",
        example="--corpus faq.csv",
        run=_check,
        program=run,
    )
    add_options(command, IndexerSettings, ["corpus"])
    add_config_option(command)

    command = add_command(
        commands,
        "build",
        sentence="build the index and put it into service",
        example="--corpus faq.jsonl",
        run=_build,
        program=run,
    )
    add_options(
        command,
        IndexerSettings,
        ["corpus", "index", "store", *ENCODER_OPTIONS, "risk", "memory", "keep"],
    )
    command.add_argument("--replace", action="store_true", help="replace an index that was built from another corpus")
    command.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="encode on the workers of a Dask scheduler, such as tcp://scheduler:8786, or on `local` ones",
    )
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")
    add_config_option(command)

    command = add_command(
        commands,
        "describe",
        sentence="say what the index in service is made of",
        example="--json",
        run=_describe,
        program=run,
    )
    add_options(command, IndexerSettings, ["index", "store"])
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")
    add_config_option(command)

    command = add_command(
        commands,
        "rollback",
        sentence="put an earlier index back into service",
        example="--to 20260131-120000-000-0123abcd",
        run=_rollback,
        program=run,
    )
    add_options(command, IndexerSettings, ["index", "store"])
    command.add_argument("--to", metavar="ID", help="an index id; the one before, if not given")
    add_config_option(command)

    command = add_command(commands, "prune", sentence="remove old indexes", example="--keep 2", run=_prune, program=run)
    add_options(command, IndexerSettings, ["index", "store", "keep"])
    add_config_option(command)


def _import(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.corpus.corpus import ANSWERS_FOLDER
    from indexer.corpus.imports.bring_in import carry_out, note_what_is_the_same, prepare_import

    answers = settings.corpus / ANSWERS_FOLDER
    # The folder of a theme is within that of the answers, and its names and facets are those of all.
    is_within = options.folder.resolve().is_relative_to(answers.resolve())
    prepared = prepare_import(
        options.file,
        answers if is_within else options.folder,
        overwrites=options.overwrite,
        removes=options.remove,
        restores=options.restore,
    )
    print(prepared)
    if not prepared.changes_anything:
        note_what_is_the_same(prepared)
        print("\nRien à écrire.")
        return DONE
    build = command_of("build")
    if prepared.corpus.resolve() != settings.corpus.resolve():
        if settings.corpus.is_dir():
            print(
                f"\nAttention : « {prepared.folder} » n'est pas dans le corpus « {settings.corpus} » : « {build} » n'y "
                "lira rien. Pour servir ces réponses avec les autres, donnez à l'import « "
                f"{answers if answers.is_dir() else settings.corpus} »."
            )
        build = command_of(f"build --corpus {shlex.quote(str(prepared.corpus))}")
    if not options.yes:
        if not sys.stdin.isatty():
            print("\nRien n'a été écrit : ajoutez --yes pour écrire sans être questionné.")
            return FAILED
        if not _agrees(f"\nÉcrire dans {prepared.folder} ? [o/N] "):
            print("Rien n'a été écrit.")
            return DONE
    carry_out(prepared)
    written, removed = len(prepared.writes), len(prepared.removals)
    out = f", {_count(removed, 'fichier')} de moins" if removed else ""
    print(f"\n{_count(written, 'réponse')} dans {prepared.folder}{out}. À faire ensuite : « {build} ».")
    return DONE


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("o", "oui", "y", "yes")
    except EOFError:
        print()
        return False


def _check(_: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.corpus import check_corpus
    from indexer.records import Severity

    problems = check_corpus(settings.corpus)
    for problem in problems:
        print(problem)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    if errors:
        print(f"\n{_count(errors, 'problème')} à corriger, {_count(warnings, 'avertissement')}.")
        return FOUND
    print(f"Aucun problème dans {settings.corpus}" + (f", {_count(warnings, 'avertissement')}." if warnings else "."))
    return DONE


def _build(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.corpus import open_corpus
    from indexer.dense.blas import keep_products_on_one_thread
    from indexer.index.build import build_index
    from indexer.index.encoder import load_configured_encoder
    from indexer.index.folder import IndexFolder
    from indexer.index.manifest import CorpusInfo
    from indexer.index.place import configured_store
    from indexer.terminal import show_progress

    keep_products_on_one_thread()
    corpus = open_corpus(settings.corpus)
    info = CorpusInfo.of(corpus.kind, settings.corpus, settings.index)
    if not options.replace:
        refuse_another_corpus(info, settings)
    # Before minutes of work: that nothing answers there is told at once.
    store = configured_store(settings)
    encoder = load_configured_encoder(settings)
    with (
        _workforce(options.dask, encoder, settings) as workforce,
        show_progress(f"Encoding on {workforce}" if options.dask else "Encoding") as progress,
    ):
        summary = build_index(
            corpus,
            settings.index,
            encoder=encoder,
            workforce=workforce,
            risk=settings.risk,
            keep=settings.keep,
            memory_bytes=settings.memory * 1_000_000 if settings.memory else None,
            corpus_info=info,
            progress=progress,
            known_elsewhere=store.known_vectors if store else None,
        )
    if store:
        stored = store.publish(IndexFolder(settings.index), keep=settings.keep)
        summary = dataclasses.replace(summary, manifest=stored)
    if options.json:
        print(summary.manifest.to_json(), end="")
        return DONE
    _tell_of_build(summary)
    if corpus.warnings:
        default = IndexerSettings().corpus
        check = command_of(
            "check" if settings.corpus == default else f"check --corpus {shlex.quote(str(settings.corpus))}"
        )
        print(f"Le corpus a {_count(corpus.warnings, 'avertissement')}, à lire avec « {check} ».", file=sys.stderr)
    if (kept := summary.manifest.store) is not None:
        print(f"It serves from {kept.address} too, Milvus {kept.version}; its words are kept by {kept.words}.")
    return DONE


def _tell_of_build(summary: "BuildSummary") -> None:
    """Print what a build did, and what is to be known of the index."""
    counts = summary.manifest.counts
    in_service = f"{_count(counts.answers, 'réponse')} en service."
    if summary.unchanged:
        print(f"Rien n'a changé : {in_service}")
        print(f"Nothing has changed; index {summary.manifest.id} stays in service.")
        return
    print(f"C'est fait : {in_service}")
    print(
        f"Index {summary.manifest.id} is in service: {counts.answers} answers, {counts.passages} passages and "
        f"{counts.spans} spans; {counts.embedded} texts encoded, {counts.reused} reused; "
        f"{counts.cut_answers} answers longer than the encoder's window; {summary.took_seconds:.1f} s."
    )
    own = summary.manifest.calibration.own
    if own is not None:
        print(f"Honesty: {own}.")
        if warning := own.warning():
            print(f"Attention : {warning}", file=sys.stderr)
    if not summary.manifest.calibration.is_calibrated:
        print(
            "Attention : la confiance n'est pas calibrée pour ce modèle ; aucune réponse ne sera donnée comme "
            "sûre. Ajoutez des questions aux réponses (30 au moins), ou prenez le modèle fourni.",
            file=sys.stderr,
        )


@contextlib.contextmanager
def _workforce(place: str | None, encoder: "Encoder", settings: IndexerSettings) -> "Iterator[Workforce]":
    """Give who encodes: the workers of a cluster at *place*, else this process."""
    from indexer.workforce import OneProcess

    if place is None:
        yield OneProcess(encoder)
        return
    from indexer.index.encoder import adapter_for
    from indexer.workforce.dask_cluster import open_cluster
    from indexer.workforce.place import Place
    from indexer.workforce.worker import load

    found = Place.of(place)
    model = Path(settings.encoder)
    theirs = dataclasses.replace(
        settings,
        encoder=str(model.absolute()) if model.exists() else settings.encoder,  # they run in another folder
        threads=settings.threads or found.threads_each,
    )
    adapter = adapter_for(settings.encoder, settings.index)
    taught = adapter.read_bytes() if adapter else None
    with open_cluster(found, encoder=encoder, load=partial(load, theirs, taught)) as cluster:
        yield cluster


def refuse_another_corpus(info: "CorpusInfo", settings: IndexerSettings) -> None:
    """IndexFolderError where the index in service was built from a corpus at another place."""
    from indexer.index.folder import IndexFolder

    folder = IndexFolder(settings.index)
    try:
        before = folder.manifest(folder.current_id()).corpus
    except IndexFolderError:  # none, or one that the build will say more of
        return
    if before and before.from_index != info.from_index:
        build = command_of(f"build --corpus {shlex.quote(info.path)} --replace")
        raise IndexFolderError(
            f"L'index {settings.index} vient de « {before.path} » : « {info.path} » prendrait sa place, et toutes les "
            f"réponses changeraient. Pour le vouloir : « {build} ». Pour garder les "
            "deux, donnez un autre dossier avec --index. (The index was built from another corpus.)"
        )


def _describe(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.place import configured_indexes

    indexes = configured_indexes(settings)
    manifest = indexes.verify(indexes.current_id())
    if options.json:
        print(manifest.to_json(), end="")
        return DONE
    counts = manifest.counts
    verified = "every row counted" if manifest.store else "every file verified"
    print(f"Index        {manifest.id}, built {manifest.built_at}, {verified}")
    if manifest.store:
        print(
            f"Store        {manifest.store.address}, Milvus {manifest.store.version}; words in {manifest.store.words}"
        )
    if manifest.corpus:
        print(f"Corpus       {manifest.corpus.path} ({manifest.corpus.kind})")
    print(f"Encoder      {manifest.encoder.name}, {manifest.encoder.dimension} dimensions, ", end="")
    print(f"fingerprint {manifest.encoder.fingerprint[:12]}")
    print(f"Answers      {counts.answers} with {counts.questions} curated questions")
    print(f"Passages     {counts.passages} and {counts.spans} finer spans; {counts.cut_answers} answers were cut")
    print(f"Encoded      {counts.embedded} texts for this index, {counts.reused} reused")
    print(f"Search       {manifest.dense.method}, recall@10 {manifest.dense.recall_at_10:.3f}")
    print(f"Confidence   {manifest.calibration}")
    print(f"Kept         {', '.join(indexes.ids())}")
    return DONE


def _rollback(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.place import configured_indexes

    indexes = configured_indexes(settings)
    indexes.current_id()  # before a lock is made where no index is
    with indexes.lock():
        try:
            target = options.to or indexes.previous_id()
        except IndexFolderError as error:
            raise IndexFolderError(
                "Il n'y a pas de version d'avant à remettre : corrigez les fichiers, puis lancez "
                f"« {command_of('build')} ». ({error})"
            ) from error
        indexes.require(target)
        manifest = indexes.verify(target)
        indexes.switch(target)
    built_at = datetime.fromisoformat(manifest.built_at).astimezone()
    print(
        f"C'est fait : la version du {built_at:%d/%m/%Y à %H:%M}, de {_count(manifest.counts.answers, 'réponse')}, est "
        f"en service. Les fichiers sont comme ils étaient : corrigez-les avant le prochain « {command_of('build')} »."
    )
    print(f"Index {target} is in service.")
    return DONE


def _prune(_: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.place import configured_indexes

    indexes = configured_indexes(settings)
    indexes.current_id()  # before a lock is made where no index is
    with indexes.lock():
        removed = indexes.prune(keep=settings.keep)
    print(f"Removed {', '.join(removed)}." if removed else "Nothing to remove.")
    return DONE


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"
