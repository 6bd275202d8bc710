"""Writes docs/reference/*.md, or says with `--check` which of them are not what the code says now."""

from __future__ import annotations

import asyncio
import difflib
import logging
import sys
from pathlib import Path

from scripts.reference_pages import commands_page, errors_page, idiom_page, metrics_page, settings_page
from scripts.reference_pages.words import Words

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
HEAD = "<!-- Written by scripts/reference-pages from the code and docs/reference/words.toml. -->\n\n"


def shown_by() -> list[Path]:
    """The hand-written pages whose examples the idiom's page links to."""
    return [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]


def pages(words: Words) -> dict[Path, str]:
    """Every page as it should be now."""
    made = {
        "idiom": idiom_page.page(words, [one for one in shown_by() if one.is_file()]),
        "settings": settings_page.page(words),
        "errors": asyncio.run(errors_page.page(words, ROOT / "graph")),
        "metrics": metrics_page.page(words),
        "commands": commands_page.page(words),
    }
    return {REFERENCE / f"{name}.md": HEAD + text for name, text in made.items()}


def differences(file: Path, text: str) -> list[str]:
    """How a page differs from what it should be."""
    now = file.read_text(encoding="utf-8") if file.is_file() else ""
    return list(
        difflib.unified_diff(now.splitlines(), text.splitlines(), f"{file.name} (written)", "now", n=0)
    )


def main(arguments: list[str]) -> int:
    """0 where all is well, 1 where a page is not (or was not) what the code says, or something is not described."""
    logging.disable(logging.CRITICAL)  # the services that are tried fail on purpose
    words = Words.read(REFERENCE / "words.toml")
    wrong = False
    for file, text in pages(words).items():
        different = differences(file, text)
        if different and "--check" in arguments:
            wrong = True
            print("\n".join(different))
        elif different:
            file.write_text(text, encoding="utf-8")
            print(f"written: {file.relative_to(ROOT)}")
    for name in words.untold:
        print(f"docs/reference/words.toml says nothing of {name}")
    for name in words.stale:
        print(f"docs/reference/words.toml speaks of what is not there: {name}")
    return 1 if wrong or words.untold or words.stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
