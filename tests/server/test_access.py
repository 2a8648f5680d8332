"""Tests of server.access: tokens, and the passes that stand for them."""

import pytest

from indexer.errors import SettingsError
from server.access import PASS_SECONDS, Access, Role

ADMIN, EDITOR = "the-operators-token", "the-editors-token"


def test_each_token_has_its_role() -> None:
    """A wrong one has none, nor an empty one, nor one that a header cannot carry."""
    access = Access(admin_token=ADMIN, editor_token=EDITOR)
    assert access.role_of_token(ADMIN) is Role.ADMIN
    assert access.role_of_token(EDITOR) is Role.EDITOR
    assert {access.role_of_token(text) for text in ("", "é", ADMIN[:-1], EDITOR.upper())} == {None}
    assert not Access(admin_token=None, editor_token=None).is_open
    assert Access(admin_token=None, editor_token=None).role_of_token("") is None


def test_a_pass_ends_and_cannot_be_made() -> None:
    """It is worth its role until its time, and nothing with a letter changed or another token."""
    now = [1000.0]
    access = Access(admin_token=ADMIN, editor_token=EDITOR, clock=lambda: now[0])
    given = access.pass_for(Role.EDITOR)
    assert EDITOR not in given
    assert access.role_of_pass(given) is Role.EDITOR
    assert Access(admin_token=EDITOR, editor_token=ADMIN, clock=lambda: now[0]).role_of_pass(given) is None
    assert Access(admin_token=ADMIN, editor_token=None, clock=lambda: now[0]).role_of_pass(given) is None
    role, ends, seal = given.split(".")
    forged = [
        f"admin.{ends}.{seal}",
        f"{role}.{int(ends) + 1}.{seal}",
        f"{role}.{ends}.{seal[:-1]}",
        f"{role}.{ends}",
        f"{role}.²{ends}.{seal}",
        f"{role}.{'9' * 5000}.{seal}",
        "",
        "..",
        "é.é.é",
    ]
    assert {access.role_of_pass(text) for text in forged} == {None}
    now[0] += PASS_SECONDS
    assert access.role_of_pass(given) is None


def test_editors_are_no_operators_by_mistake() -> None:
    """One token for both is refused at the start."""
    with pytest.raises(SettingsError, match="editor_token"):
        Access(admin_token=ADMIN, editor_token=ADMIN)
