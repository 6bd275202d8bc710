"""The page's modules that need no page, run by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "playground" / "src" / "plan"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node (apt install nodejs)")


def called(module: str, calls: str, given: object = None) -> Any:
    """The value of an expression over `page`, a module of the page, and `given`; it may await."""
    assert NODE is not None
    script = (
        f"import * as page from {json.dumps((SOURCES / module).as_uri())};"
        "let text = ''; for await (const chunk of process.stdin) text += chunk;"
        f"const given = JSON.parse(text); console.log(JSON.stringify(await {calls}))"
    )
    ran = subprocess.run(
        [NODE, "--input-type=module", "-e", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)
