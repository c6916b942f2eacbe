"""Whether the process lives, and whether what it needs is there."""

from __future__ import annotations

from flask import Response, jsonify

from app.platform import db, queue
from app.platform.access import AppBlueprint, Open

blueprint = AppBlueprint("health", __name__)


@blueprint.get("/healthz", needs=Open("asked by the router; says nothing but that the process lives"))
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz", needs=Open("asked by the router; names the part that is down, nothing else"))
def readyz() -> Response:
    """Every part answers, or 503 with the one that does not."""
    parts = {"database": db.is_reachable(), "redis": queue.is_reachable()}
    response = jsonify(status="ok" if all(parts.values()) else "down", parts=parts)
    response.status_code = 200 if all(parts.values()) else 503
    return response
