"""Behind a proxy and under a path: whose headers count, and which part of the address is ours.

`Forwarded` is the outermost: everything after it sees addresses without the prefix, and the visitor instead of the
proxy. `UnderPrefix` is the innermost: the framework wants both the prefix and the whole path. What a client sends that
is no proxy of ours changes nothing. No reply names a host: links and redirects begin with the prefix.
"""

import re
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.copied_scope import pass_on
from server.settings import Networks

_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?")
_KEY = "souffleur.prefix"


class Forwarded:
    """Takes the prefix from paths, and believes `X-Forwarded-*` of the proxies that it is given alone."""

    def __init__(self, app: ASGIApp, *, base_path: str = "", trusted: Networks = ()) -> None:
        """base_path: begins with a slash and does not end with one, or is empty."""
        self._app = app
        self._base_path = base_path
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await pass_on(self._app, self._read(dict(scope)), receive, send, of=scope)

    def _read(self, scope: Scope) -> Scope:
        prefix = self._base_path
        if prefix and (scope["path"] + "/").startswith(prefix + "/"):  # else the proxy has taken it off
            scope["path"] = scope["path"][len(prefix) :] or "/"
        client = scope.get("client")
        if client and self._trusts(client[0]):
            headers = Headers(scope=scope)
            if visitor := self._visitor(headers.getlist("x-forwarded-for")):
                scope["client"] = (visitor, 0)
            if headers.get("x-forwarded-proto") in ("http", "https"):
                scope["scheme"] = headers["x-forwarded-proto"]
            if _PREFIX.fullmatch(given := headers.get("x-forwarded-prefix", "")):
                prefix = given.rstrip("/")
        if prefix:
            scope["root_path"] = scope[_KEY] = prefix
        return scope

    def _visitor(self, values: list[str]) -> str | None:
        """Return the last address that no proxy of ours has: those before it are what the visitor says."""
        for text in reversed(",".join(values).split(",")):
            try:
                address = str(ip_address(text.strip()))
            except ValueError:
                return None
            if not self._trusts(address):
                return address
        return None

    def _trusts(self, address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in self._trusted)
        except ValueError:  # a socket of Unix, or a test
            return False


class UnderPrefix:
    """Gives the framework the whole path again; its own links and files need it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if _KEY in scope:
            # In place: the log reads the route from this scope afterwards.
            scope["path"] = scope.pop(_KEY) + scope["path"]
        await self._app(scope, receive, send)
