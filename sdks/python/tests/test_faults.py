"""Whatever happens to the registry, the application has a prompt, and knows how old it is."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import KEY, QUICK, until
from faulty import Faulty, environment
from galley import Galley, NotReadyError, NotServedError
from galley._disk import Disk


def version(galley: Galley) -> int:
    return galley.get("a").version


def open_(faulty: Faulty, **more: Any) -> Galley:
    return Galley(faulty.url, KEY, timing=QUICK, **more)


def test_a_release_arrives_by_the_stream(faulty: Faulty) -> None:
    with open_(faulty) as galley:
        assert version(galley) == 1
        until("the stream", lambda: galley.status().live)
        faulty.release(2)
        until("the release", lambda: version(galley) == 2)
        assert not galley.stale


def test_the_same_is_read_again_without_its_body(faulty: Faulty) -> None:
    with open_(faulty) as galley:
        assert version(galley) == 1
        until("a second read", lambda: faulty.reads() >= 2)
        tags = [headers.get("If-None-Match") for path, headers in faulty.asked if path == "/v1/environment"]
        assert tags[:2] == [None, '"1"']


def test_sixteen_who_miss_at_once_make_one_request(faulty: Faulty) -> None:
    gate = threading.Event()

    def slow(handler: Any) -> None:
        gate.wait(10)
        faulty.good_read(handler)

    faulty.read, faulty.stream = slow, faulty.hold
    got: list[int] = []
    with open_(faulty) as galley:
        callers = [threading.Thread(target=lambda: got.append(version(galley))) for _ in range(16)]
        for caller in callers:
            caller.start()
        until("the request", lambda: faulty.reads() == 1)
        gate.set()
        for caller in callers:
            caller.join()
        assert (got, faulty.reads()) == ([1] * 16, 1)


def test_a_broken_stream_is_resumed_where_it_ended(faulty: Faulty) -> None:
    def once(handler: Any) -> None:
        handler.begin_stream()
        handler.tell('id: 41\nevent: change\ndata: {"seq": 41}\n\n')
        faulty.stream = faulty.good_stream

    faulty.stream = once
    with open_(faulty) as galley:
        assert version(galley) == 1
        until("another stream", lambda: len(faulty.streams()) == 2)
        assert [headers.get("Last-Event-ID") for headers in faulty.streams()] == [None, "41"]


def test_a_lump_of_events_cut_anywhere_is_read_as_they_were(faulty: Faulty) -> None:
    """A proxy gathers what is sent and lets it through when it likes."""
    lump = "".join(f'event: change\nid: {seq}\ndata: {{"seq": {seq}}}\n\n' for seq in (39, 40, 41))

    def whole(handler: Any) -> None:
        handler.begin_stream()
        handler.tell(lump)
        faulty.stream = broken

    def broken(handler: Any) -> None:
        handler.begin_stream()
        for place in range(0, len(lump) - 12, 5):
            handler.tell(lump[place : min(place + 5, len(lump) - 12)])
        faulty.stream = faulty.good_stream

    faulty.stream = whole
    with open_(faulty) as galley:
        assert version(galley) == 1
        until("another stream", lambda: len(faulty.streams()) >= 3)
        # The event that broke off was not there yet.
        assert [headers.get("Last-Event-ID") for headers in faulty.streams()[:3]] == [None, "41", "40"]


def test_a_proxy_that_holds_events_back_is_polled_around(faulty: Faulty) -> None:
    faulty.stream = faulty.silent_stream
    with open_(faulty) as galley:
        assert version(galley) == 1
        faulty.release(2)
        until("the release", lambda: version(galley) == 2)


def test_a_stream_that_never_begins_is_polled_around(faulty: Faulty) -> None:
    faulty.stream = faulty.hold
    with open_(faulty) as galley:
        assert version(galley) == 1
        faulty.release(2)
        until("the release", lambda: version(galley) == 2)
        assert not galley.status().live


def test_a_half_open_stream_is_given_up(faulty: Faulty) -> None:
    """One event, then nothing, and no end either: as when a network drops packets."""

    def dies(handler: Any) -> None:
        handler.begin_stream()
        handler.tell('id: 1\ndata: {"seq": 1}\n\n')
        faulty.stream = faulty.good_stream
        faulty.hold(handler)

    faulty.stream = dies
    with open_(faulty) as galley:
        assert version(galley) == 1
        until("another stream", lambda: len(faulty.streams()) == 2)
        faulty.release(2)
        until("the release", lambda: version(galley) == 2)


def test_a_slow_registry_holds_nobody_up_for_longer_than_they_wait(faulty: Faulty, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    Disk(kept).save(json.dumps(environment(7)), '"7"')
    faulty.read = faulty.hold
    with Galley(faulty.url, KEY, disk=kept, timing=QUICK) as galley:
        prompt = galley.get("a")
        assert (prompt.version, prompt.source, galley.stale) == (7, "kept", True)
    with Galley(faulty.url, KEY, timing=QUICK) as galley:
        with pytest.raises(NotReadyError, match="no answer in time"):
            galley.get("a")
        assert galley.get("a", fallback="Be kind.").text() == "Be kind."


def test_an_answer_that_trickles_ends_too(faulty: Faulty) -> None:
    def trickles(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not faulty.closing:
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    faulty.read = trickles
    with open_(faulty) as galley:
        until("an end", lambda: "no answer in time" in (galley.status().problem or ""))
        faulty.read = faulty.good_read
        until("a good read", lambda: galley.status().source == "registry")


@pytest.mark.parametrize("part", ["half", "nothing", "html", "other"])
def test_a_bad_answer_changes_nothing(faulty: Faulty, part: str) -> None:
    def bad(handler: Any) -> None:
        whole = json.dumps(environment(9)).encode()
        if part == "half":
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(whole)))
            handler.end_headers()
            handler.wfile.write(whole[:100])
        elif part == "html":
            handler.answer(200, b"<html>Sign in</html>")
        elif part == "other":
            handler.answer(200, b'{"status":"ok"}')
        handler.cut()

    with open_(faulty) as galley:
        assert version(galley) == 1
        faulty.read = bad
        faulty.release(9)
        until("the problem", lambda: galley.status().problem is not None)
        assert (version(galley), galley.stale) == (1, True)
        faulty.read = faulty.good_read
        until("the release", lambda: version(galley) == 9)
        assert not galley.stale and galley.status().problem is None


def test_a_revoked_key_is_said_and_what_is_known_stays(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "galley"), open_(faulty) as galley:
        assert version(galley) == 1
        faulty.read = faulty.stream = faulty.refuse(401)
        faulty.release(2)
        until("the problem", lambda: "refuses the key" in (galley.status().problem or ""))
        assert (version(galley), galley.stale) == (1, True)
        assert "refuses the key" in caplog.text
    assert KEY not in caplog.text
    with open_(faulty) as galley, pytest.raises(NotReadyError, match="refuses the key"):
        galley.get("a")


def test_too_many_calls_wait_as_long_as_they_are_told(faulty: Faulty) -> None:
    faulty.stream = faulty.read = faulty.refuse(429, Retry_After="1")
    with open_(faulty) as galley:
        assert galley.get("a", fallback="x").source == "fallback"
        assert faulty.reads() == 1
        asked = time.monotonic()
        faulty.read = faulty.good_read
        until("the next read", lambda: galley.status().source == "registry")
        # Not sooner than told: this is about not asking, so it is the one place that looks at a clock.
        assert time.monotonic() - asked > 0.8
        assert faulty.reads() == 2


def test_what_was_kept_is_from_the_registry_once_it_says_so(faulty: Faulty, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    Disk(kept).save(json.dumps(environment(1)), '"1"')
    good, faulty.read = faulty.read, faulty.refuse(503)
    with open_(faulty, disk=kept) as galley:
        assert galley.get("a").source == "kept"
        # The same is served: 304.
        faulty.read = good
        until("the registry's word", lambda: galley.get("a").source == "registry")
        assert (galley.get("a").version, galley.status().source) == (1, "registry")


def test_a_redirect_is_not_followed(faulty: Faulty) -> None:
    other = Faulty()
    try:
        faulty.read = faulty.stream = faulty.refuse(302, Location=f"{other.url}/v1/environment")
        with open_(faulty) as galley, pytest.raises(NotReadyError, match="redirect"):
            galley.get("a")
        assert other.asked == []
    finally:
        other.close()


def test_what_is_known_survives_a_restart_without_a_registry(faulty: Faulty, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    with open_(faulty, disk=kept) as galley:
        assert version(galley) == 1
        until("the file", kept.exists)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert KEY not in kept.read_text()
    faulty.close()
    os.utime(kept, (time.time() - 3600, time.time() - 3600))
    with open_(faulty, disk=kept) as galley:
        prompt = galley.get("a")
        assert (prompt.version, prompt.source, galley.stale) == (1, "kept", True)
        assert galley.age is not None and 3590 < galley.age < 3700
        with pytest.raises(NotServedError, match="production serves no prompt b; it serves a"):
            galley.get("b")


def test_a_clock_that_was_turned_back_makes_no_negative_age(faulty: Faulty, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    Disk(kept).save(json.dumps(environment(7)), None)
    os.utime(kept, (time.time() + 86_400, time.time() + 86_400))
    faulty.read = faulty.refuse(503)
    with open_(faulty, disk=kept) as galley:
        assert version(galley) == 7
        assert galley.age is not None and 0 <= galley.age < 60


def test_a_clock_that_jumps_changes_no_age(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_(faulty) as galley:
        assert version(galley) == 1
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 1e6)
        assert galley.age is not None and galley.age < 1000 and not galley.stale


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "empty", "binary", "folder"])
def test_a_damaged_file_is_passed_over_and_said(faulty: Faulty, tmp_path: Path, damage: str) -> None:
    kept = tmp_path / "kept.json"
    Disk(kept).save(json.dumps(environment(7)), '"7"')
    whole = kept.read_bytes()
    if damage == "folder":
        kept.unlink()
        kept.mkdir()
    else:
        bad = {
            "cut": whole[:200],
            "changed": whole.replace(b"This is 7", b"This is 8"),
            "foreign": b"[1]",
            "empty": b"",
        }
        kept.write_bytes(bad.get(damage, b"\xff\x00"))
    faulty.read = faulty.refuse(503)
    with open_(faulty, disk=kept) as galley:
        assert galley.get("a", fallback="x").source == "fallback"
        assert "kept.json" in (galley.status().disk_problem or "")
        faulty.read = faulty.good_read
        until("a good read", lambda: version_or_none(galley) == 1)
        if damage != "folder":
            until("a good file", lambda: galley.status().disk_problem is None)
            assert Disk(kept).load() is not None


def version_or_none(galley: Galley) -> int:
    return galley.get("a", fallback="x").version


def test_a_full_disk_is_said_and_survived(faulty: Faulty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.json"
    with open_(faulty, disk=kept) as galley:
        assert version(galley) == 1
        until("the file", kept.exists)
        before = kept.read_bytes()

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            faulty.release(2)
            until("the release", lambda: version(galley) == 2)
            until("the words", lambda: "No space left on device" in (galley.status().disk_problem or ""))
        # The old file is whole, and nothing half-written lies beside it.
        assert (kept.read_bytes(), os.listdir(tmp_path)) == (before, ["kept.json"])
        faulty.release(3)
        until("space again", lambda: galley.status().disk_problem is None and version(galley) == 3)


def test_a_registry_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Galley(url, KEY, timing=QUICK) as galley:
        with pytest.raises(NotReadyError, match="can't be reached"):
            galley.get("a")
        assert (galley.age, galley.stale) == (None, True)


def test_a_fork_goes_on_reading(faulty: Faulty) -> None:
    """As servers do that load the application and then make their workers."""
    with open_(faulty) as galley:
        assert version(galley) == 1
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                faulty_number = 0
                os.write(into, b"1")
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline and faulty_number != 2:
                    faulty_number = galley.get("a").version
                os.write(into, str(faulty_number).encode())
            finally:
                os._exit(0)
        assert os.read(out, 1) == b"1"
        faulty.release(2)
        assert os.read(out, 1) == b"2"
        os.waitpid(child, 0)
        os.close(out)
        os.close(into)
