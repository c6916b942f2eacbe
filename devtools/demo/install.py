"""Installs the demo store as a merchant would: Install on the grant screen, then the app's first page."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import requests

from devtools.demo.settings import APP_HANDLE, SHOP
from devtools.paths import ROOT
from devtools.processes import ProcessFailed

SECONDS = 30.0


class Shopify:
    """The simulated Shopify's control API and admin, as far as the demo uses them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.handle = SHOP.partition(".")[0]
        self.http = requests.Session()
        self.http.trust_env = False  # loopback never goes through a proxy

    def get(self, path: str, parameters: dict[str, str] | None = None) -> Any:
        """The JSON answer of a control page."""
        return self._json(self.http.get(f"{self.url}/control{path}", params=parameters, timeout=SECONDS))

    def post(self, path: str, **body: Any) -> Any:
        """The JSON answer to a control action."""
        return self._json(self.http.post(f"{self.url}/control{path}", json=body, timeout=SECONDS))

    def shop(self, path: str, **body: Any) -> Any:
        """The JSON answer to an action on the demo shop."""
        return self.post(f"/shops/{SHOP}/{path}", **body)

    def installed(self) -> bool:
        """Whether the shop has the app."""
        return bool(self.get(f"/shops/{SHOP}")["installed"])

    def press(self, button: str) -> None:
        """Press Install or Uninstall on the admin's page of the app."""
        page = f"{self.url}/store/{self.handle}/apps/{APP_HANDLE}/{button}"
        answer = self.http.post(page, timeout=SECONDS, allow_redirects=False)
        if answer.status_code >= 400:
            raise ProcessFailed(f"The simulated admin answered {answer.status_code} to {button}.")

    def id_token(self) -> str:
        """A fresh ID token of the shop's owner (valid for a minute)."""
        return str(self.shop("id_token")["id_token"])

    def launch_url(self, path: str = "") -> str:
        """The address that the admin's iframe opens."""
        return str(self.get(f"/shops/{SHOP}/launch_url", {"path": path})["url"])

    def truth(self, table: str) -> str:
        """One of the simulator's own records of what happened, as CSV."""
        answer = self.http.get(f"{self.url}/control/shops/{SHOP}/truth/{table}.csv", timeout=4 * SECONDS)
        answer.raise_for_status()
        return answer.text

    @staticmethod
    def _json(answer: requests.Response) -> Any:
        if answer.status_code >= 400:
            raise ProcessFailed(
                f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}"
            )
        return answer.json()


def all_scopes(manifest: Path) -> list[str]:
    """The scopes that the app needs and those it would like, from its shopify.app.toml."""
    wanted = tomllib.loads(manifest.read_text())["access_scopes"]
    return [*wanted["scopes"].split(","), *wanted.get("optional_scopes", [])]


def install(shopify: Shopify) -> requests.Response:
    """Install the app if it is not, and open its first page; answer that page.

    The optional scopes are granted too: without `read_all_orders` Shopify shows 60 days of orders only.
    """
    if not shopify.installed():
        shopify.press("install")
        shopify.shop("scopes", scopes=all_scopes(ROOT / "shopify.app.toml"))
    try:
        page = requests.get(shopify.launch_url(), timeout=SECONDS)
    except requests.RequestException as error:
        raise ProcessFailed(f"The app's first page did not answer ({error}); its log says why.") from error
    if page.status_code != 200:
        raise ProcessFailed(f"The app's first page answered {page.status_code}: {page.text[:300]}")
    return page
