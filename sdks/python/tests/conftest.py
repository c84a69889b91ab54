"""What the tests share: a real registry, and a server that makes the faults a real one won't."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "testing"))

from house import House

from faulty import Faulty
from galley import Timing

#: As patient as the defaults are, in a fraction of the time.
QUICK = Timing(wait=2, timeout=1, poll=0.2, poll_behind=5, silence=1, pause=(0.05, 0.2), refused=0.3)
KEY = "gal_env_a-key-that-no-log-may-show"


def until(what: str, holds: Callable[[], bool], patience: float = 20) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    server = Faulty()
    yield server
    server.close()
