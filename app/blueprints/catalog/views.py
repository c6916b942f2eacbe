"""Saved views of the list: save the list as it stands under a name, or delete one."""

from __future__ import annotations

from flask import Response, abort, request
from flask_login import current_user

from app.blueprints.catalog.door import blueprint
from app.blueprints.catalog.listing import asked_for, block, encoded
from app.platform import clock, web
from app.platform.access import Permission, SignedIn, actor, may
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries.catalog import Asked
from app.services import product_views

LONGEST_NAME = 60


_OWN = SignedIn("a member keeps views of their own; what concerns others is checked inside")


@blueprint.post("/products/views", needs=_OWN)
def save_view() -> Response:
    """Save the list as it stands; a shared view needs the right to edit products."""
    _must_be_member()
    asked, form = asked_for(request.form), Form(request.form)
    form.words("view_name", most=LONGEST_NAME, optional=False)
    is_shared = request.form.get("shared") == "1"
    if is_shared and not may(Permission.CATALOG_EDIT):
        abort(403)
    if not form.is_valid:
        return _answer(asked, status=422, view_error=form.errors["view_name"])
    try:
        product_views.save(
            form.values["view_name"],
            encoded(asked),
            member_id=current_user.member_id,
            is_shared=is_shared,
            actor=actor(),
            now=clock.now(),
        )
    except product_views.UnableToSaveView as problem:
        return _answer(asked, status=422, view_error=str(problem))
    return web.toast(_answer(asked), gettext("View saved"))


@blueprint.post("/products/views/<int:view_id>/delete", needs=_OWN)
def delete_view(view_id: int) -> Response:
    """Delete a view of one's own; a shared one needs the right to edit products."""
    _must_be_member()
    product_views.delete(
        view_id,
        member_id=current_user.member_id,
        may_shared=may(Permission.CATALOG_EDIT),
        actor=actor(),
    )
    return web.toast(_answer(asked_for(request.form)), gettext("View deleted"))


def _must_be_member() -> None:
    if not may(Permission.CATALOG_READ):
        abort(403)


def _answer(asked: Asked, *, status: int = 200, view_error: str = "") -> Response:
    values = block(asked, 1, view_error=view_error, view_typed=request.form.get("view_name", ""))
    return web.render("catalog/_table.html", status=status, **values)
