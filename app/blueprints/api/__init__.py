"""The JSON API of a store's data, its OpenAPI document and its reference page."""

from app.blueprints.api import (
    accuracy,
    documents,
    events,
    forecast,
    imports,
    invitations,
    locations,
    members,
    orders,
    overrides,
    reports,
    settings,
    stock,
    suggestions,
    suppliers,
    transfers,
    wholesale,
)
from app.blueprints.api.door import blueprint, root

__all__ = [
    "accuracy",
    "blueprint",
    "documents",
    "events",
    "forecast",
    "imports",
    "invitations",
    "locations",
    "members",
    "orders",
    "overrides",
    "reports",
    "root",
    "settings",
    "stock",
    "suggestions",
    "suppliers",
    "transfers",
    "wholesale",
]
