"""Home's figures by state kept as totals, names folded once for searching, and what counts and sums read by index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_STATE = """CASE
    WHEN on_hand - committed <= 0 THEN 'out' WHEN urgency = 'now' THEN 'late' WHEN urgency = 'soon' THEN 'soon'
    WHEN urgency = 'unknown' THEN 'unknown' WHEN overstock_units > 0 THEN 'over' ELSE 'enough' END"""
# What each suggestion adds to its state; sums of money beside the number of products that have one.
_SUMS = {
    "products": "1",
    "units": "GREATEST(on_hand, 0)",
    "to_order": "CASE WHEN quantity > 0 THEN 1 ELSE 0 END",
    "costed": "CASE WHEN quantity > 0 AND cost IS NOT NULL THEN 1 ELSE 0 END",
    "order_cost": "CASE WHEN quantity > 0 THEN COALESCE(cost, 0) ELSE 0 END",
    "urgent": "CASE WHEN urgency = 'now' THEN 1 ELSE 0 END",
    "idle_products": "CASE WHEN overstock_units > 0 THEN 1 ELSE 0 END",
    "idle_valued": "CASE WHEN overstock_units > 0 AND overstock_value IS NOT NULL THEN 1 ELSE 0 END",
    "idle_value": "CASE WHEN overstock_units > 0 THEN COALESCE(overstock_value, 0) ELSE 0 END",
}
# As in 0022: a trigger holds for every writer, and adds differences; the store's own end takes its totals along.
_FOLLOW = """
CREATE FUNCTION suggestion_totals_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {add_new};
    ELSIF TG_OP = 'UPDATE' THEN
        {add_old};
        {add_new};
    ELSIF EXISTS (SELECT 1 FROM old_rows o JOIN stores s ON s.id = o.store_id) THEN
        {add_old};
    END IF;
    RETURN NULL;
END
$$
"""
_ADD = f"""INSERT INTO suggestion_totals AS t (store_id, state, {", ".join(_SUMS)})
    SELECT store_id, {_STATE} AS state, {{sums}} FROM {{rows}} GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (store_id, state) DO UPDATE SET {", ".join(f"{one} = t.{one} + EXCLUDED.{one}" for one in _SUMS)}"""
_TRANSITIONS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}
_FOLDED = {
    "variants": ("search_text", "lower(display_name || chr(10) || sku)"),
    "products": ("search_vendor", "lower(vendor)"),
}


def upgrade() -> None:
    op.create_table(
        "suggestion_totals",
        sa.Column("state", sa.String(), nullable=False),
        *(
            sa.Column(
                name,
                sa.Numeric(20, 2) if name.endswith(("cost", "value")) else sa.BigInteger(),
                nullable=False,
            )
            for name in _SUMS
        ),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_suggestion_totals_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "state", name=op.f("pk_suggestion_totals")),
    )
    _follow()
    secure("suggestion_totals")
    for table, (name, sql) in _FOLDED.items():
        op.add_column(table, sa.Column(name, sa.String(), sa.Computed(sql, persisted=True), nullable=True))
    op.create_index(
        "ix_variants_live", "variants", ["store_id", "product_id"], postgresql_where="deleted_at IS NULL"
    )


def _follow() -> None:
    add_new = _ADD.format(rows="new_rows", sums=", ".join(f"SUM({sql})" for sql in _SUMS.values()))
    add_old = _ADD.format(rows="old_rows", sums=", ".join(f"-SUM({sql})" for sql in _SUMS.values()))
    op.execute(_FOLLOW.format(add_new=add_new, add_old=add_old))
    # From here until the commit nobody else writes to the table: what is summed now is all there is.
    for event, transitions in _TRANSITIONS.items():
        op.execute(
            f"CREATE TRIGGER suggestion_totals_{event} AFTER {event} ON suggestions {transitions}"
            " FOR EACH STATEMENT EXECUTE FUNCTION suggestion_totals_follow()"
        )
    op.execute("ALTER TABLE suggestions NO FORCE ROW LEVEL SECURITY")
    op.execute(add_new.replace("new_rows", "suggestions"))
    op.execute("ALTER TABLE suggestions FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_index("ix_variants_live", "variants")
    for table, (name, _sql) in _FOLDED.items():
        op.drop_column(table, name)
    for event in _TRANSITIONS:
        op.execute(f"DROP TRIGGER suggestion_totals_{event} ON suggestions")
    op.execute("DROP FUNCTION suggestion_totals_follow()")
    op.drop_table("suggestion_totals")
