"""Bulk operations: the rules, the lines, the address of the result, and the truth of the units in it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.simulator.conftest import Client
from tests.simulator.receiver import Receiver

ORDERS = """{ orders { edges { node { id processedAt cancelledAt test lineItems { edges { node {
  id sku quantity currentQuantity isGiftCard variant { id } } } } } } } }"""
RUN = """mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: false) {
  bulkOperation { id status } userErrors { code message field } } }"""


def units_of(lines: list[str], zone: ZoneInfo) -> dict[tuple[str, str], int]:
    """Net units by local day and variant, from a bulk result."""
    orders, totals = {}, Counter[tuple[str, str]]()
    for text in lines:
        line = json.loads(text)
        if "__parentId" not in line:
            orders[line["id"]] = line
            continue
        order = orders[line["__parentId"]]
        if order["test"] or order["cancelledAt"] or line["isGiftCard"] or not line["variant"]:
            continue
        moment = datetime.fromisoformat(order["processedAt"].replace("Z", "+00:00")).astimezone(zone)
        variant = line["variant"]["id"].rsplit("/", 1)[1]
        totals[(moment.date().isoformat(), variant)] += line["currentQuantity"]
    return {key: units for key, units in totals.items() if units}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_units_of_the_lines_are_the_truth(client: Client, zone: str) -> None:
    client.control("timezone", timezone=zone)
    done = client.bulk(ORDERS)
    assert done["status"] == "COMPLETED"
    lines = requests.get(done["url"], timeout=120).text.splitlines()
    assert len(lines) == int(done["objectCount"])
    truth = {(day, variant): int(units) for day, variant, units in client.truth("units")}
    assert len(truth) > 100
    assert units_of(lines, ZoneInfo(zone)) == truth


@pytest.mark.parametrize(
    "query",
    [
        "{ orders { nodes { id } } }",
        "{ orders { edges { node { refunds { id refundLineItems { edges { node { quantity } } } } } } } }",
        "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }",
        '{ node(id: "gid://shopify/Order/1") { id } }',
        "{ shop { id } }",
        "{ orders { edges { node { id } } } products { edges { node { id } } } }",
        "{ orders { edges { node { nonsense } } } }",
        "{ orders { edges { node {",
        "{ orders { edges { node { id } } } }" + " " * 65_536,
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(client: Client, query: str) -> None:
    answer = client.data(RUN, q=query)["bulkOperationRunQuery"]
    assert answer["bulkOperation"] is None
    assert answer["userErrors"][0]["code"] == "INVALID"


def test_the_sixth_concurrent_operation_is_refused(client: Client) -> None:
    object.__setattr__(client.running.world.config, "bulk_lines_per_second", 50)
    try:
        started = [client.data(RUN, q=ORDERS)["bulkOperationRunQuery"] for _ in range(6)]
    finally:
        object.__setattr__(client.running.world.config, "bulk_lines_per_second", 0)
    assert [len(s["userErrors"]) for s in started] == [0, 0, 0, 0, 0, 1]
    assert started[5]["userErrors"][0]["code"] == "OPERATION_IN_PROGRESS"
    cancel = "mutation($i: ID!) { bulkOperationCancel(id: $i) { bulkOperation { status } userErrors { message } } }"
    for operation in started[:5]:
        client.data(cancel, i=operation["bulkOperation"]["id"])
    ends = {client.finish_bulk(o["bulkOperation"]["id"])["status"] for o in started[:5]}
    assert ends <= {"CANCELED", "COMPLETED"}


def test_the_result_supports_ranges_and_expires(client: Client) -> None:
    url = client.bulk(ORDERS)["url"]
    whole = requests.get(url, timeout=120)
    part = requests.get(url, headers={"Range": "bytes=1000-1999"}, timeout=120)
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert requests.get(url[:-4] + "beef", timeout=120).status_code == 403
    client.move_clock(7 * 86_400 + 10)
    assert requests.get(url, timeout=120).status_code == 400


def test_no_rows_gives_no_url(client: Client) -> None:
    query = "{ orders(query: \"created_at:>'2999-01-01T00:00:00Z'\") { edges { node { id } } } }"
    done = client.bulk(query)
    assert (done["status"], done["url"], done["objectCount"]) == ("COMPLETED", None, "0")


def test_a_failure_leaves_partial_data_and_tells(client: Client, receiver: Receiver) -> None:
    client.fault("bulk_failed", count=1)
    done = client.bulk(ORDERS)
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    assert requests.get(done["partialDataUrl"], timeout=120).text
    client.drain()
    told = receiver.of("bulk_operations/finish")[0].json
    assert (told["admin_graphql_api_id"], told["status"]) == (done["id"], "failed")


def test_a_truncated_result_breaks_off_and_can_be_resumed(client: Client) -> None:
    url = client.bulk(ORDERS)["url"]
    whole = requests.get(url, timeout=120).content
    client.fault("result_truncated", count=1)
    with pytest.raises(requests.RequestException):
        _ = requests.get(url, timeout=120).content
    assert requests.get(url, headers={"Range": "bytes=500-"}, timeout=120).content == whole[500:]
