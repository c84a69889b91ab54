"""One request at a time to one registry: no redirect is followed, and the key is never shown."""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import re
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from .errors import GalleyError, SettingsError

#: No environment is larger: an answer beyond it comes from something that is no registry.
LARGEST = 256 << 20


class Failed(Exception):
    """A request that brought nothing. The text is for people."""

    def __init__(self, message: str, *, retry_after: float | None = None, final: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        #: Asking again soon makes no difference: the key is refused.
        self.final = final


class Address:
    """Where a registry is. ``http://`` is for this computer only: a key would cross the network in
    the clear."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise SettingsError("the registry's address can't be read; write it like https://galley.example") from None
        if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
            raise SettingsError("the registry's address can't be read; write it like https://galley.example")
        if parts.username is not None or parts.password is not None:
            raise SettingsError("the registry's address holds a user or password: leave them out")
        if parts.scheme == "http" and not _is_loopback(host):
            raise SettingsError(
                f"{host} is not this computer, so http:// would send the key in the clear: write https://"
            )
        self.tls = parts.scheme == "https"
        self.host, self.port, self.path = host, port, parts.path.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Key:
    """An environment key. Nothing that prints it shows it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        text = text.strip()
        if not re.fullmatch(r"gal_env_[A-Za-z0-9_-]+", text):
            raise SettingsError(
                "this is no environment key: one begins with gal_env_ and is made in Settings or by `galley key new`"
            )
        self._text = text

    def __repr__(self) -> str:
        return "<Key>"

    def bearer(self) -> str:
        return f"Bearer {self._text}"


class Http:
    """Calls of one registry with one key."""

    def __init__(self, address: Address, key: Key, timeout: float, tls: ssl.SSLContext | None) -> None:
        self._address, self._key, self._timeout = address, key, timeout
        self._tls = (tls or ssl.create_default_context()) if address.tls else None

    @contextmanager
    def open(
        self, path: str, headers: dict[str, str], silence: float
    ) -> Iterator[tuple[http.client.HTTPResponse, socket.socket]]:
        """Asks, and gives the answer with its body unread. ``silence`` bounds each wait for bytes."""
        place = self._address
        if self._tls is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                place.host, place.port, timeout=self._timeout, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(place.host, place.port, timeout=self._timeout)
        try:
            try:
                connection.connect()
                # The connection forgets its socket where the server will close it.
                sock: socket.socket = connection.sock
                sock.settimeout(silence)
                everything = {"Authorization": self._key.bearer(), "User-Agent": "galley-python", **headers}
                connection.request("GET", place.path + path, headers=everything)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise Failed(f"the registry can't be reached ({_words(error)})") from None
            if response.status not in (200, 304):
                raise _refused(response)
            yield response, sock
        finally:
            connection.close()

    def read(self, path: str, tag: str | None) -> tuple[str, str | None] | None:
        """The body and its tag, or ``None`` if it is still what the tag names."""
        headers = {"Accept-Encoding": "gzip"}
        if tag:
            headers["If-None-Match"] = tag
        deadline = time.monotonic() + self._timeout
        with self.open(path, headers, self._timeout) as (response, sock):
            if response.status == 304:
                return None
            unzip = None
            if (response.getheader("Content-Encoding") or "") == "gzip":
                unzip = zlib.decompressobj(wbits=31)
            whole = bytearray()
            try:
                # One wait is bounded by the socket; this bounds all of them.
                while chunk := response.read1(1 << 16):
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise TimeoutError
                    sock.settimeout(left)
                    whole += unzip.decompress(chunk, LARGEST) if unzip else chunk
                    if len(whole) > LARGEST:
                        raise Failed("the answer is larger than any environment: this is no registry")
                if response.length or (unzip and not unzip.eof):
                    raise Failed("the registry's answer broke off")
                return whole.decode("utf-8"), response.getheader("ETag")
            except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
                raise Failed(f"the registry's answer broke off ({_words(error)})") from None


def _refused(response: http.client.HTTPResponse) -> Failed:
    status = response.status
    if status == 401:
        return Failed("the registry refuses the key: it is unknown, revoked, or has ended", final=True)
    if status == 403:
        return Failed(
            "the registry refuses this key or this host: is it an environment key, and is the address right?",
            final=True,
        )
    if 300 <= status < 400:
        return Failed(
            "the address answers with a redirect, which is not followed: write the registry's own address", final=True
        )
    wait = _retry_after(response.getheader("Retry-After"))
    if status == 429:
        return Failed("the registry asks to come again later: too many calls", retry_after=wait)
    if status == 404:
        return Failed("nothing is served here: the environment is retired, or this is no registry")
    return Failed(f"the registry answers with status {status}", retry_after=wait)


def _retry_after(text: str | None) -> float | None:
    if not text:
        return None
    if text.strip().isdigit():
        return min(float(text), 600.0)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return min(max(moment.timestamp() - time.time(), 0.0), 600.0)


def _words(error: BaseException) -> str:
    """What happened, without anything that was sent."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


__all__ = ["Address", "Failed", "GalleyError", "Http", "Key"]
