"""No route without a need, no endpoint outside the table, and roles that grant what they say."""

from __future__ import annotations

import pytest
from flask import Flask

from app.platform.access import GRANTS, AppBlueprint, Identity, Open, Permission, Role


def test_a_route_without_needs_is_refused() -> None:
    blueprint = AppBlueprint("planted", __name__)
    with pytest.raises(TypeError):
        blueprint.get("/planted")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="needs="):
        blueprint.post("/planted", needs="dashboard:read")  # type: ignore[arg-type]


def test_an_endpoint_outside_the_table_answers_403(app: Flask) -> None:
    outside = Flask("outside")
    outside.extensions.update(app.extensions)
    from app.platform import access

    access.install(outside)
    outside.add_url_rule("/planted", "planted", lambda: "secret")
    answer = outside.test_client().get("/planted")
    assert answer.status_code == 403
    assert b"secret" not in answer.data


def test_every_rule_of_the_app_is_in_the_table(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(app.extensions["access"])
    for need in app.extensions["access"].values():
        assert isinstance(need, Permission) or len(need.reason) > 10


def test_open_routes_are_few_and_known(app: Flask) -> None:
    opened = {name for name, need in app.extensions["access"].items() if isinstance(need, Open)}
    assert opened <= {
        "static",
        "auth.bounce",
        "health.healthz",
        "health.readyz",
        "health.figures",  # asks for METRICS_TOKEN
        "webhooks.receive",
        "reports.download",
        "purchasing.file",
        "catalog.file",
        "transfers.file",
        "settings.download_export",
        *(f"alerts.{name}" for name in ("unsubscribe", "do_unsubscribe")),
        *(f"auth.{name}" for name in ("login", "log_in", "signup", "sign_up", "confirm", "do_confirm")),
        *(f"auth_api.{name}" for name in ("signup", "confirm", "login")),
        *(f"api.{name}" for name in ("openapi_document", "docs")),
        *(f"auth.{name}" for name in ("forgot", "ask_reset", "reset", "do_reset")),
        *(f"auth.{name}" for name in ("join", "do_join")),  # by a signed link that was mailed
    }


def test_roles_grow() -> None:
    assert GRANTS[Role.VIEWER] < GRANTS[Role.MANAGER] < GRANTS[Role.OWNER] == frozenset(Permission)
    assert all(permission.value.endswith(":read") for permission in GRANTS[Role.VIEWER])


def test_identity_asks_its_role() -> None:
    viewer = Identity(1, 2, "a.myshopify.com", Role.VIEWER, "V", embedded=True)
    assert viewer.may("dashboard:read")
    assert not viewer.may(Permission.SETTINGS_EDIT)
    assert viewer.get_id() == "2:1"
