"""Row-level security: the function that names the current store, and the policy of a scoped table."""

from __future__ import annotations

from alembic import op

# Raises when unset, so that a forgotten scope is an error and never an empty page.
_FUNCTION = """
CREATE OR REPLACE FUNCTION app_store_id() RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    value text := current_setting('app.store_id', true);
BEGIN
    IF value IS NULL OR value = '' THEN
        RAISE EXCEPTION 'no store is current' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN value::bigint;
END
$$
"""


def create_function() -> None:
    """Create or replace `app_store_id()`."""
    op.execute(_FUNCTION)


def drop_function() -> None:
    """Drop it; no policy may use it any more."""
    op.execute("DROP FUNCTION app_store_id()")


def secure(table: str) -> None:
    """Let only the current store's rows be seen and written, by the table's owner too.

    The sub-select makes the function one value for the whole statement, so that the index is used.
    """
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(
        f'CREATE POLICY one_store ON "{table}" '
        "USING (store_id = (SELECT app_store_id())) WITH CHECK (store_id = (SELECT app_store_id()))"
    )
