"""The base: debootstrap's minbase in place of `debian:SUITE-slim`, with the settings that make the real one slim."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.image_root.process import run

_SLIM = {
    "etc/dpkg/dpkg.cfg.d/docker": (
        "path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n"
        "path-exclude /usr/share/man/*\npath-exclude /usr/share/info/*\n"
        "path-exclude /usr/share/locale/*\npath-include /usr/share/locale/locale.alias\n"
        "force-unsafe-io\n"
    ),
    "etc/apt/apt.conf.d/docker": 'Acquire::Languages "none";\nDPkg::Post-Invoke { "rm -f /var/cache/apt/*.bin"; };\n',
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
}


def slim(folder: Path, suite: str, tell: Callable[[str], None]) -> Path:
    """The root that stands for `debian:SUITE-slim`, made once in a folder."""
    root, done = folder / f"base-{suite}", folder / f"base-{suite}.done"
    if done.exists():
        return root
    tell(f"    debootstrap --variant=minbase {suite}, in place of debian:{suite}-slim")
    if root.exists():
        shutil.rmtree(root)
    run(["debootstrap", "--variant=minbase", suite, str(root)], "debootstrap")
    for path, text in _SLIM.items():
        (root / path).write_text(text, encoding="utf-8")
        (root / path).chmod(0o755 if text.startswith("#!") else 0o644)
    for path in ("etc/hosts", "etc/resolv.conf"):
        (root / path).touch()
    for archive in (root / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    for place in ("man", "info", "locale"):
        shutil.rmtree(root / "usr/share" / place, ignore_errors=True)
    done.touch()
    return root
