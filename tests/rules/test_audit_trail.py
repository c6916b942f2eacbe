"""No write goes unaudited: each route that changes something is used once, and must leave who did what on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.jobs import channels, invitations
from app.platform import clock, db, tenancy
from app.services import imports
from app.services.reports import KINDS
from tests import people
from tests.rules.test_routes import LIST
from tests.rules.visitors import Stage, staged

WRITES = {line.split()[2] for line in LIST.read_text().splitlines() if line.split()[1] != "GET"}
_ACCOUNT = "concerns a person's own account or session, which belong to no store"
# Writes that leave no entry, each with its reason.
UNAUDITED = {
    **dict.fromkeys(("auth_api.confirm", "auth_api.login", "auth_api.logout", "auth_api.signup"), _ACCOUNT),
    **dict.fromkeys(("auth.do_confirm", "auth.log_in", "auth.logout", "auth.sign_up"), _ACCOUNT),
    **dict.fromkeys(("auth.ask_reset", "auth.do_reset"), _ACCOUNT),
    **dict.fromkeys(("auth.switch", "auth_api.select"), "which of one's stores is shown; changes no store"),
    "auth.accept": "ends in the same service as auth.do_join; needs a log-in of the invited address",
    "auth.start_connect": "leads to Shopify; what comes of it there is audited as member.connected",
    "settings.choose_language": "in which language one reads one's own pages",
    "api.forecast_series": "a question; nothing is stored",
    "api_root.forecast_series_at_root": "a question; nothing is stored",
    "catalog.preview_bulk": "a preview; changes nothing",
    "imports.upload": "a preview, kept for a week beside the name of who brought it; applying is audited",
    "imports.answer": "how the preview is read; applying is audited",
    "api.bring_import": "a preview, kept for a week beside the name of who brought it; applying is audited",
    "api.answer_import": "how the preview is read; applying is audited",
    "settings.delete": "deletes the entries too; the row in `erasures` and the log line stay",
    "webhooks.receive": "the delivery itself is kept; what it sets in motion is Shopify's doing",
}


@dataclass
class Trail:
    """The owner of a store at work; each act is looked up in the audit entries."""

    app: Flask
    stage: Stage
    tried: set[str] = field(default_factory=set)

    def act(
        self,
        endpoint: str,
        *,
        names: dict[str, Any] | None = None,
        actor: str = "Owner Person",
        **sent: Any,
    ) -> None:
        """Do it, successfully, and find who did it on record; `names` replaces the stage's ids."""
        methods = {"POST", "PATCH"}
        rule = next(one for one in self.app.url_map.iter_rules(endpoint) if methods & (one.methods or set()))
        stage = Stage(self.stage.store, self.stage.other, {**self.stage.parameters, **(names or {})}, {})
        before = self._entries()
        answer = self.app.test_client().open(
            stage.path(rule),
            method=next(iter(methods & (rule.methods or set()))),
            headers={"Accept": "text/html", **stage.headers("owner")},
            **sent,
        )
        assert answer.status_code < 400, f"{endpoint}: {answer.status_code} {answer.text[:2000]}"
        new = self._entries()[len(before) :]
        assert new, f"{endpoint} leaves nothing on record"
        assert {one for one, _ in new} == {actor}, (endpoint, new)
        self.tried.add(endpoint)

    def one(self, sql: str, **values: Any) -> Any:
        """The first row that the store has."""
        with self.app.app_context(), tenancy.store_scope(db.session(), self.stage.store.id):
            return db.rows(sql, **values)[0]

    def _entries(self) -> list[tuple[str, str]]:
        with self.app.app_context(), tenancy.store_scope(db.session(), self.stage.store.id):
            return [tuple(row) for row in db.rows("SELECT actor, action FROM audit_entries ORDER BY id")]


@pytest.fixture
def trail(app: Flask) -> Iterator[Trail]:
    with people.post_box(app), staged(app) as stage:
        yield Trail(app, stage)


def test_every_write_is_on_record(trail: Trail) -> None:
    for part in (
        _alerts,
        _events,
        _suggestions,
        _products,
        _orders,
        _api_orders,
        _suppliers,
        _locations,
        _imports,
        _asks,
        _settings,
    ):
        part(trail)
    assert trail.tried | set(UNAUDITED) == WRITES
    assert not trail.tried & set(UNAUDITED)


def _alerts(trail: Trail) -> None:
    alert = trail.stage.parameters["alert_id"]
    trail.act("alerts.snooze", data={"hours": "24"})
    trail.act("api.snooze_alert", json={"hours": 24})
    trail.act("alerts.dismiss")
    trail.act("api.dismiss_alert")
    trail.act("alerts.dismiss_shown", data={"alert": alert})
    trail.act("alerts.check_now")
    trail.act("api.send_alerts")


def _events(trail: Trail) -> None:
    day = str(clock.now().date())
    trail.act(
        "events.add",
        data={"kind": "event", "name": "Sale", "first_day": day, "last_day": day, "scope": "all"},
    )
    trail.act("events.call_ordinary", data={"ordinary": "1"})
    trail.act("api.call_event_ordinary", json={"ordinary": False})
    trail.act("events.remove")
    trail.act("api.name_event", json={"name": "Fair", "first_day": day, "last_day": day})
    trail.act("api.remove_event", names={"event_id": trail.one("SELECT MAX(id) AS id FROM events").id})


def _suggestions(trail: Trail) -> None:
    until = str(clock.now().date() + timedelta(days=30))
    trail.act("replenishment.snooze", data={"until": until})
    trail.act("replenishment.wake")
    trail.act("api.snooze_suggestion", json={"until": until})
    trail.act("api.wake_suggestion")
    trail.act("replenishment.accept", data={"quantity": "7"})
    trail.act("api.accept_suggestion", json={"quantity": 8})


def _products(trail: Trail) -> None:
    until = str(clock.now().date() + timedelta(days=30))
    trail.act("catalog.change", data={"low_stock_threshold": "9"})
    trail.act("api.update_product_settings", json={"low_stock_threshold": 12})
    trail.act("catalog.change_bulk", data={"variant": trail.stage.parameters["variant_id"], "moq": "6"})
    trail.act("catalog.override", data={"kind": "units", "value": "5", "until": until, "reason": "fair"})
    trail.act("catalog.end_override")
    number = {"kind": "units", "value": 5, "until": until, "reason": "fair"}
    trail.act("api.set_override", json=number)
    trail.act("api.end_override")
    trail.act("catalog.decide_wholesale", data={"counted": "1"})
    trail.act("api.decide_large_order", json={"counted": False})
    trail.act("catalog.save_view", data={"view_name": "All of it", "shared": "1"})
    trail.act("catalog.delete_view")
    trail.act("sync.decide_merge", data={"choice": "decline"})


def _locations(trail: Trail) -> None:
    place = trail.stage.parameters["location_id"]
    trail.act("catalog.change_minimums", data={f"minimum_{place}": "4"})
    trail.act("api.set_location_minimum", json={"units": 5})
    trail.act("transfers.count", data={"left_out": "1"})
    trail.act("api.change_location", json={"left_out": False, "transit_days": 4})
    trail.act("transfers.change_transit", data={"transfer_days": "3", f"transit_{place}": ""})


def _orders(trail: Trail) -> None:
    supplier = trail.stage.parameters["supplier_id"]
    trail.act("purchasing.add", data={"sku": "SKU-71001"})
    trail.act("purchasing.change", data=_draft(trail, note="Soon, please"))
    trail.act("purchasing.mark_sent", data=_draft(trail))
    arrival = str(clock.now().date() + timedelta(days=20))
    trail.act("purchasing.schedule", data={**_version(trail), "expected_on": arrival})
    trail.act("purchasing.mail_again", data={"recipients": "farm@example.com"})
    line = trail.one("SELECT id FROM purchase_order_lines ORDER BY id LIMIT 1").id
    trail.act("purchasing.receive", data={**_version(trail), f"received-{line}": "1"})
    trail.act("purchasing.close", data=_version(trail))
    trail.act("purchasing.create", data={"supplier": supplier, "empty": "1"})
    names = {"order_id": _newest(trail)}
    trail.act("purchasing.add", names=names, data={"sku": "SKU-71000"})
    trail.act("purchasing.send", names=names, data={**_draft(trail), "recipients": "farm@example.com"})
    trail.act("purchasing.cancel", names=names, data=_version(trail))


def _newest(trail: Trail) -> int:
    return int(trail.one("SELECT max(id) AS id FROM purchase_orders").id)


def _version(trail: Trail) -> dict[str, Any]:
    return {"version": trail.one("SELECT version FROM purchase_orders ORDER BY id DESC LIMIT 1").version}


def _draft(trail: Trail, **typed: str) -> dict[str, Any]:
    """The newest order's form as its page sends it, with five units of each product."""
    with trail.app.app_context(), tenancy.store_scope(db.session(), trail.stage.store.id):
        rows = db.rows("SELECT id FROM purchase_order_lines WHERE order_id = :id", id=_newest(trail))
    lines = {f"ordered-{row.id}": "5" for row in rows} | {f"cost-{row.id}": "4.20" for row in rows}
    return {**_version(trail), **lines, **typed}


def _api_orders(trail: Trail) -> None:
    variant, supplier = trail.stage.parameters["variant_id"], trail.stage.parameters["supplier_id"]
    wanted = {"supplier_id": supplier, "items": [{"product_id": variant, "quantity": 5}]}
    trail.act("api.create_purchase_order", json=wanted)
    names = {"order_id": _newest(trail)}
    trail.act("api.update_purchase_order", names=names, json={**_version(trail), "note": "x"})
    trail.act("api.send_purchase_order", names=names, json=_version(trail))
    part = [{"product_id": variant, "received": 2}]
    trail.act("api.receive_purchase_order", names=names, json={**_version(trail), "items": part})
    trail.act("api.close_purchase_order", names=names, json=_version(trail))
    trail.act("api.create_purchase_order", json=wanted)
    names = {"order_id": _newest(trail)}
    trail.act("api.send_purchase_order", names=names, json=_version(trail))
    trail.act("api.cancel_purchase_order", names=names, json=_version(trail))


def _suppliers(trail: Trail) -> None:
    trail.act("purchasing.save_supplier", data={"name": "Farm", "lead_time_days": "9"})
    trail.act("api.add_supplier", json={"name": "New"})
    trail.act("api.update_supplier", json={"note": "x"})


def _imports(trail: Trail) -> None:
    trail.act("imports.apply")
    trail.act("imports.undo")
    trail.act("api.apply_import", names={"import_id": _another_import(trail)})
    trail.act("api.undo_import", names={"import_id": trail.one("SELECT MAX(id) AS id FROM imports").id})


def _another_import(trail: Trail) -> int:
    with trail.app.app_context(), tenancy.store_scope(db.session(), trail.stage.store.id), db.transaction():
        content = b"SKU,Lead time\nSKU-71001,44\n"
        brought = imports.upload("more.csv", content, kind=None, actor="Owner Person", now=clock.now())
        imports.perform(brought, now=clock.now())
        return brought


def _asks(trail: Trail) -> None:
    """What merely asks for work is on record too: by whom it was wanted."""
    for endpoint in ("dashboard.start_sync", "sync.read", "api.sync_inventory", "sync.compare"):
        trail.act(endpoint)
    for endpoint in ("sync.retry_delivery", "sync.retry_work", "proof.run", "api.run_forecast"):
        trail.act(endpoint)
    trail.act("reports.create", data={"kind": next(iter(KINDS))})
    trail.act("api.create_report", json={"kind": next(iter(KINDS))})
    trail.act("settings.export")


def _settings(trail: Trail) -> None:
    form = {
        "low_stock_threshold": "8",
        "alert_emails": "owner@example.com",
        "digest_hour": "7",
        "lead_time_days": "10",
        "lead_time_sd_days": "1",
        "review_days": "7",
        "service_level": "95",
        "engine": "moving_average",
        "language": "en",
    }
    trail.act("settings.change", data=form)
    trail.act("api.update_settings", json={"low_stock_threshold": 12})
    trail.act("dashboard.dismiss_setup")
    trail.act("settings.test_mail")
    trail.act("settings.add_channel", data={"kind": "webhook", "url": "https://8.8.8.8/alerts"})
    trail.act("settings.test_channel")
    trail.act("settings.remove_channel")
    member = {"member_id": trail.one("SELECT id FROM members WHERE role = 'viewer' LIMIT 1").id}
    trail.act("settings.change_role", names=member, data={"role": "manager"})
    trail.act("api.change_member", names=member, json={"role": "viewer"})
    trail.act("settings.remove_member", names=member)
    _invitations(trail)
    trail.act("settings.invite", data={"email": "another@example.com", "role": "viewer"})
    _leavings(trail)


def _invitations(trail: Trail) -> None:
    def newest() -> dict[str, Any]:
        return {"invitation_id": trail.one("SELECT MAX(id) AS id FROM invitations").id}

    trail.act("settings.withdraw_invitation")
    trail.act("settings.invite_again")
    trail.act("api.change_invitation", names=newest(), json={"role": "manager"})
    trail.act("api.resend_invitation", names=newest())
    trail.act("api.withdraw_invitation", names=newest())
    trail.act("api.invite", json={"email": "third@example.com", "role": "viewer"})
    other = {"member_id": trail.one("SELECT id FROM members WHERE role = 'manager' LIMIT 1").id}
    trail.act("api.remove_member", names=other)


def _leavings(trail: Trail) -> None:
    """What is done by links of mails, without any other proof of who asks."""
    claims = {"store": trail.stage.store.id, "address": "owner@example.com"}
    with trail.app.app_context():
        token = channels.unsubscribing().sign(claims)
    trail.act("alerts.do_unsubscribe", actor="owner@example.com", data={"token": token})
    invitation = trail.one("SELECT MAX(id) AS id FROM invitations").id
    with trail.app.app_context():
        token = invitations.signer().sign({"store": trail.stage.store.id, "invitation": invitation})
    password = {"password": "Right horse 9", "password_confirmation": "Right horse 9"}
    trail.act("auth.do_join", actor="another@example.com", data={"token": token, **password})
