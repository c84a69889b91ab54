"""The client from an application's side: keys, names, async, fallbacks, spans."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from typing import Any

import pytest

import galley as package
from conftest import KEY, QUICK, until
from faulty import Faulty
from galley import AsyncGalley, Galley, NotServedError, Prompt, RenderError, SettingsError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://galley.example", "in the clear"),
        ("http://127.0.0.1.example", "in the clear"),
        ("http://10.0.0.1:7420", "in the clear"),
        ("https://user:secret@galley.example", "user or password"),
        ("ftp://galley.example", "can't be read"),
        ("galley.example", "can't be read"),
        ("https://galley.example/?key=1", "can't be read"),
        ("https://galley.example:notaport", "can't be read"),
        ("", "can't be read"),
    ],
)
def test_addresses_that_are_refused(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        Galley(url, KEY)
    assert KEY not in str(refused.value) and "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "http://127.8.8.8:1", "https://localhost:1/galley"],
)
def test_addresses_that_are_taken(url: str) -> None:
    Galley(url, KEY, timing=QUICK).close()


@pytest.mark.parametrize(
    "key", ["", "gal_usr_abc", "gal_env_", "gal_env_a\nX-Header: b", "gal_env_a b", "something else"]
)
def test_what_is_no_environment_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match="no environment key") as refused:
        Galley("https://galley.example", key)
    assert not key.strip() or key.strip() not in str(refused.value).replace("gal_env_ ", "")


def test_the_key_is_in_no_repr(faulty: Faulty) -> None:
    with Galley(faulty.url, f" {KEY}\n", timing=QUICK) as galley:
        prompt = galley.get("a")
        seen = [repr(galley), repr(prompt), repr(galley.status()), repr(vars(galley)), repr(vars(galley._keeper))]
        assert KEY not in "".join(seen)
        assert repr(prompt) == "<Prompt a v1 production>"
        # It is sent, and only as a header.
        assert all(headers["Authorization"] == f"Bearer {KEY}" for _, headers in faulty.asked)
        assert not any("gal_env" in path for path, _ in faulty.asked)


def test_names_in_any_case_and_names_that_are_not_served(faulty: Faulty) -> None:
    with Galley(faulty.url, KEY, timing=QUICK) as galley:
        assert galley.get("A").name == "a"
        with pytest.raises(NotServedError, match="production serves no prompt b; it serves a"):
            galley.get("b")
        assert galley.get("b", fallback="Hello {{ name }}.").text(name="Ana") == "Hello Ana."
        assert galley.names() == ["a"]


def test_fallbacks_in_all_their_forms(faulty: Faulty) -> None:
    with Galley(faulty.url, KEY, timing=QUICK) as galley:
        chat = galley.get(
            "b", fallback=[{"role": "system", "content": "Sort."}, {"role": "user", "content": "{{ m }} {{ n }}"}]
        )
        assert chat.render(m="x", n=1.0) == [{"role": "system", "content": "Sort."}, {"role": "user", "content": "x 1"}]
        assert chat.openai(m="x", n=2) == {"messages": chat.render(m="x", n=2)}
        whole: dict[str, Any] = {
            "kind": "text",
            "messages": [{"type": "message", "role": "user", "text": "{{ a }}"}],
            "inputs": [{"name": "a", "type": "text", "required": True}],
            "model": {"provider": "p", "model": "m"},
        }
        assert galley.get("b", fallback=whole).openai(a="x")["model"] == "m"
        with pytest.raises(RenderError, match="required"):
            galley.get("b", fallback=whole).text()
        with pytest.raises(RenderError, match="no input “nme”"):
            galley.get("b", fallback="{{ nme }}").text(name="x")
        assert galley.get("b", fallback="x").attributes == {
            "galley.prompt.name": "b",
            "galley.prompt.source": "fallback",
        }


def test_async_callers_wait_together_and_the_loop_runs_on(faulty: Faulty) -> None:
    gate = threading.Event()

    def slow(handler: Any) -> None:
        gate.wait(10)
        faulty.good_read(handler)

    faulty.read, faulty.stream = slow, faulty.hold

    async def main() -> None:
        async with AsyncGalley(faulty.url, KEY, timing=QUICK) as galley:
            callers = [asyncio.create_task(galley.get("a")) for _ in range(16)]
            while not faulty.reads():
                await asyncio.sleep(0)
            gate.set()
            prompts = await asyncio.gather(*callers)
            assert ([one.version for one in prompts], faulty.reads()) == ([1] * 16, 1)
            faulty.release(2)
            while (await galley.get("a")).version != 2:
                await asyncio.sleep(0)

    asyncio.run(main())


def test_an_async_caller_waits_no_longer_than_it_is_willing_to(faulty: Faulty) -> None:
    faulty.read = faulty.hold

    async def main() -> None:
        async with AsyncGalley(faulty.url, KEY, timing=QUICK) as galley:
            assert (await galley.get("a", fallback="x")).source == "fallback"

    asyncio.run(main())


def test_a_client_that_is_dropped_ends_its_threads(faulty: Faulty) -> None:
    galley = Galley(faulty.url, KEY, timing=QUICK)
    assert galley.get("a").version == 1
    threads = list(galley._keeper._threads)
    del galley
    gc.collect()
    until("the threads to end", lambda: not any(thread.is_alive() for thread in threads))


def test_the_version_is_on_the_span(faulty: Faulty) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with Galley(faulty.url, KEY, timing=QUICK) as galley:
        with provider.get_tracer("t").start_as_current_span("call"):
            galley.get("a").openai()
        expected = galley.get("a").attributes
    assert dict(exporter.get_finished_spans()[0].attributes or {}) == expected
    assert {
        "galley.prompt.name": "a",
        "galley.prompt.version": 1,
        "galley.prompt.digest": "d",
        "galley.environment": "production",
    }.items() <= expected.items()


def test_what_is_sent_is_what_the_official_clients_take() -> None:
    import inspect

    from anthropic.resources.messages import Messages
    from openai.resources.chat.completions import Completions

    content: dict[str, Any] = {
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "s"},
            {"type": "message", "role": "user", "text": "u"},
        ],
        "model": {
            "provider": "p",
            "model": "m",
            "parameters": {"temperature": 0, "top_p": 1, "max_tokens": 5, "stop": ["x"], "top_k": 3, "timeout": 1},
        },
        "response_schema": {"type": "object"},
    }
    prompt = Prompt("a", "e", 1, "", "", "", 0, content)
    for body, create in ((prompt.openai(), Completions.create), (prompt.anthropic(), Messages.create)):
        assert set(body) <= set(inspect.signature(create).parameters)
        json.dumps(body)


def test_everything_public_is_documented() -> None:
    for name in package.__all__:
        if isinstance(found := getattr(package, name), type):
            assert found.__doc__, name
