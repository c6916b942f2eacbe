"""Signatures as Shopify documents them: ID tokens and webhook deliveries, for tests of our door."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import jwt

SECRET = "test-secret-of-the-shopify-app-00"
API_KEY = "test-client-id"


def id_token(shop: str, *, user: str = "1", secret: str = SECRET, **claims: Any) -> str:
    """A 60-second ID token of the Shopify admin (HS256 with the client secret)."""
    now = int(time.time())
    body = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": API_KEY,
        "sub": user,
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        **claims,
    }
    return jwt.encode({key: value for key, value in body.items() if value is not None}, secret, "HS256")


def delivery(
    shop: str, topic: str, payload: Any, *, secret: str = SECRET, webhook_id: str = "", **headers: str
) -> dict[str, Any]:
    """Arguments for a test client's `post`: body and headers of one signed webhook."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "data": body,
        "headers": {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature,
            "X-Shopify-Shop-Domain": shop,
            "X-Shopify-API-Version": "2026-07",
            "X-Shopify-Webhook-Id": webhook_id or str(uuid.uuid4()),
            "X-Shopify-Event-Id": str(uuid.uuid4()),
            "X-Shopify-Triggered-At": "2026-11-01T10:00:00.123456789Z",
            **headers,
        },
    }
