"""Each guard of tenancy holds by itself, and together nothing leaks."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import aliased

from app.models.catalog import Location
from app.models.stores import Store
from app.platform import copying, db, tenancy
from app.platform.tenancy import ForeignStore, NoStoreInScope, store_scope


@pytest.fixture
def two_stores(app: Flask):
    with app.app_context():
        with db.separate_transaction() as own:
            mine, other = Store(shop="mine-t.myshopify.com"), Store(shop="other-t.myshopify.com")
            own.add_all([mine, other])
            own.flush()
            ids = mine.id, other.id
        for store_id, name in zip(ids, ("Mine", "Other"), strict=True):
            with store_scope(db.session(), store_id), db.transaction() as session:
                session.add(Location(id=1, name=name))
        yield ids
        with db.separate_transaction() as own:
            for store_id in ids:
                own.delete(own.get(Store, store_id))


def test_a_query_without_a_store_raises(two_stores):
    with pytest.raises(NoStoreInScope):
        db.session().execute(select(Location)).all()


def test_a_cached_statement_serves_each_store_its_own(two_stores):
    for store_id, name in zip(two_stores, ("Mine", "Other"), strict=True):
        with store_scope(db.session(), store_id):
            assert [found.name for found in db.session().execute(select(Location)).scalars()] == [name]


def test_an_alias_is_scoped(two_stores):
    with store_scope(db.session(), two_stores[0]):
        other = aliased(Location)
        assert [found.name for found in db.session().execute(select(other)).scalars()] == ["Mine"]


def test_get_of_a_foreign_key_finds_nothing(two_stores):
    with store_scope(db.session(), two_stores[0]):
        assert db.session().get(Location, (two_stores[1], 1)) is None


def test_the_identity_map_does_not_survive_the_scope(two_stores):
    with store_scope(db.session(), two_stores[1]):
        db.session().get(Location, (two_stores[1], 1))
    with store_scope(db.session(), two_stores[0]):
        assert db.session().get(Location, (two_stores[1], 1)) is None


def test_raw_sql_is_held_by_row_security(two_stores):
    with store_scope(db.session(), two_stores[0]):
        assert [row.name for row in db.rows("SELECT name FROM locations")] == ["Mine"]


def test_raw_sql_without_a_store_is_an_error(two_stores):
    with pytest.raises(DatabaseError, match="no store is current"):
        db.rows("SELECT name FROM locations")
    db.session().rollback()


def test_a_bulk_update_touches_one_store(two_stores):
    with store_scope(db.session(), two_stores[0]), db.transaction() as session:
        session.execute(update(Location).values(name="Changed"))
    with store_scope(db.session(), two_stores[1]):
        assert db.rows("SELECT name FROM locations")[0].name == "Other"


def test_a_new_row_is_stamped_and_a_foreign_one_refused(two_stores):
    with store_scope(db.session(), two_stores[0]):
        location = Location(id=2, name="New")
        db.session().add(location)
        db.session().flush()
        assert location.store_id == two_stores[0]
        db.session().add(Location(id=3, name="Foreign", store_id=two_stores[1]))
        with pytest.raises(ForeignStore):
            db.session().flush()
        db.session().rollback()


def test_row_security_refuses_a_foreign_insert(two_stores):
    with store_scope(db.session(), two_stores[0]):
        with pytest.raises(DatabaseError, match="row-level security"):
            db.execute(
                "INSERT INTO locations (store_id, id, name, is_active) VALUES (:s, 9, 'x', true)",
                s=two_stores[1],
            )
        db.session().rollback()


def test_upsert_writes_for_the_current_store_only(two_stores):
    with store_scope(db.session(), two_stores[0]), db.transaction():
        written = copying.upsert(Location, ("id", "name", "is_active"), [(1, "Renamed", True)], key=["id"])
    assert written == {1}
    with store_scope(db.session(), two_stores[1]):
        assert db.rows("SELECT name FROM locations")[0].name == "Other"


def test_the_app_role_cannot_lift_row_security(two_stores):
    assert db.insecure_role() is None
    with pytest.raises(DatabaseError):
        db.execute("ALTER TABLE locations DISABLE ROW LEVEL SECURITY")
    db.session().rollback()
    assert tenancy.current_store() is None


def test_a_scope_takes_its_objects_with_it(two_stores):
    with store_scope(db.session(), two_stores[1]):
        found = db.session().get(Location, (two_stores[1], 1))
        assert found in db.session()
    assert found not in db.session()


def test_a_second_app_in_the_process_attaches_no_guard_twice(app: Flask) -> None:
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    tenancy.install_guards(db.session_factory())
    with app.app_context():
        event.listen(db.db.engine, "before_cursor_execute", note)
        try:
            with tenancy.store_scope(db.session(), 1):
                db.rows("SELECT 1 AS one")
        finally:
            event.remove(db.db.engine, "before_cursor_execute", note)
    assert sum("set_config" in statement for statement in told) == 1
