"""What a cached ``get`` costs. Prints its own table and verdict."""

from __future__ import annotations

import json
import sys
import threading
import timeit
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from galley import Galley

BUDGET = 1_000
ROUNDS = 200_000


def environment() -> bytes:
    """A hundred prompts, one of them split."""

    def version(number: int) -> dict[str, Any]:
        content = {"kind": "text", "messages": [{"type": "message", "role": "user", "text": "Hi"}]}
        return {"weight": 5_000, "version": {"id": str(number), "number": number, "digest": "", "content": content}}

    whole = [{"from": 0, "to": 10_000, "version": "1"}]
    halves = [{"from": 0, "to": 5_000, "version": "1"}, {"from": 5_000, "to": 10_000, "version": "2"}]
    prompts = [
        {
            "name": f"support/prompt-{n}", "sides": [version(1), version(2)], "slots": halves if n == 7 else whole,
            "salt": "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10", "release": "", "since": 0,
        }
        for n in range(100)
    ]  # fmt: skip
    return json.dumps({"environment": "production", "prompts": prompts}).encode()


class Handler(BaseHTTPRequestHandler):
    body = environment()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> int:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Galley(f"http://127.0.0.1:{server.server_address[1]}", "gal_env_bench") as galley:
        galley.get("support/prompt-42")
        get = galley.get
        table = {
            "get, one version": lambda: get("support/prompt-42"),
            "get with a unit, one version": lambda: get("support/prompt-42", unit="customer-4711"),
            "get with a unit, a split": lambda: get("support/prompt-7", unit="customer-4711"),
        }
        # The best of seven: what else runs on this computer only ever adds.
        costs = {what: min(timeit.repeat(act, number=ROUNDS, repeat=7)) / ROUNDS * 1e9 for what, act in table.items()}
    print("| Python | ns |\n| --- | --- |")
    for what, nanoseconds in costs.items():
        print(f"| {what} | {nanoseconds:.0f} |")
    cached = costs["get, one version"]
    print(f"\na cached get: {cached:.0f} ns, budget {BUDGET} ns: {'within' if cached < BUDGET else 'MISSED'}")
    return int(cached >= BUDGET)


if __name__ == "__main__":
    sys.exit(main())
