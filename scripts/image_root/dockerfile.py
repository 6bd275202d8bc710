"""Reading a Dockerfile: its instructions with their lines, and the variables that are put into them.

Only what this project's own Dockerfile uses is understood; anything else is refused by name and line, as a step
left out would prove another image than the one that gets built. The reference is Docker's "Dockerfile reference".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KNOWN = frozenset(
    {"ARG", "FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    | {"ENTRYPOINT", "CMD", "LABEL"}
)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<bare>\w+))")


class NotUnderstood(Exception):
    """A Dockerfile says something that this reader does not know. The text begins with the line's number."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: the line that it starts on, its keyword in capitals, and the rest in one line."""

    line: int
    keyword: str
    text: str

    def flags(self) -> tuple[dict[str, str], str]:
        """The leading `--name=value` options, and what follows them."""
        found: dict[str, str] = {}
        rest = self.text
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            found[match[1]] = match[2]
            rest = rest[match.end() :]
        return found, rest

    def exec_form(self, text: str | None = None) -> list[str]:
        """The JSON list of an instruction that starts a process. Raises NotUnderstood for the shell form."""
        try:
            words: Any = json.loads(self.text if text is None else text)
        except ValueError:
            words = None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise NotUnderstood(
                f'{self.line}: {self.keyword} is not in exec form (["a", "b"]): a shell would get the signals'
            )
        return words

    def pairs(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The `name=value` words of ENV, ARG or LABEL, with variables put in; a name alone has no entry."""
        words = (word.partition("=") for word in shlex.split(self.text))
        return {name: substitute(value, variables) for name, equals, value in words if equals}


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """The text with `$NAME` and `${NAME}` replaced; an unknown name becomes nothing, as Docker has it."""
    return _VARIABLE.sub(lambda match: variables.get(match["braced"] or match["bare"], ""), text)


def read(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, in order. Raises NotUnderstood."""
    found: list[Instruction] = []
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue  # a comment or an empty line ends no instruction
        start = start if held else number
        held += line.strip().removesuffix("\\") if held else line.removesuffix("\\")
        if line.rstrip().endswith("\\"):
            continue
        found.append(_instruction(start, held))
        held = ""
    if held:
        raise NotUnderstood(f"{start}: the last instruction goes on after the end of the file")
    return found


def _instruction(line: int, text: str) -> Instruction:
    keyword, _, rest = text.strip().partition(" ")
    keyword, rest = keyword.upper(), rest.strip()
    if keyword not in KNOWN:
        raise NotUnderstood(f"{line}: {keyword} is not understood here, only {', '.join(sorted(KNOWN))}")
    if not rest or "<<" in rest:
        raise NotUnderstood(f"{line}: {keyword} has no argument, or a here-document")
    return Instruction(line, keyword, rest)
