"""Migrations from code: upgrade, downgrade, and the grants of the role the app connects as."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, pool
from sqlalchemy.engine import Connection

_ROOT = Path(__file__).resolve().parents[2]


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("prepend_sys_path", str(_ROOT))
    config.attributes["database_url"] = database_url
    return config


def upgrade(owner_url: str, app_url: str, *, revision: str = "head") -> None:
    """Bring the tables to `revision` as their owner, then let the app's role use them."""
    command.upgrade(alembic_config(owner_url), revision)
    owner, role = make_url(owner_url).username, make_url(app_url).username
    if role and role != owner:
        with create_engine(owner_url, poolclass=pool.NullPool).begin() as connection:
            _grant(connection, role)


def downgrade(owner_url: str, *, revision: str) -> None:
    """Take migrations back to `revision`."""
    command.downgrade(alembic_config(owner_url), revision)


def _grant(connection: Connection, role: str) -> None:
    name = '"' + role.replace('"', '""') + '"'
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}",
    ):
        connection.exec_driver_sql(statement)
