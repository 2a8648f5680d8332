"""Questions for answers that have few: from the log where it has some, else from the answer's own words.

What is made from a text says nothing that is not in it: a sentence is turned into the question it answers, a heading
or an acronym is asked for. Such a question is a draft, and the editor words it.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from indexer.corpus.entries import MAX_CURATED_CHARACTERS
from indexer.corpus.phrasings.memory import key_of
from indexer.french.sentences import split_sentences
from indexer.records import Acronym, Answer, Status
from server.feedback.asked import AskedQuestion
from server.learning.grounds import Grounds, is_personal, named
from server.learning.phrasings import value_of
from server.learning.records import Origin, Proposal

FEW = 3
"""Curated questions from which on an answer has enough: the third brings as much as the first two."""
MOST_SUGGESTIONS = 300
_MOST_OF_AN_ANSWER = 3
_MOST_ASKED = 500

_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`#>]+|^\s*[-+•]\s+")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_INFINITIVE = re.compile(r"\w+(?:er|ir|re|oir)\b", re.IGNORECASE)
_SUBJECT = r"(?P<subject>(?:Le |La |L['’]|Les |Un |Une )[\w'’ -]{3,60}?)"
_DEFINED = re.compile(
    rf"{_SUBJECT} (?P<verb>est|sont|désigne|désignent) (?:un|une|l['’]|le|la|les|des)\b", re.IGNORECASE
)
_NEEDED = re.compile(rf"{_SUBJECT} (?P<verb>doit|doivent|peut|peuvent) (?!pas\b|plus\b|\w+ pas\b)", re.IGNORECASE)
_LASTS = re.compile(rf"{_SUBJECT} (?:a|ont) une (?:durée|validité)\b", re.IGNORECASE)


def propose_suggestions(
    grounds: Grounds, acronyms: Sequence[Acronym], *, elsewhere: Container[str] = ()
) -> tuple[tuple[Proposal, ...], int]:
    """Return questions for answers with fewer than FEW, and how many of the log were looked at for that.

    elsewhere: the keys of questions that are proposed as something else.
    """
    poor = {answer.id: answer for answer in grounds.index.answers if len(answer.questions) < FEW}
    asked = [
        one
        for one in grounds.asked
        if one.answer_id in poor and key_of(one.question) not in elsewhere and _may_be_taken(grounds, one)
    ]
    asked.sort(key=lambda one: (-len(one.days), -one.times, one.folded))
    asked = asked[:_MOST_ASKED]
    vectors = grounds.encode(asked)
    found: dict[str, list[Proposal]] = {}
    for one, today in zip(asked, grounds.search(asked, vectors), strict=True):
        answer = poor.get(today.first_id)
        if answer and today.status is not Status.NO_ANSWER and not grounds.is_refused(one, answer.id):
            found.setdefault(answer.id, []).append(_asked(one, answer, today.confidences[answer.id]))
    for answer in poor.values():
        here = found.setdefault(answer.id, [])
        if not here:
            here += (_worded(question, answer) for question in _new(grounds, answer, questions_in(answer, acronyms)))
    best = [one for some in found.values() for one in sorted(some, key=lambda one: -one.value)[:_MOST_OF_AN_ANSWER]]
    best.sort(key=lambda one: (-one.value, one.answer.id if one.answer else "", one.question))
    return tuple(best[:MOST_SUGGESTIONS]), len(asked)


def questions_in(answer: Answer, acronyms: Sequence[Acronym] = ()) -> Iterator[str]:
    """Yield questions that the text of an answer answers, by its own words: drafts, the likeliest first."""
    for heading in _HEADING.findall(answer.text):
        yield _asks_for(_MARKUP.sub(r"\1", heading).strip(" .:"))
    for excerpt in split_sentences(answer.text):
        sentence = " ".join(_MARKUP.sub(r"\1", excerpt.text).split())
        if lasts := _LASTS.match(sentence):
            yield f"Combien de temps dure la validité {_of(lasts['subject'])} ?"
        elif defined := _DEFINED.match(sentence):
            yield f"Qu'est-ce que {_small(defined['subject'])} ?"
        elif needed := _NEEDED.match(sentence):
            yield f"Que {needed['verb'].lower()} faire {_small(needed['subject'])} ?"
    for acronym in acronyms:
        # Only where the text says both: else nothing here tells what it stands for.
        if re.search(rf"\b{re.escape(acronym.short)}\b", answer.text) and acronym.long.lower() in answer.text.lower():
            yield f"Que veut dire {acronym.short} ?"


def _may_be_taken(grounds: Grounds, one: AskedQuestion) -> bool:
    key = key_of(one.question)
    known = key in grounds.curated or key in grounds.accepted
    is_judged = one.folded in grounds.judged_useful or one.folded in grounds.judged_useless
    return not known and not is_judged and len(one.question) <= MAX_CURATED_CHARACTERS and not is_personal(one.question)


def _asked(one: AskedQuestion, answer: Answer, confidence: float) -> Proposal:
    return Proposal(
        origin=Origin.ASKED,
        question=one.question,
        answer=named(answer),
        days=len(one.days),
        times=one.times,
        confidence=confidence,
        value=value_of(days=len(one.days), confidence=1 - confidence, change=1 / (1 + len(answer.questions))),
        keys=(key_of(one.question),),
    )


def _worded(question: str, answer: Answer) -> Proposal:
    return Proposal(Origin.WORDED, question, named(answer), 0, 0, 0.0, 0.0, (key_of(question),))


def _new(grounds: Grounds, answer: Answer, questions: Iterable[str]) -> list[str]:
    """Return those that nobody has yet, and no editor refused."""
    keys = {key_of(question): question for question in questions}
    return [
        question
        for key, question in keys.items()
        if key not in grounds.curated
        and (key, answer.id) not in grounds.refused
        and (key, "") not in grounds.refused
        and not is_personal(question)
    ]


def _asks_for(heading: str) -> str:
    if heading.endswith("?"):
        return heading
    if _INFINITIVE.match(heading):
        return f"Comment {_small(heading)} ?"
    return f"{heading} : que faut-il savoir ?"


def _small(subject: str) -> str:
    """Return a subject as it stands inside of a sentence; an acronym at its beginning stays."""
    first = subject.split()[0]
    return subject if len(first) > 1 and first.isupper() else subject[:1].lower() + subject[1:]


def _of(subject: str) -> str:
    """Return « du certificat » for « Le certificat »."""
    small = _small(subject)
    for article, joined in (("le ", "du "), ("les ", "des ")):
        if small.startswith(article):
            return joined + small.removeprefix(article)
    return ("d'" if small.startswith(("un ", "une ")) else "de ") + small
