"""The one table of errors: exception → status and words, for people; and what a program is told instead"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ConnectionError as RedisDown
from redis.exceptions import TimeoutError as RedisSlow
from sqlalchemy.exc import OperationalError

from app.domain.purchasing import ActNotAllowed, TooManyUnits
from app.platform.i18n import lazy_gettext
from app.platform.limits import TooManyTries
from app.platform.secrets import LinkRefused
from app.platform.sessions import WriteRefused
from app.services.alerts import AlertNotFound, ChannelNotFound, ChannelRemoved
from app.services.catalog import MergeNotFound, VariantNotFound
from app.services.events import EventNotFound
from app.services.imports import ImportNotFound, UnableToImport
from app.services.inventory import LocationNeeded, LocationNotFound
from app.services.invitations import InvitationNotFound, InvitationOver, UnableToInvite
from app.services.overrides import UnableToOverride
from app.services.product_views import ViewNotFound
from app.services.purchasing import (
    OrderChanged,
    OrderNotFound,
    SupplierExists,
    SupplierNotFound,
    UnableToOrder,
)
from app.services.reports import ReportNotFound
from app.services.stores import MemberNotFound, OwnerNeeded, StoreNotFound, UnableToReachShop
from app.services.sync import ReceiptNotFound
from app.services.users import LinkUsed, LoginRefused
from app.services.wholesale import LineNotFound
from app.shopify.access_token import TokenRefused, TokenUnavailable
from app.shopify.admin import AdminError
from app.shopify.authorization_code import GrantRefused
from app.words import purchasing


@dataclass(frozen=True)
class Problem:
    """What a visitor is told. `detail` None: the exception's own words, worded in the reader's language."""

    status: int
    title: str
    detail: str | Callable[[Any], str] | None = None

    def words(self, error: Exception) -> str:
        """What happened and what to do next."""
        if callable(self.detail):
            return self.detail(error)
        return str(error if self.detail is None else self.detail)


def _missing(title: str) -> Problem:
    return Problem(404, title, lazy_gettext("It may have been deleted, or it belongs to another store."))


_SHOPIFY_AWAY = Problem(
    503, lazy_gettext("Shopify does not answer"), lazy_gettext("Wait a minute and load the page again.")
)
_QUEUE_AWAY = Problem(
    503,
    lazy_gettext("Background work is paused"),
    lazy_gettext("Your data is safe. Wait a minute and try again."),
)
_LINK_OVER = Problem(403, lazy_gettext("This link no longer works"))
TABLE: dict[type[Exception], Problem] = {
    StoreNotFound: _missing(lazy_gettext("Store not found")),
    VariantNotFound: _missing(lazy_gettext("Product not found")),
    MergeNotFound: Problem(404, lazy_gettext("Proposal not found")),
    ReceiptNotFound: _missing(lazy_gettext("Delivery not found")),
    ViewNotFound: Problem(404, lazy_gettext("View not found")),
    AlertNotFound: _missing(lazy_gettext("Alert not found")),
    ChannelNotFound: _missing(lazy_gettext("Channel not found")),
    MemberNotFound: _missing(lazy_gettext("Member not found")),
    InvitationNotFound: _missing(lazy_gettext("Invitation not found")),
    InvitationOver: Problem(409, lazy_gettext("This invitation is over")),
    UnableToInvite: Problem(409, lazy_gettext("This address cannot be invited")),
    OwnerNeeded: Problem(409, lazy_gettext("A store needs an owner")),
    ChannelRemoved: Problem(409, lazy_gettext("The channel was removed")),
    ReportNotFound: Problem(404, lazy_gettext("Report not found")),
    LocationNotFound: _missing(lazy_gettext("Location not found")),
    LocationNeeded: Problem(409, lazy_gettext("A location has to count")),
    SupplierNotFound: _missing(lazy_gettext("Supplier not found")),
    SupplierExists: Problem(409, lazy_gettext("There is such a supplier already")),
    OrderNotFound: _missing(lazy_gettext("Purchase order not found")),
    OrderChanged: Problem(409, lazy_gettext("The order has changed")),
    ActNotAllowed: Problem(
        409, lazy_gettext("The order's status does not allow this"), purchasing.act_not_allowed
    ),
    TooManyUnits: Problem(422, lazy_gettext("Too many units"), purchasing.too_many_units),
    LineNotFound: _missing(lazy_gettext("Order not found")),
    EventNotFound: _missing(lazy_gettext("Event not found")),
    ImportNotFound: _missing(lazy_gettext("Import not found")),
    UnableToImport: Problem(409, lazy_gettext("This import cannot go on")),
    UnableToOverride: Problem(422, lazy_gettext("This override cannot be set")),
    UnableToOrder: Problem(422, lazy_gettext("This cannot be ordered as it is")),
    LinkRefused: _LINK_OVER,
    UnableToReachShop: Problem(
        409,
        lazy_gettext("Fluxor has to be opened again"),
        lazy_gettext("Close this page and open Fluxor from your admin."),
    ),
    TokenRefused: Problem(
        403,
        lazy_gettext("Fluxor is not installed in this store"),
        lazy_gettext("Install it from your Shopify admin, then open it again."),
    ),
    GrantRefused: Problem(400, lazy_gettext("The store was not connected")),
    TokenUnavailable: _SHOPIFY_AWAY,
    AdminError: _SHOPIFY_AWAY,
    OperationalError: Problem(
        503,
        lazy_gettext("The database cannot be reached"),
        lazy_gettext("Your data is safe. Wait a minute and load the page again."),
    ),
    LoginRefused: Problem(401, lazy_gettext("You are not logged in")),
    LinkUsed: _LINK_OVER,
    WriteRefused: Problem(403, lazy_gettext("This was not sent from our own pages")),
    TooManyTries: Problem(429, lazy_gettext("Too many tries")),
    RedisDown: _QUEUE_AWAY,
    RedisSlow: _QUEUE_AWAY,
}
GO_BACK = lazy_gettext("Go back and try again.")
HTTP = {
    400: Problem(400, lazy_gettext("This request cannot be read"), GO_BACK),
    401: Problem(
        401,
        lazy_gettext("Please open Fluxor from your Shopify admin"),
        lazy_gettext("This page is shown to signed-in staff only."),
    ),
    403: Problem(
        403,
        lazy_gettext("You may not do this"),
        lazy_gettext("Ask the owner of the store to give you a role that may."),
    ),
    404: Problem(
        404, lazy_gettext("Page not found"), lazy_gettext("The address may be mistyped, or the page is gone.")
    ),
    405: Problem(405, lazy_gettext("This address does not take that kind of request"), GO_BACK),
    413: Problem(413, lazy_gettext("This is too large"), lazy_gettext("Send less at once.")),
    422: Problem(
        422, lazy_gettext("Some values cannot be used"), lazy_gettext("Mend the fields that are marked.")
    ),
    429: Problem(429, lazy_gettext("Too many tries"), lazy_gettext("Wait a minute and try again.")),
}
# A program is told what to send, where a person is told what to open.
API = {
    400: Problem(400, HTTP[400].title, lazy_gettext("Send JSON as /api/docs describes it.")),
    401: Problem(
        401,
        lazy_gettext("Nobody is logged in"),
        lazy_gettext("Log in with POST /api/auth/login and send the token as a bearer token."),
    ),
    403: Problem(403, HTTP[403].title, lazy_gettext("Ask the owner of the store for a role that may.")),
    404: Problem(
        404,
        lazy_gettext("There is no such thing"),
        lazy_gettext("Look at the address; it may belong to another store."),
    ),
    415: Problem(
        415,
        lazy_gettext("The body is not JSON"),
        lazy_gettext("Send it with Content-Type: application/json."),
    ),
    422: Problem(422, HTTP[422].title, lazy_gettext("Mend the fields that `errors` names.")),
}
BUG = Problem(
    500,
    lazy_gettext("Something went wrong on our side"),
    lazy_gettext("It has been logged. Try again; nothing was half-written."),
)
