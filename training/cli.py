"""The commands of the teaching: print how far they are; everything else returns."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.bundled.unpack import unpack_for_other_engines
from indexer.encoders.loading import load_encoder
from indexer.errors import SouffleurError
from indexer.settings import IndexerSettings, read_settings, refuse_unknown, settings_file
from indexer.terminal import DONE, FAILED, show_progress
from server.cli import RECORDS
from server.settings import TABLE, ServerSettings
from souffleur.tune import add_tune
from training.encoder.plan import Plan
from training.verifier.remembering_encoder import RememberingEncoder

_WEIGHTS = Path("indexer/search/verifier.npz")
_ADAPTER = Path("indexer/encoders/bundled/adapter.npz")
_SCALES = Path("indexer/encoders/bundled/eight_bit.npz")
_CARD = Path("docs/adaptateur.md")
_WORK = Path("build/training")


def main(arguments: Sequence[str] | None = None, *, encoder: Encoder | None = None) -> int:
    """Run one command; return 0 when done, 2 when it could not run. encoder: the bundled one if None."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("training").setLevel(logging.INFO)
    try:
        if options.command == "tune":
            return _tune(options)
        if options.command == "eight-bit":
            return _find_scales(options)
        return _teach_encoder(options) if options.command == "encoder" else _teach_verifier(options, encoder)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed. Run: pip install 'souffleur-faq[training]'", file=sys.stderr)
    except (SouffleurError, OSError, ValueError) as error:
        print(f"{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from where this one was.", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    program = argparse.ArgumentParser(prog="python -m training", description="Teaches the weights that ship.")
    commands = program.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("verifier", help="teach the verifier", description="Teaches the verifier.")
    command.add_argument("--data", type=Path, action="append", required=True, help="a BEIR folder; may be repeated")
    command.add_argument("--out", type=Path, default=_WEIGHTS, help="the file of the weights (default: %(default)s)")
    command.add_argument("--corpus", type=Path, default=Path("corpus"), help="the shipped FAQ (default: %(default)s)")
    command.add_argument("--work", type=Path, default=_WORK, help="vectors and indexes (default: %(default)s)")
    command.add_argument("--report", type=Path, help="the report, in Markdown (default: report.md in --work)")
    command.add_argument("--trees", type=int, default=200, help="how many (default: %(default)s)")
    command = commands.add_parser("encoder", help="teach the bundled encoder", description="Teaches the encoder.")
    _add_encoder_options(command)
    command = commands.add_parser(
        "eight-bit", help="find the scales of 8-bit products", description="Finds the scales of 8-bit products."
    )
    command.add_argument("--data", type=Path, required=True, help="a BEIR folder whose texts are looked at")
    command.add_argument("--corpus", type=Path, default=Path("corpus"), help="an FAQ too (default: %(default)s)")
    command.add_argument("--out", type=Path, default=_SCALES, help="the file of the scales (default: %(default)s)")
    add_tune(commands, program=_tune)
    return program


def _add_encoder_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, action="append", required=True, help="a BEIR folder; may be repeated")
    command.add_argument(
        "--choose-by", type=Path, action="append", default=[], help="a folder that helps to choose the end"
    )
    command.add_argument("--report", type=Path, action="append", default=[], help="a folder that is only measured")
    command.add_argument("--corpus", type=Path, help="an FAQ whose curated questions stay as near to one another")
    command.add_argument(
        "--report-set", action="append", default=[], metavar="NAME", help="a query set of it, only measured"
    )
    command.add_argument("--out", type=Path, default=_ADAPTER, help="the file of the adapter (default: %(default)s)")
    command.add_argument("--card", type=Path, default=_CARD, help="what it tells of it (default: %(default)s)")
    command.add_argument("--work", type=Path, default=_WORK, help="where it is taken up from (default: %(default)s)")
    command.add_argument("--model", type=Path, help="a sentence-transformers folder in place of the bundled model")
    command.add_argument("--from-layer", type=int, default=6, help="the first layer taught (default: %(default)s)")
    command.add_argument("--threads", type=int, default=1, help="others round otherwise (default: %(default)s)")
    plan = command.add_argument_group("the plan")
    for field in fields(Plan):
        name = f"--{field.name.replace('_', '-')}"
        plan.add_argument(name, type=type(field.default), default=field.default, help="(default: %(default)s)")


def _tune(options: argparse.Namespace) -> int:
    from training.tuning.command import tune_corpus  # what needs torch

    file = settings_file(options)
    refuse_unknown(RECORDS, environment=os.environ, file=file)
    index = read_settings(IndexerSettings, options=options, environment=os.environ, file=file)
    server = read_settings(ServerSettings, options=options, environment=os.environ, file=file, table=TABLE)
    return tune_corpus(index, server, query_sets=options.queries, dry_run=options.dry_run)


def _teach_encoder(options: argparse.Namespace) -> int:
    from training.encoder.course import Course, run  # what needs torch

    course = Course(
        folders=options.data,
        choosing=options.choose_by,
        corpus=options.corpus,
        reported=options.report,
        query_sets=options.report_set,
        out=options.out,
        work=options.work,
        from_layer=options.from_layer,
        threads=options.threads,
        model=options.model,
    )
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    options.card.parent.mkdir(parents=True, exist_ok=True)
    options.card.write_text(run(course, plan, command=_told(options, plan)).markdown(), encoding="utf-8")
    print(f"{options.out} is written, and {options.card} tells what it gained.")
    return DONE


def _find_scales(options: argparse.Namespace) -> int:
    from training.encoder.eight_bits import find_scales, sample_texts  # what needs torch

    find_scales(unpack_for_other_engines().folder, sample_texts(options.data, options.corpus)).save(options.out)
    print(f"{options.out} is written.")
    return DONE


def _told(options: argparse.Namespace, plan: Plan) -> str:
    """Return the command without the folders that lead to the data."""
    words = ["python -m training encoder"]
    for name, folders in (("data", options.data), ("choose-by", options.choose_by), ("report", options.report)):
        words += [f"--{name} {folder.name}" for folder in folders]
    words += [f"--corpus {options.corpus.name}"] if options.corpus else []
    words += [f"--report-set {name}" for name in options.report_set]
    words += [f"--from-layer {options.from_layer} --threads {options.threads}"]
    differing = [field for field in fields(Plan) if getattr(plan, field.name) != field.default]
    words += [f"--{field.name.replace('_', '-')} {getattr(plan, field.name)}" for field in differing]
    return " ".join(words)


def _teach_verifier(options: argparse.Namespace, encoder: Encoder | None) -> int:
    from training.verifier.course import Teaching, teach  # what needs scikit-learn

    teaching = Teaching(options.data, options.corpus, options.out, options.work, options.trees)
    folders = " ".join(f"--data {folder.name}" for folder in options.data)
    with show_progress("Encoding") as progress:
        remembering = RememberingEncoder(encoder or load_encoder(), options.work, progress=progress)
        report = teach(teaching, remembering, command=f"python -m training verifier {folders}").markdown()
    file = options.report or options.work / "report.md"
    file.write_text(report, encoding="utf-8")
    print(f"{options.out} is written, and {file} tells how it fares.")
    return DONE
