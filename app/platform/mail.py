"""Mail through Mailgun's HTTP API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import requests

TIMEOUT = (3.05, 15)


class MailRefused(RuntimeError):
    """Mailgun said no for good (wrong key, unknown domain, malformed message): retrying will not help."""


class MailUnavailable(RuntimeError):
    """Mailgun could not be reached, is overloaded or failing: try again later."""


@dataclass(frozen=True)
class Attachment:
    """One file that a mail carries."""

    name: str
    content: bytes
    kind: str


@dataclass(frozen=True)
class Message:
    """One mail with both parts."""

    to: Sequence[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True)
class Mailer:
    """Sends messages for one Mailgun domain."""

    base_url: str
    domain: str
    api_key: str = field(repr=False)
    sender: str = ""

    @property
    def is_configured(self) -> bool:
        """Whether there is a key and a domain to send with."""
        return bool(self.api_key and self.domain)

    def send(self, message: Message) -> str:
        """Send and return Mailgun's message id. Raises MailRefused or MailUnavailable."""
        if not self.is_configured:
            raise MailRefused("MAILGUN_API_KEY and MAILGUN_DOMAIN are not set, so no mail can be sent.")
        form: list[tuple[str, str]] = [
            ("from", self.sender),
            *[("to", address) for address in message.to],
            ("subject", message.subject),
            ("text", message.text),
            ("html", message.html),
            *[(f"h:{name}", value) for name, value in message.headers.items()],
        ]
        try:
            answer = requests.post(
                f"{self.base_url}/v3/{self.domain}/messages",
                auth=("api", self.api_key),
                data=form,
                files=[("attachment", (one.name, one.content, one.kind)) for one in message.attachments]
                or None,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise MailUnavailable(f"Mailgun cannot be reached ({type(error).__name__}).") from error
        if answer.status_code == 429 or answer.status_code >= 500:
            raise MailUnavailable(f"Mailgun answered {answer.status_code}.")
        if answer.status_code != 200:
            raise MailRefused(f"Mailgun refused the message with {answer.status_code}.")
        try:
            return str(answer.json()["id"])
        except (ValueError, KeyError) as error:
            raise MailUnavailable("Mailgun's answer is not what its API promises.") from error
