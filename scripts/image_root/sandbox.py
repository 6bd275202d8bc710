"""A command in a root of its own, as an engine would start it: namespaces, mounts, user and environment.

Pure: each function gives the words of a command. util-linux and coreutils do the work; the mounts live in a
namespace that ends with its last process, so that nothing is left behind, however the command ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

Binds = Mapping[Path, str]
"""What is shown inside, read-only: the path outside, and the one inside."""

_MOUNTS = """
set -eu
root=$1 mode=$2
shift 2
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755,size=8m tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"; done
while [ "$1" != -- ]; do
    target=$root$2
    [ -e "$target" ] || : >"$target"
    mount --bind "$1" "$target"
    mount -o remount,bind,ro "$target"
    shift 2
done
shift
[ "$mode" = rw ] || mount -o remount,bind,ro "$root"
exec "$@"
"""


def build_step(root: Path, script: str, environ: Mapping[str, str], workdir: str, binds: Binds) -> list[str]:
    """The command for `RUN script`: as root, in a root that it may write to, in the machine's own network."""
    inner = ["/usr/bin/env", "-i", f"--chdir={workdir}", *_assigned(environ), "/bin/sh", "-c", script]
    return [*_entered(root, "rw", binds), "chroot", str(root), *inner]


def container(
    root: Path, words: Sequence[str], environ: Mapping[str, str], workdir: str, user: str, binds: Binds
) -> list[str]:
    """The command for a container: its process has number 1, the user's number, no capability and no way to
    get one, and a root that is read-only. The network is that of whoever starts it.
    """
    return [
        *_entered(root, "ro", binds),
        *("chroot", str(root)),
        *_as_user(user, environ, workdir),
        *words,
    ]


def exec_in(pid: int, words: Sequence[str], environ: Mapping[str, str], workdir: str, user: str) -> list[str]:
    """The command for a second process in a running container, whose first process is `pid` out here."""
    entered = ["nsenter", f"--target={pid}", "--mount", "--pid", "--ipc", "--uts", "--root"]
    return [*entered, "--", *_as_user(user, environ, workdir), *words]


def _entered(root: Path, mode: str, binds: Binds) -> list[str]:
    shown = [word for outside, inside in binds.items() for word in (str(outside), inside)]
    namespaces = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
    # Not even a kill of the one who asked leaves the command running.
    return [
        "setpriv",
        "--pdeathsig=KILL",
        "unshare",
        *namespaces,
        "sh",
        "-c",
        _MOUNTS,
        "sh",
        str(root),
        mode,
        *shown,
        "--",
    ]


def _as_user(user: str, environ: Mapping[str, str], workdir: str) -> list[str]:
    uid, _, gid = user.partition(":")
    rights = [
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--clear-groups",
        "--pdeathsig=KILL",
    ]
    return [
        *("/usr/bin/setpriv", f"--reuid={uid}", f"--regid={gid or uid}", *rights),
        *("/usr/bin/env", "-i", f"--chdir={workdir}", *_assigned(environ)),
    ]


def _assigned(environ: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environ.items()]
