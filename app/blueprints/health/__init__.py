"""Whether the process lives, whether what it needs is there, and figures for a Prometheus."""

from __future__ import annotations

import hmac
from typing import cast

from flask import Response, abort, current_app, jsonify, request

from app.config import Settings
from app.platform import db, lost, metrics, outbox, queue
from app.platform.access import AppBlueprint, Open
from app.services import stores

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


@blueprint.get("/metrics", needs=Open("a scraper proves itself by METRICS_TOKEN; figures of no single store"))
def figures() -> Response:
    """Counts of requests and jobs, and how full the queues are; 404 to whoever does not know the token."""
    token = cast(Settings, current_app.extensions["settings"]).metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    text = metrics.exposition(queue.connection(), queue.prefix(), _gauges())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _gauges() -> dict[str, float]:
    queues = {
        metrics.gauge("queue_jobs", queue=name): float(queue.queue(name).count) for name in queue.QUEUES
    }
    found: dict[str, float] = {
        metrics.gauge("workers"): float(lost.workers(queue.connection())),
        metrics.gauge("failed_jobs"): float(len(lost.failed_jobs(queue.queues()))),
        metrics.gauge("parked_jobs"): float(len(outbox.parked())),
        metrics.gauge("owed_jobs"): float(outbox.owed()),
    }
    for one in stores.health():
        name = metrics.gauge("stores", status=one.status)
        found[name] = found.get(name, 0.0) + 1
    return queues | found
