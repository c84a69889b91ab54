"""Keeps what an environment serves in memory.

Two threads: one follows the stream of changes and says that something is due; the other reads.
All reads are made by one thread, so however many callers wait, one request is made.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import socket
import threading
import time
import unicodedata
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from ._disk import Disk, DiskError
from ._http import Failed, Http
from ._prompt import Served

log = logging.getLogger("galley")


@dataclass(frozen=True)
class Timing:
    """How patient the client is, in seconds. The defaults suit a registry that sends a sign of life
    every 15 seconds, as Galley's does."""

    #: How long the first ``get`` waits for the registry before it takes what is on disk.
    wait: float = 3.0
    #: How long one read may take.
    timeout: float = 10.0
    #: How often to ask while the stream is silent or down: a proxy may hold its events back.
    poll: float = 5.0
    #: How often to ask while the stream is up, to be sure.
    poll_behind: float = 60.0
    #: A stream that is silent for longer is dead.
    silence: float = 20.0
    #: The first and the longest pause after a failure.
    pause: tuple[float, float] = (0.25, 5.0)
    #: The pause after a refusal that asking again doesn't change: a revoked key.
    refused: float = 30.0


def folded(name: str) -> str:
    """The form in which names are compared: without regard to case."""
    raised = "".join(character.upper() for character in name)
    return unicodedata.normalize("NFC", "".join(character.lower() for character in raised))


def read_answer(body: str, source: str = "registry") -> tuple[str, dict[str, Served]]:
    """The answer of ``GET /v1/environment``: the environment's name, and its prompts by name.

    Raises ``ValueError`` for anything else."""
    try:
        answer: Any = json.loads(body)
        environment: str = answer["environment"]
        prompts = {raw["name"]: Served(environment, raw, source) for raw in answer["prompts"]}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise ValueError("the answer is not that of a Galley registry") from None
    return environment, prompts


class Keeper:
    """What is served, how fresh it is, and the threads that keep it so."""

    def __init__(self, http: Http, disk: Disk | None, timing: Timing) -> None:
        self.http, self.disk, self.timing = http, disk, timing
        #: What ``get`` reads: by name, and by every other writing of a name that was asked for.
        self.prompts: dict[str, Served] = {}
        self.folded: dict[str, Served] = {}
        self.environment = ""
        self.source = ""
        self.problem: str | None = None
        self.disk_problem: str | None = None
        self._kept: tuple[str, str | None, float] | None = None
        self._tag: str | None = None
        self._confirmed: float | None = None
        self._fresh_until = 0.0
        self._touched = 0.0
        self._closed = False
        self._begin()
        self._load()
        _keepers.add(self)

    def _begin(self) -> None:
        self._lock = threading.Condition()
        #: Set when the first read succeeded or failed, or somebody waited long enough for it.
        self.warm = threading.Event()
        self._told: list[Callable[[], None]] = []
        self._events = 1
        self._read_upto = 0
        self._nudges = 0
        self._last_id: str | None = None
        self._streaming = False
        self._heard = 0.0
        self._socket: socket.socket | None = None
        self._threads = [
            threading.Thread(target=self._keep, name="galley-reads", daemon=True),
            threading.Thread(target=self._follow, name="galley-follows", daemon=True),
        ]
        self._started = False

    def start(self) -> None:
        """Starts the threads, once."""
        with self._lock:
            if self._started or self._closed:
                return
            self._started = True
        for thread in self._threads:
            thread.start()

    def after_fork(self) -> None:
        """Threads and locks don't cross a fork: what is in memory does."""
        warm, started = self.warm.is_set(), self._started
        self._begin()
        if warm:
            self.warm.set()
        if started and not self._closed:
            self.start()

    def stop(self) -> None:
        """Tells the threads to end."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            sock = self._socket
        _hang_up(sock)
        self.settle()

    def close(self) -> None:
        """Ends the threads. What is in memory can still be read."""
        self.stop()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(self.timing.timeout)

    # What callers ask

    def wait(self) -> None:
        """Waits for the first read, no longer than callers are willing to."""
        self.start()
        if not self.warm.wait(self.timing.wait):
            self.late()

    def late(self) -> None:
        """Somebody waited as long as callers are willing to."""
        self.problem = self.problem or "the registry did not answer in time"
        self.settle()

    def settle(self) -> None:
        """From now on nobody waits: what is on disk stands in if nothing was read."""
        with self._lock:
            if not self.warm.is_set():
                if not self.prompts and self._kept is not None:
                    self._use_kept()
                self.warm.set()
            told, self._told = self._told, []
        for tell in told:
            tell()

    def when_warm(self, tell: Callable[[], None]) -> None:
        """Calls ``tell`` once nobody has to wait any more."""
        self.start()
        with self._lock:
            if not self.warm.is_set():
                self._told.append(tell)
                return
        tell()

    @property
    def age(self) -> float | None:
        """Seconds since the registry last vouched for what is in memory."""
        return None if self._confirmed is None else max(time.monotonic() - self._confirmed, 0.0)

    @property
    def stale(self) -> bool:
        return time.monotonic() > self._fresh_until

    @property
    def live(self) -> bool:
        """The stream is up, and was heard of lately."""
        return self._streaming and time.monotonic() - self._heard < self.timing.silence

    # Reading

    def _keep(self) -> None:
        pause = self.timing.pause[0]
        while not self._closed:
            wait, soft = 0.0, True
            try:
                self._read()
                pause = self.timing.pause[0]
                self._say(None)
            except Failed as failed:
                self._failed(str(failed))
                asked = failed.retry_after or (self.timing.refused if failed.final else None)
                wait, soft = asked or pause * random.uniform(0.5, 1), asked is None
                pause = min(pause * 2, self.timing.pause[1])
            self.settle()
            self._rest(wait, soft)

    def _read(self) -> None:
        upto = self._events
        answer = self.http.read("/v1/environment", self._tag)
        if answer is not None:
            body, tag = answer
            try:
                environment, prompts = read_answer(body)
            except ValueError as error:
                raise Failed(str(error)) from None
            self._take(environment, prompts, "registry")
            self._tag = tag
            self._store(body, tag)
        elif self.source == "kept" and self._kept is not None:
            # What was kept is what is served: its prompts come from the registry from now on.
            self._take(*read_answer(self._kept[0]), "registry")
        now = time.monotonic()
        with self._lock:
            self._read_upto = max(self._read_upto, upto)
            self._confirmed = now
            self._fresh_until = now + (self.timing.silence if self.live else self.timing.poll + self.timing.timeout)
        if self.disk and now - self._touched > 60:
            self._touched = now
            self._on_disk(self.disk.touch)

    def _rest(self, wait: float, soft: bool) -> None:
        """Until something is due. After a failure for ``wait``, unless the stream comes back first;
        what the registry asked for (not ``soft``) is kept to."""
        since = time.monotonic()
        with self._lock:
            seen = self._events if wait else self._read_upto
            while not self._closed:
                gone = time.monotonic() - since
                due = wait or (self.timing.poll_behind if self.live else self.timing.poll)
                if soft and self._events > seen:
                    return
                if gone >= due:
                    return
                self._lock.wait(min(due - gone, self.timing.poll))

    def _failed(self, words: str) -> None:
        with self._lock:
            if self._events > self._read_upto or not self.live:
                self._fresh_until = min(self._fresh_until, time.monotonic())
        self._say(words)

    def _say(self, words: str | None) -> None:
        if words and words != self.problem:
            log.warning("%s; going on with what is known", words)
        elif self.problem and words is None:
            log.info("the registry answers again")
            with self._lock:
                self._nudges += 1
                self._lock.notify_all()
        self.problem = words

    def _take(self, environment: str, prompts: dict[str, Served], source: str) -> None:
        by_fold = {folded(name): served for name, served in prompts.items()}
        # A caller reads one of these at a time: each is replaced, none is changed.
        self.environment, self.source = environment, source
        self.folded = by_fold
        self.prompts = prompts

    # Disk

    def _load(self) -> None:
        if self.disk is None:
            return
        try:
            self._kept = self.disk.load()
        except DiskError as error:
            self.disk_problem = str(error)
            log.warning("%s", error)

    def _use_kept(self) -> None:
        assert self._kept is not None
        body, tag, age = self._kept
        try:
            environment, prompts = read_answer(body, "kept")
        except ValueError:
            self.disk_problem = "the file on disk is damaged: it is passed over"
            return
        self._take(environment, prompts, "kept")
        self._tag = tag
        self._confirmed = time.monotonic() - age

    def _store(self, body: str, tag: str | None) -> None:
        if self.disk is None:
            return
        disk = self.disk
        self._on_disk(lambda: disk.save(body, tag))
        self._touched = time.monotonic()

    def _on_disk(self, act: Callable[[], None]) -> None:
        try:
            act()
        except DiskError as error:
            if str(error) != self.disk_problem:
                log.warning("%s", error)
            self.disk_problem = str(error)
            return
        self.disk_problem = None

    # Following

    def _follow(self) -> None:
        # The first read comes first: whoever waits for it waits for one request only.
        self.warm.wait()
        pause = self.timing.pause[0]
        while not self._closed:
            wait = None
            began = time.monotonic()
            try:
                self._stream()
            except Failed as failed:
                wait = failed.retry_after or (self.timing.refused if failed.final else None)
            except (OSError, HTTPException, ValueError):
                pass
            with self._lock:
                self._socket = None
                if self._streaming:
                    # Did it miss something? Reading says so, or that the registry is gone.
                    self._streaming = False
                    self._events += 1
                    self._lock.notify_all()
                if time.monotonic() - began > self.timing.silence:
                    pause = self.timing.pause[0]
                if self._closed:
                    return
                self._pause(wait, pause * random.uniform(0.5, 1))
            pause = min(pause * 2, self.timing.pause[1])

    def _pause(self, asked: float | None, pause: float) -> None:
        """Waits, with the lock held. A registry that answers again is followed again at once, unless
        it asked for more time."""
        seen = self._nudges
        self._lock.wait_for(lambda: self._closed or (asked is None and self._nudges != seen), asked or pause)

    def _stream(self) -> None:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        with self.http.open("/v1/environment/changes", headers, self.timing.silence) as (response, sock):
            if response.status != 200 or "text/event-stream" not in (response.getheader("Content-Type") or ""):
                raise Failed("the stream of changes is not one")
            with self._lock:
                if self._closed:
                    return
                self._socket = sock
                self._streaming = True
                self._heard = time.monotonic()
                # What changed between the last read and now is read.
                self._events += 1
                self._lock.notify_all()
            event: dict[str, str] = {}
            while line := response.readline(1 << 20):
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if text:
                    name, _, value = text.partition(":")
                    event[name] = value.removeprefix(" ")
                    self._alive(None)
                else:
                    self._alive(event)
                    event = {}

    def _alive(self, event: Mapping[str, str] | None) -> None:
        """A sign of life, or the end of an event."""
        now = time.monotonic()
        with self._lock:
            self._heard = now
            if event and "id" in event:
                self._last_id = event["id"]
            if event and "data" in event:
                self._events += 1
                self._lock.notify_all()
            elif event is not None and self._events <= self._read_upto and self.source == "registry":
                self._confirmed = now
                self._fresh_until = now + self.timing.silence


def _hang_up(sock: socket.socket | None) -> None:
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


_keepers: weakref.WeakSet[Keeper] = weakref.WeakSet()


def _after_fork() -> None:
    for keeper in list(_keepers):
        keeper.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
