"""Tables and constraints; every scoped key leads with store_id. No rules, no HTTP."""

from app.models import (  # noqa: F401  (the mapper must know every table)
    accuracy,
    alerts,
    audit,
    catalog,
    events,
    forecasts,
    imports,
    inventory,
    invitations,
    outbox,
    proof,
    purchasing,
    replenishment,
    reports,
    sales,
    stores,
    sync,
    transfers,
    users,
)
