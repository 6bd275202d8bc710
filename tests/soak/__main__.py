"""`python -m tests.soak --seconds 180 --seed 1`: a soak, and 1 where anything did not hold."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.soak.report import report
from tests.soak.soak import soak


def main() -> int:
    """Reads the command line, soaks, and prints what came of it."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=150.0, help="of weather (%(default)g)")
    parser.add_argument("--seed", type=int, help="of load and weather; drawn, and told, where there is none")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        outcome = asyncio.run(soak(Path(folder), options.seconds, seed, lambda line: _say(line)))
    for line in report(outcome):
        _say(line)
    return 1 if outcome.broken else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
