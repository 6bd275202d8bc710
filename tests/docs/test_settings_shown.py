"""Every piece of a `stolon.toml` that a page of docs/ shows is one that a project may have."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from graph.settings.settings import read_settings
from tests.adapters.authority import Authority
from tests.docs.garden import DOCS
from tests.docs.pages import Block, blocks

SECRET = "a-secret-of-some-length-for-any-use"
URL = "https://service.example"
STORE = "rediss://store.example:6379/0"
SHOWN = [
    (page, block)
    for page in sorted(DOCS.rglob("*.md"))
    if "reference" not in page.parts
    for block in blocks(page)
    if block.language == "toml"
]


def whole(text: str) -> str:
    """The piece with what a project has beside it: a schema, and a URL for each of its services."""
    said = tomllib.loads(text)
    for name, service in said.get("services", {}).items():
        if "url" not in service:
            line = f'[services.{name}]\nurl = "{URL}"\n'
            text = (
                text.replace(f"[services.{name}]\n", line)
                if f"[services.{name}]\n" in text
                else f"{text}\n{line}"
            )
    return text if "graph" in said else f'[graph]\nschema = "schema:schema"\n{text}'


def in_folder(text: str, folder: Path) -> str:
    """The piece with the files that it names in a folder: secrets, and certificates that belong to their keys."""
    certificate, key = Authority(folder).issue("gateway")
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    for setting, file in (("certificate", certificate), ("key", key), (r"\w+_file", folder / "secret")):
        text = re.sub(rf'^({setting}) = "/[^"]+"', rf'\1 = "{file}"', text, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize(("page", "block"), SHOWN, ids=lambda one: getattr(one, "line", None) or one.stem)
def test_settings_are_read_as_they_are_shown(page: Path, block: Block, tmp_path: Path):
    """With secrets in the environment and files in their places, what is shown is right in every line."""
    text = in_folder(whole(block.text), tmp_path)
    (tmp_path / "contracts").mkdir()
    for name in tomllib.loads(text).get("services", {}):
        (tmp_path / "contracts" / f"{name}.yaml").write_text("openapi: 3.1.0", encoding="utf-8")
    (tmp_path / "stolon.toml").write_text(text, encoding="utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), SECRET)
    environ |= {name: STORE if name == "CACHE_URL" else URL for name in environ if name.endswith("_URL")}
    read_settings(tmp_path, environ)
