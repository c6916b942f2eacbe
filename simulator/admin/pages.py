"""The admin page of a shop with the app in its iframe, the grant screen before it, and app-bridge.js."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request

from simulator.control.api import launch
from simulator.identity import id_token, install
from simulator.store.database import Shop
from simulator.world import World

blueprint = Blueprint("admin", __name__)
_STATIC = Path(__file__).resolve().parent.parent / "static"
_OWN = ("staff",)


def _world() -> World:
    world: World = current_app.extensions["world"]
    return world


@blueprint.get("/")
def front() -> Any:
    """To the admin page of the first shop."""
    world = _world()
    return redirect(f"/store/{world.shop(world.config.shop).handle}/apps/{world.config.app_handle}")


@blueprint.get("/store/<handle>/apps/<app_handle>")
@blueprint.get("/store/<handle>/apps/<app_handle>/<path:path>")
def app_page(handle: str, app_handle: str, path: str = "") -> Any:
    """The app inside the admin; the grant screen if it is not installed or asks for more scopes."""
    world = _world()
    shop = world.shop(handle)
    if app_handle != world.config.app_handle:
        return render_template("missing.html", shop=shop, app_handle=app_handle, world=world), 404
    member = id_token.staff(request.args.get("staff"))
    missing = install.missing_scopes(shop, world.manifest)
    installed = install.is_installed(shop, world.manifest)
    if not installed or missing:
        return render_template(
            "grant.html",
            shop=shop,
            manifest=world.manifest,
            missing=missing,
            installed=installed,
            world=world,
        )
    extra = {k: v for k, v in request.args.items() if k not in _OWN}
    return render_template(
        "admin.html",
        shop=shop,
        manifest=world.manifest,
        member=member,
        staff=id_token.STAFF,
        world=world,
        settings={
            "shop": shop.domain,
            "handle": shop.handle,
            "appHandle": app_handle,
            "appUrl": world.config.app_url.rstrip("/"),
            "appOrigin": "{0.scheme}://{0.netloc}".format(urlsplit(world.config.app_url)),
            "staff": request.args.get("staff", ""),
            "launch": launch(world, shop, path, request.args.get("staff"), extra),
            "apiKey": world.config.client_id,
        },
    )


@blueprint.post("/store/<handle>/apps/<app_handle>/install")
def do_install(handle: str, app_handle: str) -> Any:
    """The Install button: nobody is called back, the app's page opens."""
    world = _world()
    install.install(world.shop(handle), world.manifest, optional=world.config.grant_optional)
    return redirect(f"/store/{handle}/apps/{app_handle}", 303)


@blueprint.post("/store/<handle>/apps/<app_handle>/uninstall")
def do_uninstall(handle: str, app_handle: str) -> Any:
    """The Uninstall button."""
    world = _world()
    install.uninstall(world.shop(handle), world.manifest)
    return redirect(f"/store/{handle}/apps/{app_handle}", 303)


@blueprint.post("/store/<handle>/id_token")
def token(handle: str) -> Any:
    """A fresh ID token for the admin page, which hands it to the app's frame."""
    world = _world()
    shop: Shop = world.shop(handle)
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return jsonify(errors="only the admin page itself may ask for ID tokens"), 403
    if not install.is_installed(shop, world.manifest):
        return jsonify(errors=f"{world.manifest.handle} is not installed"), 403
    member = id_token.staff(request.args.get("staff"))
    return jsonify(
        id_token=id_token.mint(world.config, shop.domain, member, skew=world.faults.skew(shop.domain))
    )


@blueprint.post("/store/<handle>/apps/<app_handle>/scopes")
def scopes(handle: str, app_handle: str) -> Any:
    """What `shopify.scopes` asks: {grant: […]} adds optional scopes, {revoke: […]} takes them away."""
    world = _world()
    shop, given = world.shop(handle), request.get_json(silent=True) or {}
    granted = install.granted_scopes(shop, world.manifest)
    wanted = (granted | set(given.get("grant", ()))) - set(given.get("revoke", ()))
    if unknown := wanted - set(world.manifest.scopes) - set(world.manifest.optional_scopes):
        return jsonify(errors=f"the app's toml does not name the scope {sorted(unknown)[0]}"), 422
    if wanted != granted:
        install.set_scopes(shop, world.manifest, sorted(wanted))
    manifest = world.manifest
    return jsonify(
        granted=sorted(wanted), required=list(manifest.scopes), optional=list(manifest.optional_scopes)
    )


@blueprint.get("/app-bridge.js")
def app_bridge() -> Response:
    """The stand-in for Shopify's App Bridge script."""
    return _script("app-bridge.js")


@blueprint.get("/admin-assets/<name>")
def asset(name: str) -> Response:
    """Scripts and styles of the simulator's pages."""
    return _script(name)


def _script(name: str) -> Response:
    path = _STATIC / Path(name).name
    if not path.is_file():
        return Response("not found", 404)
    kind = {".js": "text/javascript", ".css": "text/css"}[path.suffix]
    return Response(
        path.read_bytes(), content_type=f"{kind}; charset=utf-8", headers={"Cache-Control": "no-store"}
    )
