"""The keys of changes: one for each change, the same when the same request comes again (RFC 9562, section 5.8)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import MISSING
from adapters.messages import Identity
from resolvers.caller import NOBODY, Caller
from resolvers.change_keys import ChangeKey, ChangeKeys, whose

ANA = Caller(Identity("p1", "token1", "acme"), authenticated=True, claims={"iss": "https://id", "sub": "ana"})


def keys_of(caller: Caller, client: str, *made: tuple[str, str, str]) -> list[str]:
    """The keys of changes, each by its field, service and operation."""
    keys = ChangeKeys(caller, client)
    found = []
    for field, service, operation in made:
        keys.enter(field)
        found.append(keys.next(service, operation).text)
    return found


def other(**changes: Any) -> Caller:
    """Ana, but for this."""
    stated = {
        "partition": "p1",
        "token": "token1",
        "tenant": "acme",
        "iss": "https://id",
        "sub": "ana",
        **changes,
    }
    identity = Identity(stated["partition"], stated["token"], stated["tenant"])
    return Caller(identity, authenticated=True, claims={"iss": stated["iss"], "sub": stated["sub"]})


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("st"), st.sampled_from("op")), max_size=12),
    st.text(min_size=1),
)
def test_the_same_request_makes_the_same_keys_and_no_two_alike(made: list[tuple[str, str, str]], client: str):
    """Keys are repeatable, differ from change to change, and are UUIDs of version 8 that a service can read."""
    first = keys_of(ANA, client, *made)
    assert keys_of(ANA, client, *made) == first
    assert len(set(first)) == len(made)
    assert all((UUID(one).version, UUID(one).variant) == (8, "specified in RFC 4122") for one in first)


def test_changes_are_told_apart_by_field_service_operation_and_ordinal():
    """Each part of a key's making counts; a field's changes are numbered by themselves."""
    one, two, field, service, operation = keys_of(
        ANA, "k", ("a", "s", "o"), ("a", "s", "o"), ("b", "s", "o"), ("a", "t", "o"), ("a", "s", "p")
    )
    assert len({one, two, field, service, operation}) == 5
    # Another field before it changes nothing for a field.
    assert keys_of(ANA, "k", ("b", "s", "o"), ("a", "s", "o"), ("a", "s", "o")) == [field, one, two]
    assert keys_of(ANA, "other", ("a", "s", "o")) != [one]


@pytest.mark.parametrize("changes", [{"sub": "bob"}, {"iss": "https://other"}, {"tenant": "else"}])
def test_a_key_belongs_to_one_caller(changes: dict[str, str]):
    """Another subject, issuer or tenant never makes the same key."""
    assert keys_of(other(**changes), "k", ("a", "s", "o")) != keys_of(ANA, "k", ("a", "s", "o"))


def test_a_newer_token_is_the_same_caller():
    """A caller who comes again with a fresh token, and so in another partition, has the same keys."""
    renewed = other(token="token2", partition="p2")
    assert keys_of(renewed, "k", ("a", "s", "o")) == keys_of(ANA, "k", ("a", "s", "o"))


def test_who_a_caller_is():
    """Verified callers are known by their claims, others by their tokens, and the rest is anonymous; a process's own
    partition of unread tokens says nothing to the next process.
    """
    assert whose(ANA) == ("subject", "https://id", "ana", "acme")
    assert whose(Caller(Identity("p", "t"), authenticated=True)) == ("token", "t")
    assert whose(Caller(Identity("unverified:1", "t"))) == ("token", "t")
    assert whose(NOBODY) == ("anonymous",)


def test_without_a_client_s_key_each_change_gets_a_new_one():
    """A generated key is used once, and never known again."""
    made = iter([UUID(int=1), UUID(int=2)])
    keys = ChangeKeys(ANA, None, lambda: next(made))
    found = [keys.next("s", "o") for _ in range(2)]
    assert found == [ChangeKey(str(UUID(int=1)), known=False), ChangeKey(str(UUID(int=2)), known=False)]
    assert found[0].once("/", {}, {}, MISSING) is None


def payload(**changes: Any) -> bytes:
    """The digest of a change, but for this."""
    stated: dict[str, Any] = {
        "target": "/a",
        "headers": {"x": "1"},
        "passed_on": {},
        "body": {"a": 1},
        **changes,
    }
    once = ChangeKey("k", known=True).once(**stated)
    assert once is not None
    assert once.key == "k"
    return once.payload


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "/b"},
        {"headers": {"x": "2"}},
        {"headers": {}},
        {"body": {"a": 2}},
        {"body": None},
        {"body": MISSING},
    ],
)
def test_a_payload_is_all_that_the_call_declares(changes: dict[str, Any]):
    """Target, declared headers and body make a payload; one that differs in any of them is another."""
    assert payload(**changes) != payload()


def test_what_only_looks_different_is_the_same_payload():
    """The order of a body's members, and headers passed on with any call, make no other payload."""
    assert payload(body={"a": 1, "b": 2}) == payload(body={"b": 2, "a": 1})
    languages = {"accept-language": "de"}
    assert payload(headers={"x": "1", **languages}, passed_on=languages) == payload()
