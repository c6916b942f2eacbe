"""How good each variant's past forecasts were, added up so that pages and the API only have to divide"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class AccuracySum(StoreScoped, Base):
    """The noted forecasts of one variant that are over, beside what was sold; see domain.forecasts.accuracy.Sums.

    Units, but for the counts `forecasts` and `held`; `average` is the error of the plain 7-day average.
    """

    __tablename__ = "accuracy_sums"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    made_on: Mapped[date]
    demand_class: Mapped[str]
    forecasts: Mapped[int]
    sold: Mapped[float]
    error: Mapped[float]
    size: Mapped[float]
    average: Mapped[float]
    held: Mapped[int]
    loss: Mapped[float]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )
