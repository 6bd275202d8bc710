"""What this machine knows of the network and an empty root does not: proxies, pip's settings, names, trusted roots.

An engine gets the same from its configuration. None of it stays in the image: variables live as long as a step, and
files are shown below /dev, which is no part of a root.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")
_TRUSTED = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_DEBIAN_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
_SHOWN = "/dev/machine-roots.crt"


def settings() -> tuple[dict[str, str], dict[Path, str]]:
    """The variables for every step of a build, and the files to show in it: path outside, path inside."""
    names = [name for proxy in _PROXIES for name in (proxy, proxy.upper()) if os.environ.get(name)]
    environ = {**{name: os.environ[name] for name in names}, **_pip()}
    shown = {Path(path): path for path in ("/etc/resolv.conf", "/etc/hosts") if Path(path).is_file()}
    trusted = environ.get("PIP_CERT") or next(filter(None, map(os.environ.get, _TRUSTED)), _DEBIAN_ROOTS)
    if Path(trusted).is_file():
        environ["PIP_CERT"] = _SHOWN
        shown[Path(trusted)] = _SHOWN
    return environ, shown


def _pip() -> dict[str, str]:
    """pip's settings of all its files, as variables. What names a folder out here names nothing inside."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True, check=False
    )
    found = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for line in listed.stdout.splitlines() if listed.returncode == 0 else ():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in ("global", "install"):
            found.setdefault(f"PIP_{name.replace('-', '_').upper()}", " ".join(shlex.split(value)))
    local = ("PIP_FIND_LINKS", "PIP_CACHE_DIR", "PIP_CONFIG_FILE", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    addresses = {
        name: " ".join(word for word in value.split() if not word.startswith("file:"))
        for name, value in found.items()
        if name not in local
    }
    return {name: value for name, value in addresses.items() if value}
