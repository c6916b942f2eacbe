"""What every page says around its content: the store, how fresh the data are, and what is in trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.platform import clock, formats, queue, sessions, tenancy, web
from app.platform.i18n import gettext, lazy_gettext
from app.queries import stores, users
from app.queries import sync as runs
from app.queries.stores import StoreView
from app.queries.sync import Freshness
from app.queries.users import ConnectedStore
from app.words.failures import said


@dataclass(frozen=True)
class Trouble:
    """What stops the work, in the words of the one banner at the top."""

    title: str
    text: str
    can_sync: bool = False


class Here:
    """The store and moment of this page. Each fact is asked for when a template first uses it."""

    @property
    def store(self) -> StoreView:
        """The current store."""
        return web.once(stores.store)

    @property
    def freshness(self) -> Freshness:
        """How fresh its data are."""
        return web.once(runs.freshness)

    @property
    def now(self) -> datetime:
        """The instant of this request."""
        return web.once(clock.now)

    @property
    def today(self) -> date:
        """The date where the store is."""
        return clock.today(self.store.time_zone)

    @property
    def store_id(self) -> int | None:
        """The current store, None on pages before one is chosen."""
        return tenancy.current_store()

    @property
    def my_stores(self) -> list[ConnectedStore]:
        """The stores among which whoever works outside the admin may switch."""
        session = sessions.current()
        return [] if session is None else users.stores(session.user_id)

    @property
    def in_a_week(self) -> date:
        """The day that a pause ends on unless another one is chosen."""
        return self.today + timedelta(days=7)

    @property
    def trouble(self) -> Trouble | None:
        """The gravest thing that keeps the numbers from being up to date."""
        if self.store.status in _STATUS:
            return _STATUS[self.store.status]
        if not web.once(queue.is_reachable):
            return Trouble(
                gettext("Background work is paused"),
                gettext("Your data is safe. Work goes on by itself in a few minutes."),
            )
        if self.freshness.state == "failed":
            return Trouble(gettext("The last sync failed"), said(self.freshness.error), can_sync=True)
        return None


_STATUS = {
    "reauthorize": Trouble(
        lazy_gettext("Fluxor lost its connection to your store"),
        lazy_gettext("Close this page and open Fluxor from your admin again."),
    ),
    # Only whoever works outside the admin can see this: inside it an uninstalled app does not open.
    "uninstalled": Trouble(
        lazy_gettext("Fluxor was uninstalled from this store"),
        lazy_gettext("Numbers stay as they are until you connect it again."),
    ),
    "frozen": Trouble(
        lazy_gettext("Shopify has paused this store"),
        lazy_gettext("Numbers stay as they are until the store is open again."),
    ),
}


def install(app: Flask) -> None:
    """Give templates `here` and the filters that need to know the store."""
    here = Here()
    app.context_processor(lambda: {"here": here})
    filters: dict[str, Any] = {
        "number": formats.number,
        "signed": formats.signed,
        "counted": formats.counted,
        "cover": formats.cover,
        "long_day": formats.long_day,
        "failure": said,
        "money": lambda value: money(value, here),
        "day": lambda value: formats.day(value, here.today),
        "day_within": lambda value: formats.day(value, here.today, within=True),
        "moment": lambda value: formats.moment(value, here.store.time_zone, here.now),
        "moment_within": lambda value: formats.moment(value, here.store.time_zone, here.now, within=True),
        "when": lambda value: when(value, here),
    }
    app.jinja_env.filters.update({name: _for_each_reader(say) for name, say in filters.items()})


def _for_each_reader(say: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that Jinja asks anew each time: of a constant it would keep what the first reader was told."""

    @pass_context
    def said_now(_context: Context, *values: Any) -> Any:
        return say(*values)

    return said_now


def money(value: float | Decimal | None, here: Here) -> str:
    """An amount in the store's currency."""
    return formats.money(value, here.store.currency)


def when(value: datetime | None, here: Here) -> Markup | str:
    """How long ago, with the exact moment for whoever points at it and for machines."""
    if value is None:
        return formats.UNKNOWN
    exact = formats.moment(value, here.store.time_zone, here.now)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(timespec="seconds"), exact, formats.ago(value, here.now)
    )
