"""How the place of an index in a Milvus is written: `milvus://host:19530/name`, with `milvus+tls` and `milvus+lite`.

Secrets are no part of it: an address is shown in logs, in the manifest and in the list of processes.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

_DEFAULT_NAME = "souffleur"
_DEFAULT_PORT = 19530
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,63}")
_SCHEMES = {"milvus": "plain", "milvus+tls": "tls", "milvus+lite": "lite"}


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A Milvus, and the name by which an index is found there: that of the alias, and the beginning of all else.

    place: host and port, or the file of a Milvus Lite.
    """

    kind: Literal["plain", "tls", "lite"]
    place: str
    name: str = _DEFAULT_NAME

    @classmethod
    def parse(cls, text: str) -> "StoreAddress":
        """Return the address that *text* is. ValueError says what is wrong with it."""
        parts = urlsplit(text.strip())
        kind = _SCHEMES.get(parts.scheme)
        if kind is None:
            raise ValueError("an address that begins with milvus://, milvus+tls:// or milvus+lite:// is needed")
        if parts.username is not None or parts.password is not None:
            raise ValueError("it has a user in it; a secret belongs into SOUFFLEUR_STORE_TOKEN, as user:password")
        if parts.query:
            raise ValueError("nothing may follow a question mark")
        if kind == "lite":
            path = unquote(parts.netloc + parts.path)
            if not path or path.endswith("/"):
                raise ValueError("a file is needed, such as milvus+lite:///var/lib/souffleur/faq.db")
            return cls("lite", path, _name(parts.fragment))
        try:
            host, port = parts.hostname, parts.port or _DEFAULT_PORT
        except ValueError:
            raise ValueError("the port is no number from 1 to 65535") from None
        if not host or parts.fragment:
            raise ValueError(f"a host is needed, such as milvus://127.0.0.1:{_DEFAULT_PORT}")
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return cls("tls" if kind == "tls" else "plain", place, _name(parts.path.strip("/")))

    def __str__(self) -> str:
        """Return it as it is written."""
        if self.kind == "lite":
            return f"milvus+lite://{self.place}" + (f"#{self.name}" if self.name != _DEFAULT_NAME else "")
        scheme = "milvus+tls" if self.kind == "tls" else "milvus"
        return f"{scheme}://{self.place}" + (f"/{self.name}" if self.name != _DEFAULT_NAME else "")


def _name(text: str) -> str:
    if text and not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is no name: at most 64 letters, digits and _, the first of them no digit, are needed"
        )
    return text or _DEFAULT_NAME
