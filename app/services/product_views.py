"""Saved views of the product list: a name for filters, order and columns, a member's own or shared."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.models.catalog import ProductView
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit

MOST = 50


class ViewNotFound(LookupError):
    """The current store has no such view, or it is another member's own."""


class UnableToSaveView(ValueError):
    """This view cannot be saved; the message says what to do."""


def save(name: str, query: str, *, member_id: int, is_shared: bool, actor: str, now: datetime) -> ProductView:
    """Save a view under a name; one of the same name and kind is replaced. Raises UnableToSaveView."""
    owner = None if is_shared else member_id
    mine = select(ProductView).where(ProductView.member_id.is_not_distinct_from(owner))
    found = list(db.session().execute(mine).scalars())
    view = next((one for one in found if one.name == name), None)
    if view is None:
        if len(found) >= MOST:
            raise UnableToSaveView(
                gettext("There are %(most)s saved views already. Delete one first.", most=MOST)
            )
        view = ProductView(member_id=owner, name=name)
        db.session().add(view)
    view.query, view.made_by, view.created_at = query, actor, now
    db.session().flush()
    if is_shared:
        audit.record(actor=actor, action="product_view.shared", view_id=view.id, name=name)
    return view


def delete(view_id: int, *, member_id: int, may_shared: bool, actor: str) -> None:
    """Delete a view of one's own, or a shared one where the role allows it. Raises ViewNotFound."""
    query = select(ProductView).where(ProductView.id == view_id)
    view = db.session().execute(query).scalar_one_or_none()
    is_allowed = view is not None and (may_shared if view.member_id is None else view.member_id == member_id)
    if view is None or not is_allowed:
        raise ViewNotFound(gettext("This view does not exist, or it is somebody else's."))
    db.session().delete(view)
    if view.member_id is None:
        audit.record(actor=actor, action="product_view.deleted", view_id=view_id, name=view.name)
