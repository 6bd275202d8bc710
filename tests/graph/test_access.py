"""Who may see what: decided from the token alone, before anything is called upstream."""

from __future__ import annotations

from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.caller import NOBODY, Caller
from stolon import testing
from tests.graph.projects import (
    TEXT,
    an,
    contract,
    field_text,
    listed,
    load,
    operation,
    parameter,
    ref,
    refused,
)

PAGING = (parameter("offset", {"type": "integer"}), parameter("limit", {"type": "integer", "maximum": 50}))
BANK = contract(
    operation("GET /people/{id}", "getPerson", ref("Person")),
    operation(
        "GET /people",
        "listPeople",
        an({"items": listed(ref("Person")), "total": {"type": "integer"}}),
        *PAGING,
    ),
    operation("GET /cards/{id}", "getCard", ref("Card")),
    operation("GET /cards", "listCards", listed(ref("Card")), parameter("ids", listed(TEXT))),
    operation(
        "GET /wallet", "listWallet", an({"items": listed(ref("Card")), "total": {"type": "integer"}}), *PAGING
    ),
    operation("GET /all-cards", "allCards", an({"cards": listed(ref("Card"))})),
    operation("POST /cards", "issueCard", ref("Card"), parameter("kind", required=True)),
    operation("POST /people", "addPerson", ref("Person"), parameter("name", required=True)),
    Person=an(
        {"id": TEXT, "name": TEXT, "email": TEXT, "card_id": TEXT, "main": ref("Card")}, optional="main"
    ),
    Card=an({"id": TEXT, "digits": TEXT, "owner_id": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    bank = rest.contract("bank")


    @rest.type(bank.schema("Card"), key="id", one=bank.op("getCard"), many=bank.op("listCards", ids=rest.keys),
               scopes=["cards"])
    class Card:
        id: rest.auto
        digits: rest.auto = rest.field(scopes=["digits"])
        owner: "Person | None" = rest.link(key="owner_id")

        @strawberry.field
        def plain(self) -> str:
            return "of a card"


    @rest.type(bank.schema("Person"), key="id", one=bank.op("getPerson"))
    class Person:
        id: rest.auto
        name: rest.auto
        email: rest.auto = rest.field(scopes=["mail", "people"])
        card_id: rest.auto = rest.field(scopes=["cards:ids"])
        nick: str | None = rest.field(path="name", authenticated=True)
        card: Card | None = rest.link(key="card_id")
        main: Card | None
        friend: "Person | None" = rest.link(bank.op("getPerson", id=rest.this("card_id")), scopes=["friends"])

        @rest.field(needs=["email"], scopes=["mail"])
        def greeting(self) -> str | None:
            return f"mailto:{self.email}"


    @strawberry.type
    class Box:
        card: Card | None
        cards: list[Card] | None = None


    @strawberry.type
    class Query:
        person: Person | None = rest.query(bank.op("getPerson"))
        people: rest.Connection[Person] | None = rest.connection(bank.op("listPeople"))
        card: Card | None = rest.query(bank.op("getCard"))
        cards: list[Card] | None = rest.query(bank.op("allCards"))
        wallet: rest.Connection[Card] | None = rest.connection(bank.op("listWallet"))
        members: rest.Connection[Person] | None = rest.connection(bank.op("listPeople"), authenticated=True)

        @strawberry.field
        async def picked(self, info: rest.Info) -> Card | None:
            return await info.context.load(Card, "c1")

        @strawberry.field
        async def hand(self, info: rest.Info) -> list[Card | None] | None:
            return [await info.context.load(Card, "c1")]

        @strawberry.field
        async def grid(self, info: rest.Info) -> list[list[Card]] | None:
            return [[await info.context.load(Card, "c1")]]

        @strawberry.field
        def at_once(self) -> Card | None:
            raise RuntimeError("the resolver ran")

        @strawberry.field
        async def box(self, info: rest.Info) -> Box | None:
            card = await info.context.load(Card, "c1")
            return Box(card=card, cards=[card])

        @strawberry.field
        async def either(self, info: rest.Info, which: str) -> Card | Person | None:
            return await info.context.load(Card if which == "card" else Person, "c1")


    @strawberry.type
    class Mutation:
        issue_card: Card | None = rest.mutation(bank.op("issueCard"))
        add_person: Person | None = rest.mutation(bank.op("addPerson"), scopes=["people:write"])

        @strawberry.mutation
        async def reissue(self, info: rest.Info) -> Card | None:
            return await info.context.call(bank.op("issueCard", kind="new"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
CARD = {"id": "c1", "digits": "4111", "owner_id": "c1"}
PERSON = {"id": "c1", "name": "Ana", "email": "ana@x", "card_id": "c1", "main": CARD}
UNVERIFIED = Caller(identity=testing.Identity(partition="unverified:x", token="t"))
NOBODY_MAY = {"code": "UNAUTHENTICATED", "retryable": False}


def lacking(*scopes: str) -> dict[str, Any]:
    return {"code": "FORBIDDEN", "retryable": False, "missingScopes": list(scopes)}


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    return load(tmp_path_factory.mktemp("access"), MODULE, {"bank": BANK})


@pytest.fixture
def bank() -> testing.Services:
    services = testing.Services()
    page = {"items": [PERSON], "total": 1}
    services.answer("bank", "getPerson", json=PERSON)
    services.answer("bank", "listPeople", json=page)
    services.answer("bank", "getCard", json=CARD)
    services.answer("bank", "listCards", json=[CARD])
    services.answer("bank", "listWallet", json={"items": [CARD], "total": 1})
    services.answer("bank", "allCards", json={"cards": [CARD]})
    services.answer("bank", "issueCard", json=CARD)
    services.answer("bank", "addPerson", json=PERSON)
    return services


def told(answer: testing.Answer) -> dict[str, Any]:
    """The errors' extensions by path."""
    return {".".join(map(str, one["path"])): one["extensions"] for one in answer.errors}


ANA = testing.caller("ana", scopes=("cards",))


@pytest.mark.parametrize(
    ("caller", "told_of"),
    [
        (NOBODY, NOBODY_MAY),
        (UNVERIFIED, NOBODY_MAY),
        (testing.caller("ana"), lacking("cards")),
        (testing.caller("ana", scopes=("card", "CARDS")), lacking("cards")),
    ],
    ids=["anonymous", "unverified", "without scopes", "with others"],
)
@pytest.mark.parametrize(
    "query",
    [
        '{ card(id: "c1") { id } }',
        "{ cards { id } }",
        "{ wallet { edges { node { id } } } }",
        "{ wallet { totalCount } }",
        "{ picked { id } }",
        "{ picked { __typename } }",
        "{ hand { id } }",
        "{ grid { id } }",
        "{ atOnce { id } }",
        'mutation { issueCard(kind: "x") { id } }',
        "mutation { reissue { id } }",
    ],
)
async def test_what_leads_to_a_restricted_type_is_not_even_called(schema, bank, query, caller, told_of):
    """A field that leads to a restricted type, through a query, a list, a connection, a plain resolver or a mutation,
    is null with one error, and calls nothing: UNAUTHENTICATED for who is not verified, else FORBIDDEN.
    """
    answer = await testing.execute(schema, query, bank, caller=caller)
    assert isinstance(answer.data, dict)
    (name,) = answer.data
    assert answer.data == {name: None}
    assert told(answer) == {name: told_of}
    assert bank.calls == {}


async def test_who_may_sees_it(schema, bank):
    """A caller with the scope gets what the others do not."""
    query = """{ card(id: "c1") { id } cards { id plain } wallet { edges { node { id } } } picked { id }
                 box { card { id } cards { id } } grid { id } }"""
    answer = await testing.execute(schema, query, bank, caller=ANA)
    one = {"id": "c1"}
    assert answer.errors == []
    assert answer.data == {
        "card": one,
        "cards": [{**one, "plain": "of a card"}],
        "wallet": {"edges": [{"node": one}]},
        "picked": one,
        "box": {"card": one, "cards": [one]},
        "grid": [[one]],
    }


async def test_denied_fields_stand_among_permitted_ones(schema, bank):
    """A denied field is null with its error, the fields beside it are there, and nothing more is called for it."""
    query = '{ person(id: "c1") { id name email nick card { id } main { id } friend { name } greeting } }'
    answer = await testing.execute(schema, query, bank, caller=testing.caller("ana", scopes=("mail",)))
    assert answer.data == {
        "person": {
            "id": "c1",
            "name": "Ana",
            "email": None,
            "nick": "Ana",
            "card": None,
            "main": None,
            "friend": None,
            "greeting": "mailto:ana@x",
        }
    }
    assert told(answer) == {
        "person.email": lacking("people"),
        "person.card": lacking("cards"),
        "person.main": lacking("cards"),
        "person.friend": lacking("friends"),
    }
    assert bank.calls == {"bank.getPerson": 1}


async def test_a_denied_key_still_leads_on(schema, bank):
    """A key property that the caller may not see is fetched for a link that it may, and never rendered."""
    answer = await testing.execute(schema, '{ person(id: "c1") { cardId card { id } } }', bank, caller=ANA)
    assert answer.data == {"person": {"cardId": None, "card": {"id": "c1"}}}
    assert told(answer) == {"person.cardId": lacking("cards:ids")}
    assert bank.calls == {"bank.getPerson": 1, "bank.getCard": 1}


async def test_a_field_asks_for_more_than_its_type(schema, bank):
    """Scopes of a type and of its field are both needed."""
    query = '{ card(id: "c1") { id digits } }'
    answer = await testing.execute(schema, query, bank, caller=ANA)
    assert (answer.data, told(answer)) == (
        {"card": {"id": "c1", "digits": None}},
        {"card.digits": lacking("digits")},
    )
    answer = await testing.execute(
        schema, query, bank, caller=testing.caller("x", scopes=("digits", "cards"))
    )
    assert (answer.data, answer.errors) == ({"card": {"id": "c1", "digits": "4111"}}, [])


async def test_verified_is_enough_where_no_scope_is_asked(schema, bank):
    """`authenticated=True` asks for any verified caller."""
    for caller in (NOBODY, UNVERIFIED):
        answer = await testing.execute(schema, "{ members { totalCount } }", bank, caller=caller)
        assert (answer.data, told(answer)) == ({"members": None}, {"members": NOBODY_MAY})
    assert bank.calls == {}
    answer = await testing.execute(schema, "{ members { totalCount } }", bank, caller=testing.caller("x"))
    assert (answer.data, answer.errors) == ({"members": {"totalCount": 1}}, [])


async def test_a_plain_type_that_holds_a_restricted_one(schema, bank):
    """A plain type may be seen; its fields that lead to the restricted type may not."""
    answer = await testing.execute(
        schema, "{ box { card { id } cards { id } } }", bank, caller=testing.caller("x")
    )
    assert answer.data == {"box": {"card": None, "cards": None}}
    assert told(answer) == {"box.card": lacking("cards"), "box.cards": lacking("cards")}


async def test_members_of_a_union_decide_for_themselves(schema, bank):
    """Through a union only the restricted member is withheld: each of its fields is, links and plain ones too."""
    fragments = "{ __typename ... on Card { id owner { name } plain } ... on Person { name } }"
    caller = testing.caller("x")
    answer = await testing.execute(schema, f'{{ either(which: "person") {fragments} }}', bank, caller=caller)
    assert (answer.data, answer.errors) == ({"either": {"__typename": "Person", "name": "Ana"}}, [])
    query = '{ either(which: "card") { ... on Card { id owner { name } } } }'
    answer = await testing.execute(schema, query, bank, caller=caller)
    assert answer.data == {"either": None}
    assert told(answer) == {"either.id": lacking("cards")}
    answer = await testing.execute(
        schema, '{ either(which: "card") { ... on Card { owner { name } } } }', bank, caller=caller
    )
    assert (answer.data, told(answer)) == ({"either": {"owner": None}}, {"either.owner": lacking("cards")})
    answer = await testing.execute(
        schema, '{ either(which: "card") { ... on Card { plain } } }', bank, caller=caller
    )
    assert (answer.data, told(answer)) == ({"either": None}, {"either.plain": lacking("cards")})
    assert bank.calls == {"bank.getPerson": 1, "bank.getCard": 3}


async def test_a_denied_change_is_not_made(schema, bank):
    """A mutation that the caller may not make makes no call, and those beside it are made."""
    query = 'mutation { addPerson(name: "Bo") { name } issueCard(kind: "x") { id } }'
    answer = await testing.execute(schema, query, bank, caller=ANA)
    assert answer.data == {"addPerson": None, "issueCard": {"id": "c1"}}
    assert told(answer) == {"addPerson": lacking("people:write")}
    assert bank.calls == {"bank.issueCard": 1}


async def test_who_may_see_it_is_printed(schema):
    """The printed schema says who may see a field, once, where it was declared or where it leads."""
    assert field_text(schema, "Person", "email").endswith('@requiresScopes(scopes: [["mail", "people"]])')
    assert field_text(schema, "Person", "nick").endswith("@authenticated")
    printed = [line.strip() for line in schema.as_str().splitlines()]
    cards = '@requiresScopes(scopes: [["cards"]])'
    source = '@source(service: "bank", operations: ["getCard", "listCards"])'
    assert f"card(id: ID!): Card {source} {cards}" in printed
    assert f"picked: Card {cards}" in printed
    assert "either(which: String!): CardPerson" in printed
    assert "@requiresScopes" not in field_text(schema, "Card", "owner")


def test_a_field_that_not_everyone_may_see_must_be_nullable(tmp_path):
    """A link, a query or a property that needs scopes and insists on a value is a mistake, each at its line."""
    module = """
        import strawberry
        from stolon import rest

        bank = rest.contract("bank")

        @rest.type(bank.schema("Card"), scopes=["cards"])
        class Card:
            id: rest.auto

        @rest.type(bank.schema("Person"))
        class Person:
            email: str = rest.field(scopes=["mail"])

        @strawberry.type
        class Query:
            card: Card = rest.query(bank.op("getCard"))
            person: Person | None = rest.query(bank.op("getPerson"))

        schema = rest.Schema(query=Query)
    """
    why = "a field that not everyone may see must be nullable: write `… | None`"
    assert refused(tmp_path, module, {"bank": BANK}) == [
        f"schema.py:12: Person.email: {why}",
        f"schema.py:16: Query.card: {why}",
    ]
