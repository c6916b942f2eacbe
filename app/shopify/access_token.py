"""Access tokens: exchange of an ID token, and refresh of the expiring offline token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from shopify_app import IdTokenDetails, ShopifyApp, TokenExchangeAccessToken
from shopify_app.types import TokenExchangeResult

from app.shopify.id_token import RETRY, Answer, IdTokenRefused

_EPOCH = "1970-01-01T00:00:00Z"


class TokenRefused(RuntimeError):
    """Shopify will not give or renew a token: the merchant has to open the app again."""


class TokenUnavailable(RuntimeError):
    """Shopify's token endpoint failed for now: try again later."""


@dataclass(frozen=True)
class AccessToken:
    """An offline token and the refresh token that renews it (times in UTC)."""

    shop: str
    token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    scopes: tuple[str, ...]


class StoreTransport(httpx.BaseTransport):
    """Sends what is addressed to `https://{shop}` to the configured store address (the simulator's in the demo)."""

    def __init__(self, store_url: str) -> None:
        self._store_url = store_url
        self._inner = httpx.HTTPTransport(retries=1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request."""
        base = httpx.URL(self._store_url.format(shop=request.url.host))
        target = base.copy_with(path=base.path.rstrip("/") + request.url.path)
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        return self._inner.handle_request(
            httpx.Request(
                request.method,
                target,
                headers=headers,
                content=request.read(),
                extensions=request.extensions,
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def http_client(store_url: str) -> httpx.Client:
    """The HTTP client that shopifyapp calls with."""
    return httpx.Client(transport=StoreTransport(store_url), timeout=httpx.Timeout(15.0, connect=3.05))


def exchange(app: ShopifyApp, id_token: IdTokenDetails, *, client: httpx.Client) -> AccessToken:
    """Exchange a verified ID token for an expiring offline token.

    Raises IdTokenRefused (the ID token was too old), TokenRefused, TokenUnavailable.
    """
    with _protocol_errors():
        result = app.exchange_using_token_exchange(
            "offline", id_token=id_token, expiring=True, http_client=client
        )
    if result.log.code == "invalid_subject_token":
        raise IdTokenRefused("invalid_subject_token", Answer(401, "Unauthorized", dict(RETRY)))
    return _checked(result)


def refresh(app: ShopifyApp, token: AccessToken, *, client: httpx.Client) -> AccessToken:
    """Renew a token now, however long it still lives. Raises TokenRefused, TokenUnavailable."""
    expired = TokenExchangeAccessToken(
        shop=token.shop.removesuffix(".myshopify.com"),
        token=token.token,
        # The package refuses to renew a token that it thinks valid; we decide when to renew.
        expires=_EPOCH,
        scope=",".join(token.scopes),
        access_mode="offline",
        refresh_token=token.refresh_token,
        refresh_token_expires=token.refresh_expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        user=None,
    )
    with _protocol_errors():
        result = app.refresh_token_exchanged_access_token(expired, http_client=client)
    return _checked(result)


_FOR_GOOD = frozenset({"invalid_grant", "refresh_token_expired", "invalid_client", "invalid_scope"})


def _checked(result: TokenExchangeResult) -> AccessToken:
    token = result.access_token
    if not result.ok or token is None:
        error = TokenRefused if result.log.code in _FOR_GOOD else TokenUnavailable
        raise error(f"Shopify's token endpoint answered {result.log.code}.")
    # A 200 without a refresh token parses as "" with an expiry of now: storing it would lose the store.
    if not token.token or not token.refresh_token or not token.expires or not token.refresh_token_expires:
        raise TokenUnavailable("Shopify's token answer is incomplete.")
    return AccessToken(
        shop=f"{token.shop}.myshopify.com",
        token=token.token,
        expires_at=_instant(token.expires),
        refresh_token=token.refresh_token,
        refresh_expires_at=_instant(token.refresh_token_expires),
        scopes=tuple(sorted(scope for scope in (token.scope or "").split(",") if scope)),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


class _protocol_errors:
    """Turn what the package lets through (network errors, non-JSON answers) into TokenUnavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, httpx.HTTPError | json.JSONDecodeError):
            raise TokenUnavailable(f"Shopify's token endpoint failed ({type(error).__name__}).") from error
