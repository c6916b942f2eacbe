"""The door to Shopify for one deployment: its app credentials, its token client, its addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from redis import Redis
from shopify_app import IdTokenDetails, ShopifyApp

from app.config import Settings
from app.platform.breaker import Breaker
from app.platform.throttle import Throttle
from app.shopify import access_token, authorization_code
from app.shopify.access_token import AccessToken
from app.shopify.admin import AdminClient


@dataclass(frozen=True)
class Shopify:
    """Made once per process."""

    app: ShopifyApp
    http: httpx.Client
    settings: Settings

    @classmethod
    def connect(cls, settings: Settings) -> Shopify:
        """From the deployment's settings; opens no connection yet."""
        return cls(
            app=ShopifyApp(
                settings.shopify_api_key,
                settings.shopify_api_secret,
                settings.shopify_api_secret_old,
            ),
            http=access_token.http_client(settings.shopify_store_url),
            settings=settings,
        )

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets a webhook may be signed with (the old one for a while after a rotation)."""
        old = self.settings.shopify_api_secret_old
        return (self.settings.shopify_api_secret, *([old] if old else []))

    def exchange(self, id_token: IdTokenDetails) -> AccessToken:
        """An offline token for a verified ID token."""
        return access_token.exchange(self.app, id_token, client=self.http)

    def grant_address(self, shop: str, *, redirect_path: str, state: str) -> str:
        """Where a merchant outside the admin grants access."""
        uri = self.settings.app_url + redirect_path
        return authorization_code.address(self.settings, shop, redirect_uri=uri, state=state)

    def exchange_code(self, shop: str, code: str, *, now: datetime) -> AccessToken:
        """An offline token for an authorization code."""
        return authorization_code.exchange(self.settings, self.http, shop=shop, code=code, now=now)

    def refresh(self, token: AccessToken) -> AccessToken:
        """A renewed token."""
        return access_token.refresh(self.app, token, client=self.http)

    def admin(
        self,
        shop: str,
        token: str,
        *,
        redis: Redis,
        priority: str,
        renew: Callable[[], str] | None,
        is_probe: bool = False,
    ) -> AdminClient:
        """A client for one store's Admin API; a probe calls though the store's circuit is open."""
        key = f"{self.settings.queue_prefix}{shop}"
        return AdminClient(
            self.settings.store_url(shop),
            token,
            throttle=Throttle(redis, key),
            breaker=Breaker(redis, key, probing=is_probe),
            priority=priority,
            renew=renew,
            backoff_seconds=self.settings.shopify_backoff_seconds,
        )
