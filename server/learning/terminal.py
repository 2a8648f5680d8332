"""Proposals as an editor reads them in a terminal, and decides them one by one. Returns text, and asks by functions.

In 80 columns, in French. Control characters never reach the terminal: a visitor may have typed anything.
"""

import textwrap
from collections.abc import Callable, Iterator, Sequence

from indexer.french.text import normalise
from server.learning.records import Decision, Origin, Proposal, Proposals, Verdict

WIDTH = 80
_MOST_SHOWN = 10
"""Of each kind: who has more to decide, takes a file."""
_CHOICES = "[o]ui, [n]on, [m]odifier, [h]ors sujet, [p]lus tard, [q]uitter ? "

Ask = Callable[[str], str]
Say = Callable[[str], None]
WhyNot = Callable[[Decision, Sequence[Decision]], str | None]


def render_proposals(proposals: Proposals, *, most: int = _MOST_SHOWN) -> str:
    """Return the first proposals of each kind, and what is to be known of the rest."""
    lines: list[str] = []
    for title, some in (
        ("Questions jugées utiles, à donner à leur réponse", proposals.phrasings),
        ("Questions restées sans réponse sûre, par sens", proposals.themes),
        ("Pour les réponses qui ont peu de questions", proposals.suggestions),
    ):
        if not some:
            continue
        lines += [f"{title} ({len(some)})", ""]
        for number, one in enumerate(some[:most], start=1):
            lines += [*_lines_of(one, f"{number:>3}. "), ""]
        if len(some) > most:
            lines += [f"     … et {len(some) - most} de plus.", ""]
    if proposals.doubtful:
        lines += [f"Jugées utiles, et pourtant non proposées ({len(proposals.doubtful)})", ""]
        for doubtful in proposals.doubtful[:most]:
            lines += _wrapped(f"« {_shown(doubtful.question)} »", "     ")
            lines += _wrapped(f"{doubtful.answer.id} : {doubtful.doubt.value}.", "     ")
            lines.append("")
    if not lines:
        lines += ["Rien à décider pour l'instant.", ""]
    lines += _wrapped(_what_was_looked_at(proposals), "")
    return "\n".join(lines)


def review(proposals: Sequence[Proposal], *, ask: Ask, say: Say, why_not: WhyNot) -> list[Decision]:
    """Show one proposal after the other, and return what was decided until the editor had enough.

    ask: shows a question and returns what was typed; EOFError and KeyboardInterrupt end the review, and nothing that
    was decided is lost. why_not: says why a decision cannot be carried out after those before it, which is then told
    and asked again; None where it can.
    """
    decisions: list[Decision] = []
    for number, one in enumerate(proposals, start=1):
        say("")
        say("\n".join(_lines_of(one, f"{number}/{len(proposals)}  ")))
        try:
            decision = _decide(one, ask, say, lambda decision: why_not(decision, decisions))
        except (EOFError, KeyboardInterrupt):
            say("")
            break
        if decision:
            decisions.append(decision)
    return decisions


def _decide(one: Proposal, ask: Ask, say: Say, why_not: Callable[[Decision], str | None]) -> Decision | None:
    """Return a decision, None for later. EOFError where the editor leaves."""
    question, answer_id = one.question, one.answer.id if one.answer else ""
    while True:
        match normalise(ask(_CHOICES)).lower()[:1]:
            case "o":
                given = answer_id or normalise(ask("À quelle réponse (son identifiant) ? "))
                decision = Decision(Verdict.ACCEPT, question, given, one.origin.value, one.keys)
            case "n":
                decision = Decision(Verdict.REFUSE, one.question, answer_id, one.origin.value, one.keys)
            case "h":
                decision = Decision(Verdict.OFF_TOPIC, question, answer_id, one.origin.value, one.keys)
            case "m":
                question = normalise(ask("La question, reformulée : ")) or question
                say(f"« {_shown(question)} »")
                continue
            case "p" | "":
                return None
            case "q":
                raise EOFError
            case _:
                continue
        if not (reason := why_not(decision)):
            return decision
        say("\n".join(_wrapped(f"Impossible : {_shown(reason)}", "")))


def _lines_of(one: Proposal, number: str) -> Iterator[str]:
    indent = " " * len(number)
    first, *rest = _wrapped(f"« {_shown(one.question)} »", indent)
    yield number + first.removeprefix(indent)
    yield from rest
    if one.answer:
        yield from _wrapped(f"→ {one.answer.id} : {_shown(one.answer.title)}", indent)
    elif one.nearest:
        yield from _wrapped(f"Les plus proches : {', '.join(near.id for near in one.nearest)}", indent)
    yield from _wrapped(_signs(one), indent)
    if one.others:
        yield from _wrapped("Aussi : " + " ; ".join(f"« {_shown(other)} »" for other in one.others), indent)


def _signs(one: Proposal) -> str:
    if one.origin is Origin.WORDED:
        return one.origin.value.capitalize() + ", à reformuler."
    days = f"{one.days} jour{'s' if one.days > 1 else ''}"
    return f"{one.origin.value.capitalize()}, sur {days}, {one.times} fois ; confiance {_percent(one.confidence)}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _what_was_looked_at(proposals: Proposals) -> str:
    if proposals.looked_at >= proposals.distinct:
        return f"{proposals.distinct} questions différentes sont gardées."
    return (
        f"{proposals.distinct} questions différentes sont gardées ; {proposals.looked_at} ont été regardées : "
        "celles qui ont été jugées ou sont sans réponse, les plus demandées d'abord."
    )


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in normalise(text))


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
