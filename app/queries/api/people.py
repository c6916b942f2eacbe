"""Members and invitations as the JSON API lists them"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.platform import db
from app.queries.api.slices import slice_of
from app.words.failures import said

_INVITED = (
    "id, email, role, invited_by, status, error, created_at AS timestamp, sent_at,"
    " created_at + CAST(:lifetime AS interval) AS ends_at"
)
_MEMBER = "id, name, email, role, shopify_user_id IS NOT NULL AS is_staff, created_at AS timestamp"
_WAITING = "accepted_at IS NULL AND withdrawn_at IS NULL"


def members(*, page: int, size: int) -> dict[str, Any]:
    """Members, the owner first."""
    return slice_of(
        _MEMBER,
        "FROM members",
        "array_position(ARRAY['owner', 'manager', 'viewer'], role), created_at, id",
        page,
        size,
    )


def member(member_id: int) -> dict[str, Any] | None:
    """One member as in the list."""
    found = db.rows(f"SELECT {_MEMBER} FROM members WHERE id = :id", id=member_id)  # noqa: S608
    return found[0]._asdict() if found else None


def invitations(*, lifetime: timedelta, page: int, size: int) -> dict[str, Any]:
    """Invitations that nobody has accepted or withdrawn, newest first."""
    found = slice_of(_INVITED, f"FROM invitations WHERE {_WAITING}", "id DESC", page, size, lifetime=lifetime)
    for item in found["items"]:
        item["error"] = said(item["error"])
    return found


def invitation(invitation_id: int, *, lifetime: timedelta) -> dict[str, Any]:
    """One that waits, as in the list."""
    query = f"SELECT {_INVITED} FROM invitations WHERE id = :id AND {_WAITING}"  # noqa: S608
    found: dict[str, Any] = db.rows(query, id=invitation_id, lifetime=lifetime)[0]._asdict()
    return {**found, "error": said(found["error"])}
