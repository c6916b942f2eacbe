"""Stock per inventory item and location, as Shopify last said, one picture of it a day, and where it was out."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, func
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class InventoryLevel(StoreScoped, Base):
    """Quantities of one item at one location. No key to variants: a level may arrive before its variant."""

    __tablename__ = "inventory_levels"

    inventory_item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    available: Mapped[int] = mapped_column(default=0)
    on_hand: Mapped[int] = mapped_column(default=0)
    committed: Mapped[int] = mapped_column(default=0)
    incoming: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    # As the location's: what the totals follow has to stand in the row itself.
    is_left_out: Mapped[bool] = mapped_column(default=False, server_default="false")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class StockTotal(StoreScoped, Base):
    """Quantities of one item over all its active locations that count: the sum of its levels, kept so by a trigger.

    An item without any level has no row, or one of noughts once its levels are gone.
    """

    __tablename__ = "stock_totals"

    inventory_item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    available: Mapped[int]
    on_hand: Mapped[int]
    committed: Mapped[int]
    incoming: Mapped[int]


class StockDay(StoreScoped, Base):
    """What stood on the shelf of all locations when a store's day was last looked at; feeds censoring."""

    __tablename__ = "stock_days"

    inventory_item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    available: Mapped[int]
    on_hand: Mapped[int]


class LocationStockOut(StoreScoped, Base):
    """Days on which a location had none of an item, by the last picture of each; `until_day` NULL: still so.

    A stock-out that ended on the day it began ends before that day: of a day the last picture counts.
    """

    __tablename__ = "location_stock_outs"

    inventory_item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    from_day: Mapped[date] = mapped_column(primary_key=True)
    until_day: Mapped[date | None]
