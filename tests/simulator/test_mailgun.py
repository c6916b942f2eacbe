"""Mailgun's endpoint and the outbox."""

from __future__ import annotations

import requests

from tests.simulator.conftest import Client

FORM = {
    "from": "Fluxor <a@mail.fluxor.test>",
    "to": "owner@example.test",
    "subject": "Low stock",
    "text": "2 left",
}


def send(
    client: Client, key: str = "simulated-mailgun-key", domain: str = "mail.fluxor.test", **more: str
) -> requests.Response:
    """Send a mail as Mailgun's clients do."""
    url = f"{client.url}/v3/{domain}/messages"
    return requests.post(url, auth=("api", key), data={**FORM, **more}, timeout=120)


def test_a_message_is_queued_and_shown(client: Client) -> None:
    answer = send(client, html="<p>2 left</p>", **{"v:store": "7"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Queued. Thank you.")
    assert answer.json()["id"].startswith("<")
    newest = requests.get(f"{client.url}/control/outbox", timeout=120).json()["messages"][0]
    assert (newest["to"], newest["subject"], newest["text"]) == ("owner@example.test", "Low stock", "2 left")
    assert newest["fields"]["v:store"] == ["7"]
    assert "Low stock" in requests.get(f"{client.url}/outbox", timeout=120).text
    page = requests.get(f"{client.url}/outbox/{newest['id']}", timeout=120).text
    assert "2 left" in page
    assert "sandbox" in page


def test_bad_key_domain_and_fields(client: Client) -> None:
    assert send(client, key="wrong").status_code == 401
    assert send(client, domain="other.test").status_code == 404
    assert "to parameter" in send(client, to="").json()["message"]


def test_faults(client: Client) -> None:
    client.fault("mail_down", shop=None, count=1)
    assert send(client).status_code == 503
    client.fault("mail_unauthorized", shop=None, count=1)
    assert send(client).status_code == 401
    assert send(client).status_code == 200
