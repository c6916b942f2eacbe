"""Files that merchants bring: settings, suppliers, costs, and what Stocky knew; checked, applied, undone."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.domain.sheets import CannotRead
from app.jobs import imports as jobs
from app.platform import clock, formats, queue, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.i18n import gettext, ngettext
from app.queries import imports, stores
from app.queries.imports import ImportRow, Outcome
from app.services import imports as service
from app.services.imports import KINDS, SHOWN, ImportNotFound, UnableToImport
from app.words.imports import unreadable

blueprint = AppBlueprint("imports", __name__)
_READ, _EDIT = Permission.CATALOG_READ, Permission.CATALOG_EDIT


@blueprint.get("/imports", needs=_READ)
def index() -> Response:
    """What was imported, and the form for the next file."""
    return web.render("imports/index.html", imports=imports.latest(), kinds=list(KINDS), error="")


@blueprint.post("/imports", needs=_EDIT)
def upload() -> Response:
    """Take a file; its page shows what it would change, for a long one once a job has checked it."""
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
    jobs.soon(current_user.store_id, import_id)
    response = Response(status=204)
    response.headers["HX-Location"] = web.page_url("imports.show", import_id=import_id)
    return response


@blueprint.get("/imports/<int:import_id>", needs=_READ)
def show(import_id: int) -> Response:
    """One import: how far the work on it is, what it would change, or what it did. While a page waits, it asks
    for the progress alone; the answer that ends the waiting takes the place of all."""
    if not web.wants_fragment():
        return _render(import_id, template="imports/show.html")
    found = _found(import_id)
    if found.is_busy:
        return web.render("imports/_progress.html", imported=found, **_pause(is_told="told" in request.args))
    response = _render(import_id)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#import", "outerHTML"
    return response


@blueprint.post("/imports/<int:import_id>/columns", needs=_EDIT)
def answer(import_id: int) -> Response:
    """Say which column is what, and how dates and decimals are written; a new check follows."""
    found = _found(import_id)
    mapping = {name: request.form.get(f"column-{name}", "") for name in KINDS[found.kind].aliases}
    answers = {name: request.form.get(name, "") for name in ("dates", "decimals") if request.form.get(name)}
    named = {name: column for name, column in mapping.items() if column}
    service.answer(import_id, named, answers, actor=actor())
    jobs.soon(current_user.store_id, import_id)
    return _render(import_id)


@blueprint.post("/imports/<int:import_id>/apply", needs=_EDIT)
def apply(import_id: int) -> Response:
    """Do all of it, or nothing."""
    service.ask(import_id, "apply", actor=actor())
    jobs.soon(current_user.store_id, import_id)
    response = _render(import_id)
    is_done = _found(import_id).status == "applied"
    return web.toast(response, gettext("Imported")) if is_done else response


@blueprint.post("/imports/<int:import_id>/undo", needs=_EDIT)
def undo(import_id: int) -> Response:
    """Put everything back."""
    service.ask(import_id, "undo", actor=actor())
    jobs.soon(current_user.store_id, import_id)
    response, found = _render(import_id), _found(import_id)
    return web.toast(response, _undone(found.summary["stayed"])) if found.status == "undone" else response


def _undone(stayed: int) -> str:
    if not stayed:
        return gettext("Undone")
    return ngettext(
        "Undone; %(num)s value stays, for it was changed since then",
        "Undone; %(num)s values stay, for they were changed since then",
        stayed,
    )


def _render(import_id: int, *, template: str = "imports/_import.html") -> Response:
    found = _found(import_id)
    values: dict[str, Any] = {"imported": found, "plan": None}
    if found.is_busy:
        values |= _pause(is_told=template == "imports/show.html")
    elif found.status == "preview":
        plan = imports.outcome(import_id)
        changes = plan.changes if plan else []
        values |= {
            "plan": plan or Outcome(),
            "is_checked": plan is not None,
            "changes": changes,
            "shown": SHOWN,
            "fields": list(KINDS[found.kind].aliases),
        }
        values["choices"] = [("", gettext("Not in the file")), *((name, name) for name in found.columns)]
        values["names"] = imports.names([variant_id for variant_id, _ in changes])
        values["currency"], values["amount"] = web.once(stores.store).currency, formats.money
    return web.render(template, **values)


def _pause(*, is_told: bool) -> dict[str, bool]:
    """Whether no job can begin now; a whole page that is asked for meanwhile says so in its own banner."""
    is_paused = not web.once(queue.is_reachable)
    return {"is_paused": is_paused, "is_told": is_told and is_paused}


def _found(import_id: int) -> ImportRow:
    found = imports.one(import_id)
    if found is None:
        raise ImportNotFound(f"There is no import {import_id} in this store.")
    return found


def _refused(error: str) -> Response:
    return web.render("imports/_upload.html", status=422, kinds=list(KINDS), error=error)
