"""`[limits]` of `stolon.toml`: how much one client may ask of the server, before any work is done for it.

`graph/settings/settings.py` reads them; `graph/documents/bounds.py` holds documents against them, the transports of
`graph/transports/` what they receive, `graph/serving/admission.py` connections. The bound of a request's JSON body is
`body_limit` of `[graph]`. Requests come one by one: batches are not served, so that there is no batch size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from graph.settings import setting_kinds as kinds


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`[limits]`. Sizes are bytes, durations seconds; all counts are at most."""

    # Of one document and the operation chosen in it. Fragments count wherever they are spread.
    tokens: int = 10_000  # of the whole document, comments too
    depth: int = 20  # levels of fields
    aliases: int = 100  # fields with an alias
    root_fields: int = 30  # fields of the operation itself
    fields: int = 500  # all fields, and those written in the whole document: validating costs their square
    introspection_depth: int = 2  # lists of types or fields within each other; tools need 1

    # Of documents that are kept parsed and validated.
    documents: int = 1_000
    document_bytes: int = 64 << 20  # an estimate of the memory that they take

    # Of one request and its answer.
    body_timeout: float = 30.0  # for the whole body to arrive
    budget_header: str | None = (
        None  # in which a client may say, in milliseconds, how long it waits for a query
    )
    query_timeout: float = 30.0  # for all calls that a query, or an event, makes; a mutation runs to its end
    answer: int = 16 << 20  # one encoded answer, or one event of a subscription
    send_timeout: float = 30.0  # for a client to take what it is sent: an event, or 16 KiB of an answer

    # Of one upload (GraphQL multipart requests).
    upload_files: int = 10
    upload_file: int = 10 << 20  # one file
    upload: int = 32 << 20  # the whole body
    upload_paths: int = 100  # places in the variables where files go
    upload_timeout: float = 120.0  # for the whole body to arrive

    # Of this process: with several workers, each has its share.
    connections: int = 2_000  # of any kind, idle ones too
    head_timeout: float = 10.0  # for the head of a request to come; the first is waited for as long
    streams: int = 1_000  # WebSockets and event streams

    # Of one WebSocket or event stream.
    operations: int = 50  # running at once on one WebSocket
    message: int = 256 << 10  # one message of a client
    init_timeout: float = 5.0  # from the upgrade to connection_init
    keep_alive: float = 15.0  # between signs of life on a quiet stream


_COUNT: Final = kinds.whole(1, 1_000_000)
_SIZE: Final = kinds.size(1 << 10, 1 << 34)
_SHORT: Final = kinds.duration(0.01, 3600)

READERS: Final[Mapping[str, kinds.Reader]] = {
    **dict.fromkeys(
        ("tokens", "depth", "aliases", "root_fields", "fields", "introspection_depth", "documents"), _COUNT
    ),
    **dict.fromkeys(("upload_files", "upload_paths", "connections", "streams", "operations"), _COUNT),
    **dict.fromkeys(("document_bytes", "answer", "upload_file", "upload", "message"), _SIZE),
    **dict.fromkeys(
        ("body_timeout", "upload_timeout", "head_timeout", "init_timeout", "query_timeout"), _SHORT
    ),
    **dict.fromkeys(("send_timeout", "keep_alive"), _SHORT),
    "budget_header": kinds.header,
}
