"""stolon.toml: what a project says, what it means, and how every mistake is told with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mistake import Mistake, ProjectError
from adapters.policies.known_keys import Idempotency
from adapters.policies.retry_decision import Retry
from graph.settings.environment import expand
from graph.settings.origins import fault_of_url, is_confidential
from graph.settings.settings import (
    ALGORITHMS,
    GraphSettings,
    HeaderSettings,
    IdentitySettings,
    Service,
    Settings,
    read_settings,
)
from graph.settings.toml_lines import KeyPath, lines_of
from graph.settings.units import duration, size

SECRET = "s3cr3t-value"
MINIMAL = '[graph]\nschema = "schema:schema"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "users.yaml").write_text("openapi: 3.1.0")
    return tmp_path.resolve()


def written(folder: Path, text: str) -> Path:
    (folder / "stolon.toml").write_text(text)
    return folder


def mistakes(folder: Path, text: str, **environ: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ProjectError) as caught:
        read_settings(written(folder, text), environ)
    assert {one.file for one in caught.value.mistakes} == {folder / "stolon.toml"}
    assert SECRET not in str(caught.value)
    return [(one.line, one.path, one.message) for one in caught.value.mistakes]


def service_mistakes(folder: Path, line: str, **environ: str) -> list[tuple[int, str, str]]:
    return mistakes(folder, f'{MINIMAL}[services.users]\nurl = "http://localhost"\n{line}\n', **environ)


def test_minimal_project_has_safe_defaults(folder):
    """A project that names its schema and one URL gets every other setting's default."""
    settings = read_settings(written(folder, f'{MINIMAL}[services.users]\nurl = "http://u.example/"'), {})
    assert settings == Settings(
        folder=folder,
        graph=GraphSettings(schema="schema:schema", path="/graphql", body_limit=1048576),
        headers=HeaderSettings(forward=("accept-language", "traceparent", "x-request-id")),
        services={
            "users": Service(
                name="users",
                url="http://u.example",
                contract=folder / "contracts" / "users.yaml",
                credentials="none",
                timeout=10.0,
                connections=64,
                concurrency=8,
                batch_limit=100,
                answer_limit=8388608,
                page_limit=50,
                owner=None,
                retry=Retry(retries=2, share=0.1, burst=10, first=0.1, longest=2.0, retry_after=5.0),
            )
        },
        identity=None,
    )


def test_every_setting_is_read(folder):
    """Each key of the file arrives as a plain value: seconds, bytes, tuples, lower-cased headers, absolute
    paths.
    """
    (folder / "api.json").write_text("{}")
    text = """
[graph]
schema = "pack.graph:make.schema"
path = "/api/graphql"
body_limit = "64KiB"
[identity]
issuer = "https://id.example"
audience = ["api://a", "api://b", "api://a"]
jwks = "http://127.0.0.1:9100/jwks.json"
anonymous = true
algorithms = ["ES256"]
leeway = "0s"
scopes_claim = "scp"
roles_claim = "realm_access.roles"
tenant_claim = "org"
tenant_header = "X-Org"
diagnostic_scope = "gateway:diagnose"
[headers]
forward = ["Accept-Language", "X-Shop"]
[services.users_v2]
url = "${USERS_URL:-http://127.0.0.1:9101}/v2/"
contract = "api.json"
credentials = "forward"
timeout = "500ms"
connections = 2
concurrency = 3
batch_limit = 4
answer_limit = "2kB"
page_limit = 5
owner = "${TEAM}"
budget_header = "X-Left"
[services.users_v2.idempotency]
keep = "2m"
memory = "64KiB"
[services.users_v2.retry]
retries = 4
share = 0.25
burst = 50
first = "50ms"
longest = "1s"
retry_after = "30s"
"""
    assert read_settings(written(folder, text), {"TEAM": "team-users"}) == Settings(
        folder=folder,
        graph=GraphSettings(schema="pack.graph:make.schema", path="/api/graphql", body_limit=65536),
        identity=IdentitySettings(
            issuer="https://id.example",
            audience=("api://a", "api://b"),
            jwks="http://127.0.0.1:9100/jwks.json",
            anonymous=True,
            algorithms=("ES256",),
            leeway=0.0,
            scopes_claim="scp",
            roles_claim="realm_access.roles",
            tenant_claim="org",
            tenant_header="x-org",
            diagnostic_scope="gateway:diagnose",
        ),
        headers=HeaderSettings(forward=("accept-language", "x-shop")),
        services={
            "users_v2": Service(
                name="users_v2",
                url="http://127.0.0.1:9101/v2",
                contract=folder / "api.json",
                credentials="forward",
                timeout=0.5,
                connections=2,
                concurrency=3,
                batch_limit=4,
                answer_limit=2000,
                page_limit=5,
                owner="team-users",
                budget_header="x-left",
                idempotency=Idempotency(keep=120.0, memory=65536),
                retry=Retry(retries=4, share=0.25, burst=50, first=0.05, longest=1.0, retry_after=30.0),
            )
        },
    )


def test_identity_defaults_allow_asymmetric_algorithms_only(folder):
    """An identity that states only the required keys believes every asymmetric algorithm, and nobody
    anonymous.
    """
    text = f'{MINIMAL}[identity]\nissuer = "i"\naudience = ["a"]\njwks = "https://id.example/jwks"\n'
    assert read_settings(written(folder, text), {}).identity == IdentitySettings(
        issuer="i",
        audience=("a",),
        jwks="https://id.example/jwks",
        anonymous=False,
        algorithms=("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),
        leeway=30.0,
        scopes_claim="scope",
        roles_claim="roles",
        tenant_claim="tenant",
        tenant_header="x-tenant-id",
        diagnostic_scope=None,
    )
    assert "none" not in ALGORITHMS
    assert not any(one.startswith("HS") for one in ALGORITHMS)


def test_all_mistakes_are_told_at_once_with_lines_and_nearest_names(folder):
    """One run tells every mistake of the file, in the order of its lines, each at the key that is wrong."""
    text = """[graph]
shema = "schema:schema"
path = "graphql"
body_limit = 5

[identity]
audience = "api://a"
jwks = "http://id.example/jwks.json"
algorithms = ["RS256",
  "HS256"]

[servces.users]
url = "x"

[services.users]
url = "${USERS_URL}"
timout = "5s"
timeout = "5 parsecs"
credentials = "forwrd"

[services.orders]
connections = true
"""
    orders = "there is no contract; expected contracts/orders.yaml, .yml or .json, or another name here"
    algorithms = " or ".join(f"'{one}'" for one in ALGORITHMS)
    assert mistakes(folder, text) == [
        (1, "graph.schema", "is required"),
        (2, "graph.shema", "unknown key; did you mean 'schema'?"),
        (3, "graph.path", "expected a path such as '/graphql': segments of letters, digits and . _ ~ -"),
        (4, "graph.body_limit", "expected a size as text, such as '64KiB' or '1MiB'; found integer"),
        (6, "identity.issuer", "is required"),
        (7, "identity.audience", "expected a list, found text"),
        (8, "identity.jwks", "expected an https URL; plain http is for loopback addresses only"),
        (10, "identity.algorithms[1]", f"expected {algorithms}; did you mean 'RS256'?"),
        (12, "servces", "unknown table; did you mean 'services'?"),
        (16, "services.users.url", "environment variable USERS_URL is not set"),
        (17, "services.users.timout", "unknown key; did you mean 'timeout'?"),
        (18, "services.users.timeout", "expected a duration such as '500ms', '5s' or '2m'"),
        (19, "services.users.credentials", "expected 'none' or 'forward'; did you mean 'forward'?"),
        (21, "services.orders.contract", orders),
        (21, "services.orders.url", "is required"),
        (22, "services.orders.connections", "expected an integer, found boolean"),
    ]


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        (
            "timeout = 5",
            "timeout",
            "expected a duration as text, such as '500ms', '5s' or '2m'; found integer",
        ),
        ('timeout = "2h"', "timeout", "expected a duration such as '500ms', '5s' or '2m'"),
        ('timeout = "0s"', "timeout", "expected a duration from 0.001 to 3600 seconds"),
        ('answer_limit = "big"', "answer_limit", "expected a size such as '512B', '64KiB' or '1MiB'"),
        ('answer_limit = "1B"', "answer_limit", "expected a size from 1024 to 1073741824 bytes"),
        ("connections = 0", "connections", "expected an integer from 1 to 10000"),
        ("connections = 1.5", "connections", "expected an integer, found float"),
        ("owner = 1979-05-27", "owner", "expected text, found date"),
        ("owner = 1979-05-27T07:32:00Z", "owner", "expected text, found date-time"),
        ("owner = 07:32:00", "owner", "expected text, found time"),
        ("owner = {}", "owner", "expected text, found table"),
        ('owner = " "', "owner", "expected text on one line, not empty"),
        ('owner = "a\\nb"', "owner", "expected text on one line, not empty"),
        ("contract = 5", "contract", "expected text, found integer"),
        ('contract = "../users.yaml"', "contract", "expected a file inside the project's folder"),
        ('contract = "/etc/passwd"', "contract", "expected a file inside the project's folder"),
        ('contract = "contracts/none.yaml"', "contract", "there is no such file in the project's folder"),
    ],
)
def test_wrong_values_say_what_was_expected(folder, line, path, message):
    """A value of the wrong type, form or range is told with what was expected and what kind of value stood
    there.
    """
    assert service_mistakes(folder, line) == [(5, f"services.users.{path}", message)]


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ('graph = "schema:schema"', 1, "graph", "expected a table: [graph]"),
        (
            '[graph]\nschema = "schema"',
            2,
            "graph.schema",
            "expected 'module:attribute', such as 'schema:schema'",
        ),
        (
            '[graph]\nschema = "a b:c"',
            2,
            "graph.schema",
            "expected 'module:attribute', such as 'schema:schema'",
        ),
        (
            f'{MINIMAL}path = "/health/live"',
            3,
            "graph.path",
            "'/health' and what is below it are taken by the health checks",
        ),
        (
            f'{MINIMAL}path = "/a/../b"',
            3,
            "graph.path",
            "expected a path such as '/graphql': segments of letters, digits and . _ ~ -",
        ),
        (f"{MINIMAL}[headers]\nforward = [1]", 4, "headers.forward[0]", "expected text, found integer"),
        (f'{MINIMAL}[headers]\nforward = ["a b"]', 4, "headers.forward[0]", "expected the name of a header"),
        (
            f'{MINIMAL}[identity]\nissuer="i"\naudience=[]\njwks="https://i/k"',
            5,
            "identity.audience",
            "expected a list of 1 to 100 items",
        ),
        (
            f'{MINIMAL}[identity]\nissuer="i"\naudience=["a"]\njwks="nothing"',
            6,
            "identity.jwks",
            "expected an absolute http or https URL such as 'https://host/path'",
        ),
        (
            f'{MINIMAL}[identity]\nissuer="i"\naudience=["a"]\njwks="https://i/k"\nanonymous="yes"',
            7,
            "identity.anonymous",
            "expected true or false, found text",
        ),
        (
            f"{MINIMAL}[services]\n'../x' = {{}}",
            4,
            "services.../x",
            "a service's name is a letter, then at most 63 letters, digits, '_' or '-'",
        ),
        (f"{MINIMAL}[services]\nusers = 5", 4, "services.users", "expected a table: [services.users]"),
    ],
)
def test_wrong_tables_and_names_are_told_at_their_line(folder, text, line, path, message):
    """Tables that are none, targets, endpoint paths, headers and service names are each checked where they
    stand.
    """
    assert (line, path, message) in mistakes(folder, text)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "cookie",
        "content-length",
        "transfer-encoding",
        "connection",
        "authorization",
        "x-forwarded-for",
        "forwarded",
        "te",
        "upgrade",
        "trailer",
        "keep-alive",
        "Proxy-Authorization",
    ],
)
def test_forbidden_headers_are_never_passed_on(folder, name):
    """Headers that belong to a connection, to credentials or to proxies are refused in the allow-list by
    name.
    """
    forbidden = (
        "authorization, connection, content-length, cookie, forwarded, host, keep-alive, te, trailer,"
        " transfer-encoding, upgrade, x-forwarded-*, proxy-*"
    )
    assert mistakes(folder, f'{MINIMAL}[headers]\nforward = ["{name}"]') == [
        (4, "headers.forward[0]", f"this header is never passed on; forbidden are {forbidden}")
    ]


def test_the_tables_of_a_service_are_told_with_it(folder):
    """Mistakes within a service's own tables are told with all others, each at its line; what is no table is one."""
    text = f"""{MINIMAL}[services.users]
url = "http://localhost"
timout = "1s"
[services.users.retry]
retrys = 1
retries = -1
share = 2
burst = 0
first = 5
[services.users.retri]
"""
    known = "unknown key; did you mean 'retries'?"
    assert mistakes(folder, text) == [
        (5, "services.users.timout", "unknown key; did you mean 'timeout'?"),
        (7, "services.users.retry.retrys", known),
        (8, "services.users.retry.retries", "expected an integer from 0 to 10"),
        (9, "services.users.retry.share", "expected a number from 0 to 1"),
        (10, "services.users.retry.burst", "expected an integer from 1 to 10000"),
        (
            11,
            "services.users.retry.first",
            "expected a duration as text, such as '500ms', '5s' or '2m'; found integer",
        ),
        (12, "services.users.retri", "unknown key; did you mean 'retry'?"),
    ]
    assert service_mistakes(folder, "retry = 3") == [
        (5, "services.users.retry", "expected a table: [services.users.retry]")
    ]
    assert service_mistakes(folder, "retry = { share = true }") == [
        (5, "services.users.retry.share", "expected a number from 0 to 1, found boolean")
    ]


def test_two_default_contracts_are_refused(folder):
    """Where contracts/ has a service's contract in two forms, the project must say which it is."""
    (folder / "contracts" / "users.json").write_text("{}")
    text = f'{MINIMAL}[services.users]\nurl = "https://u"'
    message = "users.yaml and users.json stand in contracts/; say which it is"
    assert mistakes(folder, text) == [(3, "services.users.contract", message)]


def test_contract_that_leads_out_of_the_folder_is_refused(folder, tmp_path_factory):
    """A link in contracts/ that leads out of the project's folder is no contract."""
    outside = tmp_path_factory.mktemp("outside") / "shop.yaml"
    outside.write_text("openapi: 3.1.0")
    (folder / "contracts" / "shop.yaml").symlink_to(outside)
    text = f'{MINIMAL}[services.shop]\nurl = "https://u"'
    message = "contracts/shop.yaml leads out of the project's folder"
    assert mistakes(folder, text) == [(3, "services.shop.contract", message)]


def test_tokens_are_forwarded_confidentially_only(folder):
    """A service that gets the caller's token has an https URL or stands on this machine."""
    text = f'{MINIMAL}[services.users]\nurl = "http://users.example"\ncredentials = "forward"'
    message = "expected https or a loopback address, since credentials = 'forward' sends tokens"
    assert mistakes(folder, text) == [(4, "services.users.url", message)]


def test_a_secret_of_the_environment_stays_out_of_messages_and_repr(folder):
    """Values that the environment gave appear neither in a mistake nor in the repr of any setting."""
    text = f"""{MINIMAL}[services.users]
url = "https://${{SECRET}}@u.example"
timeout = "${{SECRET}}"
credentials = "${{SECRET}}"
contract = "${{SECRET}}"
connections = "${{SECRET}}"
"""
    assert mistakes(folder, text, SECRET=SECRET) == [
        (4, "services.users.url", "a URL must not hold a user or password"),
        (5, "services.users.timeout", "expected a duration such as '500ms', '5s' or '2m'"),
        (6, "services.users.credentials", "expected 'none' or 'forward'"),
        (7, "services.users.contract", "there is no such file in the project's folder"),
        (8, "services.users.connections", "expected an integer, found text"),
    ]
    right = f'{MINIMAL}[services.users]\nurl = "https://u.example/${{SECRET}}"\nowner = "${{SECRET}}"'
    settings = read_settings(written(folder, right), {"SECRET": SECRET})
    assert settings.services["users"].url == f"https://u.example/{SECRET}"
    assert (
        repr(settings)
        == "Settings(folder, graph, headers, services, identity, limits, observe, cache, admin)"
    )
    assert SECRET not in repr(settings.services)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b'[graph]\nschema = "a\n', 2, "is no TOML: "),
        (b"[graph]\nschema = ", 2, "is no TOML: "),
        (b'[graph]\n\nschema = "\xff"', 3, "is not UTF-8, which TOML must be"),
        (b"a = " + b"[" * 100_000, 0, "is nested too deeply"),
        (b"#" * 1_048_577, 0, "is larger than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(folder, content, line, message):
    """Syntax errors, other encodings, endless nesting and huge files are one mistake, with the line where
    there is one.
    """
    (folder / "stolon.toml").write_bytes(content)
    with pytest.raises(ProjectError) as caught:
        read_settings(folder, {})
    [mistake] = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.path) == (folder / "stolon.toml", line, "")
    assert mistake.message.startswith(message)


def test_a_missing_file_is_named(folder):
    """A folder without stolon.toml is refused with the path of the file that is expected."""
    with pytest.raises(ProjectError) as caught:
        read_settings(folder, {})
    assert caught.value.mistakes == (
        Mistake(folder / "stolon.toml", 0, "", "there is no such file; a project needs one"),
    )
    (folder / "stolon.toml").mkdir()
    with pytest.raises(ProjectError) as caught:
        read_settings(folder, {})
    assert caught.value.mistakes == (
        Mistake(folder / "stolon.toml", 0, "", "it cannot be opened; a project needs one"),
    )


@pytest.mark.parametrize(
    ("text", "expanded", "wrong"),
    [
        ("plain $5 {x}", "plain $5 {x}", []),
        ("a${A}b${A}", "a1b1", []),
        ("${EMPTY}|${EMPTY:-d}|${NONE:-}|${NONE:-http://h:1/}", "|d||http://h:1/", []),
        ("$${A}", "${A}", []),
        ("${NONE}", "", ["environment variable NONE is not set"]),
        (
            "${-x}",
            "-x}",
            ["'${' opens no variable; expected ${NAME} or ${NAME:-default} ('$${' for the characters)"],
        ),
    ],
)
def test_environment_variables_take_their_places(text, expanded, wrong):
    """`${NAME}` is the variable or a mistake, `${NAME:-x}` falls back to x, `$${` is the characters
    themselves.
    """
    assert expand(text, {"A": "1", "EMPTY": ""}) == (expanded, wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("1.5s", 1.5), ("500ms", 0.5), ("2m", 120.0), ("2 m", 120.0), ("0.1s", 0.1)]
    + [(text, None) for text in ("5", "s", "-5s", "5S", "1h", "5ss", "", "1e3s", "٣s", "5s\n")],
)
def test_durations(text, seconds):
    """A duration is a number and one of the units ms, s and m; anything else is none."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("512B", 512), ("1kB", 1000), ("1KiB", 1024), ("1.5MiB", 1572864), ("2MB", 2000000), ("1GiB", 1 << 30)]
    + [("1GB", 10**9)]
    + [(text, None) for text in ("1", "1.5B", "1mb", "-1B", "MiB", "", "1 K")],
)
def test_sizes(text, count):
    """A size is a whole number of bytes, written with one of the units B, kB, KiB, MB, MiB, GB and GiB."""
    assert size(text) == count


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://u.example", None),
        ("http://[::1]:9000/a/b", None),
        ("https://u.example/a%20b", None),
        ("ftp://u.example", "expected an absolute http or https URL such as 'https://host/path'"),
        ("u.example", "expected an absolute http or https URL such as 'https://host/path'"),
        ("https://:80", "expected an absolute http or https URL such as 'https://host/path'"),
        ("https://h:99999", "expected a URL such as 'https://host/path'; host or port cannot be read"),
        ("https://[::1", "expected a URL such as 'https://host/path'; host or port cannot be read"),
        ("https://a b", "expected a URL such as 'https://host/path' of visible ASCII characters"),
        ("https://a\\@b", "expected a URL such as 'https://host/path' of visible ASCII characters"),
        ("https://user:word@h", "a URL must not hold a user or password"),
        ("https://h?a=b", "a URL must not hold a query or fragment"),
        ("https://h/?", "a URL must not hold a query or fragment"),
        ("https://h/#f", "a URL must not hold a query or fragment"),
        ("https://h/a/../b", "a URL must not hold '.' or '..' as a path segment"),
        ("https://h/a/%2E%2e/b", "a URL must not hold '.' or '..' as a path segment"),
    ],
)
def test_base_urls(url, fault):
    """A base URL is absolute http or https, with no credentials, query, fragment or dot segments."""
    assert fault_of_url(url) == fault


@pytest.mark.parametrize(
    ("url", "confidential"),
    [
        ("https://x", True),
        ("http://localhost:1", True),
        ("http://a.localhost", False),  # a name that DNS may answer: not every resolver keeps RFC 6761
        ("http://127.9.9.9", True),
        ("http://[::1]/x", True),
        ("http://127.0.0.1.evil", False),
        ("http://10.0.0.1", False),
        ("http://localhost.evil", False),
    ],
)
def test_confidential_urls(url, confidential):
    """What travels over https or stays on this machine is confidential; a name that only looks local is
    not.
    """
    assert is_confidential(url) is confidential


def test_lines_are_found_in_every_form_of_toml():
    """The scanner finds keys through comments, every kind of string, dotted and quoted keys, lists and
    nested tables.
    """
    text = r'''# [no.table]
top = """
[not.a.table]
x = 1 \""" """"
'a b' . "c\"d" = 'literal # text'   # comment
[one]
list = [ # comment ]
  "a,]", 'b',
  [ 1, { inner = 2, "q" = [3] } ],
]
number = 0x1F # five
other = """"""
multi = QUOTES
[x]''QUOTES
[one.two]
table = { a.b = true, c = {} }
[[many]]
x = 1979-05-27 07:32:00
[[many]]
[many.sub]
y = -inf
'''.replace("QUOTES", "'" * 3)
    tomllib.loads(text)
    assert lines_of(text.replace("\n", "\r\n")) == {
        ("top",): 2,
        ("a b",): 5,
        ("a b", 'c"d'): 5,
        ("one",): 6,
        ("one", "list"): 7,
        ("one", "list", 0): 8,
        ("one", "list", 1): 8,
        ("one", "list", 2): 9,
        ("one", "list", 2, 0): 9,
        ("one", "list", 2, 1): 9,
        ("one", "list", 2, 1, "inner"): 9,
        ("one", "list", 2, 1, "q"): 9,
        ("one", "list", 2, 1, "q", 0): 9,
        ("one", "number"): 11,
        ("one", "other"): 12,
        ("one", "multi"): 13,
        ("one", "two"): 15,
        ("one", "two", "table"): 16,
        ("one", "two", "table", "a"): 16,
        ("one", "two", "table", "a", "b"): 16,
        ("one", "two", "table", "c"): 16,
        ("many",): 17,
        ("many", 0): 17,
        ("many", 0, "x"): 18,
        ("many", 1): 19,
        ("many", 1, "sub"): 20,
        ("many", 1, "sub", "y"): 21,
    }


_keys = st.text("ab.\"'#[] ", min_size=1, max_size=4)
_texts = st.text("ab\"'#[]{},=\\\n", max_size=8)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@given(st.dictionaries(_keys, st.lists(_texts, max_size=3) | _texts, max_size=5))
def test_lines_of_generated_documents_are_exact(content):
    """Whatever stands in keys and texts, each key is found on the line where it was written."""
    lines = ["[t]"]
    expected: dict[KeyPath, int] = {("t",): 1}
    for key, value in content.items():
        expected["t", key] = len(lines) + 1
        if isinstance(value, str):
            lines.append(f"{_quoted(key)} = {_quoted(value)}")
            continue
        lines.append(f"{_quoted(key)} = [")
        for index, item in enumerate(value):
            expected["t", key, index] = len(lines) + 1
            lines.append(f"  {_quoted(item)},")
        lines.append("]")
    assert tomllib.loads("\n".join(lines))["t"] == content
    assert lines_of("\n".join(lines)) == expected
