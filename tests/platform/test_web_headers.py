"""Headers that stand on every answer: what a browser may run, frame, keep and reveal."""

from __future__ import annotations

import dataclasses
import re

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from app.config import Settings
from app.platform import web

PAGES = ("/login", "/settings", "/healthz", "/no-such-page", "/static/app.css")


def directives(answer: Response) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-Id"]


def test_a_page_runs_only_scripts_with_its_own_nonce(client: FlaskClient) -> None:
    first, second = (client.get("/login") for _ in range(2))
    nonces = [re.findall(r"'nonce-([\w-]+)'", directives(answer)["script-src"]) for answer in (first, second)]
    assert len(nonces[0]) == len(nonces[1]) == 1
    assert nonces[0] != nonces[1]
    assert "unsafe" not in directives(first)["script-src"]
    for tag in re.findall(r"<script[^>]*>", first.text):
        assert f'nonce="{nonces[0][0]}"' in tag


def test_a_page_outside_the_admin_is_framed_by_nobody_and_loads_no_objects(client: FlaskClient) -> None:
    found = directives(client.get("/login"))
    assert found["frame-ancestors"] == "'none'"
    assert found["object-src"] == found["base-uri"] == "'none'"
    assert found["form-action"] == "'self'"


@pytest.mark.parametrize(("url", "wanted"), [("https://fluxor.test", True), ("http://fluxor.test", False)])
def test_https_is_insisted_on_where_there_is_https(
    app: Flask, settings: Settings, url: str, wanted: bool
) -> None:
    with app.test_request_context("/login"):
        answer = web.secure(Response("x"), dataclasses.replace(settings, app_url=url))
    assert ("Strict-Transport-Security" in answer.headers) is wanted
