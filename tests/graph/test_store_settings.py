"""`[cache]` of stolon.toml, as far as it is of a store that replicas share: every mistake with its line, and no
secret in any.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials.secrets import Secret
from adapters.mistake import ProjectError
from adapters.sharing.redis_address import RedisAddress, redis_address
from adapters.sharing.shared_store import SharedRule
from graph.identity.credential_cautions import cautions_of_store
from graph.settings.cache_settings import CacheSettings
from graph.settings.settings import read_settings
from tests.adapters.authority import Authority

SECRET = "s3cr3t"
ENVIRON = {"URL": f"redis://:{SECRET}@cache.example", "USER": f"rediss://app:{SECRET}@cache.example:7000/2"}
HEAD = """[graph]
schema = "schema:schema"
[services]
[cache]
"""
URL = "expected a URL such as 'rediss://host:6379/0'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    (tmp_path / "empty").touch()
    return tmp_path.resolve()


def read(folder: Path, more: str) -> CacheSettings:
    (folder / "stolon.toml").write_text(HEAD + more)
    return read_settings(folder, ENVIRON).cache


def test_without_a_url_nothing_is_shared(folder: Path):
    """The default is a store of each process's own."""
    assert read(folder, "") == CacheSettings()
    assert read(folder, 'bytes = "1MiB"') == CacheSettings(bytes=1 << 20)


def test_a_shared_store_is_read(folder: Path):
    """Each setting reaches its place; the rest has its default."""
    assert read(folder, 'url = "valkey://127.0.0.1"').shared == SharedRule(RedisAddress("127.0.0.1"))
    whole = 'url = "${USER}"\nprefix = "shop.v1"\nwait = "20ms"\nbytes = "1MiB"'
    address = RedisAddress("cache.example", 7000, 2, tls=True, user="app", password=Secret(SECRET))
    assert read(folder, whole) == CacheSettings(bytes=1 << 20, shared=SharedRule(address, "shop.v1", 0.02))


def test_a_password_may_stand_in_a_file(folder: Path):
    """A file is read again when it changes; a user may stand before it in the URL."""
    file = Secret(file=folder / "password")
    found = read(folder, 'url = "redis://app@cache.example"\npassword_file = "password"').shared
    assert found == SharedRule(RedisAddress("cache.example", user="app", password=file))


def test_an_authority_of_one_s_own(folder: Path, tmp_path: Path):
    """TLS may verify by certificates that the system does not know."""
    authority = Authority(tmp_path)
    found = read(folder, f'url = "rediss://cache.example"\nauthority = "{authority.certificate}"').shared
    assert found == SharedRule(RedisAddress("cache.example", tls=True, authority=authority.certificate))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            'url = "http://x"',
            (5, "cache.url", f"{URL}, which begins with one of redis://, valkey://, rediss://, valkeys://"),
        ),
        ('url = "redis://"', (5, "cache.url", f"{URL}, with a host, and a port from 1 to 65535 if any")),
        ('url = "redis://x:0"', (5, "cache.url", f"{URL}, with a host, and a port from 1 to 65535 if any")),
        ('url = "redis://x:y"', (5, "cache.url", f"{URL}; host or port cannot be read")),
        ('url = "redis://a b"', (5, "cache.url", f"{URL}, with a host, and a port from 1 to 65535 if any")),
        (
            'url = "rediss://x?ssl_cert_reqs=none"',
            (5, "cache.url", f"{URL}, without a query or a fragment"),
        ),
        (
            'url = "redis://x/one"',
            (5, "cache.url", f"{URL}, whose path is the number of a database, or nothing"),
        ),
        ('url = "redis://%ff@x"', (5, "cache.url", f"{URL}; its user or password is not UTF-8")),
        (
            'url = "redis://:s3cr3t@x"',
            (
                5,
                "cache.url",
                "expected '${NAME}', from the environment, for a URL that holds a password: no secret stands here",
            ),
        ),
        (
            'url = "redis://app@x"',
            (5, "cache.url", "a user needs a password: in the URL, or in a 'password_file'"),
        ),
        (
            'url = "${URL}"\npassword_file = "password"',
            (6, "cache.password_file", "the URL holds a password; expected one of them"),
        ),
        (
            'url = "redis://x"\npassword_file = "none"',
            (6, "cache.password_file", "expected a file that holds a secret; the file cannot be read"),
        ),
        (
            'url = "redis://x"\npassword_file = "empty"',
            (6, "cache.password_file", "expected a file that holds a secret; it is empty"),
        ),
        (
            'url = "redis://x"\nauthority = "password"',
            (6, "cache.authority", "is of TLS, and so of a rediss:// URL"),
        ),
        (
            'url = "rediss://x"\nauthority = "password"',
            (6, "cache.authority", "expected a file of certificates in PEM"),
        ),
        (
            'url = "redis://x"\nprefix = "a b"',
            (6, "cache.prefix", "expected at most 64 letters, digits, '.', '_' or '-'"),
        ),
        ('prefix = "a"', (5, "cache.prefix", "is of a shared store, which needs a 'url'")),
        ('wait = "1s"', (5, "cache.wait", "is of a shared store, which needs a 'url'")),
        ('url = "redis://x"\nwait = "1m"', (6, "cache.wait", "expected a duration from 0.001 to 5 seconds")),
        ('ulr = "redis://x"', (5, "cache.ulr", "unknown key; did you mean 'url'?")),
    ],
)
def test_mistakes_are_told_with_their_lines(folder: Path, written: str, expected: tuple[int, str, str]):
    """What is wrong, where, and what was expected: without the URL, which may hold a password."""
    with pytest.raises(ProjectError) as caught:
        read(folder, written)
    assert [(one.line, one.path, one.message) for one in caught.value.mistakes] == [expected]
    assert SECRET not in str(caught.value)


def test_nothing_shows_the_address(folder: Path):
    """Neither the settings nor what they became have host, user or password in their repr."""
    found = read(folder, 'url = "${USER}"')
    for text in (SECRET, "app", "cache.example"):
        assert text not in repr(found)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("rediss://cache.example", True),
        ("redis://127.0.0.9", True),
        ("redis://[::1]:7000", True),
        ("redis://localhost", True),
        ("redis://cache.example", False),
        ("redis://10.0.0.1", False),
    ],
)
def test_what_travels_in_clear_is_a_caution(url: str, private: bool):
    """Answers over a network without TLS are allowed, as clusters have it, and told of by check."""
    assert (list(cautions_of_store(SharedRule(redis_address(url)))) == []) is private
    assert list(cautions_of_store(None)) == []


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_clear_fault(text: str):
    """Whatever stands in a URL is read, or refused by a message that repeats nothing of it."""
    said = ""
    try:
        found = redis_address(f"redis://{text}")
    except ValueError as fault:
        said = str(fault)
    if said:
        assert said.startswith(URL)
        assert len(text) < 8 or text not in said
    else:
        assert found.host
        assert 0 < found.port < 65536
