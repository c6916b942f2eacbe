"""The web door: parse, one query or service call, render. `ALL` is what create_app registers."""

from app.blueprints import (
    accuracy,
    alerts,
    api,
    auth,
    catalog,
    dashboard,
    events,
    health,
    imports,
    layout,
    proof,
    purchasing,
    replenishment,
    reports,
    settings,
    sync,
    transfers,
    webhooks,
)

ALL = (
    auth.blueprint,
    auth.api_blueprint,
    api.blueprint,
    api.root,
    health.blueprint,
    webhooks.blueprint,
    dashboard.blueprint,
    replenishment.blueprint,
    transfers.blueprint,
    proof.blueprint,
    accuracy.blueprint,
    purchasing.blueprint,
    catalog.blueprint,
    alerts.blueprint,
    reports.blueprint,
    imports.blueprint,
    events.blueprint,
    settings.blueprint,
    sync.blueprint,
)

__all__ = ["ALL", "auth", "layout"]
