"""Who asks: bearer tokens found, checked, remembered and refused; what separates one caller from another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from multidict import CIMultiDict

from adapters.messages import ANONYMOUS, Identity
from graph.http.refused import Refused
from graph.identity.auth import UNREAD_WARNING, UnreadTokens, VerifiedTokens
from graph.identity.claims import BadClaims, claim, expiry, partition, tenant_of, words
from graph.identity.jwks import Jwks
from graph.settings.settings import IdentitySettings
from resolvers.caller import NOBODY, Caller

NOW = 1_800_000_000.0
ISSUER = "https://id.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
SETTINGS = IdentitySettings(
    issuer=ISSUER, audience=("api://a", "api://b"), jwks="https://id.example/jwks.json"
)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": ["api://b"],
    "sub": "u1",
    "exp": NOW + 3600,
    "scope": "orders:read users:read",
    "tenant": "acme",
}


def token(key: Any = KEY, *, alg: str = "RS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    named = {"kid": "k1", **(header or {})}
    # Signed as bytes: PyJWT itself would refuse to encode some of the claims that must be refused here.
    present = {name: value for name, value in named.items() if value is not None}
    return jwt.PyJWS().encode(json.dumps(said).encode(), key, algorithm=alg, headers=present)


def bearing(*tokens: str, **headers: str) -> CIMultiDict[str]:
    found = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    for one in tokens:
        found.add("Authorization", f"Bearer {one}")
    return found


class Issuer:
    """Keys on a real socket, and the clock of the tests."""

    def __init__(self) -> None:
        self.keys = [
            {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", "key_ops": ["verify"]},
            {**ECAlgorithm.to_jwk(CURVE.public_key(), as_dict=True), "kid": "curve"},
            {**OKPAlgorithm.to_jwk(EDWARDS.public_key(), as_dict=True), "kid": "edwards"},
        ]
        self.calls = 0
        self.status = 200
        self.time = NOW
        self.uptime = 0.0

    async def handle(self, _request: web.Request) -> web.Response:
        self.calls += 1
        return web.json_response({"keys": self.keys}, status=self.status)

    def now(self) -> float:
        return self.time


@pytest.fixture
async def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def keys(issuer: Issuer) -> AsyncIterator[Jwks]:
    app = web.Application()
    app.router.add_get("/jwks.json", issuer.handle)
    async with (
        TestServer(app) as server,
        Jwks(str(server.make_url("/jwks.json")), SETTINGS.algorithms, now=lambda: issuer.uptime) as jwks,
    ):
        yield jwks


@pytest.fixture
def auth(issuer: Issuer, keys: Jwks) -> VerifiedTokens:
    return VerifiedTokens(SETTINGS, keys, issuer.now)


async def refused(auth: Any, headers: CIMultiDict[str]) -> tuple[int, str, str, str | None]:
    with pytest.raises(Refused) as caught:
        await auth.caller(headers)
    error = caught.value
    for value in headers.getall("authorization", []):
        bare = value.split(" ")[-1]
        assert len(bare) < 7 or bare not in repr((str(error), error.headers, error.code))
    return error.status, error.code, error.message, error.www_authenticate


def invalid(message: str) -> tuple[int, str, str, str]:
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    return 401, "UNAUTHENTICATED", message, challenge


async def test_tokens_of_these_tests_are_signed_well_by_hand(auth):
    """A token signed by hand is believed, so that those refused below are refused for their headers."""
    assert (await auth.caller(bearing(signed_by_hand({"alg": "RS256", "kid": "k1"})))).subject == "u1"


async def test_a_good_token_makes_a_caller(auth):
    """A verified token gives its subject, scopes, tenant and claims, and keeps the token itself out of
    repr.
    """
    good = token()
    caller = await auth.caller(bearing(good))
    assert caller == Caller(
        identity=Identity(partition=caller.identity.partition, token=good, tenant="acme"),
        authenticated=True,
        scopes=frozenset({"orders:read", "users:read"}),
        claims=caller.claims,
    )
    assert (dict(caller.claims), caller.subject) == (CLAIMS, "u1")
    assert good not in repr(caller)
    assert "acme" not in repr(caller)
    assert len(caller.identity.partition) == len("verified:") + 64
    with pytest.raises(TypeError):
        caller.claims["sub"] = "u2"


@pytest.mark.parametrize(
    ("key", "alg", "kid"),
    [
        *[(KEY, alg, "k1") for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")],
        (CURVE, "ES256", "curve"),
        (EDWARDS, "EdDSA", "edwards"),
    ],
)
async def test_every_asymmetric_algorithm_is_checked(auth, key, alg, kid):
    """RS, PS, ES and EdDSA signatures are believed, each by a key of its kind."""
    assert (await auth.caller(bearing(token(key, alg=alg, header={"kid": kid})))).subject == "u1"


def by_hand(header: dict[str, Any], signature: bytes = b"", claims: dict[str, Any] | None = None) -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims or CLAIMS).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed_by_hand(header: dict[str, Any]) -> str:
    """A token that KEY really signed, with a header that PyJWT would not write."""
    text = by_hand(header).rpartition(".")[0]
    signature = KEY.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _confused() -> str:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = by_hand({"alg": "HS256", "kid": "k1", "typ": "JWT"}).rpartition(".")[0]
    signed = base64.urlsafe_b64encode(hmac.digest(public, text.encode(), "sha256")).rstrip(b"=").decode()
    return f"{text}.{signed}"


OWN_JWK = RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True)


@pytest.mark.parametrize(
    "bad",
    [
        by_hand({"alg": "none", "kid": "k1"}),
        by_hand({"alg": "None", "kid": "k1"}),
        by_hand({"kid": "k1"}),
        by_hand({"alg": ["RS256"], "kid": "k1"}),
        _confused(),
        token(OTHER),
        token(OTHER, header={"kid": "other"}),
        token(OTHER, header={"kid": "other", "jwk": OWN_JWK, "jku": "https://evil", "x5u": "https://evil"}),
        token(OTHER, header={"jwk": OWN_JWK}),
        token(CURVE, alg="ES256"),
        token(header={"kid": "curve"}),
        token(OTHER, header={"kid": None}),
        token(header={"crit": ["exp"], "exp": 1}),
        signed_by_hand({"alg": "RS256", "kid": "k1", "crit": ["b64"], "b64": True}),
        by_hand({"alg": "RS256", "kid": "k1", "crit": ["b64"], "b64": False}),
        by_hand({"alg": "RS256", "kid": 5}),
        token() + "x",
        "a.b.c",
        "a.b",
        "a",
        "a.b.c.d.e",
        token(iss="https://evil.example"),
        token(iss=None),
        token(iss=[ISSUER]),
        token(aud="api://c"),
        token(aud=None),
        token(aud=["api://c", "api://d"]),
    ],
)
async def test_a_bad_token_is_refused_and_never_repeated(auth, bad):
    """Forged, confused, foreign and malformed tokens are 401 with one message, which says nothing of the
    token.
    """
    assert await refused(auth, bearing(bad)) == invalid("The token is not valid.")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 30}, "the token has expired"),
        ({"exp": None}, "the token has no exp claim"),
        ({"exp": str(NOW + 10)}, "the exp claim is no number"),
        ({"exp": True}, "the exp claim is no number"),
        ({"exp": float("nan")}, "the exp claim is no number"),
        ({"nbf": NOW + 31}, "the token is not valid yet"),
        ({"nbf": "soon"}, "the nbf claim is no number"),
        ({"iat": NOW + 31}, "the token is not valid yet"),
        ({"scope": 5}, "a claim of scopes is neither text nor a list of texts"),
        ({"scope": ["a", 5]}, "a claim of scopes is neither text nor a list of texts"),
        ({"roles": {"boss": True}}, "a claim of roles is neither text nor a list of texts"),
        ({"tenant": 5}, "the tenant claim is no text"),
        ({"tenant": ""}, "the tenant claim is no text"),
        ({"note": "\ud800"}, "a claim cannot be read"),
    ],
)
async def test_claims_that_do_not_count_are_refused_with_the_reason(auth, claims, reason):
    """Times outside the leeway and claims of the wrong type refuse a token that is signed well."""
    assert await refused(auth, bearing(token(**claims))) == invalid(f"The token is not valid: {reason}.")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("a.b.c", "it cannot be decoded"),
        (token(OTHER), "its signature is not of the key that it names"),
        (token(alg="HS256", key="k" * 64), "its algorithm (alg) is not of [identity] algorithms"),
        (token(header={"kid": "k9"}), "the key set of [identity] jwks has no key for its kid and alg"),
        (token(header={"crit": ["b64"]}), "it is not as RFC 7519 wants it"),
        (token(iss="https://evil.example"), "its issuer (iss) is not [identity] issuer"),
        (token(aud="api://c"), "its audience (aud) is not of [identity] audience"),
        (token(aud=None), "it has no aud claim"),
        (token(exp=NOW - 30), "the token has expired"),
    ],
)
async def test_in_development_the_log_says_why_a_token_is_not_valid(issuer, keys, caplog, bad, why):
    """In words of ours alone, so that no token and no claim's value is in it; otherwise nothing is logged."""
    caplog.set_level(logging.INFO, logger="stolon.identity")
    with pytest.raises(Refused):
        await VerifiedTokens(SETTINGS, keys, issuer.now).caller(bearing(bad))
    assert caplog.messages == []
    with pytest.raises(Refused):
        await VerifiedTokens(SETTINGS, keys, issuer.now, detail=True).caller(bearing(bad))
    assert caplog.messages == [f"a token is not valid: {why}"]


@pytest.mark.parametrize("claims", [{"exp": NOW - 29}, {"nbf": NOW + 30}, {"iat": NOW + 30, "nbf": NOW}])
async def test_times_within_the_leeway_are_believed(auth, claims):
    """Clocks that differ by no more than the leeway refuse nobody."""
    assert (await auth.caller(bearing(token(**claims)))).authenticated


async def test_no_token(issuer, keys, auth):
    """Without a token a caller is refused, unless [identity] welcomes anonymous ones; a bad token is
    refused anyway.
    """
    missing = (401, "UNAUTHENTICATED", "A Bearer token is required.", "Bearer")
    assert await refused(auth, bearing()) == missing
    settings = IdentitySettings(issuer=ISSUER, audience=("api://a",), jwks="https://x", anonymous=True)
    welcoming = VerifiedTokens(settings, keys, issuer.now)
    assert await welcoming.caller(bearing()) == NOBODY
    assert await refused(welcoming, bearing("a.b.c")) == invalid("The token is not valid.")


MALFORMED = invalid("The token is malformed.")
SCHEME = (401, "UNAUTHENTICATED", "Only Bearer tokens are accepted.", "Bearer")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Basic dXNlcjpwYXNz", SCHEME),
        ("Bearertoken", SCHEME),
        ("", SCHEME),
        ("Bearer", MALFORMED),
        ("Bearer a b", MALFORMED),
        ("Bearer a,b", MALFORMED),
        ("Bearer \u00e4", MALFORMED),
        ("Bearer a=b", MALFORMED),
        (f"Bearer {'a' * 8193}", invalid("The token is longer than 8192 characters.")),
    ],
)
async def test_an_authorization_header_that_bears_no_token_is_refused(auth, value, expected):
    """Other schemes, malformed tokens and tokens over 8 KiB are 401 before anybody decodes them."""
    assert await refused(auth, CIMultiDict({"Authorization": value})) == expected
    assert await refused(UnreadTokens(), CIMultiDict({"Authorization": value})) == expected


async def test_several_authorization_headers_are_refused(auth):
    """Two Authorization headers are a request that two readers could read differently: it is 400."""
    assert await refused(auth, bearing(token(), token())) == (
        400,
        "BAD_REQUEST",
        "The request has several Authorization headers; one is expected.",
        'Bearer error="invalid_request"',
    )


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(auth, scheme):
    """The name of the scheme is not case-sensitive (RFC 9110, section 11.1)."""
    assert (await auth.caller(CIMultiDict({"authorization": f"{scheme}  {token()} "}))).authenticated


async def test_a_token_without_a_kid_takes_the_only_key_that_fits(auth):
    """Where just one published key is of the token's algorithm, the token need not name it."""
    unnamed = jwt.encode(CLAIMS, KEY, algorithm="RS256")
    assert (await auth.caller(bearing(unnamed))).subject == "u1"


async def test_keys_that_cannot_be_had_are_not_the_callers_fault(issuer, caplog):
    """While the issuer's keys were never fetched a token is neither good nor bad: 503, with when to come
    again.
    """
    issuer.status = 500
    app = web.Application()
    app.router.add_get("/jwks.json", issuer.handle)
    async with TestServer(app) as server, Jwks(str(server.make_url("/jwks.json")), ("RS256",)) as keys:
        auth = VerifiedTokens(SETTINGS, keys, issuer.now)
        with pytest.raises(Refused) as caught:
            await auth.caller(bearing(token()))
    assert (caught.value.status, caught.value.code, caught.value.headers) == (
        503,
        "IDENTITY_UNAVAILABLE",
        {"retry-after": "10"},
    )
    assert not [message for message in caplog.messages if token() in message]


class Counting:
    """Counts the checks of signatures."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checks = 0
        decode = jwt.decode

        def counted(*arguments: Any, **named: Any) -> Any:
            self.checks += 1
            return decode(*arguments, **named)

        monkeypatch.setattr(jwt, "decode", counted)


async def test_a_verified_token_is_remembered_for_five_minutes(auth, issuer, monkeypatch):
    """A token's signature is checked once in five minutes, however often it comes."""
    counting = Counting(monkeypatch)
    good = bearing(token())
    first = await auth.caller(good)
    issuer.time += 299
    assert await auth.caller(good) is first
    assert counting.checks == 1
    issuer.time += 1
    assert await auth.caller(good) == first
    assert counting.checks == 2


async def test_a_token_is_remembered_by_the_header_that_bore_it(auth, monkeypatch):
    """The same token in a header that is spelled otherwise is checked for itself, and makes the same caller; what
    cannot be a token at all is refused as ever.
    """
    counting = Counting(monkeypatch)
    good = token()
    first = await auth.caller(bearing(good))
    assert await auth.caller(CIMultiDict({"authorization": f"bearer  {good} "})) == first
    assert counting.checks == 2
    assert await refused(auth, CIMultiDict({"authorization": f"Bearer {good}\udcff"})) == invalid(
        "The token is malformed."
    )


async def test_tokens_of_one_hash_are_kept_apart(auth, monkeypatch):
    """The text of the header decides whose token it is: two of the same hash are two callers, whichever came last."""

    class Alike(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return 1

    counting = Counting(monkeypatch)
    ana, ben = (CIMultiDict({"authorization": Alike(f"Bearer {token(sub=name)}")}) for name in ("ana", "ben"))
    found = [(await auth.caller(headers)).claims["sub"] for headers in (ana, ben, ben, ana)]
    assert (found, counting.checks) == (["ana", "ben", "ben", "ana"], 3)


async def test_a_remembered_token_ends_with_its_expiry(auth, issuer, monkeypatch):
    """What is remembered never outlives `exp`: within the leeway each request checks the token anew, then
    it is over.
    """
    counting = Counting(monkeypatch)
    short = bearing(token(exp=NOW + 60))
    await auth.caller(short)
    issuer.time += 59
    await auth.caller(short)
    assert counting.checks == 1
    issuer.time += 1
    await auth.caller(short)
    await auth.caller(short)
    assert counting.checks == 3
    issuer.time += 30
    assert await refused(auth, short) == invalid("The token is not valid: the token has expired.")


async def test_a_remembered_token_ends_with_its_key(auth, issuer, keys):
    """A token is refused as soon as its key is no longer published, although the token was remembered."""
    good = bearing(token())
    assert (await auth.caller(good)).authenticated
    issuer.keys = issuer.keys[1:]
    assert await refused(auth, bearing(token(OTHER, header={"kid": "new"}))) == invalid(
        "The token is not valid."
    )
    assert issuer.calls == 2  # the unknown kid had the set fetched
    assert await refused(auth, good) == invalid("The token is not valid.")


async def test_rotation_at_the_issuer_is_followed(auth, issuer):
    """A token signed with a key published after the start is believed at once, at the cost of one fetch."""
    issuer.keys.append({**RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True), "kid": "k2"})
    assert (await auth.caller(bearing(token(OTHER, header={"kid": "k2"})))).subject == "u1"
    assert issuer.calls == 2


async def test_remembered_tokens_are_bounded(auth, issuer, monkeypatch):
    """What is remembered has a bound in bytes: old tokens make room for new ones, and are checked again."""
    monkeypatch.setattr(
        auth,
        "_remembered",
        type(auth._remembered)(
            10_000,
            ttu=lambda _key, value, _now: value.until,
            timer=issuer.now,
            getsizeof=lambda value: value.weight,
        ),
    )
    counting = Counting(monkeypatch)
    many = [bearing(token(jti=str(number))) for number in range(10)]
    for one in many:
        await auth.caller(one)
    await auth.caller(many[0])
    assert counting.checks == 11


async def test_a_header_counts_as_long_as_it_is(auth, issuer):
    """What is remembered with a token, the whole header, counts for the bound, however short the token in it is."""
    good = token()
    for spaces in (1, 8000):
        await auth.caller(CIMultiDict({"authorization": f"Bearer{' ' * spaces}{good}"}))
    few, many = (auth._remembered.getsizeof(one) for one in auth._remembered.values())
    assert many - few == 7999


async def partition_of(auth: VerifiedTokens, **claims: Any) -> str:
    return (await auth.caller(bearing(token(**claims)))).identity.partition


async def test_tokens_of_one_caller_share_a_partition(auth):
    """A caller's next token, which differs only in its times, id and order of scopes, shares answers with
    the last.
    """
    first = await partition_of(auth, jti="1")
    again = {"jti": "2", "exp": NOW + 7200, "iat": NOW, "nbf": NOW, "scope": "users:read orders:read"}
    assert await partition_of(auth, **again) == first
    assert await partition_of(auth, scope=["orders:read", "users:read"]) == first


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "u2"},
        {"tenant": "other"},
        {"tenant": None},
        {"scope": "orders:read"},
        {"scope": None},
        {"roles": ["admin"]},
        {"aud": "api://a"},
        {"acr": "high"},
    ],
)
async def test_callers_that_a_service_could_tell_apart_share_nothing(auth, claims):
    """Another subject, tenant, scope or any other lasting claim is another partition."""
    assert await partition_of(auth, **claims) != await partition_of(auth)


async def test_tokens_without_a_subject_share_nothing(auth):
    """Two tokens that name no subject may be two callers, and never share answers."""
    assert await partition_of(auth, sub=None, jti="1") != await partition_of(auth, sub=None, jti="2")
    assert await partition_of(auth, sub="", jti="1") != await partition_of(auth, sub="", jti="2")


DISAGREES = (403, "FORBIDDEN", "The header x-tenant-id does not agree with the tenant of the token.", None)


async def test_a_tenant_header_must_agree_with_the_token(auth, issuer, keys):
    """The tenant header may repeat the token's tenant; another, a second or an unproven one is 403."""
    good = token()
    assert (await auth.caller(bearing(good, X_Tenant_Id="acme"))).identity.tenant == "acme"
    assert (await auth.caller(bearing(good))).identity.tenant == "acme"
    assert await refused(auth, bearing(good, X_Tenant_Id="other")) == DISAGREES
    assert await refused(auth, bearing(token(tenant=None), X_Tenant_Id="acme")) == DISAGREES
    twice = bearing(good, X_Tenant_Id="acme")
    twice.add("x-tenant-id", "acme")
    assert await refused(auth, twice) == DISAGREES
    settings = IdentitySettings(issuer=ISSUER, audience=("api://a",), jwks="https://x", anonymous=True)
    assert await refused(VerifiedTokens(settings, keys, issuer.now), bearing(X_Tenant_Id="acme")) == DISAGREES


async def test_claims_are_found_where_the_project_says(issuer, keys):
    """Scopes, roles and tenant come from the claims that [identity] names, dotted paths included."""
    settings = IdentitySettings(
        issuer=ISSUER,
        audience=("api://b",),
        jwks="https://x",
        scopes_claim="realm.scp",
        roles_claim="realm.roles",
        tenant_claim="https://claims.example/org",
        tenant_header="x-org",
    )
    auth = VerifiedTokens(settings, keys, issuer.now)
    said: dict[str, Any] = {
        "realm": {"scp": ["a", "b"], "roles": "clerk boss"},
        "https://claims.example/org": "o1",
    }
    good = token(**said)
    caller = await auth.caller(bearing(good, X_Org="o1", X_Tenant_Id="acme"))
    assert (caller.scopes, caller.identity.tenant) == (frozenset({"a", "b"}), "o1")
    assert caller.roles == frozenset({"clerk", "boss"})


async def test_without_identity_tokens_pass_unread(caplog):
    """A project without [identity] passes any token on, believes nothing of it, and warns once."""
    with caplog.at_level(logging.WARNING):
        auth = UnreadTokens()
    opaque = "opaque-token-of-somebody"
    caller = await auth.caller(bearing(opaque))
    assert caller == Caller(identity=Identity(partition=caller.identity.partition, token=opaque))
    assert (caller.authenticated, caller.subject) == (False, None)
    assert (set(caller.scopes), dict(caller.claims)) == (set(), {})
    assert opaque not in repr(caller) + caller.identity.partition
    assert (await auth.caller(bearing())).identity == ANONYMOUS
    assert caplog.messages == [UNREAD_WARNING]


async def test_unread_tokens_are_kept_apart_by_a_keyed_hash():
    """Unread tokens get a partition each, which nobody outside the process can compute from the token."""
    one, two = UnreadTokens(), UnreadTokens()
    first = (await one.caller(bearing("a"))).identity.partition
    assert (await one.caller(bearing("a"))).identity.partition == first
    assert (await one.caller(bearing("b"))).identity.partition != first
    assert (await two.caller(bearing("a"))).identity.partition != first
    assert hashlib.sha256(b"a").hexdigest() not in first
    fixed = UnreadTokens(b"key")
    assert (await fixed.caller(bearing("a"))).identity.partition == (
        "unverified:780c3db4ce3de5b9e55816fba98f590631d96c075271b26976238d5f4444219b"
    )


def test_claims_by_name_before_path():
    """A claim whose name holds dots is found by it; else the dots lead through nested claims; else there
    is none.
    """
    claims = {"a.b": 1, "a": {"b": 2, "c": {"d": 3}}}
    assert [claim(claims, name) for name in ("a.b", "a.c.d", "a.c", "a.x.d", "z", "a.c.d.e")] == [
        1,
        3,
        {"d": 3},
        None,
        None,
        None,
    ]


def test_reading_claims():
    """Scopes are words or a list, the tenant is text, and an expiry is told without the leeway."""
    assert words({"scope": " a  b "}, "scope") == {"a", "b"}
    assert words({}, "scope") == set()
    assert tenant_of({"tenant": "t"}, "tenant") == "t"
    assert expiry({"exp": 100}, 90.0, 5.0) == 100.0
    assert expiry({"exp": 100}, 104.9, 5.0) == 100.0
    with pytest.raises(BadClaims, match=r"^the token has expired$"):
        expiry({"exp": 100}, 105.0, 5.0)


def test_endless_claims_are_refused():
    """Claims that are nested without end are refused, not a failure of the server."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadClaims, match=r"^a claim cannot be read$"):
        partition({"sub": "u", "x": deep}, "scope", frozenset(), "t")
    while deep:  # taken apart by hand: the interpreter would recurse
        deep = deep[0]
