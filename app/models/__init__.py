"""Tables and constraints; every scoped key leads with store_id. No rules, no HTTP."""

from app.models import (  # noqa: F401  (the mapper must know every table)
    alerts,
    audit,
    catalog,
    events,
    forecasts,
    imports,
    inventory,
    outbox,
    proof,
    purchasing,
    replenishment,
    reports,
    sales,
    stores,
    sync,
    users,
)
