"""Whose FAQ it is, and what is kept of visitors, in words for the templates. What is not set is not said."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from server.settings import SiteSettings

_NAME = "Souffleur"


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the publisher."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What every page says of itself. contact_words: how the contact is shown, where *contact* leads there."""

    name: str = _NAME
    sentence: str | None = None
    publisher: str | None = None
    logo: Path | None = None
    contact: str | None = None
    contact_words: str | None = None
    privacy: str | None = None
    links: tuple[Link, ...] = ()
    feedback: bool = True
    accent: str | None = None
    origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: SiteSettings) -> "Identity":
        """Return what the settings say."""
        contact, words = settings.contact, None
        if contact:
            is_mail = "@" in contact and not contact.startswith(("/", "http"))
            contact, words = (f"mailto:{quote(contact, safe='@')}", contact) if is_mail else (contact, "Nous écrire")
        pages = (
            (settings.legal, "Mentions légales"),
            (settings.accessibility, "Accessibilité"),
            (settings.privacy, "Protection des données"),
        )
        return cls(
            name=settings.name or _NAME,
            sentence=settings.sentence,
            publisher=settings.publisher,
            logo=settings.logo,
            contact=contact,
            contact_words=words,
            privacy=settings.privacy,
            links=tuple(Link(address, words) for address, words in pages if address),
            feedback=settings.feedback,
            accent=settings.accent,
            origins=settings.origins,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What the server really keeps of visitors. days: until it is erased. is_read: by people, in `/atelier`."""

    questions: bool = False
    judgements: bool = False
    days: int = 0
    is_read: bool = False

    @property
    def duration(self) -> str:
        """How long, as a visitor says it."""
        if self.days >= 60:
            months = round(self.days / 30.4)
            return f"{self.days} jours (environ {months} mois)"
        return f"{self.days} jour{'s' if self.days > 1 else ''}"
