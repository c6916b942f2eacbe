"""Shopify's own library and ours (npm `@shopify/shopify-api`) agree both ways; what is tampered neither takes.

The library is installed once into .local/ at the version named here; without Node or npm the tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.platform import clock
from app.shopify import authorization_code
from app.shopify.authorization_code import GrantRefused
from app.shopify.webhooks import WebhookRefused, verify
from devtools.locks import locked
from devtools.paths import local_dir
from tests import factories
from tests.factories import Shop
from tests.signing import API_KEY, SECRET, delivery, id_token

VERSION = "15.0.0"
PEER = Path(__file__).with_name("peer.mjs")
SHOP = "test-shop.myshopify.com"
BODIES = ['{"id": 7}', '{"title": "Größe „M“ 😀"}', "{}", '{"a": "\\u0000", "b": 1.50}']


@pytest.fixture(scope="module")
def library() -> Path:
    """The folder that the library is installed in."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not on PATH")
    folder = local_dir() / "npm" / f"shopify-api-{VERSION}"
    with locked(local_dir() / "shopify-api.lock"):
        if not (folder / "done").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text('{"private": true}\n')
            wanted = f"@shopify/shopify-api@{VERSION}"
            command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", wanted]
            made = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
            )
            if made.returncode:
                pytest.skip(f"npm could not install {wanted}: {made.stderr.strip()[-200:]}")
            (folder / "done").touch()
    return folder


def ask(library: Path, *questions: dict[str, Any]) -> list[Any]:
    """What the library answers."""
    asked = json.dumps({"key": API_KEY, "secret": SECRET, "questions": questions})
    command = [shutil.which("node") or "node", str(PEER), str(library)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def is_ours(headers: dict[str, str], body: str) -> bool:
    try:
        verify(headers, body.encode(), secrets=(SECRET,))
    except WebhookRefused as refusal:
        assert refusal.status == 401
        return False
    return True


def test_webhooks_are_signed_and_read_alike(library: Path) -> None:
    theirs = ask(library, *({"ask": "signWebhook", "body": body} for body in BODIES))
    for body, signature in zip(BODIES, theirs, strict=True):
        headers = delivery(SHOP, "orders/create", body.encode())["headers"]
        assert headers["X-Shopify-Hmac-Sha256"] == signature
        assert is_ours(headers, body)
        assert not is_ours(headers, body + " ")
        assert not is_ours({**headers, "X-Shopify-Hmac-Sha256": signature[:-2] + "A="}, body)


def test_the_library_takes_and_refuses_the_same_webhooks(library: Path) -> None:
    cases = []
    for body in BODIES:
        sent = delivery(SHOP, "orders/create", body.encode())["headers"]
        other = delivery(SHOP, "orders/create", body.encode(), secret="another-secret-of-another-app-000")
        cases += [(sent, body), (sent, body + " "), (other["headers"], body)]
    questions = [{"ask": "checkWebhook", "body": body, "headers": headers} for headers, body in cases]
    assert (
        ask(library, *questions) == [is_ours(*case) for case in cases] == [True, False, False] * len(BODIES)
    )


def returned(settings: Settings, query: dict[str, str]) -> bool:
    try:
        authorization_code.verify_return(settings, list(query.items()), now=clock.now())
    except GrantRefused:
        return False
    return True


def test_the_way_back_from_shopify_is_signed_and_read_alike(settings: Settings, library: Path) -> None:
    query = {"code": "0907a61c0c8d55e99db179b68161bc00", "shop": SHOP, "state": "0.6784241404160823"}
    query |= {"timestamp": str(int(time.time())), "host": "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvdGVzdC1zaG9w"}
    (signature,) = ask(library, {"ask": "signQuery", "query": query})
    signed = {**query, "hmac": signature}
    cases = [signed] + [
        {**signed, name: value[:-1] + "0a"[value[-1] == "0"]} for name, value in signed.items()
    ]
    theirs = ask(library, *({"ask": "checkQuery", "query": one} for one in cases))
    assert theirs == [returned(settings, one) for one in cases] == [True] + [False] * len(signed)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return factories.make_store(app)


def opens(client: FlaskClient, token: str) -> bool:
    answer = client.get("/status", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def claims(shop: Shop, **changed: Any) -> dict[str, Any]:
    """The claims that the library's helper writes otherwise than Shopify does, as Shopify does."""
    now = int(time.time())
    times = {"exp": now + 60, "nbf": now, "iat": now}
    return {"iss": f"https://{shop.domain}/admin", "sub": factories.USERS["owner"], **times, **changed}


def test_tokens_that_the_library_makes_open_our_pages(client: FlaskClient, shop: Shop, library: Path) -> None:
    name, now = shop.domain.split(".")[0], int(time.time())
    changes: list[dict[str, Any]] = [{}, {"aud": "another-app"}, {"exp": now - 60}, {"nbf": now + 120}]
    questions = [{"ask": "signToken", "store": name, "claims": claims(shop, **one)} for one in changes]
    tokens = ask(library, *questions)
    assert [opens(client, token) for token in tokens] == [True, False, False, False]
    head, body, signature = tokens[0].split(".")
    assert not opens(client, f"{head}.{body}.{signature[::-1]}")


def test_the_library_takes_and_refuses_the_tokens_that_we_do(
    client: FlaskClient, shop: Shop, library: Path
) -> None:
    now, owner = int(time.time()), factories.USERS["owner"]
    good = id_token(shop.domain, user=owner)
    head, body, signature = good.split(".")
    tokens = [
        good,
        id_token(shop.domain, user=owner, aud="another-app"),
        id_token(shop.domain, user=owner, exp=now - 60),
        id_token(shop.domain, user=owner, secret="another-secret-of-another-app-000"),
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}.",
    ]
    theirs = ask(library, *({"ask": "checkToken", "token": token} for token in tokens))
    assert theirs == [opens(client, token) for token in tokens] == [True] + [False] * 5
