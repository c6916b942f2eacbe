"""Why something failed, in the reader's language; on record is the English sentence that was raised.

A job that fails does not know who will read of it. `said` finds the message that made the stored sentence and
says it anew; what none of ours made (another system's own words) stays as it is.
"""

from __future__ import annotations

import re

from app.platform.formats import number
from app.platform.i18n import gettext


def _message(text: str) -> str:
    """Marks a sentence for the message catalogue."""
    return text


MESSAGES = (
    # Mail and channels
    _message("MAILGUN_API_KEY and MAILGUN_DOMAIN are not set, so no mail can be sent."),
    _message("Mailgun cannot be reached (%(what)s)."),
    _message("Mailgun answered %(status)s."),
    _message("Mailgun refused the message with %(status)s."),
    _message("Mailgun's answer is not what its API promises."),
    _message("Nobody knows whether it was sent."),
    _message("It could not be sent for a day: %(last)s"),
    _message("The other side answered %(status)s."),
    _message("The name %(host)s cannot be found."),
    _message("%(host)s cannot be reached. (%(what)s)"),
    _message("Enter an address on the public internet."),
    _message("This channel was removed."),
    # Shopify
    _message("Shopify asks for %(seconds)s s of patience."),
    _message("Shopify stayed busy for %(tries)s tries."),
    _message("other work is using up the calls that Shopify allows us."),
    _message("Shopify answered %(status)s."),
    _message("Shopify refused our access token."),
    _message("Shopify gave no answer that can be used (%(what)s)."),
    _message("Calls to %(what)s rest for %(seconds)s s after repeated failures: %(last)s"),
    _message("%(what)s; not repeated, since it may have been done."),
    _message("the search was not understood: %(what)s"),
    _message("%(what)s is not a Shopify id."),
    _message("%(what)s is not a time."),
    _message("Shopify no longer knows the bulk operation."),
    _message("The bulk operation ended as %(state)s (%(code)s)."),
    _message("The bulk result ends at byte %(at)s of %(size)s; it will be made anew."),
    _message("The bulk result could not be downloaded."),
    _message("The bulk result's address has expired; it will be made anew."),
    _message("The bulk result holds a line that is not an object."),
    _message("The bulk result is cut off or damaged; it will be made anew."),
    _message("Shopify's token endpoint failed (%(what)s)."),
    _message("Shopify's token endpoint answered %(status)s."),
    _message("Shopify's token answer is incomplete."),
    _message("%(shop)s must open Fluxor again: %(last)s"),
    _message("%(shop)s has no token."),
    _message("Store %(store)s is not installed."),
    _message("Store %(store)s is %(state)s."),
    # The sync and files
    _message("The worker died."),
    _message("Reading from Shopify broke off again and again."),
    _message("The app was uninstalled."),
    _message("The report could not be made. Ask for it again."),
    _message("The export could not be made. Ask for it again."),
    # Rows of files that merchants bring, and the work on them
    _message("There is no number in this row."),
    _message("There is no name of a supplier."),
    _message("The product stands in an earlier row too. Leave one of them."),
    _message("The supplier stands in an earlier row too. Leave one of them."),
    _message("With %(days)s days between orders enter at most %(most)s."),
    _message("%(cell)s is no amount. Write it like 4.20."),
    _message("%(cell)s is no whole number of units."),
    _message("%(cell)s is no date. Write it like 2026-08-31."),
    _message("Enter the three letters of a currency, such as USD."),
    _message("Enter a whole number from %(low)s to %(high)s."),
    _message("“%(typed)s” is not an e-mail address. Write it like name@example.com."),
    _message("Enter at most %(most)s addresses."),
    _message("Something has changed since the file was checked. Look at it again, then import it."),
    _message("The work on the file failed and changed nothing. Try it again."),
    # Last, since it fits the most: a column, its cell, and what is wrong with it.
    _message("%(column)s “%(cell)s”: %(last)s"),
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
# A sentence of Shopify's client begins with the name of the call, which tells a shopkeeper nothing.
_CALL = r"(?:[a-z_]+: )?"


def _pattern(message: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", message)
    text = "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile(_CALL + text, re.DOTALL)


_PATTERNS = [(message, _pattern(message)) for message in MESSAGES]
# What a sentence of that message holds in any case: to look for it is quicker than to try the pattern.
_CERTAIN = {message: max(re.split(r"%\(\w+\)s", message), key=len) for message in MESSAGES}


def _own_marks(value: str) -> str:
    """A number that is on record as English writes it (`1,000,000`), as the reader's language does."""
    return number(int(value.replace(",", ""))) if _GROUPED.fullmatch(value) else value


def said(stored: str | None) -> str:
    """The failure in the reader's words, empty for none; a failure within a failure is said too."""
    text = stored or ""
    for message, pattern in _PATTERNS:
        found = pattern.fullmatch(text) if _CERTAIN[message] in text else None
        if found is not None:
            values = {name: _own_marks(value) for name, value in found.groupdict().items()}
            if "last" in values:
                values["last"] = said(values["last"])
            return gettext(message, **values)
    return text
