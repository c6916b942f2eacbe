"""What an operator sees: a line for each request, slow ones with their statements, counts behind a token."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from rq import SimpleWorker

from app import create_app
from app.config import ConfigError, Settings
from app.platform import costs, db, logs, queue, watching
from app.platform.queue import enqueue, global_job
from tests.factories import make_store

TOKEN = "a-token-for-the-scraper"


@global_job
def counted_job() -> None:
    db.rows("SELECT 1")


@pytest.fixture(scope="module")
def watched(settings: Settings) -> Iterator[Flask]:
    made = create_app(replace(settings, metrics_token=TOKEN))
    yield made
    with made.app_context():
        db.close_all()


def figures(app: Flask) -> dict[str, float]:
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    lines = [line.rpartition(" ") for line in answer.text.splitlines()]
    return {name: float(value) for name, _, value in lines}


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", TOKEN[:-1]])
def test_figures_are_not_there_for_whoever_does_not_know_the_token(
    watched: Flask, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    assert watched.test_client().get("/metrics", headers=headers).status_code == 404


def test_without_a_token_there_are_no_figures(app: Flask) -> None:
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_requests_and_jobs_are_counted_and_queues_measured(watched: Flask) -> None:
    shop = make_store(watched)
    before = figures(watched)
    watched.test_client().get("/settings", headers=shop.headers())
    with watched.app_context():
        enqueue(counted_job)
        depth = figures(watched)['fluxor_queue_jobs{queue="periodic"}']
        SimpleWorker([queue.queue("periodic")], connection=queue.connection()).work(burst=True)
    after = figures(watched)
    name = 'fluxor_requests_total{endpoint="settings.index",status="2xx"}'
    assert after[name] == before.get(name, 0) + 1
    job = 'fluxor_jobs_total{job="counted_job",outcome="done"}'
    assert after[job] == before.get(job, 0) + 1
    assert after["fluxor_jobs_seconds_count"] > before.get("fluxor_jobs_seconds_count", 0)
    assert depth >= 1
    assert after['fluxor_stores{status="installed"}'] >= 1


def lines(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    formatter = logs.JsonFormatter()
    return [json.loads(formatter.format(one)) for one in caplog.records if one.getMessage() == message]


def test_each_request_is_one_line_with_its_cost(watched: Flask, caplog: pytest.LogCaptureFixture) -> None:
    shop = make_store(watched)
    with caplog.at_level(logging.INFO):
        watched.test_client().get("/settings", headers=shop.headers())
        watched.test_client().get("/healthz")
    found = lines(caplog, "request")
    told = [(one["endpoint"], one["status"], one["store_id"]) for one in found]
    assert told == [("settings.index", 200, shop.id)]
    assert found[0]["statements"] > 3
    assert found[0]["database_ms"] <= found[0]["ms"]


def test_a_slow_one_tells_its_slowest_statements_without_values(app: Flask, caplog, monkeypatch) -> None:
    monkeypatch.setattr(costs, "SLOW_SECONDS", 0.05)
    with app.app_context(), costs.measured("job"):
        db.rows("SELECT 'x' = :secret, pg_sleep(0.06)", secret="jane@example.com")
        db.session().rollback()
    (line,) = lines(caplog, "slow job")
    assert "pg_sleep" in line["slowest"][0]["sql"]
    assert line["slowest"][0]["ms"] >= 50
    assert "jane" not in json.dumps(line)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"sentry_dsn": "https://key@sentry.test/1"}, "sentry-sdk"),
        ({"otel_exporter_otlp_endpoint": "http://x"}, "otel"),
    ],
)
def test_a_service_without_its_package_stops_the_boot(
    settings: Settings, setting: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match="is not installed"):
        watching.install(Flask("x"), replace(settings, **setting))


def test_what_goes_to_sentry_is_redacted() -> None:
    event = {
        "request": {"url": "https://x/", "headers": {"Authorization": "x"}, "query_string": "id_token=abc"},
        "exception": {"values": [{"value": "shpat_abcdef for jane@example.com"}]},
    }
    sent = watching._scrubbed(event, SimpleNamespace())
    assert "shpat" not in str(sent)
    assert "jane" not in str(sent)
    assert sent["request"] == {"url": "https://x/"}
