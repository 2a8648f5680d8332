"""The settings of the server, beside those of the index it serves."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from indexer.errors import SettingsError
from indexer.setting_values import parse_count, parse_list, parse_path, parse_port, parse_text
from indexer.settings import IndexerSettings, setting
from server.access import Access
from server.colour import LEAST_CONTRAST, contrast_on_page

KeepQuestions = Literal["off", "redacted"]

MAX_LIMIT = 50
"""The most hits of a reply."""
TABLE = "server"
"""The table of souffleur.toml that holds them."""
SITE_TABLE = "site"
"""The table of what the pages say of whose they are."""

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

_LOGO_TYPES = (".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif")


def parse_keep_questions(text: str) -> KeepQuestions:
    """Return whether questions are kept; ValueError for anything but the two."""
    if text == "off":
        return "off"
    if text == "redacted":
        return "redacted"
    raise ValueError("off or redacted is needed")


def parse_token(text: str) -> str:
    """Return a secret; ValueError for one that can be guessed or cannot be sent in a header."""
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("at least 16 printable ASCII characters are needed")
    return text


def parse_endpoint(text: str) -> str:
    """Return an http address; ValueError for anything else."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address that begins with http:// or https:// is needed")
    return text


def parse_base_path(text: str) -> str:
    """Return a path such as `/faq`, without a slash at its end; ValueError for anything else."""
    path = text.strip().rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", path):
        raise ValueError("a path that begins with one slash, such as /faq, is needed")
    return path


def parse_networks(text: str) -> Networks:
    """Return addresses and networks; ValueError for what is neither."""
    return tuple(ip_network(entry) for entry in parse_list(text))


def parse_switch(text: str) -> bool:
    """Return whether something is on; ValueError for what is neither on nor off."""
    known = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if text.strip().lower() not in known:
        raise ValueError("on or off is needed")
    return known[text.strip().lower()]


def parse_address(text: str) -> str:
    """Return the address of a page, here or elsewhere; ValueError for anything else."""
    if not re.fullmatch(r"(https?://[^\s/]+\S*|/(?!/)\S*)", text):
        raise ValueError("an address that begins with https:// or with one slash is needed")
    return text


def parse_contact(text: str) -> str:
    """Return an e-mail address, or the address of a page; ValueError for anything else."""
    if re.fullmatch(r"[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+", text):
        return text
    return parse_address(text)


def parse_logo(text: str) -> Path:
    """Return the file of a picture; ValueError where it is none or not there."""
    path = parse_path(text)
    if path.suffix.lower() not in _LOGO_TYPES:
        raise ValueError(f"a picture ({', '.join(_LOGO_TYPES)}) is needed")
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def parse_accent(text: str) -> str:
    """Return a colour as #rrggbb; ValueError for one that cannot be read on the page, with the ratio."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError("a colour such as #0b5563 is needed")
    ratio = contrast_on_page(text)
    if ratio < LEAST_CONTRAST:
        raise ValueError(f"its contrast on the page is {ratio:.2f}, and {LEAST_CONTRAST} is needed; take a darker one")
    return text.lower()


def parse_origins(text: str) -> tuple[str, ...]:
    """Return origins such as https://www.example.org; ValueError for an address with a path, or for `*`."""
    origins = parse_list(text)
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ValueError(f"{origin!r} is no origin: scheme, host and port alone are needed")
    return tuple(origin.lower() for origin in origins)


@dataclass(frozen=True)
class ServerSettings:
    """How the server listens and what it accepts."""

    host: str = setting(
        "127.0.0.1", parse_text, "address to listen on; other machines reach it only if you say so here"
    )
    port: int = setting(8000, parse_port, "port to listen on")
    limit: int = setting(5, parse_count, "hits of a reply, where the request does not say")
    feedback: Path | None = setting(
        None, parse_path, "file of the judgements and questions; nothing is kept if not given"
    )
    keep_questions: KeepQuestions = setting("redacted", parse_keep_questions, "`off`, or `redacted`: without names")
    retention_days: int = setting(395, parse_count, "days after which judgements and questions are erased")
    cached_questions: int = setting(2048, parse_count, "questions whose vectors are kept in memory")
    admin_token: str | None = setting(
        None, parse_token, "bearer token of /v1/admin; there is none if not given", secret=True
    )
    editor_token: str | None = setting(
        None, parse_token, "token of editors: they read /atelier and sort its inbox, and switch no index", secret=True
    )
    most_requests: int = setting(40, parse_count, "requests worked on at once; beyond it 503")
    deadline_seconds: int = setting(10, parse_count, "seconds after which a request is given up")
    keep_alive_seconds: int = setting(
        75, parse_count, "seconds that an idle connection is kept; longer than a proxy in front keeps it"
    )
    client_rate: int | None = setting(None, parse_count, "questions a second of one client; no limit if not given")
    traces: str | None = setting(
        None, parse_endpoint, "OTLP endpoint of traces, such as `http://127.0.0.1:4318/v1/traces`; none if not given"
    )
    base_path: str | None = setting(
        None, parse_base_path, "path under which everything is served, such as `/faq`; the root if not given"
    )
    trusted_proxy: Networks | None = setting(
        None,
        parse_networks,
        "addresses or networks of proxies whose `X-Forwarded-*` headers count; none if not given",
    )

    def __post_init__(self) -> None:
        """SettingsError for two tokens that are one."""
        Access(admin_token=self.admin_token, editor_token=self.editor_token)

    def named_feedback(self) -> Path:
        """Return the file of the judgements and questions. SettingsError where none is named."""
        if self.feedback is None:
            raise SettingsError("The file of the judgements is not known. Give --feedback, or set SOUFFLEUR_FEEDBACK.")
        return self.feedback

    def begun_feedback(self) -> Path:
        """Return that file where it is there. SettingsError, for editors, where it is not."""
        if self.feedback is None or not self.feedback.exists():
            raise SettingsError(
                "Il n'y a pas encore de fichier des avis et des questions des visiteurs : donnez-le avec --feedback, "
                "ou SOUFFLEUR_FEEDBACK. (There is no file of the feedback.)"
            )
        return self.feedback


@dataclass(frozen=True)
class SiteSettings:
    """Whose FAQ it is, as its pages say it; what is not given is not said."""

    name: str | None = setting(None, parse_text, "name of the FAQ, at the top of every page", variable="SITE_NAME")
    sentence: str | None = setting(
        None, parse_text, "one sentence under the name: what is answered, and for whom", variable="SITE_SENTENCE"
    )
    publisher: str | None = setting(None, parse_text, "who publishes the FAQ", variable="SITE_PUBLISHER")
    logo: Path | None = setting(None, parse_logo, "file of a picture beside the name", variable="SITE_LOGO")
    contact: str | None = setting(
        None, parse_contact, "e-mail address, or address of the page, where to ask people", variable="SITE_CONTACT"
    )
    legal: str | None = setting(None, parse_address, "address of the legal notice", variable="SITE_LEGAL")
    accessibility: str | None = setting(
        None, parse_address, "address of the accessibility statement", variable="SITE_ACCESSIBILITY"
    )
    privacy: str | None = setting(
        None, parse_address, "address of the publisher's privacy page", variable="SITE_PRIVACY"
    )
    feedback: bool = setting(
        True, parse_switch, "`on`, or `off`: visitors are not asked whether it helped", variable="SITE_FEEDBACK"
    )
    accent: str | None = setting(
        None, parse_accent, "colour of links and buttons, such as `#0b5563`", variable="SITE_ACCENT"
    )
    origins: tuple[str, ...] = setting(
        (), parse_origins, "origins of the websites that may hold the box or a page", variable="SITE_ORIGINS"
    )


@dataclass(frozen=True, slots=True)
class ServedSettings:
    """All that a server is started with."""

    index: IndexerSettings
    server: ServerSettings
    site: SiteSettings
