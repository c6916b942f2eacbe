"""What an operator sees of requests: a line and a count of each; Sentry and OpenTelemetry where they are set up."""

from __future__ import annotations

import importlib
from typing import Any

from flask import Flask, Response, g, request

from app.config import ConfigError, Settings
from app.platform import costs, logs, metrics, queue, tenancy

# Asked every few seconds by routers and scrapers: no line for each.
_QUIET = ("static", "health.healthz", "health.readyz", "health.figures")


def install(app: Flask, settings: Settings) -> None:
    """Measure each request. Raises ConfigError when a service is set up whose package is not installed."""
    _install_sentry(settings)
    _install_traces(app, settings)

    @app.before_request
    def _begin() -> None:
        g.cost = costs.begin()

    @app.after_request
    def _end(response: Response) -> Response:
        cost = g.pop("cost", None)
        if cost is None or request.endpoint in _QUIET:
            return response
        endpoint = request.endpoint or "none"
        store = tenancy.current_store()
        known = {} if store is None else {"store_id": store}
        costs.tell("request", cost, status=response.status_code, endpoint=endpoint, **known)
        status = f"{response.status_code // 100}xx"
        metrics.observe("requests", cost.seconds, endpoint=endpoint, status=status)
        prefix, connection = queue.prefix(), queue.connection()
        response.call_on_close(lambda: metrics.flush(connection, prefix))
        return response


def _install_sentry(settings: Settings) -> None:
    if not settings.sentry_dsn:
        return
    sentry = _package("sentry_sdk", "SENTRY_DSN", "sentry-sdk")
    sentry.init(
        dsn=settings.sentry_dsn, send_default_pii=False, before_send=_scrubbed, max_request_body_size="never"
    )


def _scrubbed(event: Any, _hint: Any) -> Any:
    """What leaves for Sentry is redacted like a log line, and carries no headers, cookies or queries."""
    for name in ("headers", "cookies", "query_string", "data", "env"):
        event.get("request", {}).pop(name, None)
    event["tags"] = {**event.get("tags", {}), "correlation_id": logs.correlation_id()}
    return _redacted(event)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return logs.redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def _install_traces(app: Flask, settings: Settings) -> None:
    """Spans of requests and of the calls they make; the exporter reads its other OTEL_… variables itself."""
    if not settings.otel_exporter_otlp_endpoint:
        return
    key = "OTEL_EXPORTER_OTLP_ENDPOINT"
    api = _package("opentelemetry.trace", key, "opentelemetry-sdk")
    sdk = _package("opentelemetry.sdk.trace", key, "opentelemetry-sdk")
    export = _package("opentelemetry.sdk.trace.export", key, "opentelemetry-sdk")
    otlp = _package(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter", key, "opentelemetry-exporter-otlp-proto-http"
    )
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    api.set_tracer_provider(provider)
    flask = _package("opentelemetry.instrumentation.flask", key, "opentelemetry-instrumentation-flask")
    flask.FlaskInstrumentor().instrument_app(app)
    calls = _package("opentelemetry.instrumentation.requests", key, "opentelemetry-instrumentation-requests")
    calls.RequestsInstrumentor().instrument()


def _package(module: str, key: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"{key} is set, but the package {name} is not installed: add it, or unset {key}."
        ) from error
