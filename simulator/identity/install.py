"""Installing, re-granting and uninstalling the app in a shop (managed installation)."""

from __future__ import annotations

from simulator.identity import tokens
from simulator.manifest import Manifest
from simulator.store import payloads
from simulator.store.database import Shop, row

REDACT_AFTER_SECONDS = 48 * 3600


def install(shop: Shop, manifest: Manifest, *, optional: bool = False) -> None:
    """The merchant accepts the grant screen; Shopify calls nobody back.

    `optional` grants the optional scopes at once as well, as if the merchant had agreed to each already.
    """
    scopes = [*manifest.scopes, *(manifest.optional_scopes if optional else ())]
    with shop.write() as change:
        known = row(change.db, "SELECT * FROM installs WHERE app = ?", (manifest.handle,))
        number = known["installation_id"] if known else change.next_id()
        change.db.execute(
            "INSERT OR REPLACE INTO installs VALUES (?,?,?,?,NULL)",
            (manifest.handle, number, ",".join(scopes), change.now),
        )
        change.set_meta("redact_at", None)


def granted_scopes(shop: Shop, manifest: Manifest) -> set[str]:
    """Scopes of the live installation; empty if there is none."""
    with shop.read() as db:
        known = tokens.installed(db, manifest.handle)
    return set(filter(None, known["scopes"].split(","))) if known else set()


def missing_scopes(shop: Shop, manifest: Manifest) -> list[str]:
    """Scopes that the manifest asks for and the installation does not have (the merchant is asked again)."""
    granted = granted_scopes(shop, manifest)
    return [scope for scope in manifest.scopes if scope not in granted]


def is_installed(shop: Shop, manifest: Manifest) -> bool:
    """Whether the app is installed now."""
    with shop.read() as db:
        return tokens.installed(db, manifest.handle) is not None


def set_scopes(shop: Shop, manifest: Manifest, scopes: list[str]) -> None:
    """Change what is granted and tell by app/scopes_update."""
    with shop.write() as change:
        known = tokens.installed(change.db, manifest.handle)
        if known is None:
            raise ValueError(f"{manifest.handle} is not installed in {shop.domain}")
        change.db.execute("UPDATE installs SET scopes = ? WHERE app = ?", (",".join(scopes), manifest.handle))
        change.emit(
            "app/scopes_update",
            {
                "id": known["installation_id"],
                "shop_id": f"gid://shopify/Shop/{change.meta('shop_id')}",
                "previous": sorted(filter(None, known["scopes"].split(","))),
                "current": sorted(scopes),
                "updated_at": shop.local_time(change.now),
            },
        )


def uninstall(shop: Shop, manifest: Manifest) -> None:
    """Revoke all tokens, tell by app/uninstalled, and have shop/redact follow after 48 hours."""
    payload = payloads.shop_payload(shop)
    with shop.write() as change:
        change.emit("app/uninstalled", payload)
        tokens.revoke_all(change)
        change.db.execute(
            "UPDATE installs SET uninstalled_at = ? WHERE app = ?", (change.now, manifest.handle)
        )
        change.db.execute(
            "UPDATE bulk_operations SET status = 'CANCELING' WHERE status IN ('CREATED', 'RUNNING')"
        )
        change.set_meta("redact_at", change.now + REDACT_AFTER_SECONDS)


def redact(shop: Shop) -> None:
    """Send shop/redact now."""
    with shop.write() as change:
        change.set_meta("redact_at", None)
        change.emit("shop/redact", {"shop_id": change.meta("shop_id"), "shop_domain": shop.domain})
