"""What was gained, in French for editors: how many left-out questions find their answer, before and after."""

from collections.abc import Iterator
from dataclasses import dataclass

from training.encoder.judging import Difference, difference
from training.tuning.asking import Said


@dataclass(frozen=True, slots=True)
class Gain:
    """What left-out questions got before and after, and the paired difference of nDCG@10 and of first answers right."""

    before: Said
    after: Said
    ndcg: Difference
    first_right: Difference

    @classmethod
    def of(cls, before: Said, after: Said) -> "Gain":
        """Return the gain from *before* to *after*, of the same questions."""
        return cls(
            before,
            after,
            difference(before.ndcg, after.ndcg),
            difference(before.first_right, after.first_right),
        )

    @property
    def is_certain(self) -> bool:
        """Whether the order of answers is better by more than chance, and no more first answers are wrong."""
        return self.ndcg.low > 0 and self.first_right.mean >= 0

    def report(self) -> str:
        """Return the report, Markdown in 80 columns."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        before, after = self.before, self.after
        first = (_percent(before.first_right.mean()), _percent(after.first_right.mean()), _points(self.first_right))
        yield f"{len(before.ndcg)} questions, laissées de côté pendant l'apprentissage, ont été posées avant et après."
        yield ""
        yield "|  | avant | après | différence (95 %) |"
        yield "| --- | --- | --- | --- |"
        yield f"| bonne réponse en premier | {first[0]} | {first[1]} | {first[2]} |"
        yield (
            f"| ordre des réponses (nDCG@10) | {_number(before.ndcg.mean())} | {_number(after.ndcg.mean())} | "
            f"{_number(self.ndcg.mean, '+')} ({_number(self.ndcg.low, '+')} à {_number(self.ndcg.high, '+')}) |"
        )
        yield (
            f"| données comme sûres | {_percent(before.answered.mean())} | {_percent(after.answered.mean())} "
            f"| {_points(difference(before.answered, after.answered))} |"
        )
        yield (
            f"| sûres, et fausses | {_percent(before.wrong.mean())} | {_percent(after.wrong.mean())} "
            f"| {_points(difference(before.wrong, after.wrong))} |"
        )
        yield ""
        if self.is_certain:
            yield "Le gain dépasse le hasard."
        else:
            yield "Le gain ne dépasse pas le hasard : rien n'est publié, ce qui était en service le reste."


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}".replace(".", ",")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".", ",")


def _points(found: Difference) -> str:
    mean, low, high = (f"{100 * value:+.1f}".replace(".", ",") for value in (found.mean, found.low, found.high))
    return f"{mean} ({low} à {high})"
