"""Last known good on disk: written whole beside itself before it takes its place, mode 0600."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from typing import Any


class DiskError(Exception):
    """The file can't be used. The text is for people."""


class Disk:
    """One file for one environment."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(os.fspath(path))

    def load(self) -> tuple[str, str | None, float] | None:
        """The body, its tag and its age in seconds; ``None`` if there is no file yet."""
        try:
            with open(self.path, encoding="utf-8") as file:
                raw: Any = json.load(file)
                age = time.time() - os.fstat(file.fileno()).st_mtime
            body, tag = raw["body"], raw.get("etag")
            if raw["galley"] != 1 or raw["sha256"] != _digest(body):
                raise ValueError
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(f"{self.path} can't be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise DiskError(f"{self.path} is damaged: it is passed over, and written anew") from None
        # A clock that was turned back makes nothing younger than now.
        return body, tag, max(age, 0.0)

    def save(self, body: str, tag: str | None) -> None:
        """Replaces the file. It is either the old one or the new one, whatever happens."""
        whole = json.dumps({"galley": 1, "sha256": _digest(body), "etag": tag, "body": body})
        beside = None
        try:
            folder = os.path.dirname(self.path)
            # Opened with mode 0600 from the start.
            handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(self.path)}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(whole)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)
        except OSError as error:
            if beside is not None:
                with contextlib.suppress(OSError):
                    os.unlink(beside)
            raise DiskError(
                f"{self.path} can't be written ({error.strerror}): what is served is kept in memory only"
            ) from None

    def touch(self) -> None:
        """It still holds: the file is as young as now."""
        try:
            os.utime(self.path)
        except OSError as error:
            raise DiskError(f"{self.path} can't be written ({error.strerror})") from None


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8")).hexdigest()
