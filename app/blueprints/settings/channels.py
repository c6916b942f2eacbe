"""Channels beside e-mail: add one by its checked address, send a test to it, remove it"""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Response, current_app, request
from flask_login import current_user

from app.blueprints.settings.door import blueprint
from app.jobs import alerts as alert_jobs
from app.jobs import clients
from app.platform import clock, queue, web
from app.platform.access import Permission, actor
from app.platform.channels import SLACK_HOSTS
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.platform.outbound import Unreachable, UnsafeAddress
from app.platform.secrets import TokenCipher
from app.queries import alerts as read
from app.services import alerts, audit, stores
from app.services.alerts import Address, Written


@blueprint.get("/settings/channels", needs=Permission.SETTINGS_READ)
def channels() -> Response:
    """The list; it asks for itself anew while a message is under way."""
    return _list()


@blueprint.post("/settings/channels", needs=Permission.SETTINGS_EDIT)
def add_channel() -> Response:
    """Add a channel; its secret is shown in this answer and never again."""
    form = Form(request.form)
    form.choice("kind", alerts.KINDS)
    form.words("url", most=2000, optional=False)
    if form.is_valid and len(read.channels()) >= alerts.MOST:
        form.errors["url"] = gettext(
            "There are %(most)s channels already. Remove one first.", most=alerts.MOST
        )
    if form.is_valid:
        _check(form)
    if not form.is_valid:
        return _list(
            status=422, errors=form.errors, typed={name: form.text(name) for name in ("kind", "url")}
        )
    kind, url = form.values["kind"], form.values["url"]
    cipher = cast(TokenCipher, current_app.extensions["cipher"])
    _, secret = alerts.add_channel(kind, url, cipher=cipher, actor=actor(), now=clock.now())
    return _list(secret=secret if kind == "webhook" else "")


@blueprint.post("/settings/channels/<int:channel_id>/remove", needs=Permission.SETTINGS_EDIT)
def remove_channel(channel_id: int) -> Response:
    """Remove a channel."""
    alerts.remove_channel(channel_id, actor=actor(), now=clock.now())
    return _list()


@blueprint.post("/settings/channels/<int:channel_id>/test", needs=Permission.SETTINGS_EDIT)
def test_channel(channel_id: int) -> Response:
    """Send a test message to a channel."""
    known = alerts.endpoint(channel_id, cipher=cast(TokenCipher, current_app.extensions["cipher"]))
    queue.ensure_reachable()
    words = gettext("Test message from Fluxor")
    body: dict[str, Any] = {"event": "test", "store": stores.get(current_user.store_id).shop}
    text = json.dumps({"text": words} if known.kind == "slack" else body)
    address = Address(known.kind, urlsplit(known.url).hostname or "", channel_id)
    mail_id = alerts.write(address, Written(words, text), now=clock.now())
    audit.record(actor=actor(), action="channel.tested", channel_id=channel_id, mail=mail_id)
    alert_jobs.send_later(current_user.store_id, mail_id)
    return _list()


def _check(form: Form) -> None:
    """Whether the address is one that we send to; what is wrong is said beside the field."""
    try:
        target = clients.outbound().check(form.values["url"])
    except (UnsafeAddress, Unreachable) as error:
        form.errors["url"] = str(error)
        return
    if form.values["kind"] == "slack" and target.host not in SLACK_HOSTS:
        form.errors["url"] = gettext("Enter the address of an incoming webhook, as Slack shows it.")


def _list(*, status: int = 200, secret: str = "", **values: Any) -> Response:
    return web.render(
        "settings/_channels.html",
        status=status,
        channels=read.channels(),
        secret=secret,
        **{"errors": {}, "typed": {}, **values},
    )
