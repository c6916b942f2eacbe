"""How a call to Shopify may fail, by what can be done about it."""

from __future__ import annotations


class AdminError(RuntimeError):
    """Shopify refused or failed a call."""


class TokenRejected(AdminError):
    """401: the access token is no longer good; renew it once, then ask the merchant."""


FROZEN = (402, 423)


class StoreUnavailable(AdminError):
    """402, 403, 404 or 423: the shop is frozen, locked or gone; retrying does not help."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ShopifyBusy(AdminError):
    """Throttled, overloaded or unreachable after all tries; the work may be tried again in `wait_seconds`.

    `is_fault` tells a failure of Shopify's from mere waiting for our turn, which no limit of tries counts.
    """

    def __init__(self, message: str, *, wait_seconds: float = 0.0, is_fault: bool = True) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds
        self.is_fault = is_fault


class QueryRefused(AdminError):
    """Shopify did not accept the query itself (a bug of ours, or a missing scope)."""
