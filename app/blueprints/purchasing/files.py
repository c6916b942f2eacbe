"""An order's PDF and CSV, behind a signed link that expires and names one store."""

from __future__ import annotations

from flask import Response, request

from app.blueprints.purchasing.pages import LINK_SECONDS, blueprint, found, signer
from app.platform import db, tenancy
from app.platform.access import Open
from app.queries import stores
from app.services.purchasing import papers


@blueprint.get("/purchase-orders/file", needs=Open("the link is signed, expires and names one order"))
def file() -> Response:
    """The file. The browser's download carries no ID token, so the link itself is the proof."""
    claims = signer().open(request.args.get("token", ""), max_age_seconds=LINK_SECONDS)
    with tenancy.store_scope(db.session(), int(claims["store"])):
        order = found(int(claims["order"]))
        is_pdf = claims["kind"] == "pdf"
        content = papers.as_pdf(order, stores.store()) if is_pdf else papers.as_csv(order)
    response = Response(content, mimetype="application/pdf" if is_pdf else "text/csv")
    name = papers.filename(order, "pdf" if is_pdf else "csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
