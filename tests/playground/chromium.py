"""A tab of headless Chromium, driven over its DevTools protocol with the aiohttp that is here anyway.

It clicks and types as a person does, by mouse and key events, and notes what the page sent, what its
Content-Security-Policy refused and what its scripts raised.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 30.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--window-size=1360,860",
    "--remote-debugging-port=0",
)
CTRL = 2
# Runs before the page's own scripts, outside its policy.
NOTE_VIOLATIONS = """
window.violations = [];
addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
UNTIL = """
new Promise((found, lost) => {
  const started = performance.now();
  const look = () => {
    const value = (() => { try { return (%s); } catch { return null; } })();
    if (value) found(value);
    else if (performance.now() - started > %d) lost(new Error('waited in vain'));
    else setTimeout(look, 20);
  };
  look();
})
"""
POINT = """(() => {
  const [selector, text] = %s;
  const found = [...document.querySelectorAll(selector)].find((one) => !text || one.textContent.includes(text));
  if (!found) return null;
  found.scrollIntoView({ block: 'nearest' });
  const { x, y, width, height } = found.getBoundingClientRect();
  return width && height ? { x: x + width / 2, y: y + height / 2 } : null;
})()"""


class PageError(Exception):
    """The page did not do what was asked of it."""


def executable() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Tab:
    """One tab. `requests` are all addresses that it asked, `failures` what its scripts raised or the browser
    logged as an error.
    """

    socket: aiohttp.ClientWebSocketResponse
    session: str = ""
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    async def read(self) -> None:
        """Take the browser's messages until it closes."""
        async for message in self.socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            else:
                self._note(told["method"], told["params"])

    def _note(self, method: str, said: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(said["url"])
        elif method == "Runtime.exceptionThrown":
            self.failures.append(json.dumps(said["exceptionDetails"].get("exception", said))[:500])
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.failures.append(f"{said['entry'].get('url', '')} {said['entry']['text']}".strip())

    async def send(self, method: str, **parameters: Any) -> Any:
        """The result of one command. Raises PageError."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": parameters}
        await self.socket.send_json(command | ({"sessionId": self.session} if self.session else {}))
        async with asyncio.timeout(PATIENCE + 10):
            told = await answer
        if "error" in told:
            raise PageError(f"{method}: {told['error']}")
        return told["result"]

    async def open(self, address: str) -> None:
        """Go to an address."""
        await self.send("Page.navigate", url=address)

    async def evaluate(self, script: str) -> Any:
        """The value of an expression in the page. Raises PageError with what it raised."""
        told = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in told:
            raise PageError(f"{script}: {told['exceptionDetails'].get('exception', {}).get('description')}")
        return told["result"].get("value")

    async def until(self, script: str) -> Any:
        """The value of an expression, once it is true. Raises PageError after half a minute."""
        try:
            return await self.evaluate(UNTIL % (script, PATIENCE * 1000))
        except PageError:
            shown = await self.evaluate("document.body.innerText")
            raise PageError(f"waited in vain for {script}; shown is:\n{shown}\n{self.failures}") from None

    async def click(self, selector: str, text: str = "") -> None:
        """Click the middle of the first element that matches and holds the text, once it is there."""
        at = await self.until(POINT % json.dumps([selector, text]))
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            await self.send("Input.dispatchMouseEvent", type=kind, **at, **pressed)

    async def type(self, text: str) -> None:
        """Type text, key by key."""
        for letter in text:
            code = f"Key{letter.upper()}" if letter.isascii() and letter.isalpha() else ""
            await self.send("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter, code=code)
            await self.send("Input.dispatchKeyEvent", type="keyUp", key=letter, code=code)

    async def press(self, key: str, code: int, *, ctrl: bool = False) -> None:
        """Press a key that writes nothing, by its name and its Windows code."""
        said = {
            "key": key,
            "code": f"Key{key.upper()}" if len(key) == 1 else key,
            "windowsVirtualKeyCode": code,
            "modifiers": CTRL if ctrl else 0,
        }
        await self.send("Input.dispatchKeyEvent", type="rawKeyDown", **said)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **said)

    async def screenshot(self) -> bytes:
        """What is shown, as a PNG: for whoever works on the page."""
        told = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(told["data"])


@asynccontextmanager
async def tab(profile: Path) -> AsyncIterator[Tab]:
    """A tab of a browser of its own, with an empty profile, which ends with the context."""
    program = executable()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=DEVNULL,
        stderr=PIPE,
        env={**os.environ, "HOME": str(profile)},
    )
    try:
        address = await _address(process)
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(address, max_msg_size=64 << 20) as socket,
        ):
            made = Tab(socket)
            reading = asyncio.create_task(made.read())
            target = (await made.send("Target.createTarget", url="about:blank"))["targetId"]
            attached = await made.send("Target.attachToTarget", targetId=target, flatten=True)
            made.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                await made.send(f"{domain}.enable")
            await made.send("Page.addScriptToEvaluateOnNewDocument", source=NOTE_VIOLATIONS)
            yield made
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
    finally:
        process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 10)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _address(process: Process) -> str:
    assert process.stderr is not None
    said: list[str] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            async for line in process.stderr:
                said.append(line.decode(errors="replace").strip())
                if said[-1].startswith("DevTools listening on "):
                    return said[-1].removeprefix("DevTools listening on ")
    raise PageError("Chromium did not start:\n" + "\n".join(said[-20:]))
