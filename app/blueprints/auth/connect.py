"""The pages of connecting a store and of choosing among several."""

from __future__ import annotations

from typing import cast

from flask import Response, abort, current_app, redirect, request, url_for

from app.blueprints.auth import accounts, connecting
from app.blueprints.auth.routes import blueprint
from app.config import Settings
from app.platform import sessions, web
from app.platform.access import SignedIn
from app.platform.i18n import gettext
from app.queries import users
from app.shopify.authorization_code import clean_shop

_OWN = SignedIn("a user connects stores of their own; Shopify asks the merchant")
CALLBACK = "/auth/shopify/callback"


@blueprint.get("/connect", needs=_OWN)
def connect() -> Response:
    """How to connect a store. Shopify's links bring the `shop` with them."""
    return _page(shop=clean_shop(request.args.get("shop", "")) or "")


@blueprint.post("/connect", needs=_OWN, endpoint="start_connect")
def start_connect() -> Response:
    """Show where to grant access, and go there."""
    _require_session()
    shop = clean_shop(request.form.get("shop", ""))
    if shop is None:
        return _page(
            status=422,
            shop=request.form.get("shop", "")[:255],
            error=gettext(
                "Enter the address that ends in .myshopify.com (Settings › Domains in your admin)."
            ),
        )
    # A form may not lead to another site (form-action), so this page takes the browser there.
    target = connecting.begin(shop, redirect_path=CALLBACK)
    return web.render("auth/leaving.html", shop=shop, target=target, problem="")


@blueprint.get(CALLBACK, needs=_OWN)
def callback() -> Response:
    """Back from Shopify."""
    _require_session()
    connecting.finish()
    return redirect(url_for("dashboard.index"), 303)  # type: ignore[return-value]


@blueprint.post("/stores/switch", needs=SignedIn("a user changes to another store of their own"))
def switch() -> Response:
    """Look at another store."""
    text = request.form.get("store_id", "")
    accounts.switch(int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0)
    return redirect(url_for("dashboard.index"), 303)  # type: ignore[return-value]


def _require_session() -> None:
    """Inside the admin the store is connected already, and asking for its address is forbidden there."""
    if sessions.current() is None:
        abort(404)


def _page(*, status: int = 200, shop: str = "", error: str = "") -> Response:
    session = sessions.current()
    if session is None:
        abort(404)
    settings = cast(Settings, current_app.extensions["settings"])
    return web.render(
        "auth/connect.html",
        status=status,
        shop=shop,
        errors={"shop": error} if error else {},
        has_field=settings.standalone_shop_field,
        stores=users.stores(session.user_id),
        problem="",
    )
