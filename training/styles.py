"""Questions as hurried people write them: in capitals, as an e-mail, in keywords, with typing errors, as SMS."""

import random

from indexer.french.text import fold
from indexer.french.words import STOP_WORDS, split_words

_GREETINGS = (
    "Bonjour,\n\n",
    "Bonjour Madame, Monsieur,\n\nJe me permets de vous écrire car ma collègue et moi nous posons une question depuis "
    "quelques jours. ",
    "Bonjour à tous,\n\nJe suis nouveau dans le service et je découvre le sujet. ",
    "bjr ",
    "Bonsoir, petite question : ",
)
_CLOSINGS = (
    "\n\nMerci beaucoup pour votre aide.\nBien cordialement,\nClaire Durand",
    "\n\nEn vous remerciant par avance,\nPierre Lambert\nResponsable informatique\nTél. 01 23 45 67 89",
    " merci",
    " svp",
    "\n\nCordialement",
)
_SHORT_FORMS = {
    "qu'est-ce que": "c koi",
    "est-ce que": "es ke",
    "quel": "kel",
    "pour": "pr",
    "comment": "cmt",
    "vous": "vs",
    "beaucoup": "bcp",
    "quoi": "koi",
    "toujours": "tjs",
    "est ": "é ",
    "peut-on": "on peu",
    "dans": "ds",
}
_ASKING = ("combien", "comment", "quand")
_SHORTEST_MISTYPED = 6


def restyle(question: str, generator: random.Random) -> str:
    """Return the same question in another style, which one by chance."""
    style = generator.choice((_shout, _write_as_mail, _keep_keywords, _mistype, _write_as_sms))
    return style(question, generator)


def _shout(question: str, _: random.Random) -> str:
    return fold(question).upper()


def _write_as_mail(question: str, generator: random.Random) -> str:
    return generator.choice(_GREETINGS) + question + generator.choice(_CLOSINGS)


def _keep_keywords(question: str, _: random.Random) -> str:
    words = [word.surface for word in split_words(question)]
    kept = [word for word in words if word.lower() not in STOP_WORDS and fold(word) not in _ASKING]
    return " ".join(kept) if len(kept) > 1 else question


def _mistype(question: str, generator: random.Random) -> str:
    words = question.split(" ")
    for _ in range(max(1, len(words) // 5)):
        at = generator.randrange(len(words))
        word = words[at]
        if len(word) >= _SHORTEST_MISTYPED:
            letter = generator.randrange(1, len(word) - 2)
            swapped = word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :]
            dropped = word[:letter] + word[letter + 1 :]
            doubled = word[:letter] + word[letter] + word[letter:]
            words[at] = generator.choice((swapped, dropped, doubled))
    return fold(" ".join(words))


def _write_as_sms(question: str, _: random.Random) -> str:
    text = fold(question)
    for long, short in _SHORT_FORMS.items():
        text = text.replace(long, short)
    return text
