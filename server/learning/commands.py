"""What `souffleur learn` does, once it is parsed: propose, ask, carry out what was decided, and print it in French."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from indexer.corpus import Corpus, open_corpus
from indexer.corpus.phrasings.memory import read_decided
from indexer.dense.blas import keep_products_on_one_thread
from indexer.errors import CorpusError
from indexer.index.encoder import load_configured_encoder
from indexer.index.place import configured_indexes
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, FAILED, FOUND, command_of, show_progress
from server.answering.answering import Answering
from server.learning.decisions import Applied, Standing, apply_decisions, still_to_do, why_not
from server.learning.grounds import Grounds
from server.learning.propose import propose
from server.learning.records import Decision, Proposals
from server.learning.sheets import read_sheet, write_sheet
from server.learning.terminal import render_proposals, review
from server.learning.vectors import KeptVectors
from server.serve import open_feedback
from server.settings import ServerSettings


def learn(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    """Propose what visitors taught, to be read, ticked or decided at once; or carry out a file that was ticked."""
    corpus = open_corpus(index.corpus)
    try:
        if options.accept:
            return _carry_out(read_sheet(options.accept), corpus)
        if options.out and not options.force and (reason := _why_not_over(options.out, corpus)):
            print(f"{options.out} {reason}, donnez un autre nom, ou ajoutez --force pour les perdre.", file=sys.stderr)
            return FAILED
        proposals = _propose(corpus, index, server)
        if options.out:
            write_sheet(proposals, options.out)
            print(_after_writing(proposals, options))
            return DONE
        if not options.review:
            print(render_proposals(proposals))
            if proposals.all:
                print("\nPour décider ici : « learn --review » ; dans un tableur : « learn --out a-decider.csv ».")
            return DONE
        if not sys.stdin.isatty():
            print("--review demande un terminal ; sans lui : « learn --out a-decider.csv ».", file=sys.stderr)
            return FAILED
        return _carry_out(_review(proposals, corpus), corpus)
    except CorpusError as error:
        print(error, file=sys.stderr)
        print("\nRien n'a été écrit : corrigez, puis recommencez.", file=sys.stderr)
        return FOUND
    except OSError as error:
        print(f"{error.filename} ne peut pas être écrit ({error.strerror}) : choisissez un autre nom.", file=sys.stderr)
        return FAILED


def _propose(corpus: Corpus, settings: IndexerSettings, server: ServerSettings) -> Proposals:
    feedback = server.begun_feedback()
    keep_products_on_one_thread()
    encoder = load_configured_encoder(settings)
    index = Answering.open(configured_indexes(settings), encoder=encoder).index
    vectors = KeptVectors(encoder, KeptVectors.file_beside(feedback, encoder))
    with open_feedback(server) as store, show_progress("Lecture des questions") as progress:
        grounds = Grounds.of(index, store, read_decided(corpus.path), vectors, progress=progress)
        return propose(grounds, acronyms=corpus.acronyms)


def _why_not_over(file: Path, corpus: Corpus) -> str | None:
    """Return why the file is not to be written over, None where nothing would be lost."""
    if not file.exists():
        return None
    try:
        decided = read_sheet(file)
    except CorpusError as error:
        return f"est déjà là, et ce qui y est décidé ne se lit pas ({error.problems[0].message}) : corrigez-le"
    # Not under the same roof: what is wrong with the corpus is not wrong with this file.
    waiting = still_to_do(decided, Standing(corpus))
    if not waiting:
        return None
    decisions = f"{len(waiting)} décisions qui ne sont pas faites" if len(waiting) > 1 else "une décision à faire"
    return f"contient {decisions} : lancez d'abord « {command_of(f'learn --accept {shlex.quote(str(file))}')} »"


def _review(proposals: Proposals, corpus: Corpus) -> list[Decision]:
    standing = Standing(corpus)
    return review(proposals.all, ask=input, say=print, why_not=lambda one, before: why_not(one, before, standing))


def _carry_out(decisions: Sequence[Decision], corpus: Corpus) -> int:
    if not decisions:
        print("Rien n'est décidé : rien n'a été écrit.")
        return DONE
    applied = apply_decisions(decisions, corpus, day=datetime.now(UTC).date())
    print(render_applied(applied))
    return DONE


def render_applied(applied: Applied) -> str:
    """Return what was done, and what is to be done next, in French."""
    lines = [str(applied), *(f"  {file}" for file in applied.files)]
    if applied.by_hand:
        lines += ["", "À écrire vous-même :", *map(str, applied.by_hand)]
    if applied.files:
        lines += ["", f"Pour mettre en service, si rien n'en souffre : « {command_of('publish')} »."]
    return "\n".join(lines)


def _after_writing(proposals: Proposals, options: argparse.Namespace) -> str:
    count = len(proposals.all)
    return (
        f"{count} proposition{'s' if count > 1 else ''} dans {options.out}.\n"
        "Mettez oui, non ou hors sujet devant celles que vous décidez, enregistrez, puis : "
        f"« {command_of(f'learn --accept {shlex.quote(str(options.out))}')} »."
    )
