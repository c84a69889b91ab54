"""Langfuse's official SDKs against the real registry, with nothing changed but address and keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from langfuse import Langfuse
from langfuse.api import AccessDeniedError, MethodNotAllowedError, NotFoundError

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing"))

from house import House

TRIAGE = "support/triage"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


@pytest.fixture
def langfuse(house: House) -> Langfuse:
    # Each test has a client of its own: the SDK keeps one for each public key.
    public = f"galley-{time.monotonic_ns()}"
    return Langfuse(host=house.url, public_key=public, secret_key=house.key, tracing_enabled=False)


def test_it_gets_fills_in_and_lists(house: House, langfuse: Langfuse) -> None:
    prompt = langfuse.get_prompt(TRIAGE, type="chat")
    assert prompt.version == house.saved
    assert prompt.labels == ["production"]
    assert prompt.config["model"] == "smol" and prompt.config["temperature"] == 0
    assert prompt.compile(message="My card is gone") == [{"role": "user", "content": "Sort this: My card is gone"}]
    listed = langfuse.api.prompts.list()
    assert [row.name for row in listed.data] == [TRIAGE]
    assert listed.meta.total_items == 1


def test_it_reads_what_was_served_before_and_nothing_else(house: House, langfuse: Langfuse) -> None:
    first = house.saved
    second = house.release("Two: {{ message }}")["version"]
    assert langfuse.get_prompt(TRIAGE, type="chat").version == second
    assert langfuse.get_prompt(TRIAGE, type="chat", version=first).compile(message="x")[0]["content"] == "Sort this: x"
    assert langfuse.get_prompt(TRIAGE, type="chat", label="production").version == second
    with pytest.raises(NotFoundError):
        langfuse.get_prompt(TRIAGE, type="chat", version=second + 7)
    with pytest.raises(AccessDeniedError):
        langfuse.get_prompt(TRIAGE, type="chat", label="staging")
    assert langfuse.get_prompt("nowhere", fallback="in the code").prompt == "in the code"


def test_it_goes_on_from_its_cache_when_the_registry_is_away(house: House, langfuse: Langfuse) -> None:
    served = langfuse.get_prompt(TRIAGE, type="chat", cache_ttl_seconds=0).version
    langfuse.get_prompt(TRIAGE, type="chat")
    house.kill()
    try:
        assert langfuse.get_prompt(TRIAGE, type="chat").version == served
    finally:
        house.start()


def test_logic_is_refused_with_the_reason_and_writing_with_where_to(house: House, langfuse: Langfuse) -> None:
    plain = house.saved
    house.release("{% if message %}Sort: {{ message }}{% endif %}")
    with pytest.raises(Exception, match=r"a condition \(\{% if %\}\).*line 1"):
        langfuse.get_prompt(TRIAGE, type="chat", cache_ttl_seconds=0)
    house.galley("revert", TRIAGE, "--in", "production", "-m", "back to what every reader takes")
    assert langfuse.get_prompt(TRIAGE, type="chat", cache_ttl_seconds=0).version == plain
    with pytest.raises(MethodNotAllowedError, match="written, reviewed and released in Galley"):
        langfuse.create_prompt(name="mine", prompt="text")


def test_the_javascript_sdk_reads_the_same(house: House) -> None:
    served = house.release("Last: {{ message }}")["version"]
    environment = {**os.environ, "GALLEY_URL": house.url, "GALLEY_KEY": house.key}
    said = subprocess.run(
        ["node", "client.mjs"], cwd=HERE, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    told = json.loads(said.stdout.strip().splitlines()[-1])
    assert told["version"] == served
    assert told["model"] == "smol"
    assert told["messages"][0]["content"] == "Last: My card is gone"
    assert (told["names"], told["total"], told["fallback"]) == ([TRIAGE], 1, "in the code")
