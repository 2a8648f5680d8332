"""What a question asks for, apart from its subject: a price, a delay, a place; and what its words say in other words.

General French, and as much of other languages as tells a foreign question; knows no corpus. Words that stand for each
other are lines of `concepts.tsv`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from indexer.french.text import fold, normalise
from indexer.french.words import STOP_WORDS, read_chunk, split_chunks, stems_of

KINDS = ("asked", "action", "who", "medium")
"""The kinds of groups in concepts.tsv."""

TYPES = ("price", "duration", "count", "when", "where", "who", "how", "why", "contact")
"""What can be asked for so plainly that an answer which speaks of another thing does not answer."""

_TYPE_PATTERNS = {
    "price": (
        r"combien (?:ca |cela )?(?:coute|vaut|paie|faut-il payer)"
        r"|\b(?:prix|cout|couts|tarifs?|payante?s?|gratuit\w*|montants?|facture\w*|how much|price|cost|fees?)\b|coute"
    ),
    "duration": (
        r"combien de (?:temps|jours?|mois|annees?|ans|semaines?|heures?)"
        r"|\b(?:durees?|delais?|longtemps|how long|valables?)\b|\b(?:sous|pendant|en|depuis) combien\b"
    ),
    "count": r"combien (?!de temps|de jours|de mois|d'annees|coute|ca coute)|\bhow many\b|\bnombre de\b",
    "when": (
        r"^quand\b|(?:depuis|c'est|jusqu'a|pour|[,?.]) quand\b(?! meme)"
        r"|\bquand (?:est|sera|aura|faut|doit|peut|puis|les?|la)\b(?! meme)"
        r"|quelles? (?:date|annee|heure|periode)s?\b|\bwhen\b|\bdates? (?:limite|de fin|d'entree)|\bcalendrier\b"
        r"|depuis quel|jusqu'a quel"
    ),
    "where": (
        r"(?:^|[ ,])ou (?:\w+-(?:je|on|t-on|il|t-il)|puis|peut|trouver|voir|lire|est|sont|faut|demander|consulter"
        r"|acheter|regarder|verifier)"
        r"|\b(?:sur|dans|a) quel(?:le)?s? (?:site|page|portail|rubrique|endroit|adresse|guide|document)|\bwhere\b"
    ),
    "who": r"(?:^|[.,;:?!] |\ba |\bpar |\bc'est )qui\b|\bwho\b|quelle personne",
    "how": (
        r"\bcomment\b|\bcoment\b|\bcmt\b|\bhow (?:do|to|can|does|should)\b|\betapes?\b|marche a suivre"
        r"|\bprocedures?\b|de quelle (?:facon|maniere)|\bdemarches?\b"
    ),
    "why": r"\bpourquoi\b|\bwhy\b|\braisons?\b",
    "contact": (
        r"\b(?:telephone|telephoner|appeler|contacter|qui joindre|comment (?:vous |les |le |la )?joindre|hotline"
        r"|support|assistance|interlocuteur|phone)\b"
    ),
}
"""On folded text: small letters, no accents."""
_TYPE_RES = {name: re.compile(pattern) for name, pattern in _TYPE_PATTERNS.items()}

_SIGN_PATTERNS = {
    "price": r"€|\beuros?\b|\b(?:prix|cout|tarif|gratuit|payant|factur|montant)\w*",
    "duration": (
        r"\b\d+ ?(?:jours?|mois|ans?|annees?|semaines?|heures?|minutes?|secondes?|siecles?)\b|\b(?:duree|delai)s?\b"
    ),
    "count": r"\b\d+\b|\b(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|seule?)\b",
    "when": (
        r"\b(?:19|20)\d\d\b|\bdates?\b"
        r"|\b(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b"
    ),
    "where": r"https?:|www\.|\b(?:page|site|portail|annuaire|rubrique|menu|onglet|ville|pays|region|lieu)s?\b",
    "contact": r"\b0\d(?:[ .]?\d\d){4}\b|\b(?:telephone|contact|support|assistance)\w*|\S@\S",
}
_SIGNS = {name: re.compile(pattern) for name, pattern in _SIGN_PATTERNS.items()}

# Small words of English, German, Spanish, Italian, Portuguese and Dutch.
_FOREIGN = frozenset(
    word
    for line in (
        "the is are was were how what when where who why which do does did can could should would must my your",
        "our we you it its this that these those of to from with without for and or not there have has had be",
        "been will if by at der die das ist sind wie wo wann wer warum welche welcher kann ich wir sie mein meine",
        "ein eine und oder nicht mit für von zu im den dem auf muss darf el los las es son como cómo dónde donde",
        "cuándo cuando quién qué por para puedo hay mi y o no una del con il lo gli è sono dove chi perché posso",
        "per una di da o os as é são onde quem posso meu het een de van is zijn hoe waar wanneer wie ik wij mijn",
        "niet",
    )
    for word in line.split()
)
_NEGATIONS = frozenset(["pas", "sans", "non", "jamais", "aucun", "aucune", "ni", "not", "without", "never", "no"])


_GREETING = re.compile(
    r"\A\s*(?:bonjour|bonsoir|bjr|slt|salut|coucou|hello|hi|dear|madame|monsieur|messieurs|chers?|cheres?)\b"
    r"[^,.:!?\n]{0,40}[,.:!\n]"
    r"(?:\s*(?:madame|monsieur|messieurs)[^,.:!\n]{0,20}[,.:!\n])*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?<=[.!?,;:\n])|(?<=[.!?,;:\n] )|(?<=  ))"
    r"(?:je vous remercie|en vous remerciant|vous remerciant|avec (?:mes|nos|tous (?:mes|nos)) remerciements|merci\b"
    r"|(?:bien )?cordialement|cdlt|bien à (?:vous|toi)|sincères salutations|respectueusement|salutations"
    r"|bonne (?:journée|soirée|fin)|bon week|dans l'attente|thank(?:s| you)|best regards|kind regards|regards)",
    re.IGNORECASE,
)

_QUESTION = re.compile(r"[^?]*\?+")
_MOST_QUESTIONS = 4
_FEWEST_NAMED = 2
_ASKING_WORDS = frozenset(
    word
    for line in (
        "combien comment pourquoi quand quel quelle quels quelles quoi faire fait faut dois doit peut peux puis",
        "possible coute cout prix temps sait savoir donc alors aussi sinon",
    )
    for word in line.split()
)
"""What asks, and names nothing: folded."""


def without_courtesies(question: str) -> str:
    """Return a question without its greeting, and without its thanks and all after them where they end a message."""
    core = _GREETING.sub("", question, count=1)
    # Thanks may come between; what ends a message comes after what it asks.
    asked = core.rfind("?") + 1 or len(core) // 2
    closing = next((found for found in _CLOSING.finditer(core) if found.start() >= asked), None)
    if closing is not None:
        core = core[: closing.start()]
    return core if re.search(r"\w{2}", core) else question


def split_questions(message: str) -> tuple[str, ...]:
    """Return the questions of a message that ask by themselves, in order, each with what was said before it.

    None for a message with one: a question that names nothing (« Que faire ? ») belongs to the one before.
    """
    questions: list[str] = []
    for part in _QUESTION.findall(without_courtesies(message)):
        if questions and _names_too_little(part):
            questions[-1] += part
        else:
            questions.append(part)
    return tuple(question.strip() for question in questions) if 1 < len(questions) <= _MOST_QUESTIONS else ()


def _names_too_little(question: str) -> bool:
    words = (word.lower() for word in re.findall(r"[^\W_]{2,}", question))
    return sum(fold(word) not in _ASKING_WORDS and word not in STOP_WORDS for word in words) < _FEWEST_NAMED


def types_of(question: str) -> frozenset[str]:
    """Return which of `TYPES` a question asks for; none for one that only names its subject."""
    plain = fold(normalise(question))
    return frozenset(name for name in TYPES if _TYPE_RES[name].search(plain))


@lru_cache(maxsize=4096)
def types_told(text: str) -> frozenset[str]:
    """Return which of `TYPES` a text gives signs of: an amount, a duration, a date, an address."""
    plain = fold(text)
    return frozenset(name for name, pattern in _SIGNS.items() if pattern.search(plain))


def has_signs(name: str) -> bool:
    """Whether `types_told` can tell of this type."""
    return name in _SIGNS


def is_foreign(question: str) -> bool:
    """Whether the small words of a question are more of other languages than of French."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", normalise(question))]
    french = sum(word in STOP_WORDS for word in words)
    foreign = sum(word in _FOREIGN and word not in STOP_WORDS for word in words)
    return foreign > french and foreign >= 2


def negations(question: str) -> int:
    """Return how many words of a question deny something."""
    return sum(word in _NEGATIONS for word in re.findall(r"[^\W\d_]+", normalise(question).lower()))


class Concepts:
    """Groups of words of one meaning, by the stems of each word."""

    def __init__(self, groups: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.kinds = [kind for kind, _ in groups]
        self.words = [tuple(words) for _, words in groups]
        self.stems: list[tuple[str, ...]] = []
        self._of: dict[str, tuple[int, ...]] = {}
        for number, (_, words) in enumerate(groups):
            parts = (part for word in words for chunk in split_chunks(word) for part in read_chunk(chunk))
            stems = dict.fromkeys(stem for part in parts for stem in stems_of(part.surface))
            self.stems.append(tuple(stems))
            for stem in stems:
                self._of[stem] = (*self._of.get(stem, ()), number)

    def of(self, stems: Sequence[str]) -> tuple[int, ...]:
        """Return the groups that a word of these stems is in."""
        return tuple(dict.fromkeys(number for stem in stems for number in self._of.get(stem, ())))


@lru_cache(maxsize=1)
def shipped_concepts() -> Concepts:
    """Return the groups of concepts.tsv."""
    groups = []
    for line in files("indexer.french").joinpath("concepts.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, words = line.split("\t")
            groups.append((kind, [word for word in words.split() if word.isalpha()]))
    return Concepts(groups)
