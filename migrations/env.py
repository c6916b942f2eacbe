"""Alembic's environment: online only, as the owner of the tables, from MIGRATION_DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

import app.models  # noqa: F401  (fills the metadata)
from app.platform.db import Base

# A statement that waits for a lock makes all who come after it wait too: rather fail, and be run again.
_CONNECT = {"connect_timeout": 5, "options": "-c lock_timeout=5000"}


def run() -> None:
    url = context.config.attributes["database_url"]
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=_CONNECT)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
