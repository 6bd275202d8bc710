"""Uploading a receipt: a file of the GraphQL multipart request, passed on to a service that is sent JSON."""

import base64
from typing import Annotated, Protocol, cast

import strawberry
from spending import Expense, expenses
from strawberry.file_uploads import Upload

from stolon import rest

_MOST = 512 * 1024


class _Uploaded(Protocol):
    """What an `Upload` is when a resolver gets it; what the client says of the file is unchecked."""

    filename: str | None
    content_type: str

    async def read(self, size: int) -> bytes: ...


# What it changes at storage only we know: by its path the contract tells of expenses alone.
_PUT_RECEIPT = expenses.op("putReceipt", changes=["Expense:{expense_id}", "Receipt:*"])

_Id = Annotated[strawberry.ID, strawberry.argument(description="The expense's id.")]
_File = Annotated[Upload, strawberry.argument(description="A PDF, PNG or JPEG of 512 KiB at most.")]


async def keep_receipt(info: rest.Info, expense_id: _Id, file: _File) -> Expense | None:
    """Keep a receipt, instead of the one that was there. Raises FieldError for a file that is none."""
    uploaded = cast("_Uploaded", file)
    # One byte more than is allowed, and never the whole of something endless.
    content = await uploaded.read(_MOST + 1)
    if len(content) > _MOST:
        raise rest.FieldError(rest.Fault(rest.Code.BAD_USER_INPUT, f"file: expected at most {_MOST} bytes"))
    body = {
        "file_name": uploaded.filename or "receipt",
        "media_type": uploaded.content_type,
        "content": base64.b64encode(content).decode("ascii"),
    }
    return await info.context.call(_PUT_RECEIPT, expense_id=expense_id, body=body)
