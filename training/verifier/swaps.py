"""Questions with one thing in them replaced by another of its kind, so that the answer no longer answers.

Where the right answer knows the word that is replaced: a swap of a word that it never had teaches noise. Deterministic
by the generator that is handed in.
"""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.french.intent import shipped_concepts, types_of
from indexer.french.text import fold
from indexer.french.words import STOP_WORDS, split_words, stems_of

_STOCKS = (
    "SNCF RATP URSSAF CAF API SQL HTML PDF XML JSON USB VPN DNS SSH FTP CRM ERP TVA SIRET INSEE OTAN ONU UNESCO BCE "
    "RSA APL PUMA MDPH DREAL",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Paris Lyon Marseille Lille Nantes Toulouse Bordeaux Allemagne Belgique Suisse Italie Espagne Canada Japon Monaco "
    "Luxembourg Maroc Corse Bretagne Guyane Excel Outlook Gmail Doctolib WhatsApp Teams Zoom Dropbox Slack Jira Oracle "
    "SAP Salesforce Firefox Photoshop WordPress Facebook Android Java Ruby PostgreSQL Docker Kubernetes Azure",
)
_ACRONYMS, _MONTHS, _PLACES_AND_PRODUCTS = (words.split() for words in _STOCKS)
_TOKEN = re.compile(r"\w+(?:[._-]\w+)*")
_ACRONYM = re.compile(r"[A-ZÀ-Ý]{2,8}[a-z]?")
_VERB = re.compile(r"(?:er|ir|re|oir)$")
_ENGLISH = re.compile(r"^(?:create|delete|order|price|cost|how)")
_LOOSE = ("word", "name")
"""The kinds of swaps that there are most of; others are taken first."""
_TELLING = ("who", "number", "code", "acronym")

_FOR_TO = (
    ("price", "Combien ça coûte de "),
    ("duration", "Combien de temps faut-il pour "),
    ("when", "Depuis quand peut-on "),
    ("who", "Qui est chargé de "),
    ("price", "Quel est le tarif pour "),
    ("price", "Quelle amende risque-t-on pour "),
    ("contact", "À qui téléphoner pour "),
    ("count", "Combien de fois peut-on "),
    ("when", "Jusqu'à quelle date peut-on "),
)
_FOR_THING = (
    ("price", "Combien coûte "),
    ("who", "Qui a inventé "),
    ("when", "Depuis quand existe "),
    ("contact", "Quel est le numéro de téléphone pour "),
    ("size", "Quelle est la taille maximale pour "),
    ("duration", "Combien de temps dure "),
    ("who", "Qui valide "),
    ("price", "Quel est le tarif pour "),
)
_FOR_NOUN = (
    ("price", "le prix"),
    ("price", "le tarif"),
    ("price", "le montant"),
    ("duration", "la durée"),
    ("size", "la taille maximale"),
    ("contact", "le numéro de téléphone"),
    ("when", "la date"),
    ("who", "le responsable"),
)
_FOR_KEYWORDS = (
    ("price", "tarif "),
    ("price", "prix "),
    ("duration", "délai "),
    ("contact", "téléphone "),
    ("when", "date "),
    ("size", "taille "),
)
_FOR_VERB = (("when", "Depuis quand "), ("price", "À quel prix "), ("duration", "En combien de temps "))
_ASKS_TO = re.compile(
    r"^(?:Comment|Où|Peut-on|Puis-je|Faut-il|Doit-on|Dois-je|Est-il possible de|Est-il obligatoire de|Quand|Pourquoi"
    r"|Comment puis-je|Comment peut-on) (?=[a-zéè'\- ]{0,12}[a-zéèîô]+(?:er|ir|re|oir)\b)"
)
_ASKS_THING = re.compile(
    r"^(?:Quel(?:le)?s? (?:est|sont)|Qu'est[- ]ce qu(?:e|')|C'est quoi|À quoi sert|Comment fonctionne) ?"
    r"(?=(?:le |la |les |l'|un |une |des ))",
    re.IGNORECASE,
)
_ASKS_NOUN = re.compile(
    r"\b(?:[Ll]a |[Ll]e |l'|L')(?:durée|délai|prix|date|format|différence|adresse|nombre|montant|nom|liste|rôle"
    r"|objectif|but|cause|origine|condition|procédure|définition|critère)\b"
)
_ASKS_VERB = re.compile(r"^(?:Comment|Où|Pourquoi|Quand) ")
_FEW_WORDS = 8


@dataclass(frozen=True, slots=True)
class KnownWords:
    """The words of some texts, folded, with their stems, and the groups of one meaning that they stand in."""

    words: frozenset[str]
    groups: frozenset[int]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "KnownWords":
        """Return the words of *texts*."""
        words: set[str] = set()
        groups: set[int] = set()
        for text in texts:
            for word in split_words(text):
                groups.update(shipped_concepts().of(word.stems))
                for part in (word, *word.parts):
                    words.update((fold(part.surface), *part.stems))
        return cls(frozenset(words), frozenset(groups))

    def knows(self, word: str) -> bool:
        """Whether a word is among them, in any of its forms or in another of its meaning."""
        stems = stems_of(word)
        is_word = fold(word) in self.words or any(stem in self.words for stem in stems)
        return is_word or any(group in self.groups for group in shipped_concepts().of(stems))


@dataclass(frozen=True, slots=True)
class Stock:
    """What a swap may put in: content words and names of other questions, sorted."""

    words: Sequence[str]
    names: Sequence[str]


def swap(question: str, generator: random.Random, stock: Stock, known: KnownWords | None) -> list[tuple[str, str]]:
    """Return at most two questions in which one word is another of its kind, each with the kind.

    known: the words of the right answer, which alone are swapped; None for all words.
    """
    found = [
        (kind, question[: match.start()] + new + question[match.end() :])
        for match in _TOKEN.finditer(question)
        if known is None or known.knows(match[0])
        for kind, new in _replacements(match[0], generator, stock, first=match.start() == 0, shouted=question.isupper())
        if new != match[0]
    ]
    generator.shuffle(found)
    by_kind: dict[str, str] = {}
    for kind, text in found:
        by_kind.setdefault(kind, text)
    telling = [pair for pair in by_kind.items() if pair[0] in _TELLING]
    others = [pair for pair in by_kind.items() if pair[0] not in (*_LOOSE, *_TELLING)]
    loose = [pair for pair in by_kind.items() if pair[0] in _LOOSE]
    strict = telling + others
    if loose and generator.random() < 0.6:
        return [*strict[:1], *loose, *strict[1:]][:2]
    return [*strict, *loose][:2]


def _replacements(
    word: str, generator: random.Random, stock: Stock, *, first: bool, shouted: bool
) -> list[tuple[str, str]]:
    """Return at most one replacement of a word, with its kind."""
    if word.isdigit():
        return [("number", _other_number(word, generator))]
    if any(map(str.isdigit, word)):
        return [("code", re.sub(r"\d", lambda _: generator.choice("123456789"), word))]
    if not shouted and _ACRONYM.fullmatch(word):
        return [("acronym", generator.choice(_ACRONYMS))]
    if word.lower() in _MONTHS:
        return [("date", generator.choice(_MONTHS))]
    if not first and word[:1].isupper() and not shouted and len(word) > 2:
        names = stock.names if stock.names and generator.random() < 0.6 else _PLACES_AND_PRODUCTS
        return [("name", generator.choice(names))]
    if word.lower() in STOP_WORDS or len(word) < 4:
        return []
    if groups := shipped_concepts().of(stems_of(word)):
        return _other_concept(word, groups, generator)
    alike = [other for other in stock.words if other[-2:] == word[-2:] and other.lower() != word.lower()]
    return [("word", _cased(generator.choice(alike), word))] if alike and len(word) > 4 else []


def _other_number(number: str, generator: random.Random) -> str:
    other = number
    while other == number:
        kept = (generator.random() >= 0.3 and at < len(number) - 1 for at in range(len(number)))
        other = "".join(
            sign if keep else generator.choice("123456789") for sign, keep in zip(number, kept, strict=True)
        )
    return other


def _other_concept(word: str, groups: Sequence[int], generator: random.Random) -> list[tuple[str, str]]:
    concepts = shipped_concepts()
    kind = concepts.kinds[groups[0]]
    others = [
        other
        for group, words in enumerate(concepts.words)
        if concepts.kinds[group] == kind and group not in groups
        for other in words[:4]
        if (kind != "action" or _form(other) == _form(word)) and not _ENGLISH.match(other)
    ]
    return [(kind, _cased(generator.choice(others), word))] if others else []


def _form(word: str) -> str:
    plain = fold(word)
    return "verb" if _VERB.search(plain) else "plural" if plain.endswith("s") else "other"


def _cased(new: str, old: str) -> str:
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def swap_what_is_asked(question: str, generator: random.Random, told: frozenset[str]) -> str | None:
    """Return the question asking another thing of the same matter, None where its form gives no place for that.

    told: of which types of questions the answer gives signs; these, and what is asked already, are not put in.
    """
    taken = told | types_of(question)

    def one_of(openings: Sequence[tuple[str, str]]) -> str | None:
        free = [text for kind, text in openings if kind not in taken]
        return generator.choice(free) if free else None

    asks_to, asks_thing = _ASKS_TO.search(question), _ASKS_THING.search(question)
    noun, verb = _ASKS_NOUN.search(question), _ASKS_VERB.match(question)
    if asks_to and (opening := one_of(_FOR_TO)):
        return opening + question[asks_to.end() :]
    if noun and (other := one_of(_FOR_NOUN)):
        return question[: noun.start()] + _cased(other, noun[0]) + question[noun.end() :]
    if asks_thing and (opening := one_of(_FOR_THING)):
        return opening + question[asks_thing.end() :]
    if "?" not in question and len(question.split()) < _FEW_WORDS and (keyword := one_of(_FOR_KEYWORDS)):
        return keyword + question
    if verb and (opening := one_of(_FOR_VERB)):
        return opening + question[verb.end() :]
    return None
