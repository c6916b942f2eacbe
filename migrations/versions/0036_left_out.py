"""Locations that are left out: their stock counts for nothing; and the least that a location is to hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_SUMMED = ("available", "on_hand", "committed", "incoming")
# As in 0022, with another condition on what counts: triggers stay, their function is replaced.
_FOLLOW = """
CREATE OR REPLACE FUNCTION stock_totals_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {insert} FROM new_rows WHERE {counts} {group} {add};
    ELSIF TG_OP = 'UPDATE' THEN
        {insert} FROM (
            SELECT store_id, inventory_item_id, {plus} FROM new_rows WHERE {counts}
            UNION ALL SELECT store_id, inventory_item_id, {minus} FROM old_rows WHERE {counts}
        ) AS changes {group} HAVING {differs} {add};
    ELSIF EXISTS (SELECT 1 FROM old_rows o JOIN stores s ON s.id = o.store_id) THEN
        {insert} FROM (SELECT store_id, inventory_item_id, {minus} FROM old_rows WHERE {counts}) AS changes
        {group} {add};
    END IF;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    for table in ("locations", "inventory_levels"):
        left_out = sa.Column("is_left_out", sa.Boolean(), server_default=sa.false(), nullable=False)
        op.add_column(table, left_out)
    _follow("is_active AND NOT is_left_out")
    op.create_table(
        "location_minimums",
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("variant_id", "location_id", "units")
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_location_minimums_units_positive")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_location_minimums_store_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["store_id", f"{one}_id"],
                [f"{one}s.store_id", f"{one}s.id"],
                name=op.f(f"fk_location_minimums_store_id_{one}_id"),
                ondelete="CASCADE",
            )
            for one in ("variant", "location")
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", "location_id", name=op.f("pk_location_minimums")),
    )
    secure("location_minimums")


def _follow(counts: str) -> None:
    sums = ", ".join(f"SUM({name}) AS {name}" for name in _SUMMED)
    op.execute(
        _FOLLOW.format(
            counts=counts,
            insert=f"INSERT INTO stock_totals AS t (store_id, inventory_item_id, {', '.join(_SUMMED)})"
            f" SELECT store_id, inventory_item_id, {sums}",
            group="GROUP BY store_id, inventory_item_id",
            add="ORDER BY store_id, inventory_item_id ON CONFLICT (store_id, inventory_item_id) DO UPDATE SET "
            + ", ".join(f"{name} = t.{name} + EXCLUDED.{name}" for name in _SUMMED),
            plus=", ".join(_SUMMED),
            minus=", ".join(f"-{name} AS {name}" for name in _SUMMED),
            differs=" OR ".join(f"SUM({name}) <> 0" for name in _SUMMED),
        )
    )


def downgrade() -> None:
    op.drop_table("location_minimums")
    # What was left out counts again, while the columns that say so are still there.
    op.execute("ALTER TABLE inventory_levels NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE inventory_levels SET is_left_out = false WHERE is_left_out")
    op.execute("ALTER TABLE inventory_levels FORCE ROW LEVEL SECURITY")
    _follow("is_active")
    for table in ("inventory_levels", "locations"):
        op.drop_column(table, "is_left_out")
