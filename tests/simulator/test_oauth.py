"""Token exchange, refresh, revocation and ID tokens as facts of the platform say."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests

from tests.simulator.conftest import CLIENT_ID, CLIENT_SECRET, OFFLINE, ONLINE, SHOP, Client

PING = "{ shop { id } }"


def test_id_token_has_shopifys_claims(client: Client) -> None:
    claims = jwt.decode(client.id_token(), CLIENT_SECRET, algorithms=["HS256"], audience=CLIENT_ID)
    assert claims["iss"] == f"https://{SHOP}/admin"
    assert claims["dest"] == f"https://{SHOP}"
    assert claims["exp"] - claims["iat"] == 60
    assert claims["nbf"] == claims["iat"]
    assert set(claims) == {"iss", "dest", "aud", "sub", "exp", "nbf", "iat", "jti", "sid", "sig"}
    assert claims["sub"].isdigit()


def test_staff_differ_in_their_subject(client: Client) -> None:
    subjects = {
        jwt.decode(client.id_token(user=user), options={"verify_signature": False})["sub"]
        for user in ("owner", "manager@example.test", "viewer", "someone@else.test")
    }
    assert len(subjects) == 4


def test_exchange_gives_an_expiring_offline_token(client: Client) -> None:
    answer = client.exchange().json()
    assert answer["access_token"].startswith("shpat_")
    assert answer["refresh_token"].startswith("shprt_")
    assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (3600, 7_776_000)
    assert "read_orders" in answer["scope"].split(",")


def test_exchange_gives_an_online_token_for_24_hours(client: Client) -> None:
    answer = client.exchange(requested_token_type=ONLINE).json()
    assert answer["expires_in"] == 86_400
    assert answer["associated_user"]["account_owner"] is True
    assert "refresh_token" not in answer


@pytest.mark.parametrize(
    ("claims", "secret"),
    [
        ({}, "another-secret-that-is-long-enough-for-hs256"),
        ({"exp": -120}, CLIENT_SECRET),
        ({"aud": "another-app"}, CLIENT_SECRET),
        ({"dest": "https://other.myshopify.com"}, CLIENT_SECRET),
    ],
)
def test_a_bad_id_token_is_refused(client: Client, claims: dict[str, Any], secret: str) -> None:
    now = int(time.time())
    good = {"iss": f"https://{SHOP}/admin", "dest": f"https://{SHOP}", "aud": CLIENT_ID, "sub": "1"}
    shifted = {"exp": now + 60 + claims.pop("exp", 0), "nbf": now - 200, "iat": now - 200}
    token = jwt.encode({**good, **shifted, **claims}, secret, algorithm="HS256")
    response = client.exchange(subject_token=token)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_subject_token")


def test_wrong_client_secret_is_refused(client: Client) -> None:
    response = client.exchange(client_secret="wrong")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client")


def test_a_new_token_voids_the_older_refresh_token_but_not_the_access_token(client: Client) -> None:
    first, second = client.exchange().json(), client.exchange().json()
    refused = client.oauth(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_grant")
    assert client.post(PING, token=first["access_token"]).status_code == 200
    assert client.oauth(grant_type="refresh_token", refresh_token=second["refresh_token"]).status_code == 200


def test_a_refresh_may_be_retried_until_its_replacement_is_used(client: Client) -> None:
    first = client.exchange().json()["refresh_token"]
    lost = client.oauth(grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    kept = client.oauth(grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert client.oauth(grant_type="refresh_token", refresh_token=lost).status_code == 401
    assert client.oauth(grant_type="refresh_token", refresh_token=kept).status_code == 200
    assert client.oauth(grant_type="refresh_token", refresh_token=first).status_code == 401


def test_wrong_expired_and_revoked_access_tokens_are_401(client: Client) -> None:
    assert client.post(PING, token="shpat_wrong").status_code == 401
    headers = {"Authorization": f"Bearer {client.token}"}
    assert client.post(PING, token="", headers=headers).status_code == 401
    client.move_clock(3601)
    assert client.post(PING).status_code == 401
    client.install()
    assert client.post(PING).status_code == 200
    client.control("revoke")
    assert client.post(PING).status_code == 401


def test_exchange_before_installation_is_refused(client: Client) -> None:
    client.control("uninstall")
    refused = client.exchange()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert client.post(PING).status_code == 401


def test_authorization_code_grant(client: Client) -> None:
    redirect = f"{client.running.world.config.app_url}/auth/callback"
    query = {"client_id": CLIENT_ID, "scope": "read_products", "redirect_uri": redirect, "state": "n1"}
    page = requests.get(f"{client.base}/admin/oauth/authorize", params=query, timeout=120)
    assert page.status_code == 200
    assert "read_products" in page.text
    answer = requests.post(
        f"{client.base}/admin/oauth/authorize", params=query, allow_redirects=False, timeout=120
    )
    given = dict(p.split("=", 1) for p in answer.headers["Location"].split("?", 1)[1].split("&"))
    assert {"code", "hmac", "shop", "state", "host", "timestamp"} == set(given)
    assert (given["shop"], given["state"]) == (SHOP, "n1")
    token = client.oauth(code=given["code"], expiring="1").json()
    assert token["scope"] == "read_products"
    assert "refresh_token" in token
    again = client.oauth(code=given["code"], expiring="1")
    assert again.status_code == 400
    evil = requests.get(
        f"{client.base}/admin/oauth/authorize",
        params={**query, "redirect_uri": "https://evil.test/"},
        timeout=120,
    )
    assert evil.status_code == 400


def test_a_lasting_token_can_become_an_expiring_one(client: Client) -> None:
    lasting = client.exchange(expiring=0).json()
    assert "expires_in" not in lasting
    migrated = client.exchange(
        subject_token=lasting["access_token"], subject_token_type=OFFLINE, requested_token_type=OFFLINE
    ).json()
    assert migrated["expires_in"] == 3600
    assert client.post(PING, token=lasting["access_token"]).status_code == 401
