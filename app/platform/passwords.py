"""Passwords: the rule for new ones, and bcrypt hashes that take as long for an unknown person as for a known."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

import bcrypt

from app.platform.i18n import gettext, lazy_gettext

SHORTEST, LONGEST = 8, 256
RULE = lazy_gettext("Use at least 8 characters with an upper-case letter, a lower-case letter and a number.")
_PARTS = (
    (re.compile(r"[^\W\d_]"), str.isupper, lazy_gettext("an upper-case letter")),
    (re.compile(r"[^\W\d_]"), str.islower, lazy_gettext("a lower-case letter")),
    (re.compile(r"\d"), str.isdigit, lazy_gettext("a number")),
)


def problem(password: str) -> str | None:
    """What is wrong with a new password in one sentence that says what to do, or None."""
    if len(password) > LONGEST:
        return gettext("Use at most %(most)s characters.", most=LONGEST)
    least = gettext("at least %(least)s characters", least=SHORTEST)
    missing = [] if len(password) >= SHORTEST else [least]
    for letters, fits, name in _PARTS:
        if not any(fits(letter) for letter in letters.findall(password)):
            missing.append(str(name))
    return gettext("Use %(parts)s.", parts=_listed(missing)) if missing else None


def _listed(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return gettext("%(parts)s and %(last)s", parts=", ".join(parts[:-1]), last=parts[-1])


@dataclass(frozen=True)
class Hasher:
    """bcrypt of one cost. `cost` 12 takes about a quarter of a second on purpose."""

    cost: int = 12

    def hash(self, password: str) -> str:
        """The hash to store."""
        return bcrypt.hashpw(_digest(password), bcrypt.gensalt(self.cost)).decode()

    def verify(self, password: str, known: str | None) -> bool:
        """Whether the password is the one behind `known`; None (nobody) takes just as long and is False."""
        fits = bcrypt.checkpw(_digest(password), (known or self._nobodys).encode())
        return fits and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with another cost and should be made anew at the next login."""
        return not known.startswith(f"$2b${self.cost:02}$")

    @property
    def _nobodys(self) -> str:
        # Well-formed, of this cost, and the hash of nothing that anybody could type.
        return f"$2b${self.cost:02}$" + "." * 53


def _digest(password: str) -> bytes:
    """bcrypt reads 72 bytes and stops at a NUL: a keyed digest of fixed length has neither limit.

    The same letters typed on different systems may be composed differently, hence the normal form.
    """
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.new(b"fluxor.password", typed, hashlib.sha256).digest())
