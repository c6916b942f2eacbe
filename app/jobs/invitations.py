"""Mail invitations: rendered when they are sent, so that their links lie in no table, and sent once"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import render_template

from app.jobs import clients
from app.platform import clock, db, i18n, limits, queue
from app.platform.limits import Limit
from app.platform.mail import MailRefused, MailUnavailable, Message
from app.platform.queue import enqueue, store_job
from app.platform.secrets import LinkSigner
from app.queries import stores
from app.services import invitations

# Each is a mail to somebody who has not asked for it.
A_DAY = Limit("invitations", tries=20, seconds=86_400)


def signer() -> LinkSigner:
    """Signs and opens the links of invitations."""
    return LinkSigner(clients.settings().secret_key, purpose="invitation")


def invite(store_id: int, email: str, role: str, *, actor: str, now: datetime) -> int:
    """Invite an address in the language being spoken, and enqueue the mail; returns the invitation's id.

    Raises UnableToInvite, TooManyTries, and Redis's error while it is away.
    """
    _count(store_id)
    made = invitations.invite(email, role, language=i18n.language(), actor=actor, now=now)
    send_later(store_id, made)
    return made


def invite_again(store_id: int, invitation_id: int, *, actor: str, now: datetime) -> int:
    """The same for the address of an invitation, which ends. Raises InvitationNotFound as well."""
    _count(store_id)
    made = invitations.invite_again(invitation_id, language=i18n.language(), actor=actor, now=now)
    send_later(store_id, made)
    return made


def _count(store_id: int) -> None:
    queue.ensure_reachable()
    limits.enforce(A_DAY, str(store_id))


def send_later(store_id: int, invitation_id: int) -> None:
    """Enqueue the mail of an invitation."""
    enqueue(send, store_id, invitation_id, on="urgent", once=f"invitation-{invitation_id}")


@store_job
def send(store_id: int, invitation_id: int) -> None:
    """Send one invitation's mail. Raises MailUnavailable, on which the queue tries again."""
    claimed = invitations.claim(invitation_id, now=clock.now())
    if claimed is None:
        return
    db.checkpoint()
    try:
        clients.mailer().send(_message(claimed, store_id, invitation_id))
    except MailRefused as error:
        invitations.refuse(invitation_id, reason=str(error))
    except MailUnavailable as error:
        invitations.release(invitation_id, reason=str(error))
        db.checkpoint()
        raise
    else:
        invitations.note_sent(invitation_id, now=clock.now())


def _message(claimed: invitations.Outgoing, store_id: int, invitation_id: int) -> Message:
    token = signer().sign({"store": store_id, "invitation": invitation_id})
    store = stores.store()
    values = {
        "invited_by": claimed.invited_by,
        "store_name": store.name,
        "role": claimed.role,
        "days": invitations.LIFETIME.days,
        "link": f"{clients.settings().app_url}/join?{urlencode({'token': token})}",
    }
    with i18n.speaking(claimed.language):
        return Message(
            to=[claimed.email],
            subject=" ".join(render_template("email/invitation/subject.txt", **values).split()),
            text=render_template("email/invitation/body.txt", **values),
            html=render_template("email/invitation/body.html", **values),
        )
