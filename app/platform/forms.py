"""Reading a submitted form: each field becomes a checked value or an error that says what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app.platform.formats import number
from app.platform.i18n import gettext

_ADDRESS = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\.[A-Za-z]{2,63}")


@dataclass
class Form:
    """One submission: what was typed, the values that hold, and an error for each field that does not."""

    typed: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        """Whether every field could be used."""
        return not self.errors

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return self.typed.get(name, "").strip()

    def whole(self, name: str, *, low: int, high: int, optional: bool = False) -> None:
        """A whole number within limits; an empty optional field is None."""
        text = self.text(name)
        if not text and optional:
            self.values[name] = None
        elif re.fullmatch(r"[+-]?[0-9]{1,12}", text) and low <= int(text) <= high:
            self.values[name] = int(text)
        else:
            self.errors[name] = gettext(
                "Enter a whole number from %(low)s to %(high)s.", low=number(low), high=number(high)
            )

    def decimal(self, name: str, *, low: float, high: float, optional: bool = False) -> None:
        """A number within limits, a comma read as the decimal point; an empty optional field is None."""
        text = self.text(name).replace(",", ".")
        if not text and optional:
            self.values[name] = None
            return
        value = float(text) if re.fullmatch(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?", text) else float("nan")
        if low <= value <= high:
            self.values[name] = value
        else:
            self.errors[name] = gettext(
                "Enter a number from %(low)s to %(high)s.", low=f"{low:g}", high=f"{high:g}"
            )

    def amount(self, name: str, *, digits: int = 2, optional: bool = True) -> None:
        """Money from 0, with at most `digits` decimals and exactly as typed; an empty optional field is None."""
        text = self.text(name).replace(",", ".")
        if not text and optional:
            self.values[name] = None
        elif re.fullmatch(rf"[0-9]{{1,9}}(?:\.[0-9]{{1,{digits}}})?", text):
            self.values[name] = Decimal(text)
        else:
            self.errors[name] = gettext(
                "Enter an amount such as 4.20, with at most %(digits)s decimals.", digits=digits
            )

    def day(self, name: str, *, earliest: date, latest: date, optional: bool = False) -> None:
        """A date within limits, as a date field sends it; an empty optional field is None."""
        text = self.text(name)
        if not text and optional:
            self.values[name] = None
            return
        try:
            value = date.fromisoformat(text)
        except ValueError:
            self.errors[name] = gettext("Choose a date.")
            return
        if earliest <= value <= latest:
            self.values[name] = value
        else:
            self.errors[name] = gettext(
                "Choose a date from %(first)s to %(last)s.",
                first=earliest.isoformat(),
                last=latest.isoformat(),
            )

    def words(self, name: str, *, most: int, optional: bool = True) -> None:
        """A text of at most so many characters, without blanks around it."""
        text = self.text(name)
        if not text and not optional:
            self.errors[name] = gettext("Enter a text.")
        elif len(text) > most or "\0" in text:
            self.errors[name] = gettext("Enter at most %(most)s characters.", most=number(most))
        else:
            self.values[name] = text

    def choice(self, name: str, options: Collection[str], *, optional: bool = False) -> None:
        """One of the options; an empty optional field is None."""
        text = self.text(name)
        if not text and optional:
            self.values[name] = None
        elif text in options:
            self.values[name] = text
        else:
            self.errors[name] = gettext("Choose one of the options.")

    def several(self, name: str, options: Collection[str]) -> None:
        """Any number of the options, in their order: a group of tick boxes."""
        ticked = self.typed.getlist(name) if isinstance(self.typed, MultiDict) else [self.text(name)]
        wrong = [one for one in ticked if one and one not in options]
        if wrong:
            self.errors[name] = gettext("Choose from the options.")
        else:
            self.values[name] = [one for one in options if one in ticked]

    def tick(self, name: str) -> None:
        """A single tick box: ticked or not."""
        self.values[name] = bool(self.text(name))

    def addresses(self, name: str, *, most: int) -> None:
        """E-mail addresses, apart by commas, semicolons, blanks or lines; doubles are dropped."""
        found = list(dict.fromkeys(part for part in re.split(r"[\s,;]+", self.text(name)) if part))
        wrong = [part for part in found if not is_address(part)]
        if wrong:
            self.errors[name] = gettext(
                "“%(typed)s” is not an e-mail address. Write it like name@example.com.", typed=wrong[0][:80]
            )
        elif len(found) > most:
            self.errors[name] = gettext("Enter at most %(most)s addresses.", most=most)
        else:
            self.values[name] = found


def is_address(text: str) -> bool:
    """Whether the text looks like an e-mail address that can be delivered to."""
    return len(text) <= 254 and ".." not in text and bool(_ADDRESS.fullmatch(text))
