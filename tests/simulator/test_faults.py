"""Every kind of trouble on demand looks as Shopify's does, and hits what it was told to hit."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests

from simulator.faults.registry import KINDS
from tests.simulator.conftest import Client

PING = "query Ping { shop { id } }"


@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [
        ("rate_limited", {}, 429),
        ("server_error", {}, 503),
        ("server_error", {"status": 500}, 500),
        ("frozen", {}, 402),
        ("locked", {}, 423),
        ("forbidden", {}, 403),
        ("not_found", {}, 404),
        ("unauthorized", {}, 401),
        ("timeout", {"seconds": 0.1}, 504),
    ],
)
def test_http_faults_hit_once(client: Client, kind: str, options: dict[str, Any], status: int) -> None:
    client.fault(kind, count=1, **options)
    assert client.post(PING).status_code == status
    assert client.post(PING).status_code == 200


def test_429_tells_when_to_retry(client: Client) -> None:
    client.fault("rate_limited", count=1)
    assert client.post(PING).headers["retry-after"] == "4.0"


def test_throttled_although_the_bucket_has_room(client: Client) -> None:
    client.fault("throttled", count=1)
    answer = client.graphql(PING)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["actualQueryCost"] is None


def test_not_json(client: Client) -> None:
    client.fault("not_json", count=1)
    response = client.post(PING)
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_a_client_that_will_not_wait_sees_a_timeout(client: Client) -> None:
    client.fault("timeout", count=1, seconds=30)
    with pytest.raises(requests.ReadTimeout):
        client.post(PING, timeout=0.2)


def test_slow_answers_come(client: Client) -> None:
    client.fault("slow", count=1, seconds=0.3)
    started = time.monotonic()
    assert client.post(PING).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_operation_and_shop_are_matched(client: Client) -> None:
    client.fault("server_error", operation="Other")
    client.fault("server_error", shop="another-shop.myshopify.com")
    assert client.post(PING).status_code == 200
    client.fault("server_error", operation="^ Ping|query Ping")
    assert client.post(PING).status_code == 503
    client.fault("server_error", operation="oauth", status=500)
    assert client.exchange().status_code == 500


def test_rates_are_seeded(client: Client) -> None:
    def run() -> list[int]:
        client.http.delete(f"{client.url}/control/faults", timeout=120)
        client.http.post(f"{client.url}/control/faults", json={"seed": 3}, timeout=120)
        client.fault("server_error", rate=0.3)
        return [client.post(PING).status_code for _ in range(40)]

    first = run()
    assert 3 < first.count(503) < 25
    assert run() == first


def test_a_result_may_expire_early(client: Client) -> None:
    url = client.bulk("{ products { edges { node { id } } } }")["url"]
    client.fault("result_expired", count=1)
    assert requests.get(url, timeout=120).status_code == 400
    assert requests.get(url, timeout=120).status_code == 200


def test_clock_skew_shifts_id_tokens(client: Client) -> None:
    client.fault("clock_skew", seconds=-300, count=1)
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(
            client.id_token(),
            client.running.world.config.client_secret,
            ["HS256"],
            audience=client_id(client),
        )
    jwt.decode(
        client.id_token(), client.running.world.config.client_secret, ["HS256"], audience=client_id(client)
    )


def client_id(client: Client) -> str:
    return client.running.world.config.client_id


@pytest.mark.parametrize(
    "wrong", [{"kind": "nonsense"}, {"kind": "slow", "rate": 2}, {"kind": "slow", "colour": "red"}]
)
def test_a_wrong_fault_is_refused_with_what_is_allowed(client: Client, wrong: dict[str, Any]) -> None:
    response = client.http.post(f"{client.url}/control/faults", json=wrong, timeout=120)
    assert response.status_code == 422
    assert response.json()["errors"]


def test_faults_are_listed_with_their_kinds(client: Client) -> None:
    client.fault("slow", seconds=0, count=3)
    client.post(PING)
    listed = client.http.get(f"{client.url}/control/faults", timeout=120).json()
    assert listed["kinds"] == KINDS
    assert [(f["kind"], f["happened"]) for f in listed["faults"]] == [("slow", 1)]
