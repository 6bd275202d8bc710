"""`credentials` and `tls` of a service in stolon.toml: every way, and every mistake with its line and without a
secret.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.credentials.credential_kinds import (
    ApiKey,
    Basic,
    ClientCredentials,
    Tls,
    TokenEndpoint,
    TokenExchange,
)
from adapters.credentials.secrets import Secret
from adapters.mistake import ProjectError
from graph.settings.settings import Service, read_settings
from tests.adapters.authority import Authority

SECRET = "s3cr3t-value"
ENVIRON = {"KEY": SECRET, "ODD": "schlüssel", "EMPTY": "", "SHORT": "1234567"}
HEAD = """[graph]
schema = "schema:schema"
[services.users]
url = "https://users.example"
"""
AT = "services.users.credentials"
TABLE = "[services.users.credentials]\n"
WAYS = "expected 'exchange' or 'client_credentials' or 'api_key' or 'basic'"
PRINTABLE = "expected a secret of printable ASCII characters, since a header or URL holds it"
EMPTY = "expected text on one line, not empty"
TOKENS = 'token_url = "https://id.example/token"\nclient_id = "gateway"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "users.yaml").write_text("openapi: 3.1.0")
    (tmp_path / "key").write_text("k\n")
    (tmp_path / "odd").write_text("schlüssel")
    (tmp_path / "empty").touch()
    return tmp_path.resolve()


def read(folder: Path, more: str, head: str = HEAD) -> Service:
    (folder / "stolon.toml").write_text(head + more)
    return read_settings(folder, ENVIRON).services["users"]


def mistakes(folder: Path, more: str, head: str = HEAD) -> list[tuple[int, str, str]]:
    with pytest.raises(ProjectError) as caught:
        read(folder, more, head)
    assert SECRET not in str(caught.value)
    return [(one.line, one.path, one.message) for one in caught.value.mistakes]


@pytest.mark.parametrize(
    ("written", "way"),
    [
        ('way = "api_key"\nheader = "X-Api-Key"\nkey = "${KEY}"', ApiKey(Secret(SECRET), "x-api-key")),
        (
            'way = "api_key"\nheader = "Authorization"\nprefix = "ApiKey"\nkey = "${KEY}"',
            ApiKey(Secret(SECRET), "authorization", None, "ApiKey"),
        ),
        (
            'way = "api_key"\nquery = "api key"\nkey = "${NO:-demo-key}"',
            ApiKey(Secret("demo-key"), None, "api key"),
        ),
        ('way = "basic"\nuser = "u"\npassword = "${KEY}"', Basic("u", Secret(SECRET))),
        (
            f'way = "client_credentials"\n{TOKENS}client_secret = "${{KEY}}"',
            ClientCredentials(TokenEndpoint("https://id.example/token", "gateway", Secret(SECRET))),
        ),
        (
            f'way = "client_credentials"\n{TOKENS}client_secret = "${{KEY}}"\nclient_in = "body"\n'
            'scopes = ["a", "b"]\naudience = "api://x"\nresource = "https://x"',
            ClientCredentials(
                TokenEndpoint("https://id.example/token", "gateway", Secret(SECRET), in_body=True),
                ("a", "b"),
                "api://x",
                "https://x",
            ),
        ),
        (
            f'way = "exchange"\n{TOKENS}client_secret = "${{KEY}}"\naudience = "api://x"',
            TokenExchange(TokenEndpoint("https://id.example/token", "gateway", Secret(SECRET)), "api://x"),
        ),
    ],
)
def test_every_way_is_read(folder: Path, written: str, way: object):
    """A table says which way it is, and what that needs; a secret comes from the environment."""
    service = read(folder, TABLE + written)
    assert service.credentials == way
    assert SECRET not in repr(service)
    assert SECRET not in repr(service.credentials)


def test_a_table_may_stand_in_one_line(folder: Path):
    """TOML's inline table is the same table."""
    way = 'credentials = { way = "api_key", header = "x-key", key = "${KEY}" }'
    assert read(folder, way).credentials == ApiKey(Secret(SECRET), "x-key")


@pytest.mark.parametrize("name", ["none", "forward"])
def test_a_way_that_needs_nothing_is_its_name(folder: Path, name: str):
    """These two are said in a word."""
    assert read(folder, f'credentials = "{name}"').credentials == name


def test_a_secret_may_be_a_file(folder: Path):
    """A file is named from the project's folder or absolutely, and remembered as a file: it may change."""
    for named in ("key", folder / "key"):
        way = read(folder, f'{TABLE}way = "basic"\nuser = "u"\npassword_file = "{named}"').credentials
        assert way == Basic("u", Secret(file=folder / "key"))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('way = "apikey"', [(6, f"{AT}.way", f"{WAYS}; did you mean 'api_key'?")]),
        ('key = "${KEY}"', [(5, f"{AT}.way", WAYS)]),
        ("way = 7", [(6, f"{AT}.way", WAYS)]),
        ('way = "api_key"\nheaders = "x"\nkey = "${KEY}"', [
            (5, AT, "expected 'header' or 'query', one of them: where the key goes"),
            (7, f"{AT}.headers", "unknown key; did you mean 'header'?"),
        ]),
        ('way = "api_key"\nheader = "x"\nquery = "y"\nkey = "${KEY}"',
         [(5, AT, "expected 'header' or 'query', one of them: where the key goes")]),
        ('way = "api_key"\nquery = "y"\nprefix = "x"\nkey = "${KEY}"',
         [(8, f"{AT}.prefix", "stands before a key in a header, not in a query")]),
        ('way = "api_key"\nquery = "y"\nkey = "${SHORT}"',
         [(8, f"{AT}.key", "expected a key of 8 characters or more, to go in a query")]),
        ('way = "api_key"\nheader = "x"\nkey = "plain"', [
            (8, f"{AT}.key", "expected '${NAME}', from the environment, or 'key_file': no secret stands here")]),
        ('way = "api_key"\nheader = "x"\nkey = "${ODD}"', [
            (8, f"{AT}.key", PRINTABLE)]),
        ('way = "api_key"\nheader = "x"\nkey_file = "odd"', [
            (8, f"{AT}.key_file", PRINTABLE)]),
        ('way = "api_key"\nheader = "x"', [(5, f"{AT}.key", "expected 'key' or 'key_file', one of them")]),
        ('way = "api_key"\nheader = "x"\nkey = "${KEY}"\nkey_file = "key"',
         [(8, f"{AT}.key", "expected 'key' or 'key_file', one of them")]),
        ('way = "api_key"\nheader = "x"\nkey = "${MISSING}"',
         [(8, f"{AT}.key", "environment variable MISSING is not set")]),
        ('way = "api_key"\nheader = "x"\nkey = "${EMPTY}"', [(8, f"{AT}.key", EMPTY)]),
        ('way = "api_key"\nheader = "x"\nkey_file = "no"',
         [(8, f"{AT}.key_file", "expected a file that holds a secret; the file cannot be read")]),
        ('way = "api_key"\nheader = "x"\nkey_file = "empty"',
         [(8, f"{AT}.key_file", "expected a file that holds a secret; it is empty")]),
        ('way = "basic"\nuser = "a:b"', [
            (5, f"{AT}.password", "expected 'password' or 'password_file', one of them"),
            (7, f"{AT}.user", "expected a user without a colon (RFC 7617)"),
        ]),
        ('way = "basic"\npassword = "${KEY}"', [(5, f"{AT}.user", "is required")]),
        ('way = "exchange"\ntoken_url = "http://id.example"\nclient_in = "form"', [
            (5, f"{AT}.client_id", "is required"),
            (5, f"{AT}.client_secret", "expected 'client_secret' or 'client_secret_file', one of them"),
            (7, f"{AT}.token_url", "expected an https URL; plain http is for loopback addresses only"),
            (8, f"{AT}.client_in", "expected 'header' or 'body'"),
        ]),
    ],
)  # fmt: skip
def test_every_mistake_of_a_way_is_told(folder: Path, written: str, told: list[tuple[int, str, str]]):
    """All mistakes of the table are told at once, each with its line and what was expected."""
    assert mistakes(folder, TABLE + written) == told


@pytest.mark.parametrize("header", ["Host", "cookie", "x-forwarded-for", "content-length", "a b"])
def test_a_key_takes_no_header_that_belongs_to_others(folder: Path, header: str):
    """Headers of the connection, of cookies and of proxies hold no key."""
    ((line, path, _),) = mistakes(folder, f'{TABLE}way = "api_key"\nheader = "{header}"\nkey = "${{KEY}}"')
    assert (line, path) == (7, f"{AT}.header")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('"foward"', "expected 'none' or 'forward'; did you mean 'forward'?"),
        ('"basic"', "needs a table of its own: [services.NAME.credentials] with way = 'basic'"),
        ("7", "expected text, found integer"),
    ],
)
def test_a_name_that_is_no_way_is_told(folder: Path, written: str, message: str):
    """A word that names no way, or one that needs more, says what would do."""
    assert mistakes(folder, f"credentials = {written}") == [(5, AT, message)]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('credentials = "forward"', "credentials = 'forward' sends tokens"),
        (f'{TABLE}way = "basic"\nuser = "u"\npassword = "${{KEY}}"', "it gets credentials"),
    ],
)
def test_no_credentials_travel_over_plain_http(folder: Path, written: str, why: str):
    """RFC 6750, section 5.3, and RFC 7617, section 4: https, or this machine."""
    plain = HEAD.replace("https://users", "http://users")
    told = [(4, "services.users.url", f"expected https or a loopback address, since {why}")]
    assert mistakes(folder, written, plain) == told
    assert read(folder, written, HEAD.replace("https://users.example", "http://127.0.0.1:9")).url


def test_tls_is_read(folder: Path):
    """Authority, certificate and key are files, from the project's folder or absolute."""
    authority = Authority(folder)
    certificate, key = authority.issue("gateway")
    service = read(
        folder,
        f'[services.users.tls]\nauthority = "authority.pem"\ncertificate = "gateway.pem"\nkey = "{key}"',
    )
    assert service.tls == Tls(authority.certificate, certificate, key)
    assert service.credentials == "none"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('certificate = "gateway.pem"', "expected 'certificate' and 'key', or neither"),
        ('certificate = "key"\nkey = "key"',
         "service 'users': tls.certificate and tls.key cannot be read as a certificate and its key in PEM"),
        ('authority = "key"', "service 'users': tls.authority cannot be read as certificates in PEM"),
    ],
)  # fmt: skip
def test_tls_that_cannot_be_used_is_told(folder: Path, written: str, told: str):
    """Files are tried when the project is read."""
    Authority(folder).issue("gateway")
    assert mistakes(folder, f"[services.users.tls]\n{written}") == [(5, "services.users.tls", told)]


def test_tls_needs_https(folder: Path):
    """A service without TLS has no use for its settings."""
    authority = Authority(folder)
    plain = HEAD.replace("https://users.example", "http://127.0.0.1:9")
    ((line, _, message),) = mistakes(
        folder, f'[services.users.tls]\nauthority = "{authority.certificate}"', plain
    )
    assert (line, message) == (5, "service 'users' has tls settings, which an http:// URL makes no use of")
