"""What this project and its libraries log, rendered like the request's own line: JSON in `serve`, plain text
in `demo`.

Three rules keep secrets out of JSON lines, whatever was logged:

- of an exception its classes and places, never its text: texts name values;
- of a library's line its first words, up to the first thing that could be a value;
- in any line, what looks like a token, a mail address or the password of a URL is blotted out.

Plain lines are for the developer who sits before them: they show exceptions whole, blotted too.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

import msgspec
import structlog

from graph.observing.log_writer import LineWriter
from graph.observing.observe import SEEN

BLOT: Final = "[redacted]"
MOST_TEXT: Final = 2_000
MOST_FRAMES: Final = 20
MOST_CAUSES: Final = 5
_SECRETS: Final = (
    re.compile(r"(?i)(?<=\bbearer )[^\s,;\"']+|(?<=\bbasic )[A-Za-z0-9+/=]{8,}"),
    re.compile(
        r"\b[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    ),  # a JWT, or what is cut like one
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
)
_LIBRARIES: Final = frozenset(
    {"aiohttp", "aiohappyeyeballs", "asyncio", "concurrent", "graphql", "jwt", "opentelemetry", "requests",
     "strawberry", "urllib3", "yarl"}
)  # fmt: skip
_WORDS: Final = re.compile(r"[^<({\[\"'=\r\n]*")
_EXTRA: Final = ("request_id", "path", "places", "service", "operation")


def blotted(text: str) -> str:
    """The text, at most 2,000 characters of it, without what looks like a secret."""
    if len(text) > 2 * MOST_TEXT:
        # The patterns take quadratic time; what a cut leaves of a word may be half a secret, which none would find.
        text = text[: 2 * MOST_TEXT].rpartition(" ")[0] + " ..."
    for secret in _SECRETS:
        text = secret.sub(BLOT, text)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."


def message_of(record: logging.LogRecord, whole: str) -> str:
    """What a record says: our own words and the project's whole, of a library's the first of its template."""
    if record.name.partition(".")[0] not in _LIBRARIES:
        return blotted(whole)
    if not isinstance(record.msg, str):  # strawberry logs errors themselves, which hold values
        return type(record.msg).__name__
    found = _WORDS.match(record.msg)
    return blotted(found[0].strip() if found else "")


def exception_of(error: BaseException) -> list[dict[str, Any]]:
    """An exception and its causes, outermost first: class and places (`file:line function`), without texts."""
    told: list[dict[str, Any]] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < MOST_CAUSES:
        told.append({"type": type(cause).__name__, "at": list(_places(cause.__traceback__))})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return told


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace)[-MOST_FRAMES:]:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"


def _told(_logger: object, _method: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """structlog's processor: a record of the standard library as the keys of a line."""
    record: logging.LogRecord = event["_record"]
    seen = SEEN.get()
    told: dict[str, Any] = {
        "timestamp": event["timestamp"],
        "level": record.levelname.lower(),
        "event": message_of(record, event["event"]),
        "logger": record.name,
    }
    if seen is not None:
        told |= {"request_id": seen.request_id, "trace_id": seen.trace.trace_id}
    for name in _EXTRA:
        value = getattr(record, name, None)
        if isinstance(value, (str, int)):
            told[name] = blotted(value) if isinstance(value, str) else value
        elif isinstance(value, list):
            told[name] = blotted(".".join(map(str, value)))
    error = _error(event)
    if error is not None:
        told["exception"] = exception_of(error)
    return told


def _rendered(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    return msgspec.json.encode(event).decode()


def _plain(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    record: logging.LogRecord = event["_record"]
    text = f"{event['timestamp']} {record.levelname.lower()} {event['event']}"
    error = _error(event)
    if error is not None:
        text = "\n".join((text, *traceback.format_exception(error)))
    return blotted(text.rstrip("\n"))


def _error(event: Mapping[str, Any]) -> BaseException | None:
    told = event.get("exc_info")
    return told[1] if isinstance(told, tuple) else None


class _Handler(logging.Handler):
    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - arguments that do not fit; logging's own report would show them
            line = msgspec.json.encode(
                {"level": "error", "event": "a log line could not be rendered", "logger": record.name}
            ).decode()
        self._writer.now(line.encode("utf-8", "backslashreplace"))


@contextmanager
def logged(writer: LineWriter, *, plain: bool = False) -> Iterator[None]:
    """While entered, everything that is logged, from `info` on, goes to the writer; libraries' from `warning`.

    It is the process's own setting, and put back as it was on leaving.
    """
    stamp = structlog.processors.TimeStamper("%H:%M:%S" if plain else "iso", utc=not plain)
    handler = _Handler(writer)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[stamp, _plain] if plain else [stamp, _told, _rendered]
        )
    )
    handler.addFilter(_loud_enough)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        writer.flush()
        root.removeHandler(handler)
        root.setLevel(before)


def _loud_enough(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in _LIBRARIES
