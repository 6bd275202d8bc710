"""Which addresses a project may name: absolute http(s) URLs without credentials, and where a token may
travel. Pure.

`graph/settings/setting_kinds.py` checks the URLs of `stolon.toml` with it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from yarl import URL

from adapters.service import private_enough

_PRINTABLE: Final = re.compile(
    r"[!-\[\]-~]+"
)  # visible ASCII without the backslash, which clients read as a slash


def fault_of_url(text: str) -> str | None:
    """What keeps the text from being a base URL, or None. The message never holds the text, which may be a
    secret.

    A base URL is `http(s)://host[:port][/path]`, without user, query and fragment (RFC 3986, section 3), and
    without `.` and `..` in its path.
    """
    if not _PRINTABLE.fullmatch(text):
        return "expected a URL such as 'https://host/path' of visible ASCII characters"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "expected a URL such as 'https://host/path'; host or port cannot be read"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "expected an absolute http or https URL such as 'https://host/path'"
    if "@" in parts.netloc:
        return "a URL must not hold a user or password"
    if "?" in text or "#" in text:
        return "a URL must not hold a query or fragment"
    if any(segment.lower().replace("%2e", ".") in {".", ".."} for segment in parts.path.split("/")):
        return "a URL must not hold '.' or '..' as a path segment"
    return None


def is_confidential(url: str) -> bool:
    """Whether a caller's token, or the keys that judge it, may travel there: the services' own rule, so that what
    the project file may say is what can be served.
    """
    return private_enough(URL(url))
