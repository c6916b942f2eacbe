"""One interface for every way to reach people: e-mail, webhook, Slack; docs/alerts.md says how to add one"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.platform.i18n import gettext
from app.platform.mail import Mailer, MailRefused, MailUnavailable, Message
from app.platform.outbound import Outbound, Unreachable, UnsafeAddress

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
_LATER = (408, 425, 429)


class Refused(RuntimeError):
    """The channel said no for good: sending again will not help. The message is fit for a page."""


class Unavailable(RuntimeError):
    """The channel could not be reached, or not now: try again later. The message is fit for a page."""


@dataclass(frozen=True)
class Notice:
    """One message to one place. `key` is the same at every try: whoever gets it twice can tell."""

    key: str
    recipients: Sequence[str]
    subject: str
    text: str
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """A way to deliver a notice."""

    def deliver(self, notice: Notice, *, at: int) -> str:
        """Deliver at this moment (seconds since 1970) and return the provider's id, if it gives one.

        Raises Refused or Unavailable.
        """


@dataclass(frozen=True)
class Email:
    """Mail with both parts. The Message-ID is the notice's own, so that a mailbox drops a second copy."""

    mailer: Mailer
    domain: str

    def deliver(self, notice: Notice, *, at: int) -> str:
        """Send one mail."""
        headers = {"Message-ID": f"<{notice.key}@{self.domain}>", **notice.headers}
        message = Message(notice.recipients, notice.subject, notice.text, notice.html, headers)
        try:
            return self.mailer.send(message)
        except MailRefused as error:
            raise Refused(str(error)) from error
        except MailUnavailable as error:
            raise Unavailable(str(error)) from error


@dataclass(frozen=True)
class Webhook:
    """Posts the notice's text, which is JSON, signed so that the receiver knows whose it is and when it was sent."""

    outbound: Outbound
    url: str
    secret: str

    def deliver(self, notice: Notice, *, at: int) -> str:
        """Post one notice."""
        body = notice.text.encode()
        headers = {
            "Content-Type": "application/json",
            "X-Fluxor-Delivery": notice.key,
            "X-Fluxor-Signature": signature(body, secret=self.secret, at=at),
        }
        return _posted(self.outbound, self.url, body, headers)


@dataclass(frozen=True)
class Slack:
    """Posts the notice's text, which is JSON as Slack's incoming webhooks take it."""

    outbound: Outbound
    url: str

    def deliver(self, notice: Notice, *, at: int) -> str:
        """Post one notice."""
        return _posted(self.outbound, self.url, notice.text.encode(), {"Content-Type": "application/json"})


def signature(body: bytes, *, secret: str, at: int) -> str:
    """`t=…,v1=…`: HMAC-SHA256 (hex) of the time, a point and the body."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def _posted(outbound: Outbound, url: str, body: bytes, headers: dict[str, str]) -> str:
    try:
        status = outbound.post(url, body, headers)
    except UnsafeAddress as error:
        raise Refused(str(error)) from error
    except Unreachable as error:
        raise Unavailable(str(error)) from error
    if status >= 500 or status in _LATER:
        raise Unavailable(gettext("The other side answered %(status)s.", status=status))
    if not 200 <= status < 300:
        raise Refused(gettext("The other side answered %(status)s.", status=status))
    return ""
