"""Events: named by the merchant or found in the sales, kept apart from demand, and lifting coming forecasts."""

from app.services.events.applied import Known, Lifted, known, lift, take_out
from app.services.events.named import EventNotFound, NoSuchProducts, add, call_ordinary, remove

__all__ = [
    "EventNotFound",
    "Known",
    "Lifted",
    "NoSuchProducts",
    "add",
    "call_ordinary",
    "known",
    "lift",
    "remove",
    "take_out",
]
