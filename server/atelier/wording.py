"""What the inbox says in French, and how a filter stands in an address and in a form.

Words that are looked for may be a visitor's: they are in no address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from server.exports import Cell
from server.feedback.inbox import Filter, Item, Kind, Order, State
from server.learning.records import Decision, Verdict
from server.page.forms import Form
from server.page.views import cut

Named = TypeVar("Named")

KINDS = {
    Kind.REMARK: "Remarque",
    Kind.LEFT: "Question laissée",
    Kind.UNANSWERED: "Sans réponse sûre",
    Kind.USELESS: "Réponse jugée inutile",
}
KINDS_OF_MANY = {
    Kind.REMARK: "Remarques",
    Kind.LEFT: "Questions laissées",
    Kind.UNANSWERED: "Sans réponse sûre",
    Kind.USELESS: "Jugées inutiles",
}
STATES = {State.NEW: "Nouveau", State.DONE: "Traité", State.OFF_TOPIC: "Hors sujet"}
ORDERS = {Order.LATEST: "Les plus récentes", Order.FREQUENT: "Les plus fréquentes"}
SHEET_COLUMNS = ("sorte", "état", "texte", "question", "réponse", "fois", "depuis", "première fois", "dernière fois")
"""Of the table for a spreadsheet."""

_CUT_CHARACTERS = 160
_MOST_WORDS_CHARACTERS = 200
_ANY = "tous"
_KIND_NAMES = {
    Kind.REMARK: "remarque",
    Kind.LEFT: "laissee",
    Kind.UNANSWERED: "sans-reponse",
    Kind.USELESS: "inutile",
}
_STATE_NAMES = {State.NEW: "nouveau", State.DONE: "traite", State.OFF_TOPIC: "hors-sujet"}
_ORDER_NAMES = {Order.LATEST: "recentes", Order.FREQUENT: "frequentes"}


@dataclass(frozen=True, slots=True)
class View:
    """What of the inbox is shown."""

    wanted: Filter
    order: Order = Order.LATEST
    number: int = 1

    @classmethod
    def of(cls, form: Form) -> "View":
        """Return what a form or an address asks for; what it does not say, or says wrongly, is the default."""
        state = form.last("etat") or _STATE_NAMES[State.NEW]
        page = form.last("page")
        return cls(
            Filter(
                kind=_named(_KIND_NAMES, form.last("sorte")),
                state=None if state == _ANY else _named(_STATE_NAMES, state) or State.NEW,
                words=form.last("mots").strip()[:_MOST_WORDS_CHARACTERS],
                first=_day(form.last("du")),
                last=_day(form.last("au")),
            ),
            _named(_ORDER_NAMES, form.last("tri")) or Order.LATEST,
            int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
        )

    def fields(self) -> dict[str, str]:
        """Return what says the same in a form, the words looked for included."""
        wanted = self.wanted
        fields = {
            "sorte": _KIND_NAMES[wanted.kind] if wanted.kind else "",
            "etat": _STATE_NAMES[wanted.state] if wanted.state else _ANY,
            "tri": _ORDER_NAMES[self.order] if self.order is not Order.LATEST else "",
            "du": wanted.first.isoformat() if wanted.first else "",
            "au": wanted.last.isoformat() if wanted.last else "",
            "page": str(self.number) if self.number != 1 else "",
            "mots": wanted.words,
        }
        return {name: value for name, value in fields.items() if value}

    def address(self, page: str) -> str:
        """Return the address of the same, without the words."""
        fields = {name: value for name, value in self.fields().items() if name != "mots"}
        return f"{page}?{urlencode(fields)}"

    def with_state(self, state: State | None) -> "View":
        """Return the first page of another state."""
        return replace(self, wanted=replace(self.wanted, state=state), number=1)

    def at(self, number: int) -> "View":
        """Return another page."""
        return replace(self, number=number)


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list to choose from."""

    name: str
    words: str
    chosen: bool


def choices_of(view: View) -> dict[str, list[Choice]]:
    """Return what the lists of the form offer, by field."""
    kind, order = view.wanted.kind, view.order
    return {
        "sorte": [
            Choice("", "Toutes", kind is None),
            *(Choice(_KIND_NAMES[one], KINDS_OF_MANY[one], one is kind) for one in Kind),
        ],
        "tri": [Choice(_ORDER_NAMES[one], ORDERS[one], one is order) for one in Order],
    }


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as it is shown. cut: the beginning of a long text, None of a short one. decisions: value to words."""

    kind: str
    state: State
    state_words: str
    text: str
    cut: str | None
    question: str | None
    answer_id: str | None
    answer_title: str | None
    counts: str
    since: str | None
    decisions: Mapping[str, str]


def view_item(item: Item, *, answer_title: str | None) -> ItemView:
    """Return the words for an item. answer_title: None where the answer is in the index no more."""
    text = item.text or "Sans question : jugée sur sa propre page"
    first, last = _date_words(item.first_at), _date_words(item.last_at)
    when = f"le {last}" if first == last else f"du {first} au {last}"
    times = f"{item.times} fois, " if item.times > 1 else ""
    since = f"{item.times_since} fois depuis" if item.times_since else None
    return ItemView(
        KINDS[item.kind],
        item.state,
        STATES[item.state],
        text,
        cut(text, _CUT_CHARACTERS) if len(text) > _CUT_CHARACTERS else None,
        item.question,
        item.answer_id if answer_title else None,
        answer_title,
        f"{times}{when}",
        since,
        {f"{state} {item.kind} {item.key}": words for state, words in STATES.items() if state is not item.state},
    )


def read_decision(text: str) -> tuple[Kind, str, State] | None:
    """Return what a button of `ItemView.decisions` says, None where it is none."""
    # A form sends the end of a line as two signs.
    state, _, rest = text.replace("\r\n", "\n").partition(" ")
    kind, _, key = rest.partition(" ")
    if state not in set(State) or kind not in set(Kind):
        return None
    return Kind(kind), key, State(state)


def read_proposal_decision(form: Form) -> Decision | None:
    """Return what was decided of a proposal, None where nothing was. The question may have been reworded."""
    verdict = form.last("decision")
    if verdict not in set(Verdict):
        return None
    keys = tuple(re.findall(r"[0-9a-f]{16}", form.last("cles")))
    return Decision(Verdict(verdict), form.last("question"), form.last("reponse").strip(), form.last("origine"), keys)


def sheet_row(item: Item) -> dict[str, Cell]:
    """Return an item as a row for a spreadsheet."""
    values: tuple[Cell, ...] = (
        KINDS[item.kind],
        STATES[item.state],
        item.text,
        item.question,
        item.answer_id,
        item.times,
        item.times_since,
        item.first_at.isoformat(),
        item.last_at.isoformat(),
    )
    return dict(zip(SHEET_COLUMNS, values, strict=True))


def date_words(day: date) -> str:
    """Return a day as a French reader writes it."""
    return day.strftime("%d/%m/%Y")


def _date_words(moment: datetime) -> str:
    return date_words(moment.date())


def _named(names: Mapping[Named, str], name: str) -> Named | None:
    return next((one for one, known in names.items() if known == name), None)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2200 else None
