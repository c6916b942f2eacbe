"""Alerts: raised by each plan, told in one round a day through every channel, kept for audit"""

from app.services.alerts.acts import AlertNotFound, dismiss, snooze, unsubscribe
from app.services.alerts.channels import (
    KINDS,
    MOST,
    ChannelNotFound,
    ChannelRemoved,
    add_channel,
    endpoint,
    remove_channel,
    rotate_secrets,
)
from app.services.alerts.outbox import claim, note_sent, refuse, release, unsent, write_mail
from app.services.alerts.raising import run
from app.services.alerts.telling import (
    Address,
    LowProduct,
    Renderer,
    Written,
    addresses,
    begin_round,
    tell,
    words,
    write,
)

__all__ = [
    "KINDS",
    "MOST",
    "Address",
    "AlertNotFound",
    "ChannelNotFound",
    "ChannelRemoved",
    "LowProduct",
    "Renderer",
    "Written",
    "add_channel",
    "addresses",
    "begin_round",
    "claim",
    "dismiss",
    "endpoint",
    "note_sent",
    "refuse",
    "release",
    "remove_channel",
    "rotate_secrets",
    "run",
    "snooze",
    "tell",
    "unsent",
    "unsubscribe",
    "words",
    "write",
    "write_mail",
]
