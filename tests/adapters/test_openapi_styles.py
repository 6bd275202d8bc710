"""Documents as frameworks and people really write them: FastAPI's 3.1, springdoc's 3.0, and the pet store."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from adapters.contract.contract import Bounds, Contract, Kind, Property, Use
from adapters.contract.openapi import read_contract

FASTAPI = r"""
{"openapi":"3.1.0","info":{"title":"FastAPI","version":"0.1.0"},"paths":{
 "/items/{item_id}":{
  "get":{"tags":["items"],"summary":"Read Item","operationId":"read_item_items__item_id__get",
   "security":[{"OAuth2PasswordBearer":[]}],
   "parameters":[
    {"name":"item_id","in":"path","required":true,"schema":{"type":"string","format":"uuid","title":"Item Id"}},
    {"name":"q","in":"query","required":false,"schema":{"anyOf":[{"type":"string","maxLength":50},
      {"type":"null"}],"title":"Q"}},
    {"name":"tag","in":"query","required":false,"schema":{"type":"array","items":{"type":"string"},
      "default":[],"title":"Tag"}},
    {"name":"x-token","in":"header","required":true,"schema":{"type":"string","title":"X-Token"}},
    {"name":"ads_id","in":"cookie","required":false,"schema":{"anyOf":[{"type":"string"},{"type":"null"}],
      "title":"Ads Id"}}],
   "responses":{
    "200":{"description":"Successful Response",
      "content":{"application/json":{"schema":{"$ref":"#/components/schemas/Item"}}}},
    "422":{"description":"Validation Error",
      "content":{"application/json":{"schema":{"$ref":"#/components/schemas/HTTPValidationError"}}}}}},
  "put":{"summary":"Update Item","operationId":"update_item_items__item_id__put",
   "parameters":[{"name":"item_id","in":"path","required":true,"schema":{"type":"string","format":"uuid",
      "title":"Item Id"}}],
   "requestBody":{"required":true,
      "content":{"application/json":{"schema":{"$ref":"#/components/schemas/Item"}}}},
   "responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}}}},
 "/files/":{"post":{"summary":"Upload","operationId":"upload_files__post",
   "requestBody":{"content":{"multipart/form-data":{"schema":{"$ref":"#/components/schemas/Body_upload"}}},
      "required":true},
   "responses":{"200":{"description":"Successful Response",
      "content":{"application/json":{"schema":{"additionalProperties":{"type":"integer"},"type":"object",
      "title":"Response"}}}}}}}},
 "components":{"schemas":{
  "Body_upload":{"properties":{"file":{"type":"string","format":"binary","title":"File"}},"type":"object",
      "required":["file"],"title":"Body_upload"},
  "HTTPValidationError":{"properties":{"detail":{"items":{"$ref":"#/components/schemas/ValidationError"},
      "type":"array","title":"Detail"}},"type":"object","title":"HTTPValidationError"},
  "Item":{"properties":{
    "name":{"type":"string","title":"Name"},
    "price":{"anyOf":[{"type":"number","exclusiveMinimum":0.0},{"type":"string"}],"title":"Price"},
    "kind":{"$ref":"#/components/schemas/Kind","default":"big"},
    "owner":{"anyOf":[{"$ref":"#/components/schemas/Item"},{"type":"null"}]},
    "made":{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}],"title":"Made"},
    "extra":{"additionalProperties":true,"type":"object","title":"Extra"},
    "type":{"type":"string","const":"item","title":"Type","default":"item"}},
   "type":"object","required":["name","price"],"title":"Item"},
  "Kind":{"type":"string","enum":["big","small"],"title":"Kind"},
  "ValidationError":{"properties":{
    "loc":{"items":{"anyOf":[{"type":"string"},{"type":"integer"}]},"type":"array","title":"Location"},
    "msg":{"type":"string","title":"Message"},"type":{"type":"string","title":"Error Type"}},
   "type":"object","required":["loc","msg","type"],"title":"ValidationError"}},
  "securitySchemes":{"OAuth2PasswordBearer":{"type":"oauth2","flows":{"password":{"scopes":{},
      "tokenUrl":"token"}}}}}}
"""

SPRING = """
openapi: 3.0.1
info: {title: OpenAPI definition, version: v0}
servers:
  - url: http://localhost:8080
    description: Generated server url
tags: [{name: account-controller, description: Account Controller}]
paths:
  /api/accounts:
    get:
      tags: [account-controller]
      operationId: findAll
      parameters:
        - {name: page, in: query, description: Zero-based page index (0..N), required: false,
           schema: {minimum: 0, type: integer, default: 0}}
        - {name: size, in: query, required: false, schema: {minimum: 1, type: integer, default: 20}}
        - {name: sort, in: query, required: false, schema: {type: array, items: {type: string}}}
        - {name: since, in: query, required: false, schema: {type: string, format: date}, example: 2020-01-01}
      responses:
        '200':
          description: OK
          content:
            '*/*':
              schema: {$ref: '#/components/schemas/PageAccountDto'}
        default:
          description: problem
          content:
            application/problem+json:
              schema: {$ref: '#/components/schemas/ProblemDetail'}
    post:
      tags: [account-controller]
      operationId: create
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/AccountDto'}
        required: true
      responses:
        '201':
          description: Created
          headers:
            Location: {schema: {type: string}}
          content:
            '*/*':
              schema: {$ref: '#/components/schemas/AccountDto'}
components:
  schemas:
    AccountDto:
      required: [id, iban]
      type: object
      properties:
        id: {type: integer, format: int64, readOnly: true}
        iban: {maxLength: 34, minLength: 15, pattern: '^[A-Z]{2}\\d{2}[A-Z0-9]+$', type: string}
        balance: {type: number, format: decimal, default: 0.00}
        ratio: {type: number, format: double}
        state: {type: string, enum: [ON, OFF, NO]}
        openedOn: {type: string, format: date, default: 2020-01-01}
        owner:
          description: who owns it
          nullable: true
          allOf: [{$ref: '#/components/schemas/OwnerDto'}]
        labels: {type: object, additionalProperties: {type: string}}
    OwnerDto:
      type: object
      discriminator: {propertyName: kind}
      properties: {kind: {type: string}, accounts: {type: array, items: {$ref: '#/components/schemas/AccountDto'}}}
    CompanyDto:
      type: object
      allOf:
        - $ref: '#/components/schemas/OwnerDto'
        - type: object
          required: [vat]
          properties: {vat: {type: string, nullable: true}}
    PageAccountDto:
      type: object
      properties:
        totalElements: {type: integer, format: int64}
        totalPages: {type: integer, format: int32}
        content: {type: array, items: {$ref: '#/components/schemas/AccountDto'}}
        last: {type: boolean}
    ProblemDetail:
      type: object
      properties:
        type: {type: string, format: uri}
        status: {type: integer, format: int32}
        properties: {type: object, additionalProperties: {type: object}}
"""

PETSTORE = """
openapi: "3.0.0"
info:
  version: 1.0.0
  title: Swagger Petstore
  license: {name: MIT}
paths:
  /pets:
    get:
      summary: List all pets
      operationId: listPets
      parameters:
        - name: limit
          in: query
          description: How many items to return at one time (max 100)
          required: false
          schema: {type: integer, maximum: 100, format: int32}
      responses:
        200:
          description: A paged array of pets
          headers:
            x-next: {description: A link to the next page of responses, schema: {type: string}}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Pets"}
        default:
          description: unexpected error
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Error"}
components:
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, format: int64}
        name: {type: string}
        tag: {type: string}
    Pets:
      type: array
      maxItems: 100
      items: {$ref: "#/components/schemas/Pet"}
    Error:
      type: object
      required: [code, message]
      properties:
        code: {type: integer, format: int32}
        message: {type: string}
"""


def contract(folder: Path, text: str, name: str) -> Contract:
    """The contract of a file of that text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_contract("it", file)


def kinds(found: Contract, name: str) -> dict[str, tuple[Kind, bool, bool]]:
    """Of each property of a component: its kind, whether it is nullable, and whether it is required."""
    listed = found.schema(found.components[name]).properties
    return {one.name: (found.schema(one.use).kind, one.use.nullable, one.required) for one in listed}


def test_fastapi(tmp_path: Path):
    """A document of FastAPI: null as a choice, consts, uploads, optional cookies."""
    found = contract(tmp_path, FASTAPI, "fastapi.json")
    assert kinds(found, "Item") == {
        "name": (Kind.STRING, False, True),
        "price": (Kind.ANY, False, True),
        "kind": (Kind.STRING, False, False),
        "owner": (Kind.OBJECT, True, False),
        "made": (Kind.DATE_TIME, True, False),
        "extra": (Kind.ANY, False, False),
        "type": (Kind.STRING, False, False),
    }
    item = found.schemas["#/components/schemas/Item"]
    assert item.property("owner") == Property("owner", Use(item.pointer, nullable=True), required=False)
    assert item.property("kind") == Property(
        "kind", Use("#/components/schemas/Kind", default="big"), required=False
    )
    read = found.operations["read_item_items__item_id__get"]
    assert [
        (one.name, one.location, found.schema(one.use).kind, one.use.nullable) for one in read.parameters
    ] == [
        ("item_id", "path", Kind.UUID, False),
        ("q", "query", Kind.STRING, True),
        ("tag", "query", Kind.ARRAY, False),
        ("x-token", "header", Kind.STRING, False),
    ]
    assert found.schema(read.parameters[1].use).bounds == Bounds(max_length=50)
    assert read.parameters[2].use.default == []
    assert read.unusable is None
    put = found.operations["update_item_items__item_id__put"]
    assert put.success is not None
    assert put.success.use is not None
    assert found.schema(put.success.use).kind is Kind.ANY
    assert found.operations["upload_files__post"].unusable == "its body is multipart/form-data, not JSON"


def test_spring(tmp_path: Path):
    """A document of springdoc: `*/*` answers, 3.0 nullability by allOf, enums and dates that YAML 1.1 would
    misread."""
    found = contract(tmp_path, SPRING, "spring.yaml")
    assert kinds(found, "AccountDto") == {
        "id": (Kind.INT64, False, True),
        "iban": (Kind.STRING, False, True),
        "balance": (Kind.DECIMAL, False, False),
        "ratio": (Kind.NUMBER, False, False),
        "state": (Kind.STRING, False, False),
        "openedOn": (Kind.DATE, False, False),
        "owner": (Kind.OBJECT, True, False),
        "labels": (Kind.ANY, False, False),
    }
    account = found.schemas["#/components/schemas/AccountDto"]
    uses = {one.name: one.use for one in account.properties}
    assert uses["owner"] == Use("#/components/schemas/OwnerDto", nullable=True, description="who owns it")
    assert str(uses["balance"].default) == str(Decimal("0.00"))
    assert uses["openedOn"].default == "2020-01-01"
    assert uses["id"].read_only
    assert found.schema(uses["state"]).enum == ("ON", "OFF", "NO")
    assert kinds(found, "CompanyDto") == {
        "kind": (Kind.STRING, False, False),
        "accounts": (Kind.ARRAY, False, False),
        "vat": (Kind.STRING, True, True),
    }
    find_all = found.operations["findAll"]
    assert [
        (one.name, one.use.default, found.schema(one.use).bounds.minimum) for one in find_all.parameters[:2]
    ] == [
        ("page", 0, 0),
        ("size", 20, 1),
    ]
    assert find_all.success is not None
    assert find_all.success.use == Use("#/components/schemas/PageAccountDto")
    assert find_all.answer(404) == find_all.answers[1]
    create = found.operations["create"]
    assert create.body is not None
    assert (create.body.use, create.answers[0].headers) == (
        Use(account.pointer),
        frozenset({"location"}),
    )


def test_the_pet_store(tmp_path: Path):
    """The document that everyone starts from, with a status that YAML reads as a number."""
    found = contract(tmp_path, PETSTORE, "petstore.yaml")
    [operation] = found.operations.values()
    assert (operation.id, operation.method, operation.path) == ("listPets", "GET", "/pets")
    assert [(one.status, one.headers) for one in operation.answers] == [
        ("200", frozenset({"x-next"})),
        ("default", frozenset()),
    ]
    assert operation.success is not None
    pets = found.schema(operation.success.use or "")
    assert (pets.kind, pets.bounds, pets.items) == (
        Kind.ARRAY,
        Bounds(max_items=100),
        Use("#/components/schemas/Pet"),
    )
    assert kinds(found, "Pet") == {
        "id": (Kind.INT64, False, True),
        "name": (Kind.STRING, False, True),
        "tag": (Kind.STRING, False, False),
    }
