"""The two clients: ``Galley`` for threads, ``AsyncGalley`` for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from dataclasses import dataclass
from types import TracebackType

from ._disk import Disk
from ._http import Address, Http, Key
from ._keeper import Keeper, Timing, folded
from ._prompt import Fallback, Prompt
from ._prompt import fallback as make_fallback
from .errors import NotReadyError, NotServedError


@dataclass(frozen=True)
class Status:
    """How things stand, for a health page or a log line."""

    #: The environment that the key reads; empty until something was read.
    environment: str
    #: How many prompts it serves.
    prompts: int
    #: Where what is in memory came from: ``registry``, ``kept`` on disk, or empty for nowhere yet.
    source: str
    #: Changes arrive as they happen.
    live: bool
    #: Seconds since the registry last vouched for what is in memory.
    age: float | None
    #: Nobody vouches for it now: it may no longer be what is served.
    stale: bool
    #: Why the registry could not be read the last time, in plain words.
    problem: str | None
    #: Why the file on disk could not be read or written, in plain words.
    disk_problem: str | None


class _Client:
    """What both clients have."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        disk: str | os.PathLike[str] | None = None,
        timing: Timing | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        timing = timing or Timing()
        http = Http(Address(url), Key(key), timing.timeout, tls)
        self._keeper = Keeper(http, Disk(disk) if disk is not None else None, timing)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._keeper.environment or 'not read yet'}>"

    def __del__(self) -> None:
        # A constructor that failed has no keeper.
        with contextlib.suppress(AttributeError):
            self._keeper.stop()

    @property
    def age(self) -> float | None:
        """Seconds since the registry last vouched for what is in memory; ``None`` before anything
        was read. While the stream is up a change arrives at once, and this stays under 15 seconds."""
        return self._keeper.age

    @property
    def stale(self) -> bool:
        """Nobody vouches for what is in memory now: the registry is away, or answers badly."""
        return self._keeper.stale

    def status(self) -> Status:
        """How things stand."""
        keeper = self._keeper
        return Status(
            keeper.environment,
            len(keeper.prompts),
            keeper.source,
            keeper.live,
            keeper.age,
            keeper.stale,
            keeper.problem,
            keeper.disk_problem,
        )

    def names(self) -> list[str]:
        """The prompts in memory."""
        return sorted(self._keeper.prompts)

    def _missed(self, name: str, unit: str | None, fallback: Fallback | None) -> Prompt:
        """A name that is not in memory as it is written."""
        keeper = self._keeper
        served = keeper.prompts.get(name) or keeper.folded.get(folded(name))
        if served is not None:
            return served.main if unit is None else served.choose(unit)
        if fallback is not None:
            return make_fallback(name, fallback)
        if not keeper.source:
            raise NotReadyError(
                f"{keeper.problem or 'nothing was read yet'}; nothing is on disk, and no fallback was given for {name}"
            )
        there = ", ".join(self.names()[:10]) or "nothing"
        raise NotServedError(f"{keeper.environment} serves no prompt {name}; it serves {there}")


class Galley(_Client):
    """Reads what an environment serves. Make one for the whole program; it may be used by any thread.

    >>> galley = Galley("https://galley.example", os.environ["GALLEY_KEY"], disk="/var/cache/app/prompts.json")
    >>> prompt = galley.get("support/triage", unit=customer_id)
    >>> answer = OpenAI().chat.completions.create(**prompt.openai(message=text))

    The first ``get`` waits for the registry, for ``timing.wait`` seconds at most. From then on ``get``
    reads memory and never waits.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        disk: str | os.PathLike[str] | None = None,
        timing: Timing | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(url, key, disk=disk, timing=timing, tls=tls)
        self._keeper.start()

    def get(self, name: str, *, unit: str | None = None, fallback: Fallback | None = None) -> Prompt:
        """What the environment serves of a prompt.

        ``unit`` picks the side of a split, always the same for the same unit: a customer, a conversation.
        It never leaves this program. ``fallback`` stands in when nothing could be read, or when the
        environment does not serve the prompt.

        Raises :class:`NotReadyError` and :class:`NotServedError`.
        """
        served = self._keeper.prompts.get(name)
        if served is None:
            keeper = self._keeper
            if not keeper.warm.is_set():
                keeper.wait()
            return self._missed(name, unit, fallback)
        return served.main if unit is None else served.choose(unit)

    def close(self) -> None:
        """Ends the threads. What is in memory can still be read."""
        self._keeper.close()

    def __enter__(self) -> Galley:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncGalley(_Client):
    """Reads what an environment serves, in asyncio programs.

    It keeps its memory fresh in threads of its own: an event loop that is busy does not make it stale.
    """

    async def get(self, name: str, *, unit: str | None = None, fallback: Fallback | None = None) -> Prompt:
        """As :meth:`Galley.get`. Only the first call waits, and the event loop runs on meanwhile."""
        served = self._keeper.prompts.get(name)
        if served is None:
            if not self._keeper.warm.is_set():
                await self._warm()
            return self._missed(name, unit, fallback)
        return served.main if unit is None else served.choose(unit)

    async def _warm(self) -> None:
        loop = asyncio.get_running_loop()
        warm = asyncio.Event()

        def tell() -> None:
            # The loop may have ended while the registry was slow.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(warm.set)

        self._keeper.when_warm(tell)
        try:
            await asyncio.wait_for(warm.wait(), self._keeper.timing.wait)
        except asyncio.TimeoutError:
            self._keeper.late()

    async def close(self) -> None:
        """Ends the threads. What is in memory can still be read."""
        await asyncio.get_running_loop().run_in_executor(None, self._keeper.close)

    async def __aenter__(self) -> AsyncGalley:
        self._keeper.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
