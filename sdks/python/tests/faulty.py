"""A local HTTP server that answers as a registry does, and fails on demand."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ID = "0192f0aa-0000-7000-8000-00000000000a"
RELEASE = "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10"


def environment(number: int) -> dict[str, Any]:
    """An environment that serves version ``number`` of one prompt."""
    text = f"This is {number}."
    content = {"kind": "text", "messages": [{"type": "message", "role": "user", "text": text}]}
    version = {"id": ID, "number": number, "digest": "d", "content": content}
    return {
        "environment": "production",
        "prompts": [
            {
                "name": "a", "prompt": ID, "salt": RELEASE, "release": RELEASE, "since": 0,
                "sides": [{"weight": 10_000, "version": version}],
                "slots": [{"from": 0, "to": 10_000, "version": ID}],
            }
        ],
    }  # fmt: skip


class Faulty:
    """What it serves is ``number``; how it answers is what the tests put in its place."""

    def __init__(self) -> None:
        self.number = 1
        #: Requests so far: path and headers.
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.read: Callable[[_Handler], None] = self.good_read
        self.stream: Callable[[_Handler], None] = self.good_stream
        self.changed = threading.Condition()
        self.closing = False
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.faulty = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def reads(self) -> int:
        return sum(path == "/v1/environment" for path, _ in self.asked)

    def streams(self) -> list[dict[str, str]]:
        return [headers for path, headers in self.asked if path == "/v1/environment/changes"]

    def release(self, number: int) -> None:
        with self.changed:
            self.number = number
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # How it answers

    def good_read(self, handler: _Handler) -> None:
        tag = f'"{self.number}"'
        if handler.headers.get("If-None-Match") == tag:
            handler.answer(304, b"", ETag=tag)
        else:
            handler.answer(200, json.dumps(environment(self.number)).encode(), ETag=tag)

    def good_stream(self, handler: _Handler) -> None:
        handler.begin_stream()
        told = None
        while not self.closing:
            if told != self.number:
                told = self.number
                handler.tell(f'event: change\nid: {told}\ndata: {{"seq": {told}, "prompts": []}}\n\n')
            with self.changed:
                self.changed.wait_for(lambda told=told: self.closing or self.number != told, 0.2)
            handler.tell(":\n\n")

    def silent_stream(self, handler: _Handler) -> None:
        """A stream that is open, and of which nothing is ever heard."""
        handler.begin_stream()
        self.hold(handler)

    def hold(self, handler: _Handler) -> None:
        """Never answers."""
        with self.changed:
            self.changed.wait_for(lambda: self.closing)

    def refuse(self, status: int, **headers: str) -> Callable[[_Handler], None]:
        body = b'{"code":"x","message":"no"}'
        return lambda handler: handler.answer(status, body, **headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    faulty: Faulty

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        faulty = self.server.faulty
        faulty.asked.append((self.path, dict(self.headers.items())))
        self.close_connection = True
        (faulty.stream if self.path.endswith("/changes") else faulty.read)(self)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def tell(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        pass
