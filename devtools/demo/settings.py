"""What one demo remembers between starts: generated secrets and the ports it had, in `.local/<area>/env.json`."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devtools import ports
from devtools.keeper import write_private

SHOP = "fluxor-demo.myshopify.com"
APP_HANDLE = "fluxor"
MAIL_DOMAIN = "mail.fluxor-demo.example"


@dataclass(frozen=True)
class DemoSettings:
    """Secrets that nobody has to invent by hand, and the addresses of this demo."""

    client_id: str
    client_secret: str
    secret_key: str
    token_key: str
    mailgun_key: str
    app_port: int
    simulator_port: int

    @property
    def app_url(self) -> str:
        """Where the app answers."""
        return f"http://{ports.LOOPBACK}:{self.app_port}"

    @property
    def simulator_url(self) -> str:
        """Where the simulated Shopify answers."""
        return f"http://{ports.LOOPBACK}:{self.simulator_port}"

    def app_environment(self, *, database_url: str, migration_url: str, redis_url: str) -> dict[str, str]:
        """The app's environment (app/config.py), pointing at the simulator wherever Shopify would be."""
        simulator = self.simulator_url
        return {
            "DATABASE_URL": database_url,
            "MIGRATION_DATABASE_URL": migration_url,
            "REDIS_URL": redis_url,
            "SHOPIFY_API_KEY": self.client_id,
            "SHOPIFY_API_SECRET": self.client_secret,
            "APP_URL": self.app_url,
            "SECRET_KEY": self.secret_key,
            "TOKEN_KEYS": f"k1:{self.token_key}",
            "MAILGUN_API_KEY": self.mailgun_key,
            "MAILGUN_DOMAIN": MAIL_DOMAIN,
            "MAIL_FROM": f"Fluxor <alerts@{MAIL_DOMAIN}>",
            "MAILGUN_BASE_URL": simulator,
            "SHOPIFY_STORE_URL": f"{simulator}/shops/{{shop}}",
            "SHOPIFY_ADMIN_ORIGIN": simulator,
            "SHOPIFY_APP_BRIDGE_URL": f"{simulator}/app-bridge.js",
            "GUNICORN_CMD_ARGS": f"--bind={ports.LOOPBACK}:{self.app_port}",
            "PYTHONUNBUFFERED": "1",
        }


def load(file: Path, *, simulator_port: int | None = None) -> DemoSettings:
    """The settings in `file`, made on the first start; ports that are taken meanwhile are replaced.

    Args:
        simulator_port: where the user wants the simulated admin.
    """
    values: dict[str, Any] = json.loads(file.read_text()) if file.exists() else dict(_fresh_secrets())
    if simulator_port is not None:
        if ports.answers(simulator_port):
            raise RuntimeError(f"Port {simulator_port} is taken: choose another with --port.")
        values["simulator_port"] = simulator_port
    for name in ("app_port", "simulator_port"):
        if values.get(name) is None or ports.answers(values[name]):
            values[name] = ports.free_port()
    settings = DemoSettings(**values)
    write_private(file, json.dumps(asdict(settings), indent=2))
    return settings


def _fresh_secrets() -> dict[str, str]:
    return {
        "client_id": secrets.token_hex(16),
        "client_secret": secrets.token_hex(32),
        "secret_key": secrets.token_hex(32),
        "token_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "mailgun_key": f"key-{secrets.token_hex(16)}",
    }
