"""The authorization code grant, for stores connected from outside the admin.

ShopifyAPI builds the address and checks the signature of the way back; the code is exchanged by ourselves,
because the package can neither ask for an expiring token nor give up waiting.
"""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import shopify
from shopify.utils import shop_url

from app.config import API_VERSION, Settings
from app.platform.i18n import gettext
from app.platform.web import is_shop_domain
from app.shopify.access_token import AccessToken, TokenUnavailable

# Shopify allows a day; its redirect comes at once, so a quarter of an hour is patient enough.
_OLDEST = timedelta(minutes=15)
_CLOCKS_DIFFER = timedelta(minutes=2)
_REFRESH_SECONDS = 90 * 86_400


class GrantRefused(ValueError):
    """The way back from Shopify is not Shopify's, too old, or malformed; the message is fit for a page."""


def clean_shop(text: str) -> str | None:
    """The myshopify domain that was meant (a bare name or an address of the shop too), or None."""
    typed = text.strip().lower()
    try:
        found = shop_url.sanitize_shop_domain(typed) if len(typed) <= 255 else None
    except ValueError:  # the package lets malformed addresses through to urllib
        return None
    return found if found and is_shop_domain(found) else None


def address(settings: Settings, shop: str, *, redirect_uri: str, state: str) -> str:
    """Where the merchant grants access. `shop` has to be clean: the package would bend any other."""
    if not is_shop_domain(shop):
        raise GrantRefused(gettext("That is not the address of a Shopify store."))
    session = _session(settings, settings.shopify_api_secret)(shop, API_VERSION)
    url = str(session.create_permission_url(list(scopes()), redirect_uri, state=state))
    # In the demo the shops live elsewhere; outside of it this changes nothing.
    return settings.store_url(shop) + url.removeprefix(f"https://{shop}")


def verify_return(settings: Settings, pairs: Sequence[tuple[str, str]], *, now: datetime) -> dict[str, str]:
    """Check Shopify's redirect: signature, age, and a shop that is one; returns its parameters.

    Raises GrantRefused.
    """
    given = dict(pairs)
    if len(given) != len(pairs):
        raise GrantRefused(gettext("A parameter came twice."))  # which of the two was signed would be a guess
    if not {"code", "shop", "hmac", "timestamp", "state"} <= set(given):
        raise GrantRefused(gettext("Shopify sent nothing that can be used. Start again."))
    _check_age(given["timestamp"], now)
    if not given["hmac"].isascii() or not _is_signed(settings, given):
        raise GrantRefused(gettext("The signature does not match."))
    if not is_shop_domain(given["shop"]):
        raise GrantRefused(gettext("That is not the address of a Shopify store."))
    return given


def exchange(settings: Settings, client: httpx.Client, *, shop: str, code: str, now: datetime) -> AccessToken:
    """An expiring offline token for a code. Raises GrantRefused, TokenUnavailable."""
    if not is_shop_domain(shop):
        raise GrantRefused(gettext("That is not the address of a Shopify store."))
    body = {
        "client_id": settings.shopify_api_key,
        "client_secret": settings.shopify_api_secret,
        "code": code,
        "expiring": "1",
    }
    try:
        answer = client.post(f"https://{shop}/admin/oauth/access_token", json=body)
        content = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise TokenUnavailable(f"Shopify's token endpoint failed ({type(error).__name__}).") from error
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TokenUnavailable(f"Shopify's token endpoint answered {answer.status_code}.")
    if answer.status_code != 200:
        raise GrantRefused(gettext("Shopify does not accept this authorization. Start again."))
    return _token(shop, content, now)


def _token(shop: str, content: Any, now: datetime) -> AccessToken:
    try:
        token, refresh = str(content["access_token"]), str(content["refresh_token"])
        lives = timedelta(seconds=int(content["expires_in"]))
        refreshes = timedelta(seconds=int(content.get("refresh_token_expires_in", _REFRESH_SECONDS)))
        scopes = str(content["scope"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TokenUnavailable("Shopify's token answer is incomplete.") from error
    if not token or not refresh:
        raise TokenUnavailable("Shopify's token answer is incomplete.")
    return AccessToken(
        shop=shop,
        token=token,
        expires_at=now + lives,
        refresh_token=refresh,
        refresh_expires_at=now + refreshes,
        scopes=tuple(sorted(scope for scope in scopes.split(",") if scope)),
    )


def _check_age(text: str, now: datetime) -> None:
    # The package takes any number, the future too, and fails on what is none.
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise GrantRefused(gettext("The time that Shopify sent cannot be read. Start again."))
    age = now - datetime.fromtimestamp(int(text), UTC)
    if not -_CLOCKS_DIFFER <= age <= _OLDEST:
        raise GrantRefused(gettext("This took too long. Start again."))


def _is_signed(settings: Settings, given: Mapping[str, str]) -> bool:
    """Whether one of our secrets signed it (the old one too, for a while after a rotation)."""
    secrets = (settings.shopify_api_secret, settings.shopify_api_secret_old)
    return any(_session(settings, secret).validate_params(dict(given)) for secret in secrets if secret)


def _session(settings: Settings, secret: str) -> Any:
    # The package keeps its credentials on the class for the whole process: a class of our own for each
    # secret leaves nothing behind that another thread could meet half-changed.
    return type("Session", (shopify.Session,), {"api_key": settings.shopify_api_key, "secret": secret})


@functools.cache
def scopes() -> tuple[str, ...]:
    """The access scopes that shopify.app.toml asks for."""
    path = Path(__file__).resolve().parents[2] / "shopify.app.toml"
    declared = tomllib.loads(path.read_text(encoding="utf-8"))["access_scopes"]["scopes"]
    return tuple(scope.strip() for scope in declared.split(",") if scope.strip())
