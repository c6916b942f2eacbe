"""How Shopify writes values: ids, times, money."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from simulator.clock import iso
from simulator.graphql.context import Context, Resolver, each, simulated, within
from simulator.store.database import gid

cached_iso = lru_cache(maxsize=200_000)(iso)


def global_id(kind: str, key: str = "id") -> Resolver:
    """`gid://shopify/Kind/…` of a column."""
    prefix = f"gid://shopify/{kind}/"
    return each(lambda o: f"{prefix}{o[key]}")


def time_of(name: str) -> Resolver:
    """A time column as ISO 8601 in UTC."""
    return each(lambda o: cached_iso(o[name]))


def flag(name: str) -> Resolver:
    """A 0/1 column as a boolean."""
    return each(lambda o: bool(o[name]))


@lru_cache(maxsize=100_000)
def decimal_text(cents: int) -> str:
    """Cents as Shopify writes decimals of MoneyV2: `12.34`, `12.3`, `12.0`."""
    text = str((Decimal(cents) / 100).normalize())
    text = f"{Decimal(text):f}"
    return text if "." in text else text + ".0"


def money_bag(cents: Any) -> Resolver:
    """A MoneyBag computed from each object."""
    return within(lambda context, o: (cents(o), currency(context)))


def currency(context: Context) -> str:
    """The shop's currency."""
    found: str | None = context.__dict__.get("_currency")
    if found is None:
        found = context.shop.setting("currency", "EUR")
        context.__dict__["_currency"] = found
    return found


simulated("MoneyBag", {"shopMoney": each(lambda m: m), "presentmentMoney": each(lambda m: m)})
simulated("MoneyV2", {"amount": each(lambda m: decimal_text(m[0])), "currencyCode": each(lambda m: m[1])})

__all__ = ["cached_iso", "currency", "decimal_text", "flag", "gid", "global_id", "money_bag", "time_of"]
