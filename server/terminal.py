"""A reply as text for a person at a terminal."""

import re
import textwrap

from indexer.records import Advice, Reply, Status

_STATUS_WORDS = {
    Status.ANSWERED: "Réponse très probable",
    Status.UNCERTAIN: "À vérifier",
    Status.NO_ANSWER: "Je n'ai pas trouvé de réponse sûre ; voici ce qui s'en approche le plus",
}


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def render_reply(reply: Reply, *, width: int) -> str:
    """Return the reply as text for a person: the best answer whole, the others by their matching sentence."""
    lines = [textwrap.fill(f"{_STATUS_WORDS[reply.status]} (confiance {reply.confidence:.0%})", width)]
    if reply.missing:
        lines.append(textwrap.fill(f"Ne mentionne pas : {', '.join(reply.missing)}", width))
    if reply.advice is Advice.SEVERAL:
        lines.append(textwrap.fill("Votre question est large : plusieurs réponses peuvent convenir.", width))
    if reply.asked:
        lines.append(textwrap.fill(f"Réponse à : {reply.asked}", width))
        lines += [textwrap.fill(f"Posez aussi, à part : {other}", width) for other in reply.also_asked]
    for hit in reply.hits:
        lines += ["", f"{hit.rank}. {hit.answer.id}  ·  confiance {hit.confidence:.0%}"]
        if hit.matched_question:
            lines.append(_indent(f"Question proche : {hit.matched_question}", width))
        text = hit.answer.text if hit.rank == 1 else hit.passage.text
        lines += [_indent(line, width) for line in text.splitlines()]
    # What a corpus holds must not command the terminal.
    return _CONTROL.sub("\ufffd", "\n".join(lines))


def _indent(line: str, width: int) -> str:
    return textwrap.fill(
        line, width, initial_indent="   ", subsequent_indent="   ", break_long_words=False, break_on_hyphens=False
    )
