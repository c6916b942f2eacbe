"""A transfer's ledger in words: what each line is."""

from __future__ import annotations

from app.platform.i18n import lazy_gettext

LABELS = {
    "demand": lazy_gettext("Expected demand there until the next order arrives"),
    "safety": lazy_gettext("Safety stock there for the service level"),
    "missed": lazy_gettext("Lost there before the transfer can arrive"),
    "minimum": lazy_gettext("Raised to the minimum of that location"),
    "shared": lazy_gettext("The store has too little for all locations: each gets what leaves the same risk"),
    "available": lazy_gettext("Available there"),
    "incoming": lazy_gettext("Already on its way there"),
    "others": lazy_gettext("Comes from other locations"),
    "no_spare": lazy_gettext("No location has more to spare"),
}


def label(code: str) -> str:
    """What a line of the ledger is."""
    return str(LABELS[code])
