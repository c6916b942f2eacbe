"""ID tokens (session tokens) as App Bridge hands them out, and the signed query of a launch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt

from simulator.clock import real_now
from simulator.config import SimulatorConfig

LIFE_SECONDS = 60
LEEWAY_SECONDS = 10


@dataclass(frozen=True)
class Staff:
    """A member of a shop's staff: numeric id (the token's `sub`) and how the admin shows them."""

    user_id: int
    email: str
    name: str
    owner: bool = False


OWNER = Staff(41_000_001, "owner@example.test", "Olive Owner", owner=True)
STAFF = (
    OWNER,
    Staff(41_000_002, "manager@example.test", "Mia Manager"),
    Staff(41_000_003, "viewer@example.test", "Vic Viewer"),
)


def staff(selector: str | None) -> Staff:
    """Staff by e-mail or id; anyone else gets an id of their own, derived from the text."""
    if not selector:
        return OWNER
    for member in STAFF:
        if selector in (member.email, str(member.user_id), member.email.split("@")[0]):
            return member
    if selector.isdigit():
        return Staff(int(selector), f"{selector}@example.test", f"Staff {selector}")
    number = int.from_bytes(hashlib.sha256(selector.encode()).digest()[:4], "big")
    return Staff(42_000_000_000 + number, selector, selector.split("@")[0].title())


def session_of(shop: str, member: Staff) -> str:
    """The admin session id (`sid`): stable for a shop and a member."""
    return hashlib.sha256(f"{shop}:{member.user_id}".encode()).hexdigest()


def mint(config: SimulatorConfig, shop: str, member: Staff, *, skew: float = 0.0) -> str:
    """A fresh ID token: HS256, 60 s, in real time shifted by `skew` seconds."""
    now = int(real_now() + skew)
    session = session_of(shop, member)
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": config.client_id,
        "sub": str(member.user_id),
        "exp": now + LIFE_SECONDS,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": session,
        "sig": hashlib.sha256(f"{session}{now}".encode()).hexdigest(),
    }
    return jwt.encode(claims, config.client_secret, algorithm="HS256")


class BadIdToken(ValueError):
    """The token is not one that Shopify made for this app and shop, or it has expired."""


def verify(config: SimulatorConfig, token: str, shop: str) -> int:
    """User id of a valid token for `shop`; raises `BadIdToken`."""
    try:
        claims = jwt.decode(
            token,
            config.client_secret,
            algorithms=["HS256"],
            audience=config.client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "nbf", "iss", "dest", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise BadIdToken(str(error)) from None
    if claims["dest"] != f"https://{shop}" or claims["iss"] != f"https://{shop}/admin":
        raise BadIdToken("the token belongs to another shop")
    return int(claims["sub"])


def sign_query(secret: str, parameters: Mapping[str, str]) -> str:
    """Shopify's OAuth `hmac`: hex HMAC-SHA256 over the other parameters, sorted, as a query string."""
    message = "&".join(f"{key}={value}" for key, value in sorted(parameters.items()) if key != "hmac")
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def host_parameter(handle: str) -> str:
    """`host`: unpadded base64 of `admin.shopify.com/store/{handle}`."""
    return base64.b64encode(f"admin.shopify.com/store/{handle}".encode()).decode().rstrip("=")


def launch_query(
    config: SimulatorConfig,
    shop: str,
    member: Staff,
    *,
    extra: Mapping[str, str] | None = None,
    skew: float = 0.0,
) -> str:
    """The query with which the admin opens the app's document, signed."""
    parameters = {
        **(extra or {}),
        "embedded": "1",
        "host": host_parameter(shop.split(".")[0]),
        "id_token": mint(config, shop, member, skew=skew),
        "locale": "en",
        "session": session_of(shop, member),
        "shop": shop,
        "timestamp": str(int(real_now() + skew)),
    }
    parameters["hmac"] = sign_query(config.client_secret, parameters)
    return urlencode(sorted(parameters.items()))
