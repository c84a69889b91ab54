"""What a cached read costs in Python: our SDK and Langfuse's, from one registry, in turn in one process.

It starts a registry of its own (GALLEY_BIN). With a program as its argument it first runs that with
GALLEY_URL and GALLEY_KEY, for the other languages. Each measured row is one line of JSON on standard
output.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "fuzz"), str(ROOT / "sdks" / "python" / "src")]
sys.dont_write_bytecode = True

from galley import Galley  # noqa: E402
from house import house  # noqa: E402
from langfuse import Langfuse  # noqa: E402

NAME = "support/triage"
ROUNDS, CALLS, CALLERS = 7, 50_000, 16


def row(
    id: str, what: str, samples: list[float], unit: str, budget: float | None, note: str, better: str = "lower"
) -> None:
    ordered = sorted(samples)
    half = len(ordered) // 2
    value = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    told = {"row": id, "what": what, "value": value, "low": ordered[0], "high": ordered[-1], "runs": len(ordered)}
    print(json.dumps({**told, "unit": unit, "better": better, "budget": budget, "note": note}), flush=True)


def cost(read: Callable[[], Any]) -> float:
    """Nanoseconds of one call."""
    began = time.perf_counter_ns()
    for _ in range(CALLS):
        read()
    return (time.perf_counter_ns() - began) / CALLS


def requests(url: str, route: str) -> int:
    """How many the registry answered by this route with what was asked for: not the 304s, with which our SDK
    makes sure that it missed nothing when its stream is open."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    named = f'galley_requests_total{{route="{route}",'
    brought = [line for line in lines if line.startswith(named) and 'status="200"' in line]
    return sum(int(line.rsplit(" ", 1)[1]) for line in brought)


def at_once(act: Callable[[], Any]) -> None:
    """Sixteen threads call at the same moment."""
    gate = threading.Barrier(CALLERS)

    def call() -> None:
        gate.wait()
        act()

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(url: str, key: str) -> None:
    prompt, whole = "/api/public/v2/prompts/{name}", "/v1/environment"
    langfuse = Langfuse(host=url, public_key="galley", secret_key=key, tracing_enabled=False)
    before = requests(url, prompt)
    at_once(lambda: langfuse.get_prompt(NAME, type="chat"))
    theirs = requests(url, prompt) - before
    before = requests(url, whole)
    with Galley(url, key) as galley:
        at_once(lambda: galley.get(NAME))
        ours = requests(url, whole) - before
        note = f"Langfuse's SDK 5.0.4 sends {theirs}"
        row("miss_python", "requests when 16 callers miss at once, Python", [ours], "requests", 1, note)
        mine, peers = [], []
        gc.disable()
        for _ in range(ROUNDS):
            mine.append(cost(lambda: galley.get(NAME)))
            peers.append(cost(lambda: langfuse.get_prompt(NAME, type="chat")))
        gc.enable()
    row("get_python", "a cached get, Python", mine, "ns", 1_000, "")
    row("get_python_peer", "the same, Langfuse's SDK 5.0.4", peers, "ns", None, "reading from Galley")
    ratio = [theirs / ours for theirs, ours in zip(peers, mine, strict=True)]
    row(
        "get_python_ratio",
        "Langfuse's cached get over ours, Python",
        ratio,
        "×",
        1,
        "in turn, in one process",
        "higher",
    )


def main() -> None:
    with house() as running:
        if sys.argv[1:]:
            environment = {**os.environ, "GALLEY_URL": running.url, "GALLEY_KEY": running.key}
            subprocess.run(sys.argv[1:], env=environment, check=True)
        measure(running.url, running.key)


if __name__ == "__main__":
    main()
