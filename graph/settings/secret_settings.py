"""A secret in `stolon.toml`: `${NAME}`, from the environment, or a file, which is read again when it changes. None
stands in the project file itself.

`graph/settings/credential_settings.py` and `graph/settings/admin_settings.py` read theirs so;
`adapters/credentials/secrets.py` keeps what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.credentials.secrets import MOST_BYTES, NoSecret, Secret, secret_in
from graph.settings.toml_document import Document


def secret_of(
    document: Document,
    path: tuple[str, ...],
    values: Mapping[str, Any],
    name: str,
    fault: Callable[[str], str | None] | None = None,
) -> Secret | None:
    """The secret that stands under `name`, or in the file that `name_file` names; checked, and never repeated.
    `fault` says what is wrong with its text, None where nothing is.
    """
    file_name = f"{name}_file"
    stated = [one for one in (name, file_name) if document.has(*path, one)]
    if len(stated) != 1:
        document.wrong((*path, name), f"expected '{name}' or '{file_name}', one of them")
        return None
    if stated[0] not in values:  # wrong in itself, and told
        return None
    place = (*path, stated[0])
    if stated == [name]:
        if "${" not in document.table(path)[name]:
            document.wrong(
                place, f"expected '${{NAME}}', from the environment, or '{file_name}': no secret stands here"
            )
            return None
        secret, text = Secret(text=values[name]), values[name]
    else:
        file = document.file.parent / values[file_name]
        try:
            with file.open("rb") as stream:
                text = secret_in(stream.read(MOST_BYTES + 1))
        except (OSError, NoSecret) as failure:
            reason = str(failure) if isinstance(failure, NoSecret) else "the file cannot be read"
            document.wrong(place, f"expected a file that holds a secret; {reason}")
            return None
        secret = Secret(file=file)
    wrong = None if fault is None else fault(text)
    if wrong is not None:
        document.wrong(place, wrong)
        return None
    return secret
