"""Channels beside e-mail: a program's webhook or a Slack channel, their addresses sealed in the database"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from app.models.alerts import AlertChannel
from app.platform import db
from app.platform.i18n import gettext
from app.platform.secrets import TokenCipher
from app.services import audit

KINDS = ("webhook", "slack")
MOST = 5


class ChannelNotFound(LookupError):
    """The current store has no such channel."""


class ChannelRemoved(RuntimeError):
    """The channel was removed: nothing is sent to it any more."""


@dataclass(frozen=True)
class Endpoint:
    """Where a channel's messages go, and the secret that signs them."""

    kind: str
    url: str
    secret: str


def add_channel(kind: str, url: str, *, cipher: TokenCipher, actor: str, now: datetime) -> tuple[int, str]:
    """Add a channel whose address was checked before; returns its id and its new secret, which is shown once."""
    channel, secret = AlertChannel(kind=kind, name=urlsplit(url).hostname or "", created_at=now), ""
    db.session().add(channel)
    channel.url_sealed = channel.secret_sealed = ""
    db.session().flush()
    secret = secrets.token_urlsafe(32)
    channel.url_sealed = cipher.seal(url, context=_context(channel, "url"))
    channel.secret_sealed = cipher.seal(secret, context=_context(channel, "secret"))
    audit.record(actor=actor, action="channel.added", kind=kind, host=channel.name, channel_id=channel.id)
    return channel.id, secret


def remove_channel(channel_id: int, *, actor: str, now: datetime) -> None:
    """Remove a channel; what waits for it is not sent any more. Raises ChannelNotFound."""
    channel = _channel(channel_id)
    if channel.removed_at is None:
        channel.removed_at, channel.url_sealed, channel.secret_sealed = now, "", ""
        audit.record(actor=actor, action="channel.removed", kind=channel.kind, host=channel.name)


def endpoint(channel_id: int, *, cipher: TokenCipher) -> Endpoint:
    """Where a channel leads. Raises ChannelNotFound, ChannelRemoved, CannotUnseal."""
    channel = _channel(channel_id)
    if channel.removed_at is not None:
        raise ChannelRemoved(gettext("This channel was removed."))
    return Endpoint(
        channel.kind,
        cipher.unseal(channel.url_sealed, context=_context(channel, "url")),
        cipher.unseal(channel.secret_sealed, context=_context(channel, "secret")),
    )


def rotate_secrets(*, cipher: TokenCipher) -> int:
    """Seal the current store's channels with the current key; returns how many were changed. Raises CannotUnseal."""
    changed = 0
    for channel in (
        db.session().execute(select(AlertChannel).where(AlertChannel.removed_at.is_(None))).scalars()
    ):
        if cipher.needs_rotation(channel.url_sealed) or cipher.needs_rotation(channel.secret_sealed):
            known = endpoint(channel.id, cipher=cipher)
            channel.url_sealed = cipher.seal(known.url, context=_context(channel, "url"))
            channel.secret_sealed = cipher.seal(known.secret, context=_context(channel, "secret"))
            changed += 1
    return changed


def _channel(channel_id: int) -> AlertChannel:
    found = (
        db.session().execute(select(AlertChannel).where(AlertChannel.id == channel_id)).scalar_one_or_none()
    )
    if found is None:
        raise ChannelNotFound(gettext("There is no such channel."))
    return found


def _context(channel: AlertChannel, what: str) -> str:
    return f"channel:{channel.store_id}:{channel.id}:{what}"
