"""`POST /shops/{shop}/admin/oauth/access_token` and the authorization-code grant page."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify, redirect, render_template, request

from simulator.clock import real_now
from simulator.identity import id_token, install, tokens
from simulator.identity.tokens import OAuthRefusal
from simulator.store.database import Row, Shop, row

if TYPE_CHECKING:
    from simulator.world import World

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"
CODE_SECONDS = 600


def access_token(world: World, shop: Shop) -> Response:
    """Token exchange, refresh, authorization code, migration of a lasting token, client credentials."""
    given = request.get_json(silent=True) if request.is_json else None
    fields: Row = given if isinstance(given, dict) else request.form.to_dict()
    fault = world.faults.admin(shop.domain, "oauth")
    if fault is not None and fault.response is not None:
        return fault.response
    try:
        _check_client(world, fields)
        answer = _grant(world, shop, fields)
    except OAuthRefusal as refusal:
        response = jsonify(error=refusal.error, error_description=refusal.description)
        response.status_code = refusal.status
        return response
    return jsonify(answer)


def _check_client(world: World, fields: Row) -> None:
    config = world.config
    known = [config.client_secret, *([config.old_client_secret] if config.old_client_secret else [])]
    given = str(fields.get("client_secret", "")).encode()
    right = any(hmac.compare_digest(given, secret.encode()) for secret in known)
    if fields.get("client_id") != config.client_id or not right:
        raise OAuthRefusal("invalid_client", "The client credentials are invalid", 400)


def _grant(world: World, shop: Shop, fields: Row) -> Row:
    kind = fields.get("grant_type")
    if kind == TOKEN_EXCHANGE:
        return _exchange(world, shop, fields)
    if kind == "refresh_token":
        with shop.write() as change:
            return tokens.refresh(change, str(fields.get("refresh_token", "")), _scopes(world, change.db))
    if kind in (None, "authorization_code") and fields.get("code"):
        return _code(world, shop, fields)
    raise OAuthRefusal("unsupported_grant_type", f"The grant type {kind!r} is not supported", 400)


def _scopes(world: World, db: Any) -> str:
    known = tokens.installed(db, world.manifest.handle)
    if known is None:
        raise OAuthRefusal("invalid_grant", "The app is not installed in this shop", 400)
    return str(known["scopes"])


def _expiring(fields: Row) -> bool:
    return str(fields.get("expiring", "0")).lower() in ("1", "true")


def _exchange(world: World, shop: Shop, fields: Row) -> Row:
    subject, wanted = str(fields.get("subject_token", "")), fields.get("requested_token_type")
    if wanted not in (OFFLINE, ONLINE):
        raise OAuthRefusal("invalid_request", "requested_token_type is missing or unknown", 400)
    if fields.get("subject_token_type") == OFFLINE and wanted == OFFLINE:
        return _migrate(world, shop, subject, fields)
    if fields.get("subject_token_type") != ID_TOKEN:
        raise OAuthRefusal("invalid_request", "subject_token_type is missing or unknown", 400)
    try:
        user = id_token.verify(world.config, subject, shop.domain)
    except id_token.BadIdToken:
        raise OAuthRefusal(
            "invalid_subject_token", "The subject token is invalid or has expired", 400
        ) from None
    with shop.write() as change:
        scopes = _scopes(world, change.db)
        if wanted == OFFLINE:
            return tokens.issue(change, scopes, expiring=_expiring(fields))
        answer = tokens.issue(change, scopes, expiring=True, mode="online", user_id=user)
    return {**answer, "associated_user_scope": scopes, "associated_user": _user(user)}


def _user(user_id: int) -> Row:
    member = id_token.staff(str(user_id))
    first, _, last = member.name.partition(" ")
    return {
        "id": member.user_id,
        "first_name": first,
        "last_name": last,
        "email": member.email,
        "account_owner": member.owner,
        "locale": "en",
        "collaborator": False,
        "email_verified": True,
    }


def _migrate(world: World, shop: Shop, old: str, fields: Row) -> Row:
    with shop.write() as change:
        known = row(
            change.db, "SELECT * FROM tokens WHERE token = ? AND NOT revoked AND expires_at IS NULL", (old,)
        )
        if known is None or not _expiring(fields):
            raise OAuthRefusal(
                "invalid_subject_token", "The subject token is not a lasting offline token", 400
            )
        change.db.execute("UPDATE tokens SET revoked = 1 WHERE token = ?", (old,))
        return tokens.issue(change, _scopes(world, change.db), expiring=True)


def _code(world: World, shop: Shop, fields: Row) -> Row:
    with shop.write() as change:
        known = row(change.db, "SELECT * FROM grant_codes WHERE code = ?", (str(fields["code"]),))
        change.db.execute("DELETE FROM grant_codes WHERE code = ?", (str(fields["code"]),))
        if known is None or known["expires_at"] < change.now:
            raise OAuthRefusal(
                "invalid_request", "The authorization code was not found or was already used", 400
            )
        return tokens.issue(
            change, known["scopes"], expiring=_expiring(fields), mode=known["mode"], user_id=known["user_id"]
        )


def authorize(world: World, shop: Shop) -> Response | str:
    """The grant page (GET) and the merchant's answer (POST): a redirect with code, hmac, shop, state,
    host, timestamp.
    """
    given = request.values
    if given.get("client_id") != world.config.client_id:
        return Response(
            "Oauth error invalid_request: Could not find Shopify API application with this client_id", 400
        )
    address = given.get("redirect_uri", "")
    if address not in world.manifest.redirect_urls:
        return Response("Oauth error invalid_request: The redirect_uri is not whitelisted", 400)
    wanted = [s for s in given.get("scope", "").split(",") if s] or list(world.manifest.scopes)
    if request.method == "GET":
        return render_template(
            "authorize.html", shop=shop, manifest=world.manifest, scopes=wanted, given=given.to_dict()
        )
    return redirect(_callback(world, shop, wanted, address, given.to_dict()))  # type: ignore[return-value]


def _callback(world: World, shop: Shop, wanted: list[str], address: str, given: Row) -> str:
    install.install(shop, world.manifest)
    code = secrets.token_hex(16)
    mode = "online" if given.get("grant_options[]") == "per-user" else "offline"
    with shop.write() as change:
        change.db.execute(
            "UPDATE installs SET scopes = ? WHERE app = ?", (",".join(wanted), world.manifest.handle)
        )
        change.db.execute(
            "INSERT INTO grant_codes VALUES (?,?,?,?,?,?)",
            (
                code,
                ",".join(wanted),
                address,
                mode,
                id_token.OWNER.user_id if mode == "online" else None,
                change.now + CODE_SECONDS,
            ),
        )
    parameters = {
        "code": code,
        "host": id_token.host_parameter(shop.handle),
        "shop": shop.domain,
        "timestamp": str(int(real_now())),
        **({"state": given["state"]} if given.get("state") else {}),
    }
    parameters["hmac"] = id_token.sign_query(world.config.client_secret, parameters)
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters)}"
