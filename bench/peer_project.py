"""The benchmark's project with its token check on, for the peers' benchmark: `bench/peers.md` says how.

    BLOG_URL=http://127.0.0.1:9001 python bench/peer_project.py FOLDER PORT

Into FOLDER go an issuer's public key, 997 tokens that it signed (RS256, one a line in `tokens.txt`) and the project
with an `[identity]`; the tokens are made once and kept. Then this process becomes `stolon serve`, beside a file
server that publishes the key. With `--tokens` it only makes the tokens.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.gateway_servers import STOLON, free_port  # noqa: E402  # after the path

TOKENS: Final = 997  # as many as the peers' load has
LIFE: Final = 30 * 24 * 3600  # seconds
ISSUER: Final = "https://id.example"
AUDIENCE: Final = "api://bench"
IDENTITY: Final = """

[identity]
issuer = "%s"
audience = ["%s"]
jwks = "http://127.0.0.1:%d/jwks.json"
"""


def make_tokens(folder: Path, count: int = TOKENS) -> None:
    """Write the key and so many tokens, where they are not there yet."""
    tokens = folder / "tokens.txt"
    if tokens.exists() and time.time() - tokens.stat().st_mtime < LIFE / 2:
        return
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    published = {**public, "use": "sig", "alg": "RS256", "kid": "bench"}
    (folder / "jwks.json").write_bytes(msgspec.json.encode({"keys": [published]}))
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + LIFE}
    signed = [
        jwt.encode({**claims, "sub": f"user-{number}"}, key, algorithm="RS256", headers={"kid": "bench"})
        for number in range(count)
    ]
    tokens.write_text("\n".join(signed) + "\n", encoding="ascii")


def make_project(folder: Path, port: int) -> Path:
    """The benchmark's project, which believes the key that a file server publishes on this port."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "posts", project, ignore=shutil.ignore_patterns("__pycache__"))
    with (project / "stolon.toml").open("a", encoding="utf-8") as settings:
        settings.write(IDENTITY % (ISSUER, AUDIENCE, port))
    return project


def main(folder: Path, port: str) -> None:
    """Make what is needed, and become the server."""
    make_tokens(folder)
    publishing = free_port()
    project = make_project(folder, publishing)
    subprocess.Popen(  # noqa: S603 - the standard library's own
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "-d", str(folder), str(publishing)],
        stderr=subprocess.DEVNULL,
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    os.execve(sys.executable, [*STOLON, "--project", str(project), "--port", port], environ)  # noqa: S606


if __name__ == "__main__":
    if sys.argv[2] == "--tokens":
        make_tokens(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]), sys.argv[2])
