"""The bounce page on which App Bridge fetches a fresh ID token."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, request

from app.config import SHOPIFY_APP_BRIDGE_URL, Settings
from app.platform.access import AppBlueprint, Open
from app.platform.web import nonce
from app.shopify.door import Shopify
from app.shopify.id_token import BOUNCE_PATH, bounce_page

blueprint = AppBlueprint("auth", __name__)


@blueprint.get(BOUNCE_PATH, needs=Open("App Bridge fetches the ID token here; the page holds no data"))
def bounce() -> Response:
    """Render the page that Shopify's package makes, with our script's address and nonce in it."""
    settings = cast(Settings, current_app.extensions["settings"])
    shopify = cast(Shopify, current_app.extensions["shopify"])
    answer = bounce_page(shopify.app, request, app_url=settings.app_url)
    script = f'src="{settings.shopify_app_bridge_url}" nonce="{nonce()}"'
    body = answer.body.replace(f'src="{SHOPIFY_APP_BRIDGE_URL}"', script)
    return Response(body, status=answer.status, mimetype="text/html")
