"""`[admin]`: a key that is long enough, from where secrets come from, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.credentials.secrets import Secret
from adapters.mistake import ProjectError
from graph.settings.address import Address
from graph.settings.admin_settings import AdminSettings, is_key, without_address
from graph.settings.settings import read_settings

KEY = "0123456789abcdef0123456789abcdef"
ENVIRON = {"KEY": KEY, "SHORT": KEY[1:], "ODD": "ä" * 40}
HEAD = '[graph]\nschema = "schema:schema"\n'
ONE = "expected 'key' or 'key_file', one of them"
STANDS = "expected '${NAME}', from the environment, or 'key_file': no secret stands here"
UNREAD = "expected a file that holds a secret; the file cannot be read"
EXPECTED = "expected a secret of at least 32 letters, digits or any of '-._~+/' (RFC 6750, section 2.1)"


def read(folder: Path, more: str) -> AdminSettings | None:
    (folder / "stolon.toml").write_text(HEAD + more, encoding="utf-8")
    return read_settings(folder, ENVIRON).admin


def test_a_key_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    """It is a secret: the text, or the file, which may change; and no `repr` shows it."""
    (tmp_path / "key").write_text(f"{KEY}\n")
    found = read(tmp_path, '[admin]\nkey = "${KEY}"')
    assert found == AdminSettings(key=Secret(KEY))
    assert KEY not in repr(found)
    assert read(tmp_path, '[admin]\nkey_file = "key"') == AdminSettings(
        key=Secret(file=tmp_path.resolve() / "key")
    )


def test_a_key_without_an_address_is_noted() -> None:
    """Whoever has a key and nowhere to use it is told so; the command line may name an address yet."""
    admin = AdminSettings(key=Secret(KEY))
    assert list(without_address(admin, None)) == [
        "admin.key opens calls of the second address, and there is none: [observe] address, or --observe, says "
        "where it is"
    ]
    assert list(without_address(admin, Address("127.0.0.1", 9090))) == list(without_address(None, None)) == []


def test_without_the_table_there_is_no_key(tmp_path: Path) -> None:
    """Nobody has to have one."""
    assert read(tmp_path, "") is None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", [(3, "admin.key", ONE)]),
        ('key = "${SHORT}"', [(4, "admin.key", EXPECTED)]),
        ('key = "${ODD}"', [(4, "admin.key", EXPECTED)]),
        (f'key = "{KEY}"', [(4, "admin.key", STANDS)]),
        ('key_file = "none"', [(4, "admin.key_file", UNREAD)]),
        ('kye = "${KEY}"', [(3, "admin.key", ONE), (4, "admin.kye", "unknown key; did you mean 'key'?")]),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, written: str, told: list[tuple[int, str, str]]) -> None:
    """Each mistake has its line and says what was expected, without the secret."""
    with pytest.raises(ProjectError) as raised:
        read(tmp_path, f"[admin]\n{written}")
    assert [(one.line, one.path, one.message) for one in raised.value.mistakes] == told
    assert KEY[1:] not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "good"), [(KEY, True), (KEY + "==", True), (KEY[1:], False), (KEY + " ", False)]
)
def test_a_key_is_a_bearer_token_of_some_length(text: str, good: bool) -> None:
    """What cannot be borne, or may be guessed, is no key."""
    assert is_key(text) is good
