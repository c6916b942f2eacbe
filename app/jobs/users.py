"""Mails about accounts: the link that confirms an address, the one that resets a password, the reminder.

The links are made here, at the last moment, so that they lie in no queue.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlencode

from flask import render_template

from app.jobs import clients
from app.platform import i18n
from app.platform.mail import Message
from app.platform.queue import enqueue, global_job, kept
from app.platform.secrets import LinkSigner
from app.queries import users as read
from app.services import users

CONFIRM_SECONDS, RESET_SECONDS = 24 * 3600, 3600


def signer(purpose: str) -> LinkSigner:
    """Signs and opens the links of mails: `confirm` or `reset`."""
    return LinkSigner(clients.settings().secret_key, purpose=purpose)


def write_later(job: Callable[[int, str], None], user_id: int) -> None:
    """Enqueue one of the mails below; for nobody (0) too, so that the caller takes as long."""
    enqueue(
        job, user_id, i18n.language(), on="urgent", once=f"{job.__name__}-{user_id}-{secrets.token_hex(4)}"
    )


@global_job
@kept
def signed_up(user_id: int, spoken: str) -> None:
    """After a sign-up: a link to a new address, a reminder to one that has an account."""
    target = read.mail_target(user_id)
    if target is None:
        return
    if target.is_confirmed:
        _send(target.email, "known", spoken, link=f"{clients.settings().app_url}/forgot")
    else:
        _send(target.email, "confirm", spoken, link=_link("confirm", user_id))


@global_job
@kept
def forgot(user_id: int, spoken: str) -> None:
    """The link that resets a password."""
    target = read.mail_target(user_id)
    if target is not None:
        _send(target.email, "reset", spoken, link=_link("reset", user_id))


def _link(purpose: str, user_id: int) -> str:
    token = signer(purpose).sign({"user": user_id, "seal": users.seal(user_id)})
    return f"{clients.settings().app_url}/{purpose}?{urlencode({'token': token})}"


def _send(address: str, name: str, spoken: str, *, link: str) -> None:
    """Send one mail in this language. Raises MailUnavailable, on which the queue tries again."""
    values = {"link": link}
    with i18n.speaking(spoken):
        message = Message(
            to=[address],
            subject=" ".join(render_template(f"email/{name}/subject.txt", **values).split()),
            text=render_template(f"email/{name}/body.txt", **values),
            html=render_template(f"email/{name}/body.html", **values),
        )
    clients.mailer().send(message)
