"""Secrets: AES-256-GCM sealing with key ids and rotation, and links that are signed and expire."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from app.platform.i18n import gettext

_NONCE_BYTES = 12


class CannotUnseal(ValueError):
    """A sealed value was made with a key we no longer hold, for another purpose, or was tampered with."""


class LinkRefused(ValueError):
    """A signed link is forged, expired or meant for something else."""


class TokenCipher:
    """Seals short secrets so that a copy of the database alone opens none of them.

    `keys` are (id, 32 bytes) pairs; the first seals, all unseal. `context` is bound to the ciphertext as
    associated data, so that a token copied into another store's row does not open there.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        self._current = keys[0][0]
        self._ciphers = {key_id: AESGCM(secret) for key_id, secret in keys}

    def seal(self, plain: str, *, context: str) -> str:
        """Return `key_id.base64(nonce + ciphertext)`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, plain.encode(), context.encode())
        return f"{self._current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, *, context: str) -> str:
        """Open what `seal` made. Raises CannotUnseal, which never contains the secret."""
        key_id, _, body = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotUnseal(f"The key {key_id!r} is not in TOKEN_KEYS; add it behind the current one.")
        try:
            raw = base64.urlsafe_b64decode(body.encode())
            # The decoder is lenient (+ for -, letters it skips, loose last bits): one secret, one spelling.
            if base64.urlsafe_b64encode(raw).decode() != body:
                raise ValueError("not the spelling that seal() writes")
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotUnseal(
                "A sealed value does not open: wrong key, wrong context or altered."
            ) from error

    def needs_rotation(self, sealed: str) -> bool:
        """Whether the value was sealed with an older key."""
        return not sealed.startswith(f"{self._current}.")


class LinkSigner:
    """Makes and checks links that say one thing, for one purpose, for a limited time."""

    def __init__(self, secret_key: str, *, purpose: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt=f"fluxor.link.{purpose}")

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a URL-safe token."""
        return str(self._serializer.dumps(claims))

    def open(self, token: str, *, max_age_seconds: int) -> dict[str, Any]:
        """Return the claims. Raises LinkRefused with a reason fit for a page."""
        try:
            claims = self._serializer.loads(token, max_age=max_age_seconds)
        except SignatureExpired as error:
            raise LinkRefused(gettext("This link has expired. Ask for a new one.")) from error
        except BadSignature as error:
            raise LinkRefused(gettext("This link is not valid.")) from error
        return dict(claims)
