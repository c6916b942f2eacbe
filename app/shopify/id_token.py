"""Who opens the app inside the admin: Shopify's ID token, checked by shopifyapp and then by us more strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Request
from shopify_app import IdTokenDetails, Res, ShopifyApp

from app.platform.i18n import gettext
from app.platform.web import is_shop_domain

BOUNCE_PATH = "/auth/bounce"
RETRY = {"X-Shopify-Retry-Invalid-Session-Request": "1"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer that Shopify's protocol asks for."""

    status: int
    body: str
    headers: dict[str, str]


class IdTokenRefused(Exception):
    """The request carries no acceptable ID token; `answer` is what App Bridge expects in return."""

    def __init__(self, code: str, answer: Answer) -> None:
        super().__init__(code)
        self.code = code
        self.answer = answer


@dataclass(frozen=True)
class AdminVisit:
    """A verified visit from the Shopify admin."""

    shop: str
    user_id: str
    id_token: IdTokenDetails
    is_document: bool
    host: str


def verify_visit(app: ShopifyApp, request: Request, *, app_url: str) -> AdminVisit:
    """Check the ID token of a page load (query) or fetch (header). Raises IdTokenRefused."""
    query_shop = request.args.get("shop", "")
    if query_shop and not is_shop_domain(query_shop):
        raise IdTokenRefused("invalid_shop", Answer(400, gettext("The shop address is not valid."), {}))
    result = app.verify_app_home_req(
        _request_input(request, app_url), app_home_patch_id_token_path=BOUNCE_PATH
    )
    is_document = "Authorization" not in request.headers
    if not result.ok or result.id_token is None:
        if is_document and not query_shop:
            raise IdTokenRefused(
                "missing_shop", Answer(401, gettext("Open Fluxor from your Shopify admin."), {})
            )
        raise IdTokenRefused(result.log.code, _answer(result.response))
    shop = _strict_shop(result.id_token.claims)
    if shop is None or (query_shop and query_shop != shop):
        retry = {} if is_document else RETRY
        raise IdTokenRefused("claims_disagree", Answer(401, "Unauthorized", retry))
    return AdminVisit(
        shop=shop,
        user_id=str(result.id_token.claims["sub"]),
        id_token=result.id_token,
        is_document=is_document,
        host=request.args.get("host", ""),
    )


def bounce_page(app: ShopifyApp, request: Request, *, app_url: str) -> Answer:
    """The page on which App Bridge fetches a fresh ID token and goes back to `shopify-reload`.

    The package puts the raw `shop` into a header and accepts any address to go back to: both are checked first.
    """
    shop = request.args.get("shop", "")
    reload = request.args.get("shopify-reload", "")
    if not is_shop_domain(shop):
        return Answer(400, gettext("The shop address is not valid. Open Fluxor from your Shopify admin."), {})
    if not reload.startswith("/") or reload.startswith(("//", "/\\")):
        return Answer(400, gettext("The page to go back to is not one of ours."), {})
    return _answer(app.app_home_patch_id_token(_request_input(request, app_url)).response)


def _strict_shop(claims: dict[str, Any]) -> str | None:
    """The shop, if `iss` and `dest` name the same one and the token has an end and a user."""
    issuer, destination = urlsplit(str(claims.get("iss", ""))), urlsplit(str(claims.get("dest", "")))
    shop = destination.hostname or ""
    if issuer.hostname != shop or issuer.path.rstrip("/") != "/admin":
        return None
    if issuer.scheme != "https" or destination.scheme != "https" or not is_shop_domain(shop):
        return None
    return shop if claims.get("exp") and claims.get("sub") else None


def _request_input(request: Request, app_url: str) -> Any:
    # Redirects are built from this address: behind a proxy only the configured one is right.
    query = request.query_string.decode("ascii", "replace")
    return {
        "method": request.method,
        "headers": dict(request.headers),
        "url": f"{app_url}{request.path}" + (f"?{query}" if query else ""),
        "body": "",
    }


def _answer(response: Res) -> Answer:
    return Answer(response.status, response.body, dict(response.headers))
