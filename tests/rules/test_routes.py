"""Every route with its method and need, as reviewed in routes.txt; a change of the routes is a change of it.

Write it anew with `python -m tests.rules.test_routes`.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from app.platform.access import Open, Permission, SignedIn

_KINDS = {Open: "open", SignedIn: "signed in"}
LIST = Path(__file__).with_name("routes.txt")


def lines(app: Flask) -> list[str]:
    """`METHOD address: need`, one for each route, in order."""
    needs = app.extensions["access"]
    found = []
    for rule in app.url_map.iter_rules():
        need = needs[rule.endpoint]
        words = str(need) if isinstance(need, Permission) else f"{_KINDS[type(need)]}: {need.reason}"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append(f"{rule.rule:<40} {method:<5} {rule.endpoint:<28} {words}")
    return sorted(found)


def test_the_list_is_current(app: Flask) -> None:
    assert LIST.read_text().splitlines() == lines(app), "python -m tests.rules.test_routes writes it anew"


# Reads whose question is too long for an address.
_QUESTIONS = {"api.forecast_series", "api_root.forecast_series_at_root"}


def test_what_changes_something_is_a_post_with_a_permission_to_change(app: Flask) -> None:
    for line in lines(app):
        _, method, endpoint, need = line.split(maxsplit=3)
        if need in set(Permission) and endpoint not in _QUESTIONS:
            assert need.endswith(":read") == (method == "GET"), line


if __name__ == "__main__":
    import base64

    from app import create_app
    from app.config import Settings

    nowhere = Settings(
        database_url="postgresql+psycopg2://nobody@127.0.0.1:1/none",
        redis_url="redis://127.0.0.1:1/0",
        shopify_api_key="key",
        shopify_api_secret="secret",
        app_url="http://fluxor.test",
        secret_key="k" * 40,
        token_keys=(("k1", base64.b64decode(b"MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=")),),
    )
    LIST.write_text("\n".join(lines(create_app(nowhere))) + "\n")
