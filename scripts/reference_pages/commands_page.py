"""docs/reference/commands.md: every command of `stolon` with its options, asked of the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from graph.cli import main
from scripts.reference_pages.words import Words

INTRO: Final = """\
# Commands

Results go to stdout; mistakes, one a line with file and line number, and warnings go to stderr. Exit codes: 0 well,
1 the project (or the query that is explained) is wrong, 2 the command line is."""


def page(words: Words) -> str:
    """The page's text."""
    parts = [INTRO]
    for name, command in sorted(main.commands.items()):
        parts += _command(name, command, words)
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: click.Command, words: Words) -> Iterator[str]:
    arguments = [one.human_readable_name for one in command.params if isinstance(one, click.Argument)]
    yield f"## `{' '.join(['stolon', name, *arguments])}`"
    yield " ".join((command.help or "").split())
    options = [one for one in command.params if isinstance(one, click.Option)]
    lines = ["| option | default | meaning |", "| --- | --- | --- |", *(_row(one, words) for one in options)]
    if options:
        yield "\n".join(lines)


def _row(option: click.Option, words: Words) -> str:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    plain = isinstance(option.default, str | int) and not option.is_flag
    default = option.show_default if isinstance(option.show_default, str) else option.default if plain else ""
    return f"| `{names}{value}` | {default} | {words.of('options', option.opts[0], option.help)} |"


def _kind(option: click.Option) -> str:
    return "N" if isinstance(option.type, click.IntRange) else "TEXT"
