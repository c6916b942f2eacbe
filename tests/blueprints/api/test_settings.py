"""Settings by JSON: the store's, and thresholds and order sizes of a product; only what is sent changes."""

from __future__ import annotations

from typing import Any

import pytest

from app.platform import queue
from tests.blueprints.api.conftest import Api


def patch(api: Api, path: str, who: str, **body: Any) -> Any:
    return api.client().patch(path, json=body, headers=api.people[who])


def jobs(api: Api) -> set[str]:
    with api.app.app_context():
        return {job.func_name.removeprefix("app.jobs.") for job in queue.queue("urgent").jobs}


def test_only_what_is_sent_changes(api: Api) -> None:
    before = api.get("/api/settings").json
    answer = patch(api, "/api/settings", "owner", low_stock_threshold=17, alert_emails=["a@example.com"])
    assert answer.json == {**before, "low_stock_threshold": 17, "alert_emails": ["a@example.com"]}
    assert api.get("/api/settings").json == answer.json
    assert jobs(api) == {"forecasts.replan"}
    patch(api, "/api/settings", "owner", **before)
    assert api.get("/api/settings").json == before


def test_when_mails_are_sent_changes_no_plan(api: Api) -> None:
    before = api.get("/api/settings").json
    answer = patch(api, "/api/settings", "owner", digest_hour=6, quiet_days=[7, 6, 7], weekly_summary=False)
    changed = {"digest_hour": 6, "quiet_days": [6, 7], "weekly_summary": False}
    assert answer.json == {**before, **changed}
    assert jobs(api) == set()
    patch(api, "/api/settings", "owner", **before)


def test_a_time_zone_has_the_days_counted_anew(api: Api) -> None:
    assert patch(api, "/api/settings", "owner", time_zone="Asia/Tokyo").json["time_zone"] == "Asia/Tokyo"
    assert jobs(api) == {"sync.recount"}
    assert patch(api, "/api/settings", "owner", time_zone=None).json["time_zone"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"low_stock_threshold": -1},
        {"low_stock_threshold": None},
        {"alert_emails": ["nobody"]},
        {"time_zone": "Mars/Base"},
        {"lead_time_days": 179},
        {"service_level": 1.0},
        {"engine": "oracle"},
        {"quiet_days": [8]},
        {"digest_hour": 24},
        {"language": "tlh"},
        {"wholly": "unknown"},
    ],
)
def test_what_cannot_be_used_changes_nothing(api: Api, wrong: dict[str, Any]) -> None:
    before = api.get("/api/settings").json
    answer = patch(api, "/api/settings", "owner", review_days=20, **wrong)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].split(".")[0] == next(iter(wrong))
    assert api.get("/api/settings").json == before


def test_only_the_owner_changes_settings(api: Api) -> None:
    for who, status in (("manager", 403), ("viewer", 403), ("stranger", 200), ("anonymous", 401)):
        assert patch(api, "/api/settings", who, low_stock_threshold=99).status_code == status
    assert api.get("/api/settings").json["low_stock_threshold"] != 99  # the stranger changed their own


def test_the_threshold_of_a_product(api: Api) -> None:
    path = f"/api/products/{api.product_ids[0]}/settings"
    before = api.get(path).json
    assert set(before.values()) == {api.product_ids[0], None}
    changed = patch(api, path, "manager", low_stock_threshold=40, moq=12, case_size=6, max_stock=500)
    assert changed.json == {**before, "low_stock_threshold": 40, "moq": 12, "case_size": 6, "max_stock": 500}
    assert jobs(api) == {"forecasts.replan"}
    wrong = patch(api, path, "manager", min_stock=501)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "max_stock")
    wrong = patch(api, path, "manager", supplier_id=10**9)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "supplier_id")
    assert patch(api, path, "viewer", moq=1).status_code == 403
    assert patch(api, path, "stranger", moq=1).status_code == 404
    assert api.get(path).json == changed.json
    assert (
        patch(api, path, "manager", **{name: None for name in before if name != "product_id"}).json == before
    )


def test_alerts_are_snoozed_and_dismissed(api: Api) -> None:
    alert = api.get("/api/alerts").json["items"][0]
    path = f"/api/alerts/{alert['id']}"
    assert api.post(f"{path}/snooze", "manager", json={"hours": 24}).json["success"]
    assert api.get("/api/alerts").json["items"][0]["snoozed_until"] is not None
    assert api.post(f"{path}/dismiss", "viewer").status_code == 403
    assert api.post(f"{path}/dismiss", "stranger").status_code == 404
    assert api.post(f"{path}/dismiss", "manager").status_code == 200
    assert alert["id"] not in [one["id"] for one in api.get("/api/alerts").json["items"]]
    assert alert["id"] in [one["id"] for one in api.get("/api/alerts?show=all").json["items"]]


def test_what_is_wrong_is_said_in_the_language_that_is_asked_for(api: Api) -> None:
    """Our own rules, pydantic's findings and HTTP's refusals alike."""
    german = {"Accept-Language": "de-AT,de;q=0.9"}

    def told(**body: Any) -> str:
        answer = api.client().patch("/api/settings", json=body, headers={**api.people["owner"], **german})
        assert answer.json["title"] == "Einige Werte sind nicht verwendbar"
        return str(answer.json["errors"][0]["detail"])

    assert told(time_zone="Mars/Base") == "Senden Sie eine IANA-Zeitzone, etwa Europe/Berlin."
    assert told(digest_hour=24) == "Senden Sie 23 oder weniger."
    assert told(wholly="unknown") == "Dieses Feld gibt es nicht. Lassen Sie es weg."
    assert told(alert_emails="none") == "Senden Sie eine Liste."
    nobody = api.get("/api/settings", "anonymous", headers=german)
    assert nobody.json["title"] == "Niemand ist angemeldet"
    ledger = api.get(f"/api/suggestions/{api.product_ids[0]}", headers=german).json["ledger"]
    assert ledger[0]["label"] == "Erwarteter Bedarf, bis die nächste Bestellung eintrifft"
    assert "Lieferzeit" in ledger[0]["detail"]
