"""Who may enter the atelier: editors read and decide, operators do everything.

A token is typed once; the browser then keeps a pass that holds no token, ends by itself, and is worth nothing when the
tokens change. Compared in constant time: how long a refusal takes must not tell how much of it was right.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from enum import StrEnum

from indexer.errors import SettingsError

PASS_SECONDS = 12 * 3600


class Role(StrEnum):
    """What somebody may do."""

    EDITOR = "editor"
    """Read the atelier, and decide of the items of the inbox."""
    ADMIN = "admin"
    """That, and switch indexes."""


class Access:
    """Tells roles from tokens, and from the passes that it gives. With no token at all, nobody has one."""

    def __init__(
        self, *, admin_token: str | None, editor_token: str | None, clock: Callable[[], float] = time.time
    ) -> None:
        """SettingsError if the two are one: editors would be operators."""
        if admin_token and admin_token == editor_token:
            raise SettingsError("editor_token is the same as admin_token. Give editors one of their own.")
        named = {Role.ADMIN: admin_token, Role.EDITOR: editor_token}
        self._tokens = {role: token.encode() for role, token in named.items() if token}
        self._clock = clock

    @property
    def is_open(self) -> bool:
        """Whether anybody may enter."""
        return bool(self._tokens)

    def role_of_token(self, given: str) -> Role | None:
        """Return the role of who has this token, None for a wrong one."""
        matches = [role for role, token in self._tokens.items() if hmac.compare_digest(given.encode(), token)]
        return matches[0] if matches else None

    def pass_for(self, role: Role) -> str:
        """Return a pass that `role_of_pass` knows for PASS_SECONDS."""
        ends = int(self._clock()) + PASS_SECONDS
        return f"{role}.{ends}.{self._seal(role, ends)}"

    def role_of_pass(self, given: str) -> Role | None:
        """Return the role that a pass was given for, None for one that has ended or is none."""
        name, _, rest = given.partition(".")
        ends, _, seal = rest.partition(".")
        if name not in {role.value for role in self._tokens} or not (ends.isascii() and ends.isdecimal()):
            return None
        role = Role(name)
        if len(ends) > 12 or not hmac.compare_digest(seal.encode(), self._seal(role, int(ends)).encode()):
            return None
        return role if self._clock() < int(ends) else None

    def _seal(self, role: Role, ends: int) -> str:
        return hmac.new(self._tokens[role], f"atelier {role} {ends}".encode(), hashlib.sha256).hexdigest()
