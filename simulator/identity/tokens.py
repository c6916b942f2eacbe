"""Access and refresh tokens: one refreshable token per app and shop, with Shopify's rules of succession."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from simulator.store.database import Row, Shop, Transaction, row

ACCESS_SECONDS = 3600
ONLINE_SECONDS = 86_400
REFRESH_SECONDS = 90 * 86_400
RETRY_SECONDS = 30 * 86_400


class OAuthRefusal(Exception):
    """An OAuth error answer: status, `error`, `error_description`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True)
class Access:
    """What a valid access token may do."""

    scopes: frozenset[str]
    app: str
    user_id: int | None


def find_access(shop: Shop, token: str | None) -> Access | None:
    """The access of a token, or None if it is unknown, expired or revoked."""
    if not token:
        return None
    with shop.read() as db:
        known = row(db, "SELECT * FROM tokens WHERE token = ?", (token,))
        install = row(
            db, "SELECT * FROM installs WHERE uninstalled_at IS NULL ORDER BY installed_at DESC LIMIT 1"
        )
    expired = (
        known is not None and known["expires_at"] is not None and known["expires_at"] <= shop.clock.now()
    )
    if known is None or install is None or known["revoked"] or expired:
        return None
    # A grant that the merchant has since narrowed binds older tokens too.
    scopes = set(known["scopes"].split(",")) & set(install["scopes"].split(","))
    return Access(frozenset(filter(None, scopes)), install["app"], known["user_id"])


def installed(db: Any, app: str) -> Row | None:
    """The live installation of the app, if any."""
    return row(db, "SELECT * FROM installs WHERE app = ? AND uninstalled_at IS NULL", (app,))


def issue(
    change: Transaction, scopes: str, *, expiring: bool, mode: str = "offline", user_id: int | None = None
) -> Row:
    """A new access token (and, if expiring and offline, a new refresh token that voids the older one)."""
    now = change.now
    token = f"{'shpat' if mode == 'offline' else 'shpua'}_{secrets.token_hex(16)}"
    life = ONLINE_SECONDS if mode == "online" else ACCESS_SECONDS if expiring else None
    change.db.execute(
        "INSERT INTO tokens VALUES (?,?,?,?,?,0)",
        (token, mode, user_id, scopes, None if life is None else now + life),
    )
    answer: Row = {"access_token": token, "scope": scopes}
    if life is not None:
        answer["expires_in"] = life
    if mode == "offline" and expiring:
        change.db.execute("UPDATE refresh_tokens SET status = 'void'")
        answer |= {"refresh_token": _new_refresh(change, None), "refresh_token_expires_in": REFRESH_SECONDS}
    return answer


def _new_refresh(change: Transaction, previous: str | None) -> str:
    refresh = f"shprt_{secrets.token_hex(16)}"
    change.db.execute(
        "INSERT INTO refresh_tokens VALUES (?, 'current', ?, ?, NULL)",
        (refresh, previous, change.now + REFRESH_SECONDS),
    )
    return refresh


def refresh(change: Transaction, token: str, scopes: str) -> Row:
    """Exchange a refresh token for a new pair.

    The token just replaced may be retried until its replacement is used, at most 30 days from its first use;
    each retry makes the latest replacement the only one that counts.
    """
    known = row(change.db, "SELECT * FROM refresh_tokens WHERE token = ?", (token,))
    if known is None or known["status"] == "void":
        raise OAuthRefusal("invalid_grant", "The refresh token is invalid or has been replaced", 401)
    if known["expires_at"] <= change.now:
        raise OAuthRefusal("refresh_token_expired", "The refresh token has expired", 401)
    first = known["first_used_at"] or change.now
    if change.now - first > RETRY_SECONDS:
        raise OAuthRefusal("invalid_grant", "The refresh token can no longer be retried", 401)
    # Using a replacement ends the life of its predecessor; a retry voids the replacement it did not receive.
    change.db.execute("UPDATE refresh_tokens SET status = 'void' WHERE token != ?", (token,))
    change.db.execute(
        "UPDATE refresh_tokens SET status = 'used', first_used_at = ? WHERE token = ?", (first, token)
    )
    access = f"shpat_{secrets.token_hex(16)}"
    change.db.execute(
        "INSERT INTO tokens VALUES (?,?,NULL,?,?,0)", (access, "offline", scopes, change.now + ACCESS_SECONDS)
    )
    return {
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": _new_refresh(change, token),
        "refresh_token_expires_in": REFRESH_SECONDS,
        "scope": scopes,
    }


def revoke_all(change: Transaction) -> None:
    """End every token at once (uninstall)."""
    change.db.execute("UPDATE tokens SET revoked = 1")
    change.db.execute("UPDATE refresh_tokens SET status = 'void'")
