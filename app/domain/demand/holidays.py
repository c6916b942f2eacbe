"""Goods of a holiday, known by their titles: from the day after it they sell next to nothing for months.

On a web shop goods with "Christmas" in their title kept 1 to 3 % of what they had sold a day in the six weeks
up to it, after each of two Christmases; all else kept 50 to 60 %. No level measured before can know that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
from dateutil.easter import easter

from app.domain.arrays import Bools, Ints
from app.domain.demand.panel import Panel

HOLIDAYS = ("christmas", "easter", "valentine", "halloween")
NONE = -1
OFF_DAYS = 150  # after the holiday; later a new season may begin

# English, German, French, Spanish, Italian and Dutch, lower case. Days that fall differently by country, such as
# Mother's Day, are left out, and so are words that mean more: Oster makes blenders, Valentino clothes, Kerstin is a
# name, and reindeer hides and sleigh beds sell all year.
_WORDS = (
    r"christmas|x-?mas\b|\bsanta(?:'s)?\b(?! (?:ana|barbara|clara|cruz|fe|lucia|maria|monica|rosa)\b)"
    r"|\badvents?(?:deko|gesteck|kalender|kerze|kranz)?\b|\bnativity\b|\bno[eë]l\b|weihnacht|\bnikolaus|\bnavidad"
    r"|\bnatale\b|\bnataliz|\bkerst(?!e|in)|(?<!hair )\bbaubles?\b|\bchristbaum|\bgingerbread\b|\bjingle bells?\b"
    r"|\blebkuchen|\bmistletoe\b|\bsnowm[ae]n\b|\bspekulatius|\btinsel\b",
    r"\beaster\b|\boster(?:deko|ei|hase|korb|lamm|n\b|nest)|\bp[âa]ques\b|\bpascua\b|\bpasqua|\bpasen\b|\bpaas",
    r"\bvalentine(?:'?s)?\b|\bvalentinstag|\b(?:saint|st)[- ]valentin\b|\bsan valent[ií]n\b",
    r"\bhallowe'?en\b",
)
_FOUND = tuple(re.compile(words) for words in _WORDS)


def named(titles: Iterable[str]) -> Ints:
    """(n,) place in HOLIDAYS of the holiday that each title names, NONE without one."""
    return np.array([_holiday(title) for title in titles], dtype=np.int64)


def _holiday(title: str) -> int:
    # An accent may stand behind its letter, and an apostrophe be curved.
    plain = unicodedata.normalize("NFC", title).lower().replace("’", "'")
    return next((i for i, words in enumerate(_FOUND) if words.search(plain)), NONE)


def day_of(holiday: int, year: int) -> date:
    """The day of one of HOLIDAYS."""
    fixed = {"christmas": (12, 25), "valentine": (2, 14), "halloween": (10, 31)}
    name = HOLIDAYS[holiday]
    return date(year, *fixed[name]) if name in fixed else easter(year)


def off_season(holiday: int, first: date, days: int) -> Bools:
    """(days,) whether each day from `first` on is one of the OFF_DAYS after the holiday."""
    off = np.zeros(days, dtype=bool)
    for year in range(first.year - 1, (first + timedelta(days=days)).year + 1):
        after = (day_of(holiday, year) - first).days + 1
        off[max(after, 0) : max(after + OFF_DAYS, 0)] = True
    return off


def off_days(panel: Panel) -> Bools:
    """(n, days) the days on which goods of a holiday are out of season."""
    off = np.zeros(panel.units.shape, dtype=bool)
    if panel.holiday is not None:
        for holiday in set(panel.holiday.tolist()) - {NONE}:
            off[panel.holiday == holiday] = off_season(holiday, panel.first_day, panel.days)
    return off
