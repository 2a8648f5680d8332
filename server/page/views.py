"""What the templates show: plain records of words, made from replies, answers and facets.

Owns the wording that depends on a result. An answer's text reaches a page only through `markdown.render`.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from indexer.french.numbers.dates import MONTHS
from indexer.french.words import content_words, shared_words, split_words
from indexer.records import Advice, Answer, Facet, Hit, Reply, Status
from server.answering.shown_questions import shown_questions
from server.page.markdown import render
from server.privacy.patterns import PersonalKind
from server.privacy.redaction import find_personal_data

Counts = Mapping[str, Mapping[str, int]]

STATUS_WORDS = {
    Status.ANSWERED: "Réponse très probable",
    Status.UNCERTAIN: "Vouliez-vous dire…",
    Status.NO_ANSWER: "Je n’ai pas trouvé de réponse sûre",
}
REASONS = (
    "Ce n’est pas ma question",
    "Il manque une information",
    "Je ne la comprends pas",
    "Elle n’est plus à jour",
)
OTHER_THEME = "Autres réponses"
EVERY_THEME = "Tous les thèmes"

LISTED_AT_ONCE = 300
"""The most answers that a page lists; beyond it themes come first, then pages."""

_TITLE_CHARACTERS = 110
_EXTRACT_CHARACTERS = 150
_MOST_VALUES = 6
_FEWEST_CANDIDATES = 2
_MOST_CANDIDATES = 4
_MOST_ANSWERED = 3
_MOST_SHARED_WORDS = 8
_INTERROGATIVE = re.compile(r"(quel(?:le)?s?) ", re.IGNORECASE)
_THEME_KEY = "thematique"
_NAMES_OF_DATA = {
    PersonalKind.NIR: "un numéro de sécurité sociale",
    PersonalKind.EMAIL: "une adresse de courriel",
    PersonalKind.PHONE: "un numéro de téléphone",
    PersonalKind.IBAN: "un numéro de compte",
    PersonalKind.BIRTH_DATE: "une date de naissance",
    PersonalKind.NAME: "le nom d’une personne",
}


@dataclass(frozen=True, slots=True)
class TagView:
    """A value of a facet that an answer has; its answers are listed at the address."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer of the FAQ. body: safe HTML. source_link: the source, where it is a web address."""

    id: str
    title: str
    body: str
    questions: tuple[str, ...]
    tags: tuple[TagView, ...]
    source: str | None
    source_link: str | None
    changed_on: date | None

    @property
    def changed_in_words(self) -> str | None:
        """The day of its last change as it is read, « 1er mars 2026 »."""
        if self.changed_on is None:
            return None
        day = "1er" if self.changed_on.day == 1 else str(self.changed_on.day)
        return f"{day} {MONTHS[self.changed_on.month - 1]} {self.changed_on.year}"


@dataclass(frozen=True, slots=True)
class EntryView:
    """An answer in the list of all."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class HitView:
    """An answer found, and why: the curated question that matched, where it is not the title, and the common words.

    extract: the passage that matched, as plain text, cut. is_near: whether it is worth being called near; false for
    what is only the nearest there is.
    """

    answer: AnswerView
    extract: str
    confidence_words: str | None
    is_near: bool
    title_is_near: bool
    near_question: str | None
    shared_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrustView:
    """What a reply says of its own limits.

    missing: what the question names and the first answer does not. is_broad: whether several answers may be meant.
    asked, also_asked: of a message with several questions, the one that was answered, and those that are not here.
    """

    missing: tuple[str, ...] = ()
    is_broad: bool = False
    asked: str | None = None
    also_asked: tuple[str, ...] = ()


def _trust_of(reply: Reply) -> TrustView:
    return TrustView(
        missing=reply.missing,
        is_broad=reply.advice is Advice.SEVERAL,
        asked=reply.asked,
        also_asked=reply.also_asked[_MOST_ANSWERED - 1 :],
    )


@dataclass(frozen=True, slots=True)
class ResultView:
    """A reply to show. personal: names of the kinds of personal data that the question seems to hold.

    candidates: the answers that a doubtful reply offers to choose from; *hits* are the others then. also: the replies
    to the other questions of one message, as far as a page holds them. place: of this one among them, from 0.
    """

    question: str
    query_id: str
    index_id: str
    status: Status
    words: str
    hits: tuple[HitView, ...]
    candidates: tuple[HitView, ...]
    trust: TrustView
    personal: tuple[str, ...]
    also: tuple["ResultView", ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True)
class ValueView:
    """A value of a facet: how many answers it leaves, and whether it is chosen. number: from 1, for its id."""

    number: int
    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetView:
    """A question of the guided search; ending: what of it differs from the others."""

    key: str
    question: str
    ending: str
    values: tuple[ValueView, ...]

    @property
    def first(self) -> tuple[ValueView, ...]:
        """The values that are read at a glance."""
        return self.values if len(self.values) <= _MOST_VALUES + 2 else self.values[:_MOST_VALUES]

    @property
    def rest(self) -> tuple[ValueView, ...]:
        """The values that are folded away: never a single one or two."""
        return self.values[len(self.first) :]


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many answers there are without a choice of a facet, and how many apply to each of its values."""

    total: int
    of_value: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FacetsView:
    """The guided search; beginning: what its questions have in common, such as « Votre question concerne »."""

    beginning: str
    facets: tuple[FacetView, ...]

    @property
    def chosen(self) -> tuple[tuple[str, str], ...]:
        """Key and value of each chosen value."""
        return tuple((facet.key, one.value) for facet in self.facets for one in facet.values if one.chosen)


def view_answer(answer: Answer, *, excerpt: tuple[int, int] | None = None) -> AnswerView:
    """Return an answer to show, with the excerpt (offsets in code points) marked."""
    is_link = bool(answer.source and re.match(r"https?://\S+\Z", answer.source))
    return AnswerView(
        id=answer.id,
        title=title_of(answer),
        # An empty element after each line break, for the style to set lines apart as the paragraphs they mostly are.
        body=render(answer.text, excerpt=excerpt).replace("<br>", "<br><span></span>"),
        questions=shown_questions(answer),
        tags=tuple(TagView(key, value) for key, values in answer.facets.items() for value in values),
        source=answer.source,
        source_link=answer.source if is_link else None,
        changed_on=answer.changed_on,
    )


def structured_data(answer: AnswerView) -> dict[str, object] | None:
    """Return an answer as schema.org FAQPage, for search engines; None where it has no question.

    Its other questions are further names of the first one, so that the text stands there once.
    """
    if not answer.questions:
        return None
    name, *others = answer.questions
    question: dict[str, object] = {"@type": "Question", "name": name}
    if others:
        question["alternateName"] = others
    question["acceptedAnswer"] = {"@type": "Answer", "text": answer.body}
    changed = {"dateModified": answer.changed_on.isoformat()} if answer.changed_on else {}
    return {
        **changed,
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": "fr",
        "mainEntity": [question],
    }


def title_of(answer: Answer) -> str:
    """Return the first curated question, or the beginning of the text without its markup."""
    questions = shown_questions(answer)
    return questions[0] if questions else cut(plain(answer.text), _TITLE_CHARACTERS)


def plain(text: str) -> str:
    """Return the words of a Markdown text, without its markup."""
    # Blocks end with a line break of their own.
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", render(text))).split())


def cut(text: str, characters: int) -> str:
    """Return *text*, or as many of its words as fit, and an ellipsis."""
    if len(text) <= characters:
        return text
    return text[:characters].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def view_result(question: str, reply: Reply, *, place: int = 0) -> ResultView:
    """Return a reply to show. Without a hit there is no answer, wherever the thresholds lie."""
    others = zip(reply.also_asked, reply.also_found, strict=True)
    status = reply.status if reply.hits else Status.NO_ANSWER
    hits = tuple(_view_hit(question, hit, hit.status) for hit in reply.hits)
    candidates: tuple[HitView, ...] = ()
    if status is Status.UNCERTAIN:
        near = tuple(hit for hit in hits if hit.is_near)[:_MOST_CANDIDATES]
        candidates = near if len(near) >= _FEWEST_CANDIDATES else hits[:_FEWEST_CANDIDATES]
    return ResultView(
        question=question,
        query_id=reply.query_id,
        index_id=reply.index.id,
        status=status,
        words=STATUS_WORDS[status],
        hits=tuple(hit for hit in hits if hit not in candidates),
        candidates=candidates,
        trust=_trust_of(reply),
        personal=name_personal_data(question),
        also=tuple(
            view_result(asked, found, place=at)
            for at, (asked, found) in enumerate(islice(others, _MOST_ANSWERED - 1), start=1)
        ),
        place=place,
    )


def name_personal_data(text: str) -> tuple[str, ...]:
    """Return what personal data *text* seems to hold, in French, each kind once."""
    kinds = dict.fromkeys(data.kind for data in find_personal_data(text))
    return tuple(dict.fromkeys(name_of(kind) for kind in kinds))


def name_of(kind: PersonalKind) -> str:
    """Return what a visitor calls a kind of personal data, with its article."""
    return _NAMES_OF_DATA.get(kind, "un numéro d’identification")


def view_facets(
    facets: Sequence[Facet], counted: Mapping[str, FacetCount], chosen: Mapping[str, Sequence[str]]
) -> FacetsView:
    """Return the guided search; values that would leave no answer, or all of them, are left out, unless chosen."""
    beginning = _common_beginning([facet.question for facet in facets])
    endings = [facet.question[len(beginning) :].strip() for facet in facets]
    if beginning and all(map(_INTERROGATIVE.match, endings)):
        # « Votre question concerne… un produit » is French; « Votre question concerne… quel produit ? » is not.
        endings = [_INTERROGATIVE.sub(_indefinite, ending).rstrip(" ?\u00a0\u202f") for ending in endings]
    views = []
    for facet, ending in zip(facets, endings, strict=True):
        count, of_facet = counted[facet.key], chosen.get(facet.key, ())
        every = (
            ValueView(number, value, count.of_value.get(value, 0), value in of_facet)
            for number, value in enumerate(facet.values, start=1)
        )
        values = tuple(one for one in every if one.chosen or 0 < one.count < count.total)
        if values:
            views.append(FacetView(facet.key, facet.question, ending, values))
    return FacetsView(beginning.strip(), tuple(views))


def _indefinite(found: re.Match[str]) -> str:
    return {"quel": "un", "quelle": "une"}.get(found[1].lower(), "des") + " "


def group_by_theme(
    answers: Iterable[Answer], facets: Sequence[Facet], *, title_of: Callable[[Answer], str]
) -> dict[str, list[EntryView]]:
    """Return the answers by theme, in the order of the theme's values; those of several themes are under each."""
    theme = theme_facet(facets)
    other = EVERY_THEME if theme and theme.open_to_all else OTHER_THEME
    values = (*(theme.values if theme else ()), other)
    groups: dict[str, list[EntryView]] = {value: [] for value in values}
    for answer in answers:
        view = EntryView(answer.id, title_of(answer))
        for value in (answer.facets.get(theme.key) if theme else None) or (other,):
            groups[value].append(view)
    return {value: sorted(group, key=lambda view: view.title) for value, group in groups.items() if group}


def theme_facet(facets: Sequence[Facet]) -> Facet | None:
    """Return the facet by which a reader leafs through the FAQ: its themes, or else the last one."""
    return next((facet for facet in facets if facet.key == _THEME_KEY), facets[-1] if facets else None)


def _view_hit(question: str, hit: Hit, status: Status) -> HitView:
    title = title_of(hit.answer)
    near = hit.matched_question
    if near not in shown_questions(hit.answer):
        near = None
    # The excerpt of a text of one sentence is all of it: marking everything would mark nothing.
    whole = hit.passage.end - hit.passage.start >= len(hit.answer.text.strip())
    text = " ".join([hit.answer.text, *hit.answer.questions])
    # « est-il » is one word, of two that say nothing.
    shared = [word for word in shared_words(question, text) if any(content_words(split_words(word)))]
    return HitView(
        extract=cut(plain(hit.passage.text), _EXTRACT_CHARACTERS),
        answer=view_answer(hit.answer, excerpt=None if whole else (hit.passage.start, hit.passage.end)),
        confidence_words={
            Status.ANSWERED: "très probable",
            Status.UNCERTAIN: "à vérifier",
            Status.NO_ANSWER: None,
        }[status],
        is_near=status is not Status.NO_ANSWER,
        title_is_near=near == title,
        near_question=near if near != title else None,
        shared_words=tuple(shared[:_MOST_SHARED_WORDS]),
    )


def _common_beginning(texts: Sequence[str]) -> str:
    """Return the words that all of two or more texts begin with, the space after them included."""
    if len(texts) < 2:
        return ""
    words = [text.split(" ") for text in texts]
    length = 0
    while all(len(line) > length + 1 and line[length] == words[0][length] for line in words):
        length += 1
    # « quel » without « le couloir » reads badly: the interrogative stays with what it asks.
    while length and words[0][length - 1].lower().startswith("quel"):
        length -= 1
    return "".join(word + " " for word in words[0][:length])
