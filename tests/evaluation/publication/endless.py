"""Accepts a question and publishes it, again and again, until it is killed: `python -m … FOLDER`."""

import itertools
import sys
from datetime import UTC, datetime
from pathlib import Path

from evaluation.publication.publish import HowToBuild, publish
from evaluation.publication.questions import Heard
from indexer.corpus import open_corpus
from server.learning.decisions import apply_decisions
from server.learning.records import Decision, Verdict
from tests.fakes import FakeEncoder


def main(folder: Path) -> None:
    """Go on until killed; a line is printed when the first publication is done."""
    day = datetime.now(UTC).date()
    for number in itertools.count(datetime.now(UTC).microsecond):
        question = f"Combien de temps, en l'an {number}, un certificat dure-t-il ?"
        decision = Decision(Verdict.ACCEPT, question, "validite-certificat", "jugée utile", (f"{number:016x}",))
        apply_decisions([decision], open_corpus(folder / "corpus"), day=day)
        corpus = open_corpus(folder / "corpus")
        publish(corpus, folder / "index", encoder=FakeEncoder(), heard=Heard(), how=HowToBuild(), force=True)
        print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
