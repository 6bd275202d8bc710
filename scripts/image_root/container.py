"""A running container: started as `docker run --read-only --cap-drop ALL` would, asked, looked at and stopped."""

from __future__ import annotations

import ctypes
import fcntl
import http.client
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scripts.image_root import sandbox
from scripts.image_root.process import run
from scripts.image_root.stage import Stage

START_SECONDS = 30.0
PAUSE_SECONDS = 0.05
_NEW_MOUNTS, _NEW_NETWORK = (
    0x00020000,
    0x40000000,
)  # CLONE_NEW* of <linux/sched.h>; Python 3.12 has os.unshare
_GET_FLAGS, _SET_FLAGS, _IS_UP = (
    0x8913,
    0x8914,
    0x1,
)  # SIOC?IFFLAGS of <linux/sockios.h>, IFF_UP of <linux/if.h>


class DoesNotHold(Exception):
    """The image does not do what it says. The text says what, with the container's own output."""


def alone_on_the_network() -> None:
    """Puts this process, and what it starts from now on, into a network that has nothing but loopback."""
    _leave(_NEW_NETWORK)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", answer)[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _IS_UP))


def in_memory(folder: Path) -> None:
    """Puts a folder into memory, for this process and what it starts: empty now, and gone with the last of them."""
    _leave(_NEW_MOUNTS)
    run(["mount", "--make-rprivate", "/"], "own mounts")
    run(["mount", "-t", "tmpfs", "-o", "mode=755,size=4g", "tmpfs", str(folder)], "a folder in memory")


def _leave(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(namespace):
        raise DoesNotHold(f"no namespace of its own: {os.strerror(ctypes.get_errno())}")


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of one request: a GET, or a POST of JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        connection.request("GET" if body is None else "POST", path, body, headers if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Container:
    """One container of an image, alive while entered. `words` stand in for its ENTRYPOINT and CMD."""

    def __init__(self, image: Stage, project: Path, words: Sequence[str] | None = None) -> None:
        self._image = image
        self._project = project
        self._words = [*image.entrypoint, *image.cmd] if words is None else list(words)
        self._environ = {**image.environ, "HOME": "/nonexistent"}

    def __enter__(self) -> Container:
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self.command(self._words),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        try:
            self.pid = self.first_process()
        except BaseException:
            self._process.kill()
            raise
        return self

    def command(self, words: Sequence[str]) -> list[str]:
        """What starts the container with these words as its process 1."""
        image = self._image
        binds = {self._project: image.workdir}
        return sandbox.container(image.root, words, self._environ, image.workdir, image.user, binds)

    def second_command(self, words: Sequence[str]) -> list[str]:
        """What starts a second process in the running container."""
        image = self._image
        return sandbox.exec_in(self.pid, words, self._environ, image.workdir, image.user)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait()
        self._output.close()

    def wait_for_port(self, port: int) -> None:
        """Returns once something listens. Raises DoesNotHold when the process ends, or takes too long."""
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise DoesNotHold(f"nothing listens on {port}\n{self.log()}") from None
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def health(self) -> int:
        """The exit code of HEALTHCHECK's command in the container; running out of its time is 1, unhealthy."""
        try:
            done = subprocess.run(
                self.second_command(self._image.healthcheck),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._image.health_timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 1
        return done.returncode

    def rights(self) -> str:
        """What the first process may do, as the kernel says it. Raises DoesNotHold where that is too much."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
        read_only = bool(os.statvfs(f"/proc/{self.pid}/root").f_flag & os.ST_RDONLY)
        words = Path(f"/proc/{self.pid}/cmdline").read_bytes().decode().split("\0")
        uid, _, gid = self._image.user.partition(":")
        wanted = {"Uid": [uid] * 4, "Gid": [gid] * 4, "Groups": [], "CapEff": ["0" * 16], "NoNewPrivs": ["1"]}
        found = {name: status[name] for name in wanted}
        if found != wanted or status["NSpid"][-1] != "1" or not read_only or uid == "0":
            raise DoesNotHold(f"the process has {found}, NSpid {status['NSpid']}, read-only root {read_only}")
        return f"{words[1]} is process 1, user {uid}, without capabilities, on a read-only root"

    def stop(self, seconds: float) -> int:
        """Sends the image's STOPSIGNAL, waits for the end, and says the exit code. Raises DoesNotHold."""
        os.kill(self.pid, signal.Signals[self._image.stop_signal])
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DoesNotHold(f"still running {seconds:g} seconds after the signal\n{self.log()}") from None

    def log(self) -> str:
        """What the container wrote so far, its last 4000 bytes."""
        self._output.seek(0)
        return self._output.read()[-4000:].decode(errors="replace")

    def first_process(self) -> int:
        """The number out here of the container's process 1: the child of `unshare`, once it is in its root."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            found = children.read_text(encoding="ascii").split()
            with suppress(FileNotFoundError):  # it may have ended between the two looks
                if found and os.path.samefile(f"/proc/{found[0]}/root/", self._image.root):
                    return int(found[0])
            time.sleep(PAUSE_SECONDS)
        raise DoesNotHold(f"the container did not start\n{self.log()}")
