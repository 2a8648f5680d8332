"""A reply as text for a person at a terminal."""

import re
import textwrap

from indexer.records import Advice, Reply, Status

_STATUS_WORDS = {
    Status.ANSWERED: "Réponse très probable",
    Status.UNCERTAIN: "À vérifier",
    Status.NO_ANSWER: "Je n'ai pas trouvé de réponse sûre ; voici ce qui s'en approche le plus",
}

_INDENT = "   "
_BEFORE_SIGN = re.compile(r" (?=[?!;:»])|(?<=«) ")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def render_reply(reply: Reply, *, width: int) -> str:
    """Return the reply as text for a person: the best answer whole, the others by their matching sentence.

    Of a message with several questions, each has its best answer whole, and no other.
    """
    if not reply.also_found:
        lines = _reply_lines(reply, width, most_hits=len(reply.hits))
    else:
        lines = [_filled(f"Vous demandez : {reply.asked}", width), *_reply_lines(reply, width, most_hits=1)]
        for question, other in zip(reply.also_asked, reply.also_found, strict=True):
            lines += ["", _filled(f"Vous demandez aussi : {question}", width)]
            lines += _reply_lines(other, width, most_hits=1)
    # What a corpus holds must not command the terminal.
    return _CONTROL.sub("\ufffd", "\n".join(lines))


def _reply_lines(reply: Reply, width: int, *, most_hits: int) -> list[str]:
    verdict = f"{_STATUS_WORDS[reply.status]} (confiance {_percent(reply.confidence)})"
    lines = [_filled(verdict, width)]
    if reply.missing:
        lines.append(_filled(f"Ne mentionne pas : {', '.join(reply.missing)}", width))
    if reply.advice is Advice.SEVERAL:
        lines.append(_filled("Votre question est large : plusieurs réponses peuvent convenir.", width))
    for hit in reply.hits[:most_hits]:
        lines += ["", f"{hit.rank}. {hit.answer.id}  ·  confiance {_percent(hit.confidence)}"]
        if hit.matched_question:
            lines.append(_filled(f"Question proche : {hit.matched_question}", width, indent=_INDENT))
        whole = hit.rank == 1 and not (most_hits == 1 and reply.status is Status.NO_ANSWER)
        text = hit.answer.text if whole else hit.passage.text
        lines += [_filled(line, width, indent=_INDENT) for line in text.splitlines()]
    return lines


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"


def _filled(text: str, width: int, *, indent: str = "") -> str:
    return textwrap.fill(
        _BEFORE_SIGN.sub("\u00a0", text),  # so that no line begins with « ? »
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
