"""Files that merchants bring: settings, suppliers, costs, and what Stocky knew; previewed, applied, undone."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Response, request
from flask_login import current_user

from app.domain.sheets import CannotRead
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, formats, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.i18n import gettext, ngettext
from app.queries import imports, stores
from app.queries.imports import ImportRow
from app.services import imports as service
from app.services.imports import KINDS, ImportNotFound, UnableToImport
from app.words.imports import unreadable

blueprint = AppBlueprint("imports", __name__)
_READ, _EDIT = Permission.CATALOG_READ, Permission.CATALOG_EDIT
# A preview shows the first of each; the counts are of all.
_SHOWN = 20


@blueprint.get("/imports", needs=_READ)
def index() -> Response:
    """What was imported, and the form for the next file."""
    return web.render("imports/index.html", imports=imports.latest(), kinds=list(KINDS), error="")


@blueprint.post("/imports", needs=_EDIT)
def upload() -> Response:
    """Take a file and show what it would change."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if file is None or not file.filename:
        return _refused(gettext("Choose a CSV file."))
    try:
        import_id = service.upload(
            file.filename,
            file.read(),
            kind=kind if kind in KINDS else None,
            actor=actor(),
            now=clock.now(),
        )
    except CannotRead as problem:
        return _refused(unreadable(str(problem)))
    except UnableToImport as problem:
        return _refused(str(problem))
    response = Response(status=204)
    response.headers["HX-Location"] = web.page_url("imports.show", import_id=import_id)
    return response


@blueprint.get("/imports/<int:import_id>", needs=_READ)
def show(import_id: int) -> Response:
    """One import: before it is applied with all that it would change, afterwards with what it did."""
    return _render(import_id, template="imports/show.html")


@blueprint.post("/imports/<int:import_id>/columns", needs=_EDIT)
def answer(import_id: int) -> Response:
    """Say which column is what, and how dates and decimals are written; the preview follows."""
    found = _found(import_id)
    mapping = {name: request.form.get(f"column-{name}", "") for name in KINDS[found.kind].aliases}
    answers = {name: request.form.get(name, "") for name in ("dates", "decimals") if request.form.get(name)}
    service.answer(import_id, {name: column for name, column in mapping.items() if column}, answers)
    return _render(import_id)


@blueprint.post("/imports/<int:import_id>/apply", needs=_EDIT)
def apply(import_id: int) -> Response:
    """Do all of it, or nothing."""
    _found(import_id)
    made = service.apply(import_id, actor=actor(), now=clock.now())
    if made.products or made.suppliers:
        forecast_jobs.replan_soon(current_user.store_id)
    return web.toast(_render(import_id), gettext("Imported"))


@blueprint.post("/imports/<int:import_id>/undo", needs=_EDIT)
def undo(import_id: int) -> Response:
    """Put everything back."""
    _found(import_id)
    stayed = service.undo(import_id, actor=actor(), now=clock.now())
    forecast_jobs.replan_soon(current_user.store_id)
    said = gettext("Undone")
    if stayed:
        said = ngettext(
            "Undone; %(num)s value stays, for it was changed since then",
            "Undone; %(num)s values stay, for they were changed since then",
            stayed,
        )
    return web.toast(_render(import_id), said)


def _render(import_id: int, *, template: str = "imports/_import.html") -> Response:
    found = _found(import_id)
    values: dict[str, Any] = {"imported": found, "plan": None}
    if found.status == "preview":
        plan = service.plan(import_id)
        changes = list(islice(plan.products.items(), _SHOWN))
        values |= {
            "plan": plan,
            "changes": changes,
            "shown": _SHOWN,
            "fields": list(KINDS[found.kind].aliases),
        }
        values["choices"] = [("", gettext("Not in the file")), *((name, name) for name in found.columns)]
        values["names"] = imports.names([variant_id for variant_id, _ in changes])
        values["currency"], values["amount"] = web.once(stores.store).currency, formats.money
    return web.render(template, **values)


def _found(import_id: int) -> ImportRow:
    found = imports.one(import_id)
    if found is None:
        raise ImportNotFound(f"There is no import {import_id} in this store.")
    return found


def _refused(error: str) -> Response:
    return web.render("imports/_upload.html", status=422, kinds=list(KINDS), error=error)
