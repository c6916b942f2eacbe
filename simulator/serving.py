"""Starts and stops a simulator: in this process on threads (tests), or for the command line.

`start(SimulatorConfig(...))` runs it in-process on daemon threads and answers once it serves; use it as a
context manager. It binds 127.0.0.1 only.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from simulator.config import SimulatorConfig
from simulator.web import create_app
from simulator.world import World


class _Handler(WSGIRequestHandler):
    """Keeps connections open (HTTP/1.1) and logs requests at debug level only."""

    protocol_version = "HTTP/1.1"
    # A small answer would otherwise wait for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        logging.getLogger("simulator.requests").debug("%s %s", self.requestline, code)

    def run_wsgi(self) -> None:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # the client went away
            super().run_wsgi()


@dataclass
class RunningSimulator:
    """A simulator that serves at `url`; `stop()` ends it, `world` is its inside (for tests)."""

    url: str
    world: World
    _server: BaseWSGIServer
    _thread: threading.Thread

    def stop(self) -> None:
        """Stop serving and end background work."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
        self.world.stop()

    def __enter__(self) -> RunningSimulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(config: SimulatorConfig, progress: Callable[[str], None] = lambda line: None) -> RunningSimulator:
    """Generate or take up the state, serve, and write `config.ready`.

    Raises `BadPanel`, `BadManifest` or `OSError` (port taken) with a message that says what to do.
    """
    config.state.mkdir(parents=True, exist_ok=True)
    world = World(config, progress)
    server = make_server("127.0.0.1", config.port, create_app(world), threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    world.url = f"http://127.0.0.1:{server.server_port}"
    world.start()
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="simulator", daemon=True
    )
    thread.start()
    if config.ready is not None:
        part = config.ready.with_name(config.ready.name + ".part")
        part.write_text(json.dumps({"url": world.url, "pid": os.getpid(), "shop": config.shop}))
        part.replace(config.ready)
    return RunningSimulator(world.url, world, server, thread)
