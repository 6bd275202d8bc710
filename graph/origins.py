"""Which addresses a project may name: absolute http(s) URLs without credentials, and where a token may
travel. Pure.

`graph/setting_kinds.py` checks the URLs of `stolon.toml` with it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

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
    """Whether what is sent to the URL stays unread on its way: https, or plain http that never leaves this
    machine.
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
