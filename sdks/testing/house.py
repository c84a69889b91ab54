"""A real registry with a project, for the tests of every SDK.

As a program it is driven by lines on standard input, each one JSON object with ``do``, and answers
each with one line of JSON: so tests in any language use the same house. It needs a keychain
(``scripts/with-keychain.sh``) and the built programs (``GALLEY_BIN``, by default ``target/debug``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("GALLEY_BIN") or ROOT / "target" / "debug")


class House:
    """A registry in a process of its own, a project with one prompt in production, and a key."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="galley-house-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.running: subprocess.Popen[bytes] | None = None
        self.environment = {**os.environ, "GALLEY_HOME": str(self.folder / "home")}
        self.saved = 0
        data = str(self.folder / "registry.sqlite")
        said = subprocess.run(
            [BIN / "galley-registry", "init", "--data", data], capture_output=True, text=True, check=True
        )
        invitation = re.search(r"gal_new_\S+", said.stdout)
        assert invitation, said.stdout
        self.start()
        self.galley("login", "team", "--as", "Ana", "--project-name", "Shop", self.url, secret=invitation[0])
        self.release("Sort this: {{ message }}")
        self.key = self.make_key()["key"]

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def galley(self, *arguments: str, secret: str | None = None, stdin: str | None = None) -> Any:
        """One call of the command line, as Ana."""
        environment = {**self.environment, "GALLEY_SECRET": secret} if secret else self.environment
        said = subprocess.run(
            [BIN / "galley", *arguments, "--json"], capture_output=True, text=True, env=environment, input=stdin
        )
        if said.returncode != 0:
            raise RuntimeError(f"galley {' '.join(arguments)}: {said.stdout}{said.stderr}")
        return json.loads(said.stdout)

    # What a test does

    def start(self) -> dict[str, Any]:
        """Starts the registry on the same data and the same port, and waits until it is ready."""
        data = str(self.folder / "registry.sqlite")
        command = [BIN / "galley-registry", "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"]
        self.running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.running.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=1):
                    return {}
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError("the registry is not ready after 30 seconds")

    def kill(self) -> dict[str, Any]:
        """Ends it at once, as a power cut would."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None
        return {}

    def release(self, text: str, *, version: int | None = None, share: int = 100) -> dict[str, Any]:
        """Saves a version and lets production serve it; ``share`` percent, the rest the one before."""
        content = {
            "kind": "chat",
            "messages": [{"type": "message", "role": "user", "text": text}],
            "inputs": [{"name": "message", "type": "text", "required": True}],
            "model": {"provider": "local", "model": "smol", "parameters": {"temperature": 0}},
        }
        first = self.saved == 0
        self.galley("new" if first else "edit", "support/triage", "--from", "-", stdin=json.dumps(content))
        self.saved = self.galley("save", "support/triage", "-m", "for a test")["number"]
        sides = [f"v{self.saved}"] if share == 100 else [f"v{self.saved - 1}={100 - share}", f"v{self.saved}={share}"]
        self.galley("release", "support/triage", *sides, "--to", "production", "-m", "for a test")
        return {"version": self.saved, "at": time.time()}

    def make_key(self) -> dict[str, Any]:
        """A key that reads production."""
        return dict(self.galley("key", "new", "app", "--env", "production"))

    def revoke(self, id: str) -> dict[str, Any]:
        """Ends a key."""
        self.galley("key", "revoke", id)
        return {}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def main() -> None:
    house = House()
    try:
        print(json.dumps({"url": house.url, "key": house.key}), flush=True)
        for line in sys.stdin:
            order: dict[str, Any] = json.loads(line)
            try:
                answer = getattr(house, order.pop("do"))(**order)
            except Exception as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)
    finally:
        house.close()


if __name__ == "__main__":
    main()
