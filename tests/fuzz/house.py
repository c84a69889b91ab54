"""A real registry with two projects, made by calls that are signed here.

No program of ours but ``galley-registry`` has a part in it: how a command is written, signed and sent is
written down here a second time, from what the documents say.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("GALLEY_BIN") or ROOT / "target" / "debug")


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785), for values whose keys are ASCII and whose numbers are integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def token(kind: str, id: str, secret: bytes) -> str:
    return f"gal_{kind}_" + base64.urlsafe_b64encode(uuid.UUID(id).bytes + secret).decode().rstrip("=")


@dataclass
class Project:
    """A project and its founder, who signs."""

    url: str
    bearer: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    signer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def device(self) -> str:
        return self.signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def signed(self, body: dict[str, Any], id: str | None = None) -> dict[str, Any]:
        command = {
            "id": id or str(uuid.uuid4()),
            "project": self.id,
            "device": self.device,
            "seen": {"seq": 0, "digest": "0" * 64},
            "at": 1_790_000_000_000,
            "body": body,
        }
        signature = self.signer.sign(b"galley command v1\n" + canonical(command)).hex()
        # Sent as it was signed: the keys in their order.
        return {"command": json.loads(canonical(command)), "signature": signature}

    def does(self, body: dict[str, Any], id: str | None = None) -> str:
        """Sends one command that must be accepted; its id."""
        sent = self.signed(body, id)
        said = json.loads(self.calls("POST", "commands", canonical({"commands": [sent]})))
        assert said["outcomes"][0]["outcome"] == "accepted", said
        return str(sent["command"]["id"])

    def puts(self, content: Any) -> str:
        written = canonical(content)
        self.calls("PUT", f"content/{digest(written)}", written)
        return digest(written)

    def writes(self, text: str) -> str:
        return self.puts({"salt": os.urandom(16).hex(), "text": text})

    def issues(self, kind: str, **more: str) -> tuple[str, str]:
        """A key (``env``) or token (``usr``): its secret form and its id."""
        secret, id = os.urandom(32), str(uuid.uuid4())
        verb = "issue_environment_key" if kind == "env" else "issue_token"
        self.does({"type": verb, "name": "fuzz", "hash": digest(secret), **more}, id)
        return token(kind, id, secret), id

    def serves(
        self, environment: str, name: str, content: dict[str, Any], weights: tuple[int, ...] = (10_000,)
    ) -> None:
        """A new prompt whose versions an environment serves."""
        prompt = self.does({"type": "create_prompt", "name": name})
        sides = []
        for number, weight in enumerate(weights):
            sides.append({"version": self.saves(prompt, {**content, "note": str(number)}), "weight": weight})
        change = {"environment": environment, "prompt": prompt, "sides": sides, "replaces": None}
        self.does({"type": "release", "changes": [change], "reason": self.writes("for the fuzzer")})

    def saves(self, prompt: str, content: dict[str, Any]) -> str:
        includes = sorted(set(content.get("includes", {}).values()))
        body = {
            "type": "save_version",
            "prompt": prompt,
            "parents": [],
            "content": self.puts(content),
            "message": self.writes("for the fuzzer"),
        }
        return self.does({**body, "includes": includes} if includes else body)

    def head(self) -> dict[str, Any]:
        """Where its ledger ends."""
        head = json.loads(self._ask("GET", "/v1/me", None))["head"]
        return {"seq": head["seq"], "digest": head["digest"]}

    def ledger(self) -> list[str]:
        """Its entries, a line each."""
        return self.calls("GET", "ledger?after=0", None).decode().splitlines()

    def calls(self, method: str, path: str, body: bytes | None) -> bytes:
        return self._ask(method, f"/v1/projects/{self.id}/{path}", body)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from error


@dataclass
class House:
    """What the fuzzer needs to know of the running registry."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    #: Read with its environment key, and never changed.
    reading: Project
    #: Written to with its founder's token, in whatever way.
    writing: Project
    #: A prompt's id, a version's and so on of ``writing``, by what it is.
    known: dict[str, str]
    #: Webhooks of ``writing``, each with a delivery.
    webhooks: list[tuple[str, str]]
    key: str
    revoked: str
    #: The entries of ``writing`` before anything was tried.
    ledger: list[str]

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def verify(self) -> str:
        said = subprocess.run(
            [BIN / "galley-registry", "verify", "--data", str(self.folder / "data.sqlite")],
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout


NAMES = ["support/triage", "support/logic", "snippets/tone", "plain", "Ünïcode name"]
CHAT = {
    "kind": "chat",
    "messages": [
        {"type": "message", "role": "system", "text": "Sort the mail."},
        {"type": "placeholder", "name": "history"},
        {"type": "message", "role": "user", "text": "{{ message }}"},
    ],
    "inputs": [{"name": "message", "type": "text", "required": True}],
    "model": {"provider": "openai", "model": "gpt-test", "parameters": {"max_tokens": 5}},
    "tools": [{"name": "look_up", "description": "Looks up.", "schema": {"type": "object"}}],
    "response_schema": {"type": "object"},
}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"kind": "text", "messages": [{"type": "message", "role": "user", "text": words}], **more}


@contextlib.contextmanager
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="galley-fuzz-") as name:
        folder = Path(name)
        data = ["--data", str(folder / "data.sqlite")]
        invitations = []
        for call in ("init", "invite"):
            said = subprocess.run([BIN / "galley-registry", call, *data], capture_output=True, text=True, check=True)
            invitations.append(said.stdout.strip())
        port = _free_port()
        # Most of what is sent fails, and all of it comes from one address.
        environment = {**os.environ, "GALLEY_REGISTRY_LIMITS__FAILED_PER_MINUTE": "100000000"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [BIN / "galley-registry", "serve", *data, "--listen", f"127.0.0.1:{port}", "--log", "debug"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz", process)
            yield _furnish(url, folder, process, invitations)
        finally:
            process.kill()
            process.wait()


def _furnish(url: str, folder: Path, process: subprocess.Popen[bytes], invitations: list[str]) -> House:
    environments = {}
    projects = []
    for invitation in invitations:
        project = Project(url, invitation)
        named = {name: str(uuid.uuid4()) for name in ("development", "staging", "production")}
        body = {
            "type": "create_project",
            "name": "Support desk",
            "person": "Ada",
            "device_name": "laptop",
            "environments": [{"id": id, "name": name} for name, id in named.items()],
            "default": named["production"],
        }
        project.does(body, project.id)
        project.bearer, _ = project.issues("usr")
        environments[project.id] = named
        projects.append(project)
    reading, writing = projects
    production = environments[reading.id]["production"]
    tone = text("Be {{ manner }}.", inputs=[{"name": "manner", "type": "text", "required": True}])
    reading.serves(production, "support/triage", CHAT, (9_000, 1_000))
    logic = text(
        "Hi{% if polite %}, please{% endif %}", inputs=[{"name": "polite", "type": "boolean", "required": False}]
    )
    reading.serves(production, "support/logic", logic)
    reading.serves(production, "plain", text("Nothing to fill in."))
    reading.serves(production, "Ünïcode name", text("Grüße, 東京"))
    reading.serves(environments[reading.id]["staging"], "snippets/tone", tone)
    key, _ = reading.issues("env", environment=production)
    revoked, id = reading.issues("env", environment=production)
    reading.does({"type": "revoke_key", "key": id})
    webhooks = []
    for _ in range(8):
        # No such name exists: nothing is sent anywhere.
        wanted = {"url": "https://hooks.invalid/", "kinds": ["release.made"]}
        id = json.loads(writing.calls("POST", "webhooks", canonical(wanted)))["webhook"]["id"]
        webhooks.append((id, json.loads(writing.calls("POST", f"webhooks/{id}/test", b""))["id"]))
    prompt = writing.does({"type": "create_prompt", "name": "triage"})
    known = {
        "prompt": prompt,
        "version": writing.saves(prompt, CHAT),
        "environment": environments[writing.id]["development"],
        "text": writing.writes("some words"),
        "content": writing.puts(text("not named by anything")),
    }
    return House(url, folder, process, reading, writing, known, webhooks, key, revoked, writing.ledger())


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("the registry is not ready after 30 seconds")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
