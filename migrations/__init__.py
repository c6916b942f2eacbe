"""Alembic migrations: every table's row-security policy is made where the table is."""
