"""What a check found, as it is kept for the page and the API: counts of what would change, and the first of it"""

from __future__ import annotations

from typing import Any

from app.services.imports.planning import Plan
from app.services.imports.writing import stored

# A page shows no more changes than these.
SHOWN = 20


def of(plan: Plan) -> dict[str, Any]:
    """The plan as JSON; `app.queries.imports.Outcome` reads it."""
    first = list(plan.products.items())[:SHOWN]
    return {
        "can_apply": plan.can_apply,
        "rows": plan.counts["rows"],
        "not_executed": plan.counts["not_executed"],
        "known": plan.counts["known"],
        "products": len(plan.products),
        "suppliers": len(plan.suppliers),
        "records": len(plan.records),
        "new_suppliers": plan.new_suppliers,
        "errors": plan.errors,
        "unmatched": plan.unmatched,
        "ambiguous": plan.ambiguous,
        "questions": plan.questions,
        "lead_times": plan.lead_times,
        "missing": [list(group) for group in plan.missing],
        "changes": [
            (variant, {name: stored(value) for name, value in values.items()}) for variant, values in first
        ],
    }
