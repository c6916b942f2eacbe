"""Events: named by the merchant or found in the sales, kept apart from demand, and lifting coming forecasts."""

from app.services.events.applied import Known, Lifted, known, lift, note_coming, take_out
from app.services.events.named import (
    LONGEST_DAYS,
    MOST_TEXT,
    EventNotFound,
    NoSuchProducts,
    add,
    call_ordinary,
    days_allowed,
    remove,
)

__all__ = [
    "LONGEST_DAYS",
    "MOST_TEXT",
    "EventNotFound",
    "Known",
    "Lifted",
    "NoSuchProducts",
    "add",
    "call_ordinary",
    "days_allowed",
    "known",
    "lift",
    "note_coming",
    "remove",
    "take_out",
]
