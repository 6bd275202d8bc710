"""Files that clients upload: what resolvers get for Strawberry's `Upload`, and where the bytes stay meanwhile.

`graph/transports/multipart.py` fills them while they arrive; they end with the request, or with the mutation that
outlives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, cast

import strawberry
from graphql import GraphQLError
from strawberry.file_uploads.scalars import UploadDefinition
from strawberry.types.scalar import ScalarDefinition

IN_MEMORY: Final = 64 << 10
"""Bytes of a file that are kept in memory; a larger one goes to a temporary file without a name."""
CHUNK: Final = 64 << 10


class UploadedFile:
    """A file of a multipart request. `filename` and `content_type` are what the client says, unchecked."""

    def __init__(self, filename: str | None, content_type: str) -> None:
        self.filename = filename
        self.content_type = content_type
        self.size = 0
        self._held = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - `close` is called at the end

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size} bytes)"

    @property
    def file(self) -> BinaryIO:
        """The file for libraries that want one; reading it blocks."""
        return cast("BinaryIO", self._held)

    async def read(self, size: int = -1) -> bytes:
        """The next bytes, as many as asked for; all that are left by default, none at the end."""
        return cast("bytes", await self._done(self._held.read, size))

    async def seek(self, offset: int) -> None:
        """Go to a place, in bytes from the beginning."""
        await self._done(self._held.seek, offset)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The rest of the file in pieces of 64 KiB."""
        while chunk := await self.read(CHUNK):
            yield chunk

    async def write(self, chunk: bytes) -> None:
        """Append bytes as they arrive."""
        self.size += len(chunk)
        await self._done(self._held.write, chunk)

    def close(self) -> None:
        """Let go of the bytes."""
        self._held.close()

    async def _done(self, work: Any, argument: Any) -> Any:
        """Memory at once, a disk in a thread: it may make wait."""
        # A write may be the one that goes over to the disk, and so goes by what it will come to.
        if self.size <= IN_MEMORY:
            return work(argument)
        return await asyncio.to_thread(work, argument)


def _uploaded(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, list, dict)):
        raise GraphQLError("An Upload is a file of a multipart request; JSON cannot hold one.")
    return value


UPLOAD: Final[ScalarDefinition] = strawberry.scalar(
    name=UploadDefinition.name,
    description=UploadDefinition.description,
    serialize=lambda value: value,
    parse_value=_uploaded,
)
"""Strawberry's `Upload`, which no JSON value passes for."""
