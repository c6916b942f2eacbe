"""What pages would sum anew at each reading: stock over all locations, sales of each day; and lists read by index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Totals: their table, the table they follow, their key beside the store, what is summed, and which rows count.
STOCK = (
    "stock_totals",
    "inventory_levels",
    "inventory_item_id",
    ("available", "on_hand", "committed", "incoming"),
    "is_active",
)
SALES = ("daily_totals", "daily_sales", "day", ("units", "revenue"), "true")
# What pages sum or sort all suggestions by; their ledgers, most of each row, need not be read for that.
FIGURES = (
    "quantity",
    "on_hand",
    "committed",
    "urgency",
    "cost",
    "expected_demand",
    "overstock_units",
    "overstock_value",
)

# A trigger, because it holds for every writer: for a release that does not know the totals yet, too. It adds
# differences, so that two writers at once do not undo each other's. A store that is deleted takes its totals
# with it by its foreign key, in nobody's scope.
_FOLLOW = """
CREATE FUNCTION {totals}_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {insert} FROM new_rows WHERE {counts} {group} {add};
    ELSIF TG_OP = 'UPDATE' THEN
        {insert} FROM (
            SELECT store_id, {key}, {plus} FROM new_rows WHERE {counts}
            UNION ALL SELECT store_id, {key}, {minus} FROM old_rows WHERE {counts}
        ) AS changes {group} HAVING {differs} {add};
    ELSIF EXISTS (SELECT 1 FROM old_rows o JOIN stores s ON s.id = o.store_id) THEN
        {insert} FROM (SELECT store_id, {key}, {minus} FROM old_rows WHERE {counts}) AS changes {group} {add};
    END IF;
    RETURN NULL;
END
$$
"""
_TRIGGER = """
CREATE TRIGGER {totals}_{event} AFTER {event} ON {table} {transitions}
FOR EACH STATEMENT EXECUTE FUNCTION {totals}_follow()
"""
_TRANSITIONS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}


def upgrade() -> None:
    op.create_table(
        "stock_totals",
        sa.Column("inventory_item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("incoming", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_stock_totals_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "inventory_item_id", name=op.f("pk_stock_totals")),
    )
    op.create_table(
        "daily_totals",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_daily_totals_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "day", name=op.f("pk_daily_totals")),
    )
    for totals in (STOCK, SALES):
        _follow(*totals)
        secure(totals[0])
    op.create_index(
        "ix_suggestions_due",
        "suggestions",
        ["store_id", "urgency_rank", "order_by"],
        postgresql_where="quantity > 0",
    )
    op.create_index(
        "ix_suggestions_figures",
        "suggestions",
        ["store_id", "variant_id"],
        postgresql_include=FIGURES,
    )
    op.create_index(
        "ix_variants_listed",
        "variants",
        ["store_id", "display_name", "id"],
        postgresql_where="deleted_at IS NULL",
    )
    op.drop_index("ix_variants_name", "variants")


def _follow(totals: str, table: str, key: str, summed: tuple[str, ...], counts: str) -> None:
    columns = ", ".join(summed)
    sums = ", ".join(f"SUM({name}) AS {name}" for name in summed)
    group = f"GROUP BY store_id, {key}"
    insert = f"INSERT INTO {totals} AS t (store_id, {key}, {columns}) SELECT store_id, {key}, {sums}"
    # In the order of the key, so that two writers wait for each other and do not lock each other out.
    add = f"ORDER BY store_id, {key} ON CONFLICT (store_id, {key}) DO UPDATE SET " + ", ".join(
        f"{name} = t.{name} + EXCLUDED.{name}" for name in summed
    )
    op.execute(
        _FOLLOW.format(
            totals=totals,
            key=key,
            counts=counts,
            insert=insert,
            group=group,
            add=add,
            plus=columns,
            minus=", ".join(f"-{name} AS {name}" for name in summed),
            differs=" OR ".join(f"SUM({name}) <> 0" for name in summed),
        )
    )
    # From here until the commit nobody else writes to the table: what is summed now is all there is.
    for event, transitions in _TRANSITIONS.items():
        op.execute(_TRIGGER.format(totals=totals, event=event, table=table, transitions=transitions))
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"{insert} FROM {table} WHERE {counts} {group}")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.create_index("ix_variants_name", "variants", ["store_id", "display_name"])
    op.drop_index("ix_variants_listed", "variants")
    op.drop_index("ix_suggestions_figures", "suggestions")
    op.drop_index("ix_suggestions_due", "suggestions")
    for totals, table, *_ in (STOCK, SALES):
        for event in _TRANSITIONS:
            op.execute(f"DROP TRIGGER {totals}_{event} ON {table}")
        op.execute(f"DROP FUNCTION {totals}_follow()")
        op.drop_table(totals)
