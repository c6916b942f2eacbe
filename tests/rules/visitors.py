"""Who knocks in the access matrix, the two stores they knock at, and how each route's address is filled in."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from werkzeug.routing import Rule

from app.models.catalog import Location, ProductView, VariantMerge
from app.models.reports import Report, ReportPart
from app.models.sales import WholesaleLine
from app.models.sync import WebhookReceipt
from app.platform import clock, db, queue, tenancy
from app.services import alerts, events, imports, invitations, purchasing, stores
from app.services.reports import KINDS
from tests import factories, people
from tests.factories import Item, Shop
from tests.signing import id_token

# No word of ours contains it: a body that does has shown the one store's data to somebody.
MARK = "Zanzqx"
MEMBERS = ("owner", "manager", "viewer")
# More kinds of bad tokens are tried on one page in tests/blueprints/test_identity.py.
FORGED = ("expired", "other app", "other secret", "tampered")
VISITORS = (
    *MEMBERS,
    *(f"{role} logged in" for role in MEMBERS),
    "stranger",
    "stranger logged in",
    "nobody",
    *FORGED,
)
# What is sent to a JSON route that reads a body; a new one needs an entry. It need not succeed for a member,
# but it is read, so that strangers get as far as the thing that they name.
_CREDENTIALS = {"email": "nobody@example.com", "password": "Wrong horse 1"}
BODIES: dict[str, Any] = {
    "auth_api.signup": {**_CREDENTIALS, "password_confirmation": "Wrong horse 1"},
    "auth_api.confirm": {"token": "x", "password": "Wrong horse 1"},
    "auth_api.login": _CREDENTIALS,
    "api.forecast_series": [],
    "api_root.forecast_series_at_root": [],
    "api.create_report": {"kind": next(iter(KINDS))},
    "api.snooze_alert": {"hours": 24},
    "api.accept_suggestion": {"quantity": 1},
    "api.snooze_suggestion": {"until": str(clock.now().date() + timedelta(days=30))},
    "api.add_supplier": {"name": "New"},
    "api.update_supplier": {"note": "x"},
    "api.create_purchase_order": {"supplier_id": 1},
    "api.update_purchase_order": {"version": 1, "note": "x"},
    "api.send_purchase_order": {"version": 1},
    "api.receive_purchase_order": {"version": 1},
    "api.close_purchase_order": {"version": 1},
    "api.cancel_purchase_order": {"version": 1},
    "api.invite": {"email": "newcomer@example.com", "role": "viewer"},
    "api.change_invitation": {"role": "manager"},
    "api.change_member": {"role": "owner"},
    "api.update_settings": {"low_stock_threshold": 12},
    "api.update_product_settings": {"low_stock_threshold": 12},
    "api.change_location": {"left_out": False},
    "api.set_location_minimum": {"units": 3},
    "api.set_override": {"kind": "units", "value": 5, "until": "2000-01-01", "reason": "fair"},
    "api.name_event": {"name": "Sale", "first_day": "2000-01-01", "last_day": "2000-01-01"},
    "api.call_event_ordinary": {"ordinary": False},
    "api.decide_large_order": {"counted": False},
    "api.bring_import": {"filename": "a.csv", "content": "no rows"},
    "api.answer_import": {"mapping": {}},
}
ITEMS = (
    Item(f"{MARK} beans", (6, 4, 8, 5), on_hand=0, vendor=f"{MARK} Farm"),
    Item(f"{MARK} tea", (3, 2, 4), on_hand=2, vendor=f"{MARK} Farm"),
)
OTHERS = (Item("Plain cup", (1, 2), on_hand=5, vendor="Plain Works"),)


@dataclass(frozen=True)
class Stage:
    """One store with something of every kind that an address can name, and its members; and a stranger's."""

    store: Shop
    other: Shop
    parameters: dict[str, Any]
    # A new session each time: one of the routes ends the session that asks.
    sessions: dict[str, Callable[[], str]]

    def path(self, rule: Rule) -> str:
        """The rule's address with this store's ids. Raises KeyError for a parameter that nobody has filled."""
        missing = set(rule.arguments) - set(self.parameters)
        if missing:
            raise KeyError(f"{rule.rule}: say in tests/rules/visitors.py what {sorted(missing)} may be")
        _, address = rule.build(
            {name: self.parameters[name] for name in rule.arguments}, append_unknown=False
        )
        return str(address)

    def body(self, endpoint: str) -> Any:
        """The JSON that is sent there; what names a thing by id names this store's."""
        body = BODIES[endpoint]
        if isinstance(body, list):
            return body
        return {name: self.parameters.get(name, value) for name, value in body.items()}

    def headers(self, visitor: str) -> dict[str, str]:
        """The proof of identity that this visitor sends."""
        if visitor == "nobody":
            return {}
        return {"Authorization": f"Bearer {self._proof(visitor)}"}

    def _proof(self, visitor: str) -> str:
        shop, now = self.store.domain, int(time.time())
        if visitor in self.sessions:
            return self.sessions[visitor]()
        if visitor in MEMBERS:
            return id_token(shop, user=factories.USERS[visitor])
        owner = factories.USERS["owner"]
        forged: dict[str, Callable[[], str]] = {
            "stranger": lambda: id_token(self.other.domain, user=owner),
            "expired": lambda: id_token(shop, user=owner, exp=now - 120, iat=now - 180, nbf=now - 180),
            "other app": lambda: id_token(shop, user=owner, aud="another-client-id"),
            "other secret": lambda: id_token(shop, user=owner, secret="another-secret-of-another-app-000"),
            "tampered": lambda: _tampered(
                id_token(self.other.domain, user=owner), id_token(shop, user=owner)
            ),
        }
        return forged[visitor]()


def _tampered(signed: str, wanted: str) -> str:
    """The claims of one token under the signature of another."""
    return ".".join([wanted.split(".")[0], wanted.split(".")[1], signed.split(".")[2]])


@contextmanager
def staged(app: Flask) -> Iterator[Stage]:
    """Both stores, until the block ends; what was enqueued is forgotten with them."""
    store = factories.make_store(app, name=f"{MARK} House")
    ids = factories.fill(app, store, ITEMS, first_id=71_000)
    factories.sync_run(app, store)
    with _scope(app, store):  # any forecast will do; the quickest is best
        stores.change_settings(
            {"engine": "moving_average", "alert_emails": [f"{MARK}@example.com"]},
            actor=MARK,
            now=clock.now(),
        )
    factories.forecast(app, store)
    other = factories.make_store(app, name="Stranger")
    factories.fill(app, other, OTHERS, first_id=81_000)
    with _scope(app, store):
        parameters = _things(store.id, ids[0])
    yield Stage(store, other, parameters, _sessions(app, store, other))
    with app.app_context():
        queue.connection().flushdb()


def _things(store_id: int, variant_id: int) -> dict[str, Any]:
    """One thing of every kind that belongs to the current store, by the name that addresses give it."""
    session, now = db.session(), clock.now()
    report = Report(kind=next(iter(KINDS)), status="done", filename="stock.csv", size=len(MARK), rows=1)
    view = ProductView(name=MARK, query="", made_by=MARK)
    receipt = WebhookReceipt(webhook_id=MARK, topic="customers/redact", payload={}, parked_at=now, attempts=6)
    young = variant_id + 1
    merge = VariantMerge(old_variant_id=variant_id, new_variant_id=young, sku=MARK)
    line_id = db.rows("SELECT MIN(id) AS id FROM order_lines WHERE variant_id = :id", id=variant_id)[0].id
    large = WholesaleLine(line_id=line_id, variant_id=variant_id, day=now.date(), units=90, usual_units=5)
    location = Location(id=71_001, name=MARK)
    session.add_all([report, view, receipt, merge, large, location])
    purchasing.ensure_suppliers()
    supplier_id = db.rows("SELECT id FROM suppliers WHERE vendor LIKE :mark", mark=f"{MARK}%")[0].id
    order = purchasing.new_draft(supplier_id, actor=MARK, now=now)
    session.flush()
    session.add(ReportPart(report_id=report.id, number=0, content=MARK.encode()))
    purchasing.add_line(order.id, f"SKU-{variant_id}", actor=MARK, now=now)
    brought = imports.upload(f"{MARK}.csv", b"SKU,Lead time\nSKU-71000,9\n", kind=None, actor=MARK, now=now)
    imports.perform(brought, now=now)
    return {
        "event_id": _event(),
        "line_id": line_id,
        "import_id": brought,
        "filename": "app.css",
        "store_id": store_id,
        "location_id": location.id,
        "variant_id": variant_id,
        "product_id": variant_id,
        "alert_id": db.rows("SELECT id FROM alerts ORDER BY id LIMIT 1")[0].id,
        "report_id": report.id,
        "supplier_id": supplier_id,
        "order_id": order.id,
        "view_id": view.id,
        "channel_id": _channel(),
        "member_id": _member(),
        "invitation_id": invitations.invite(
            "guest@example.com", "viewer", language="en", actor=MARK, now=now
        ),
        "receipt_id": receipt.id,
        "merge_id": merge.id,
    }


def _event() -> int:
    """A past event, which changes no number that is shown."""
    day = clock.now().date() - timedelta(days=60)
    made = events.add(
        name=MARK,
        kind="event",
        first_day=day,
        last_day=day,
        scope="all",
        target="",
        lift_percent=None,
        actor=MARK,
        now=clock.now(),
    )
    return made.id


def _member() -> int:
    """The owner: who can neither be removed nor lose the role, so that the store stays as it is."""
    return int(db.rows("SELECT id FROM members WHERE role = 'owner'")[0].id)


def _channel() -> int:
    cipher = current_app.extensions["cipher"]
    url = "https://hooks.example/alerts"
    return alerts.add_channel("webhook", url, cipher=cipher, actor=MARK, now=clock.now())[0]


def _sessions(app: Flask, store: Shop, other: Shop) -> dict[str, Callable[[], str]]:
    """Tokens of people who have logged in outside the admin."""
    found: dict[str, Callable[[], str]] = {}
    for role, place in (*((role, store) for role in MEMBERS), ("stranger", other)):
        user_id, _ = people.make_user(app)
        if role in ("owner", "stranger"):
            _join_as_owner(app, user_id, place.id)
        else:
            people.join(app, user_id, place.id, role)
        found[f"{role} logged in"] = functools.partial(people.token, app, user_id, place.id)
    return found


def _join_as_owner(app: Flask, user_id: int, store_id: int) -> None:
    """A store has one owner, so the login is tied to that very member."""
    from app.models.users import StoreUser

    with app.app_context(), tenancy.store_scope(db.session(), store_id), db.transaction() as session:
        member_id = db.rows("SELECT id FROM members WHERE role = 'owner'")[0].id
        session.add(StoreUser(user_id=user_id, store_id=store_id, member_id=member_id))


@contextmanager
def _scope(app: Flask, shop: Shop) -> Iterator[None]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        yield


def contents(app: Flask, shop: Shop) -> dict[str, str]:
    """A fingerprint of all that a store holds, table by table; two are equal when nothing has changed."""
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        tables = [
            row.name
            for row in db.rows(
                "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relrowsecurity ORDER BY 1"
            )
        ]
        found = {}
        for table in tables:
            query = (
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS sum FROM {table} t"
            )
            found[table] = str(db.rows(query)[0].sum)
        return found
