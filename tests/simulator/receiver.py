"""A small HTTP server on loopback that stands for the app: it records webhooks and answers as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def topic(self) -> str:
        return self.headers["x-shopify-topic"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Use as a context manager; `requests` is what came, `status` what is answered."""

    status: int = 200
    requests: list[Received] = field(default_factory=list)

    def reset(self) -> None:
        """Forget what came and answer 200 again."""
        self.requests.clear()
        self.status = 200

    def of(self, topic: str) -> list[Received]:
        """What came for a topic."""
        return [r for r in self.requests if r.topic == topic]

    def __enter__(self) -> Receiver:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(
                    Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                )
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def answering(receiver: Receiver, status: int) -> Iterator[None]:
    """Answer `status` for a while."""
    receiver.status = status
    try:
        yield
    finally:
        receiver.status = 200
