"""Every table is one store's or on the short list; migrations go up, down, and agree with the models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, pool
from sqlalchemy.engine import Connection, Engine

import app.models  # noqa: F401
from app.platform import schema
from app.platform.db import Base
from devtools.services import Services
from devtools.services import test_services as private_services
from tests.conftest import sqlalchemy_url

# Tables that are no store's, each with its reason.
GLOBAL = {
    "stores": "periodic jobs read the ids here and enqueue one job a store; tokens are sealed",
    "users": "a login knows no store yet; passwords are hashes",
    "store_users": "a session chooses its store here, before any store is current; roles are the members'",
    "outbox": "work that is owed: names of jobs and ids, no data of a store; one sweep serves all stores",
    "erasures": "the record that a shop was erased outlives the shop; no data of the shop but its address",
    "alembic_version": "the migrations' own",
}


@pytest.fixture(scope="module")
def database() -> Iterator[Services]:
    with private_services() as found:
        yield found


@pytest.fixture(scope="module")
def owner(database: Services) -> Iterator[Engine]:
    url = sqlalchemy_url(database.owner_url)
    schema.upgrade(url, sqlalchemy_url(database.app_url))
    engine = create_engine(url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


def unguarded(connection: Connection) -> set[str]:
    """Tables without forced row security, without the one policy, or whose key does not lead with store_id."""
    found = set()
    rows = connection.exec_driver_sql(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               ARRAY(SELECT p.polname || ':' || p.polcmd::text || ':' || pg_get_expr(p.polqual, p.polrelid)
                     FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
        """
    )
    for row in rows:
        guarded = row.forced and len(row.policies) == 1 and "app_store_id()" in row.policies[0]
        if row.relname in GLOBAL:
            continue
        keys = inspect(connection).get_pk_constraint(row.relname)["constrained_columns"]
        if not guarded or keys[:1] != ["store_id"]:
            found.add(row.relname)
    return found


def test_every_table_is_guarded(owner: Engine) -> None:
    with owner.connect() as connection:
        assert unguarded(connection) == set()


def test_a_planted_table_without_a_policy_is_found(owner: Engine) -> None:
    with owner.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE planted (store_id bigint, id bigint, PRIMARY KEY (store_id, id))"
        )
        assert unguarded(connection) == {"planted"}
        connection.rollback()


def test_a_lifted_force_is_found(owner: Engine) -> None:
    with owner.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
        assert unguarded(connection) == {"orders"}
        connection.rollback()


def test_scoped_keys_between_tables_carry_the_store() -> None:
    for table in Base.metadata.tables.values():
        if table.name in GLOBAL:
            continue
        for key in table.foreign_key_constraints:
            if key.referred_table.name != "stores":
                assert "store_id" in key.column_keys, f"{table.name}: {key.column_keys}"


def test_every_index_of_a_scoped_table_leads_with_the_store() -> None:
    for table in Base.metadata.tables.values():
        if table.name not in GLOBAL:
            for index in table.indexes:
                assert index.expressions[0].name == "store_id", index.name  # type: ignore[attr-defined]


def test_models_and_migrations_agree(owner: Engine) -> None:
    with owner.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again() -> None:
    with private_services() as found:
        owner_url, app_url = sqlalchemy_url(found.owner_url), sqlalchemy_url(found.app_url)
        schema.upgrade(owner_url, app_url)
        schema.downgrade(owner_url, revision="base")
        engine = create_engine(owner_url, poolclass=pool.NullPool)
        with engine.connect() as connection:
            assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        schema.upgrade(owner_url, app_url)
        with engine.connect() as connection:
            assert unguarded(connection) == set()


def test_the_app_role_owns_nothing_and_bypasses_nothing(database: Services, owner: Engine) -> None:
    engine = create_engine(sqlalchemy_url(database.app_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        role = connection.exec_driver_sql(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
            " FROM pg_roles WHERE rolname = current_user"
        ).one()
        owned = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM pg_tables WHERE tableowner = current_user"
        ).scalar()
    assert not any(role[1:])
    assert owned == 0
