"""Pagings that contracts of real services show, that they show by half, and that projects state."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import pytest

from adapters.contract.contract import (
    MISSING,
    Answer,
    Bounds,
    Contract,
    JsonType,
    Kind,
    Location,
    Operation,
    Parameter,
    Property,
    Schema,
    Use,
)
from graph.paging.paging_parts import Sizes
from graph.paging.recognition import Suspect, recognise, stated
from resolvers.paging.paging import LINK_PARAMETERS, ByCursor, ByLink, ByOffset, ByPage, Paging

# --- a tiny contract of one operation

JSON_TYPES: dict[Kind, JsonType] = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.INT64: "integer",
    Kind.NUMBER: "number",
    Kind.OBJECT: "object",
    Kind.ARRAY: "array",
    Kind.ANY: "any",
}


class Listing:
    """`GET path` of a contract: parameters as `name=shape`, and the shape of its answer.

    A shape is a kind as text, with `?` after it where it may be null; a list of one shape; or a dict of shapes by
    name, where a name with `!` is required. A pair adds a description, bounds, a default or an enum to a shape.
    """

    def __init__(
        self, parameters: dict[str, Any], answer: Any, path: str = "/orders", link: bool = False
    ) -> None:
        self.schemas: dict[str, Schema] = {}
        pointer = "#/paths/~1orders/get"
        self.parameters = {
            name: self.parameter(f"{pointer}/parameters/{name}", name, each)
            for name, each in parameters.items()
        }
        self.answer = answer
        use = None if answer is None else self.use(f"{pointer}/answer", answer)
        success = Answer(
            "200", use, "application/json", frozenset({"link"} if link else {"etag"}), None, f"{pointer}/200"
        )
        self.operation = Operation(
            "shop", "listOrders", "GET", path, tuple(self.parameters.values()), None, (success,), pointer
        )
        self.contract = Contract(
            "shop", File("shop.yaml"), "Shop", "1", "3.1.0", {"listOrders": self.operation}, self.schemas, {}
        )

    def parameter(self, pointer: str, name: str, shape: Any) -> Parameter:
        location: Location = "header" if name.startswith("X-") else "query"
        return Parameter(name, location, False, self.use(pointer, shape), "form", True, pointer)

    def use(self, pointer: str, shape: Any) -> Use:
        shape, more = shape if isinstance(shape, tuple) else (shape, {})
        properties: list[Property] = []
        items = None
        nullable = False
        if isinstance(shape, dict):
            kind = Kind.OBJECT
            for name, each in shape.items():
                plain = name.removesuffix("!")
                properties.append(Property(plain, self.use(f"{pointer}/{plain}", each), name.endswith("!")))
        elif isinstance(shape, list):
            kind = Kind.ARRAY
            items = self.use(f"{pointer}/items", shape[0])
        else:
            kind = Kind(shape.removesuffix("?"))
            nullable = shape.endswith("?")
        bounds = Bounds(**more.get("bounds", {}))
        self.schemas[pointer] = Schema(
            pointer,
            kind,
            JSON_TYPES.get(kind, "string"),
            enum=more.get("enum"),
            bounds=bounds,
            properties=tuple(properties),
            items=items,
        )
        return Use(
            pointer,
            nullable or more.get("nullable", False),
            more.get("description"),
            default=more.get("default", MISSING),
        )

    def recognised(self, *bound: str) -> Any:
        return recognise(self.contract, self.operation, bound)

    def suspicion(self) -> str:
        found = self.recognised()
        assert isinstance(found, Suspect)
        return found.reason

    def stated(self, style: Any, **names: Any) -> tuple[Paging | None, list[str]]:
        return stated(self.contract, self.operation, style, **names)


ORDER = {"id!": "integer", "status!": "string", "total": "decimal", "lines": ["string"]}


def sized(default: int = 20, most: int = 100, least: int = 1) -> Sizes:
    return {"default_size": default, "max_size": most, "min_size": least}


# --- by page


def test_pages_with_their_size_and_total_in_an_envelope_are_recognised() -> None:
    """Page and size parameters, the one well-known array, the total in `meta`."""
    listing = Listing(
        {
            "status": "string",
            "page": "integer",
            "per_page": ("integer", {"default": 25, "bounds": {"maximum": 50}}),
        },
        {"data!": [ORDER], "meta!": {"total!": "integer", "page": "integer", "errors": ["string"]}},
    )
    page, size = listing.parameters["page"], listing.parameters["per_page"]
    assert listing.recognised() == ByPage(page, size, ("data",), ("meta", "total"), None, **sized(25, 50))


def test_pages_of_spring_count_from_0_and_say_which_is_the_last() -> None:
    """Spring Data: `page` from 0, `size`, `content`, `totalElements`, and `last` for want of a `hasNext`."""
    listing = Listing(
        {
            "page": ("integer", {"default": 0, "bounds": {"minimum": 0}}),
            "size": ("integer", {"default": 20, "bounds": {"minimum": 1}}),
            "sort": ["string"],
        },
        {
            "content!": [ORDER],
            "totalElements!": "int64",
            "totalPages!": "integer",
            "number": "integer",
            "numberOfElements": "integer",
            "first": "boolean",
            "last": "boolean",
            "pageable": {"offset": "int64", "sort": {"orders": [{"by": "string"}]}},
        },
    )
    page, size = listing.parameters["page"], listing.parameters["size"]
    assert listing.recognised() == ByPage(
        page, size, ("content",), ("totalElements",), ("last",), first_page=0, last_flag=True, **sized()
    )


def test_pages_of_spring_hateoas_are_recognised() -> None:
    """The list stands under `_embedded` by the resource's name; `page` tells the total."""
    listing = Listing(
        {"page": ("integer", {"default": 0}), "size": "integer"},
        {
            "_embedded!": {"orders!": [ORDER]},
            "_links": {"self": {"href": "string"}, "next": {"href": "string"}},
            "page!": {
                "size": "integer",
                "totalElements!": "integer",
                "totalPages": "integer",
                "number": "integer",
            },
        },
    )
    page, size = listing.parameters["page"], listing.parameters["size"]
    assert listing.recognised() == ByPage(
        page, size, ("_embedded", "orders"), ("page", "totalElements"), None, first_page=0, **sized()
    )


def test_pages_of_django_rest_framework_are_recognised() -> None:
    """`count` counts all where it stands beside `next` and `previous`."""
    listing = Listing(
        {"page": "integer", "page_size": "integer"},
        {"count!": "integer", "next": "string?", "previous": "string?", "results!": [ORDER]},
    )
    page, size = listing.parameters["page"], listing.parameters["page_size"]
    assert listing.recognised() == ByPage(page, size, ("results",), ("count",), None, **sized())


def test_bracketed_names_of_json_api_are_recognised() -> None:
    """`page[number]` and `page[size]` are one name with `pageNumber` and `pageSize`."""
    listing = Listing(
        {"page[number]": "integer", "page[size]": "integer", "filter[state]": "string"},
        {
            "data!": [ORDER],
            "included": [{"id": "string"}],
            "links": {"next": "string?"},
            "meta": {"total": "integer"},
        },
    )
    page, size = listing.parameters["page[number]"], listing.parameters["page[size]"]
    assert listing.recognised() == ByPage(page, size, ("data",), ("meta", "total"), None, **sized())


def test_pages_of_a_bare_array_are_recognised_by_their_parameters() -> None:
    """Where the answer itself is the list, its end is known from a short page."""
    listing = Listing({"p": "integer", "limit": "integer"}, [ORDER])
    assert listing.recognised() == ByPage(
        listing.parameters["p"], listing.parameters["limit"], (), None, None, **sized()
    )


def test_a_flag_is_enough_without_a_size() -> None:
    """The service decides how long pages are, and says whether more follow."""
    listing = Listing({"pageNumber": "integer"}, {"orders!": [ORDER], "hasNext!": "boolean"})
    assert listing.recognised() == ByPage(
        listing.parameters["pageNumber"], None, ("orders",), None, ("hasNext",), **sized()
    )


def test_a_size_of_listed_numbers_is_left_to_the_service() -> None:
    """A window's own length is none of the numbers that may be asked for."""
    listing = Listing(
        {"page": "integer", "limit": ("integer", {"enum": (10, 25, 50)})},
        {"items!": [ORDER], "total!": "integer"},
    )
    assert listing.recognised() == ByPage(
        listing.parameters["page"], None, ("items",), ("total",), None, **sized()
    )


# --- by offset


def test_offsets_with_a_limit_and_total_are_recognised() -> None:
    """`offset` and `limit`; the bare `total` beside the list counts it."""
    listing = Listing(
        {
            "offset": ("integer", {"default": 0}),
            "limit": ("integer", {"bounds": {"minimum": 1, "maximum": 200}}),
        },
        {"items!": [ORDER], "total!": "integer", "offset": "integer", "limit": "integer"},
    )
    offset, limit = listing.parameters["offset"], listing.parameters["limit"]
    assert listing.recognised() == ByOffset(offset, limit, ("items",), ("total",), None, **sized(20, 200))


@pytest.mark.parametrize(
    ("offset", "limit"), [("skip", "take"), ("start", "count"), ("$skip", "$top"), ("startAt", "maxResults")]
)
def test_other_names_of_offset_and_limit_are_recognised(offset: str, limit: str) -> None:
    """Weak names mean paging where two of them stand together."""
    listing = Listing({offset: "integer", limit: "int64"}, {"values!": [ORDER], "isLast": "boolean"})
    assert listing.recognised() == ByOffset(
        listing.parameters[offset],
        listing.parameters[limit],
        ("values",),
        None,
        ("isLast",),
        last_flag=True,
        **sized(),
    )


@pytest.mark.parametrize(
    ("description", "total", "doubtful"),
    [
        (None, ("count",), True),
        ("The total number of orders.", ("count",), False),
        ("How many orders match, overall", ("count",), False),
        ("Orders on this page.", None, False),
        ("Number of orders returned", None, False),
    ],
)
def test_a_bare_count_counts_the_list_only_if_nothing_says_otherwise(
    description: str | None, total: tuple[str, ...] | None, doubtful: bool
) -> None:
    """`count` may count the page: it is believed where the contract says so, and else only where it is larger."""
    listing = Listing(
        {"offset": "integer", "limit": "integer"},
        {"data!": [ORDER], "count": ("integer", {"description": description})},
    )
    offset, limit = listing.parameters["offset"], listing.parameters["limit"]
    assert listing.recognised() == ByOffset(
        offset, limit, ("data",), total, None, doubtful_total=doubtful, **sized()
    )


def test_a_total_of_pages_is_no_total_of_items() -> None:
    """What a description says of pages is believed."""
    listing = Listing(
        {"offset": "integer", "limit": "integer"},
        {"data!": [ORDER], "total": ("integer", {"description": "Number of pages."}), "totalCount": "string"},
    )
    found = listing.recognised()
    assert (type(found), found.total) == (ByOffset, None)


# --- by cursor


@pytest.mark.parametrize(
    ("cursor", "size", "answer", "following", "more", "total"),
    [
        ("cursor", "limit", {"data!": [ORDER], "next_cursor": "string?"}, "next_cursor", None, None),
        (
            "pageToken",
            "pageSize",
            {"orders": [ORDER], "nextPageToken": "string", "totalSize": "integer"},
            "nextPageToken",
            None,
            "totalSize",
        ),
        (
            "cursor",
            "limit",
            {"ok!": "boolean", "members!": [ORDER], "response_metadata": {"next_cursor": "string"}},
            "response_metadata.next_cursor",
            None,
            None,
        ),
        (
            "after",
            "limit",
            {
                "data!": [ORDER],
                "paging": {"cursors": {"before": "string", "after": "string"}, "next": "string"},
            },
            "paging.cursors.after",
            None,
            None,
        ),
        (
            "after",
            "limit",
            {"results!": [ORDER], "paging": {"next": {"after": "string"}}},
            "paging.next.after",
            None,
            None,
        ),
        (
            "cursor",
            "first",
            {"items!": [ORDER], "pageInfo!": {"endCursor": "string?", "hasNextPage!": "boolean"}},
            "pageInfo.endCursor",
            "pageInfo.hasNextPage",
            None,
        ),
        (
            "cursor",
            "limit",
            {
                "data!": [ORDER],
                "meta!": {"next_cursor": "string?", "has_more!": "boolean", "total": "integer"},
            },
            "meta.next_cursor",
            "meta.has_more",
            "meta.total",
        ),
        (
            "cursor",
            "limit",
            {"data!": [ORDER], "pagination": {"next": "string?"}},
            "pagination.next",
            None,
            None,
        ),
        ("cursor", "limit", {"objects!": [ORDER], "cursor": "string"}, "cursor", None, None),
        ("nextToken", "maxResults", {"orders!": [ORDER], "nextToken": "string"}, "nextToken", None, None),
        (
            "continuation_token",
            "limit",
            {"contents": [ORDER], "next_continuation_token": "string", "is_truncated": "boolean"},
            "next_continuation_token",
            "is_truncated",
            None,
        ),
        (
            "page",
            "limit",
            {"data!": [ORDER], "has_more": "boolean", "next_page_cursor": "string?"},
            "next_page_cursor",
            "has_more",
            None,
        ),
    ],
)
def test_cursors_are_recognised(
    cursor: str, size: str, answer: Any, following: str, more: str | None, total: str | None
) -> None:
    """A parameter that takes a cursor, and the answer's place where the next one stands."""
    listing = Listing({cursor: "string", size: "integer"}, answer)
    items = next(name for name, shape in answer.items() if isinstance(shape, list))
    assert listing.recognised() == ByCursor(
        listing.parameters[cursor],
        listing.parameters[size],
        (items.removesuffix("!"),),
        tuple(following.split(".")),
        None if more is None else tuple(more.split(".")),
        None if total is None else tuple(total.split(".")),
        null_items=not items.endswith("!"),
        **sized(),
    )


def test_a_cursor_beats_an_offset() -> None:
    """Cursors stay right while the list changes; offsets do not."""
    listing = Listing(
        {"offset": "integer", "limit": "integer", "cursor": "string"},
        {"data!": [ORDER], "next_cursor": "string?", "total": "integer"},
    )
    assert isinstance(listing.recognised(), ByCursor)


# --- by link


@pytest.mark.parametrize(
    ("parameters", "answer", "following"),
    [
        ({}, {"results!": [ORDER], "next": "string?", "previous": "string?"}, ("next",)),
        ({"cursor": "string"}, {"results!": [ORDER], "next": "string?", "previous": "string?"}, ("next",)),
        (
            {"cursor": "string"},
            {"data!": [ORDER], "next": ("string?", {"description": "URL of the next page"})},
            ("next",),
        ),
        (
            {"limit": "integer"},
            {"data!": [ORDER], "links": {"self": "string", "next": "string?"}},
            ("links", "next"),
        ),
        ({}, {"data!": [ORDER], "links": {"next": {"href": "string"}}}, ("links", "next", "href")),
        ({}, {"value!": [ORDER], "@odata.nextLink": "string"}, ("@odata.nextLink",)),
        ({"page": "integer"}, {"orders!": [ORDER], "next_page_url": "string?"}, ("next_page_url",)),
        (
            {"limit": "integer"},
            {"data!": [ORDER], "pagination": {"next_url": "string"}},
            ("pagination", "next_url"),
        ),
    ],
)
def test_next_urls_are_recognised(
    parameters: dict[str, Any], answer: Any, following: tuple[str, ...]
) -> None:
    """By a name that means a URL, or by `next` where the contract says that, or no parameter would take a cursor."""
    listing = Listing(parameters, answer)
    items = next(name for name, shape in answer.items() if isinstance(shape, list)).removesuffix("!")
    assert listing.recognised() == ByLink(
        (items,),
        following,
        listing.parameters.get("limit"),
        None,
        parameters=LINK_PARAMETERS | set(parameters),
        **sized(),
    )


def test_a_link_header_is_recognised() -> None:
    """RFC 8288, where the contract declares the header and no total or flag would tell as much."""
    listing = Listing({"page": "integer", "per_page": ("integer", {"default": 30})}, [ORDER], link=True)
    size = listing.parameters["per_page"]
    assert listing.recognised() == ByLink((), None, size, None, **sized(30))


def test_a_link_header_of_an_object_with_some_array_is_no_paging() -> None:
    """One order with its lines is no list of orders."""
    assert Listing({}, ORDER, path="/orders/{id}", link=True).recognised() is None


def test_what_is_bound_is_not_read_from_a_next_url() -> None:
    """A link takes the operation's own and well-known parameters, but never one that the declaration binds."""
    listing = Listing({"customer": "string", "token": "string"}, {"items!": [ORDER], "next_url": "string"})
    found = listing.recognised("customer", "token")
    assert found.parameters == LINK_PARAMETERS - {"token"}
    assert listing.recognised().parameters == LINK_PARAMETERS | {"customer"}


# --- not paged


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({}, [ORDER]),
        ({"ids": ["integer"]}, {"data!": [ORDER]}),
        ({"status": "string"}, {"items!": [ORDER], "total!": "integer"}),
        ({}, ORDER),
        ({}, "string"),
        ({}, "any"),
        ({}, None),
        ({"after": "date-time", "start": "date", "X-Page": "integer"}, [ORDER]),
        ({"size": "integer"}, [ORDER]),
        ({"page": "integer"}, {"id": "integer"}),
        ({}, {"id": "integer", "next": "string", "chapters": [ORDER]}),
        ({}, {"left": [ORDER], "right": [ORDER]}),
        ({}, {"id!": "integer", "lines": [ORDER], "has_more": "boolean"}),
    ],
)
def test_what_does_not_page_is_not_suspected(parameters: dict[str, Any], answer: Any) -> None:
    """Lists without a trace of paging, objects with arrays, filters with names like those of paging."""
    assert Listing(parameters, answer).recognised() is None


def test_an_operation_without_success_does_not_page() -> None:
    """Where the contract promises nothing, there is nothing to page."""
    listing = Listing({"page": "integer", "limit": "integer"}, None)
    assert listing.recognised() is None


@pytest.mark.parametrize("bound", ["page", "offset", "cursor"])
def test_a_page_that_the_declaration_chooses_is_the_only_one(bound: str) -> None:
    """`op(..., page=1)` asks for that page and no other."""
    listing = Listing(
        {bound: "string" if bound == "cursor" else "integer", "limit": "integer"}, {"data!": [ORDER]}
    )
    assert listing.recognised(bound) is None


def test_a_bound_filter_with_a_name_like_a_cursor_chooses_no_page() -> None:
    """`after` may be a date: binding it must not let a first page pass for the whole list."""
    listing = Listing({"after": "string", "page": "integer", "limit": "integer"}, {"data!": [ORDER]})
    assert isinstance(listing.recognised("after"), ByPage)


def test_a_size_that_the_declaration_binds_is_not_asked_for() -> None:
    """The constant stays; pages are as long as it makes them."""
    listing = Listing({"page": "integer", "limit": "integer"}, {"data!": [ORDER], "total": "integer"})
    found = listing.recognised("limit")
    assert (type(found), found.size) == (ByPage, None)


# --- half a paging


@pytest.mark.parametrize(
    ("parameters", "answer", "reason"),
    [
        (
            {},
            {"data!": [ORDER], "next_cursor": "string"},
            "its answer names a next page at 'next_cursor', and no parameter is known to take that",
        ),
        (
            {"limit": "integer"},
            {"data!": [ORDER], "meta": {"has_more": "boolean"}},
            "its answer says at 'meta.has_more' whether more follows, and no parameter asks for that",
        ),
        (
            {"starting_after": "string", "limit": "integer"},
            {"data!": [ORDER], "has_more": "boolean"},
            "its parameter 'starting_after' takes a cursor, and the answer names no next one",
        ),
        (
            {"cursor": "string"},
            [ORDER],
            "its parameter 'cursor' takes a cursor, and the answer names no next one",
        ),
        (
            {"page": "integer"},
            [ORDER],
            "its parameter 'page' chooses a page, and nothing says how long pages are or where they end",
        ),
        (
            {"limit": "integer"},
            [ORDER],
            "its parameter 'limit' bounds the answer, and nothing leads to the rest",
        ),
        (
            {"offset": "integer"},
            [ORDER],
            "its parameter 'offset' is no position from 0, or nothing says how long pages are",
        ),
        (
            {"offset": ("integer", {"bounds": {"minimum": 1}}), "limit": "integer"},
            {"data!": [ORDER], "total": "integer"},
            "its parameter 'offset' is no position from 0, or nothing says how long pages are",
        ),
        (
            {"page": "integer", "limit": "integer"},
            {"fresh!": [ORDER], "sold!": [ORDER], "total": "integer"},
            "its answer has several lists, 'fresh' and 'sold', none of them named as its items",
        ),
        (
            {"page": "integer"},
            "any",
            "it has a parameter 'page', and its answer's schema shows no list",
        ),
    ],
)
def test_half_a_paging_is_suspected_with_its_reason(
    parameters: dict[str, Any], answer: Any, reason: str
) -> None:
    """What pages but can't be followed must not pass for a whole list; the reason names what the contract shows."""
    assert Listing(parameters, answer).suspicion() == reason


# --- which list


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        ({"tags!": ["string"], "data!": [ORDER]}, ("data",)),
        ({"items!": [ORDER], "data!": {"items!": [ORDER]}}, ("items",)),
        ({"data!": {"items!": [ORDER], "errors": ["string"]}, "errors": ["string"]}, ("data", "items")),
        ({"orders!": [ORDER], "customers!": [ORDER]}, ("orders",)),
        ({"things!": [ORDER], "links": [{"rel": "string"}], "meta": {"values": ["string"]}}, ("things",)),
        ({"response!": {"things!": [ORDER]}}, ("response", "things")),
    ],
)
def test_the_items_are_the_list_that_is_named_so_or_the_only_one(answer: Any, items: tuple[str, ...]) -> None:
    """Well-known names first, then the resource's, the nearer ones before the deeper; else the only list there is."""
    found = Listing({"page": "integer", "limit": "integer"}, answer).recognised()
    assert (type(found), found.items) == (ByPage, items)


def test_a_total_beside_the_items_is_found_below_an_envelope() -> None:
    """What stands beside the list speaks of it; what stands inside an item does not."""
    listing = Listing(
        {"page": "integer", "size": "integer"},
        {"result!": {"records!": [ORDER], "total!": "integer"}, "customer": {"count": "integer"}},
    )
    found = listing.recognised()
    assert (found.items, found.total) == (("result", "records"), ("result", "total"))


def test_items_that_may_be_null_or_absent_stand_for_an_empty_page() -> None:
    """As the contract says: services in Go send null, those of protobuf leave empty lists out."""
    parameters = {"page": "integer", "size": "integer"}
    shapes: list[dict[str, Any]] = [
        {"data!": [ORDER]},
        {"data": [ORDER]},
        {"data!": ([ORDER], {"nullable": True})},
        {"page!": "string", "result": {"data!": [ORDER]}},
    ]
    assert [Listing(parameters, one).recognised().null_items for one in shapes] == [False, True, True, True]


# --- sizes


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, sized()),
        ({"default": 50}, sized(50)),
        ({"default": 500}, sized(500, 500)),
        ({"default": 50, "bounds": {"maximum": 25}}, sized(25, 25)),
        ({"bounds": {"maximum": 10}}, sized(10, 10)),
        ({"bounds": {"exclusive_maximum": 11.0}}, sized(10, 10)),
        ({"bounds": {"minimum": 30, "maximum": 40}}, sized(30, 40, 30)),
        ({"bounds": {"exclusive_minimum": 0, "maximum": 1000}}, sized(20, 1000)),
        ({"default": 0, "bounds": {"minimum": -1, "maximum": 0}}, sized(1, 1)),
        ({"default": "all"}, sized()),
        ({"default": True}, sized()),
        ({"default": 7.5}, sized()),
    ],
)
def test_sizes_are_the_contracts_else_20_and_100(about: dict[str, Any], expected: Sizes) -> None:
    """The default is never above the maximum, and neither is below the minimum."""
    listing = Listing({"page": "integer", "limit": ("integer", about)}, [ORDER])
    found = listing.recognised()
    assert {name: getattr(found, name) for name in expected} == expected


# --- stated


FULL = {"page": "integer", "per_page": "integer", "cursor": "string", "offset": "integer", "status": "string"}
ENVELOPE = {
    "data!": [ORDER],
    "meta!": {"total!": "integer", "more": "boolean", "next": "string?", "isLast": "boolean"},
    "@odata.nextLink": "string",
    "extra": "any",
}


def test_a_stated_paging_is_made_of_its_names() -> None:
    """Every style, with the parameters and paths that the project names."""
    listing = Listing(FULL, ENVELOPE)
    page, size, cursor, offset = (
        listing.parameters[name] for name in ("page", "per_page", "cursor", "offset")
    )
    total, items = ("meta", "total"), ("data",)
    assert listing.stated("page", page="page", size="per_page", items="data", total="meta.total") == (
        ByPage(page, size, items, total, None, **sized()),
        [],
    )
    assert listing.stated("page", page="page", more="meta.isLast", first_page=0) == (
        ByPage(page, None, items, None, ("meta", "isLast"), first_page=0, last_flag=True, **sized()),
        [],
    )
    assert listing.stated(
        "offset", offset="offset", limit="per_page", total="meta.total", more="meta.more"
    ) == (
        ByOffset(offset, size, items, total, ("meta", "more"), **sized()),
        [],
    )
    assert listing.stated("cursor", cursor="cursor", next="meta.next", items="data", total="meta.total") == (
        ByCursor(cursor, None, items, ("meta", "next"), None, total, **sized()),
        [],
    )
    names = LINK_PARAMETERS | {"status"}
    assert listing.stated("link", next="@odata.nextLink", size="per_page", items="data") == (
        ByLink(items, ("@odata.nextLink",), size, None, parameters=names, **sized()),
        [],
    )
    assert listing.stated("link", items="") == (
        ByLink(items, None, None, None, parameters=names, **sized()),
        [],
    )


def test_what_a_contract_leaves_open_may_be_stated() -> None:
    """Below a free-form property any path may stand."""
    listing = Listing(FULL, ENVELOPE)
    found, wrong = listing.stated("page", page="page", items="extra.deep.list", total="extra.count")
    assert isinstance(found, ByPage)
    assert (found.items, found.total, wrong) == (("extra", "deep", "list"), ("extra", "count"), [])


def test_every_mistake_in_a_stated_paging_is_told_with_the_nearest_name() -> None:
    """All at once, each with the argument, what was expected and what it may have meant."""
    listing = Listing(FULL, ENVELOPE)
    assert listing.stated(
        "page", page="pag", size="status", items="dta", total="meta.totl", more="meta.total"
    ) == (
        None,
        [
            "by_page: items='dta': the answer of listOrders has no 'dta'; did you mean 'data'?",
            "by_page: size='status': expected an integer, found string",
            "by_page: total='meta.totl': the answer of listOrders has no 'totl' at 'meta'; did you mean 'total'?",
            "by_page: more='meta.total': expected a boolean, found integer",
            "by_page: page='pag': listOrders has no query parameter 'pag'; did you mean 'page'?",
        ],
    )
    assert listing.stated("cursor", items="meta", size="per_pages") == (
        None,
        [
            "by_cursor: items='meta': expected an array, found object",
            "by_cursor: size='per_pages': listOrders has no query parameter 'per_pages'; did you mean 'per_page'?",
            "by_cursor: cursor: expected the name of a query parameter of listOrders",
            "by_cursor: next: expected the path of the next cursor in the answer",
        ],
    )
    assert listing.stated("offset", offset="offset", items="data.id", bound=("offset",)) == (
        None,
        [
            "by_offset: items='data.id': the answer of listOrders has no 'id' at 'data'",
            "by_offset: offset='offset': the operation binds this parameter to a value, so that it can't page",
        ],
    )
    assert listing.stated("cursor", cursor="cursor", next="meta.total.x") == (
        None,
        ["by_cursor: next='meta.total.x': the answer of listOrders has no 'x' at 'meta.total'"],
    )
    assert listing.stated("link", items="meta.total", next="meta.total") == (
        None,
        [
            "by_link: items='meta.total': expected an array, found integer",
            "by_link: next='meta.total': expected a string, found integer",
        ],
    )


def test_a_list_that_a_statement_leaves_out_must_be_plain() -> None:
    """Several lists without a well-known name need `items`; the lists there are, are named."""
    listing = Listing({"page": "integer"}, {"fresh!": [ORDER], "sold!": [ORDER]})
    assert listing.stated("page", page="page") == (
        None,
        ["by_page: items: expected the path of the list in the answer of listOrders, one of 'fresh', 'sold'"],
    )
    assert Listing({"page": "integer"}, {"id": "integer"}).stated("page", page="page") == (
        None,
        ["by_page: items: expected the path of the list in the answer of listOrders"],
    )


def test_only_json_answers_page() -> None:
    """An operation without one is refused for what it is."""
    assert Listing({"page": "integer"}, None).stated("page", page="page") == (
        None,
        ["listOrders has no JSON answer to page through"],
    )
