"""Against the real registry."""

from __future__ import annotations

import os
from pathlib import Path

from house import House

from conftest import QUICK, until
from galley import Galley


def test_released_split_killed_restarted_and_revoked(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "prompts.json"
    key = house.make_key()
    with Galley(house.url, key["key"], disk=kept) as galley:
        first = galley.get("support/triage")
        assert first.openai(message="Where is my card?") == {
            "model": "smol",
            "temperature": 0,
            "messages": [{"role": "user", "content": first.text(message="Where is my card?")}],
        }
        until("the stream", lambda: galley.status().live)

        two = house.release("Two: {{ message }}")["version"]
        until("the release", lambda: galley.get("support/triage").version == two)
        assert galley.get("Support/Triage").text(message="x") == "Two: x"

        # A split: each unit keeps its side, and the side is the one the registry gives.
        three = house.release("Three: {{ message }}", share=10)["version"]
        until("the split", lambda: len({galley.get("support/triage", unit=str(n)).version for n in range(200)}) == 2)
        assert galley.get("support/triage").version == two
        for unit in (str(n) for n in range(40)):
            seen = _asked(house, key["key"], unit)
            assert galley.get("support/triage", unit=unit).version == seen, unit
        assert three == two + 1

        # Killed: it goes on, and says so. Back: it catches up.
        house.kill()
        until("the words", lambda: galley.stale and "can't be reached" in (galley.status().problem or ""))
        assert galley.get("support/triage").version == two
        with Galley(house.url, key["key"], disk=kept, timing=QUICK) as restarted:
            assert restarted.get("support/triage").source == "kept"
            assert restarted.get("support/triage", unit="x").version == galley.get("support/triage", unit="x").version
        house.start()
        four = house.release("Four: {{ message }}")["version"]
        until("the release", lambda: galley.get("support/triage").version == four)
        until("the stream", lambda: galley.status().live and not galley.stale)

        # Revoked: the stream ends, what is known stays.
        house.revoke(key["id"])
        until("the refusal", lambda: galley.stale and "refuses the key" in (galley.status().problem or ""))
        assert galley.get("support/triage").version == four
        assert key["key"] not in repr(galley.status())
    assert os.stat(kept).st_mode & 0o777 == 0o600


def _asked(house: House, key: str, unit: str) -> int:
    """The version that the registry itself gives a unit."""
    import json
    import urllib.request

    request = urllib.request.Request(
        f"{house.url}/v1/prompts/support%2Ftriage?unit={unit}", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return int(json.load(response)["version"]["number"])
