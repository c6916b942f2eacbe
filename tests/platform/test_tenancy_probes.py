"""More than thirty-three ways to reach another store's rows; all three guards together let none through.

Each probe runs in the scope of "mine" and answers what it has seen; a probe that is refused has seen nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, exists, func, insert, literal, select, text, union_all, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from app.models.catalog import Location, Product, Variant
from app.models.stores import Store
from app.platform import copying, db, tenancy
from app.platform.tenancy import ForeignStore, NoStoreInScope, store_scope

Ids = tuple[int, int]
SECRET = "Theirs"


@pytest.fixture(scope="module")
def ids(app: Flask) -> Iterator[Ids]:
    """My store's and the other's id; each has one product with a variant, and a place."""
    with app.app_context():
        with db.separate_transaction() as own:
            rows = [Store(shop=f"probe-{name}.myshopify.com") for name in ("mine", "theirs")]
            own.add_all(rows)
            own.flush()
            found = rows[0].id, rows[1].id
        for store_id, name in zip(found, ("Mine", SECRET), strict=True):
            with store_scope(db.session(), store_id), db.transaction() as session:
                session.add(Location(id=1, name=name))
                session.add(Product(id=1, title=name))
                session.flush()
                session.add(Variant(id=1, product_id=1, inventory_item_id=1, display_name=name, price=1))
        yield found
        with db.separate_transaction() as own:
            for store_id in found:
                own.delete(own.get(Store, store_id))


def _names(statement: Any) -> list[str]:
    return [str(row[0]) for row in db.session().execute(statement).all()]


def _alias(_: Ids) -> list[str]:
    return _names(select(aliased(Location).name))


def _join(_: Ids) -> list[str]:
    return _names(select(Variant.display_name).join(Product, Product.id == Variant.product_id))


def _outer_join(_: Ids) -> list[str]:
    other = aliased(Product)
    return _names(select(other.title).select_from(Variant).outerjoin(other, other.id == Variant.product_id))


def _cross_join(_: Ids) -> list[str]:
    other = aliased(Product)
    return _names(select(other.title).select_from(Variant).join(other, literal(True)))


def _subquery(_: Ids) -> list[str]:
    inner = select(Location.name).subquery()
    return _names(select(inner.c.name))


def _cte(_: Ids) -> list[str]:
    inner = select(Location.name).cte()
    return _names(select(inner.c.name))


def _scalar_subquery(ids: Ids) -> list[str]:
    inner = select(Location.name).where(Location.store_id == ids[1]).scalar_subquery()
    return _names(select(func.coalesce(inner, "")))


def _exists(ids: Ids) -> list[str]:
    seen = db.session().execute(select(exists().where(Location.store_id == ids[1]))).scalar_one()
    return [SECRET] if seen else []


def _in_subquery(_: Ids) -> list[str]:
    return _names(select(Location.name).where(Location.name.in_(select(Product.title))))


def _union(ids: Ids) -> list[str]:
    return _names(union_all(select(Location.name), select(Location.name).where(Location.store_id == ids[1])))


def _core_table(_: Ids) -> list[str]:
    return _names(select(Location.__table__.c.name))


def _count(_: Ids) -> list[str]:
    return [SECRET] * (db.session().execute(select(func.count()).select_from(Location)).scalar_one() - 1)


def _legacy_query(_: Ids) -> list[str]:
    return [found.name for found in db.session().query(Location).all()]


def _lateral(_: Ids) -> list[str]:
    inner = select(Product.title).where(Product.id == Location.id).lateral()
    return _names(select(inner.c.title).select_from(Location).join(inner, literal(True)))


def _get(ids: Ids) -> list[str]:
    found = db.session().get(Location, (ids[1], 1))
    return [found.name] if found else []


def _get_after_their_scope(ids: Ids) -> list[str]:
    with store_scope(db.session(), ids[1]):
        db.session().get(Location, (ids[1], 1))
    return _get(ids)


def _refresh(ids: Ids) -> list[str]:
    with store_scope(db.session(), ids[1]):
        found = db.session().get(Location, (ids[1], 1))
    assert found is not None
    db.session().add(found)
    db.session().refresh(found)
    return [found.name]


def _expired_attribute(ids: Ids) -> list[str]:
    with store_scope(db.session(), ids[1]):
        found = db.session().get(Location, (ids[1], 1))
        assert found is not None
        db.session().expire(found)
    db.session().add(found)
    return [found.name]


def _merge(ids: Ids) -> list[str]:
    found = db.session().merge(Location(store_id=ids[1], id=1))
    db.session().flush()
    return [found.name]


def _populate_existing(ids: Ids) -> list[str]:
    query = select(Location).where(Location.store_id == ids[1]).execution_options(populate_existing=True)
    return [found.name for found in db.session().execute(query).scalars()]


def _with_expression_of_store(ids: Ids) -> list[str]:
    return _names(select(Location.name).where((Location.store_id == ids[1]) | literal(True)))


def _raw(_: Ids) -> list[str]:
    return [row.name for row in db.rows("SELECT name FROM locations")]


def _raw_with_their_id(ids: Ids) -> list[str]:
    return [row.name for row in db.rows("SELECT name FROM locations WHERE store_id = :s", s=ids[1])]


def _raw_through_a_function(_: Ids) -> list[str]:
    found = db.rows("SELECT query_to_xml('SELECT name FROM locations', true, false, '')::text AS x")
    return [SECRET] if SECRET in found[0].x else []


def _driver_sql(_: Ids) -> list[str]:
    rows = db.session().connection().exec_driver_sql("SELECT name FROM locations").all()
    return [str(row[0]) for row in rows]


def _stream(_: Ids) -> list[str]:
    return [row.name for row in db.stream("SELECT name FROM locations", batch=1)]


def _copy_out(_: Ids) -> list[str]:
    import io

    out = io.StringIO()
    raw: Any = db.session().connection().connection.cursor()
    with raw:
        raw.copy_expert("COPY (SELECT name FROM locations) TO STDOUT", out)
    return out.getvalue().split()


def _insert_from_select(_: Ids) -> list[str]:
    source = select(literal(None), Location.id + 10, Location.name, literal(True))
    db.session().execute(
        insert(Location).from_select(["store_id", "id", "name", "is_active"], source), execution_options={}
    )
    return _raw(_)


def _own_session(_: Ids) -> list[str]:
    with Session(db.db.engine) as fresh:
        return [str(row[0]) for row in fresh.execute(text("SELECT name FROM locations")).all()]


def _own_orm_session(_: Ids) -> list[str]:
    with Session(db.db.engine) as fresh:
        return [found.name for found in fresh.execute(select(Location)).scalars()]


def _other_thread(_: Ids) -> list[str]:
    return _in_thread(lambda: [found.name for found in db.session().execute(select(Location)).scalars()])


def _other_thread_raw(_: Ids) -> list[str]:
    return _in_thread(lambda: [row.name for row in db.rows("SELECT name FROM locations")])


def _in_thread(read: Callable[[], list[str]]) -> list[str]:
    """What another thread, with this application but without this scope, gets to see."""
    from flask import current_app

    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    seen: list[str] = []
    refused: list[BaseException] = []

    def run() -> None:
        with application.app_context():
            try:
                seen.extend(read())
            except (NoStoreInScope, SQLAlchemyError) as error:
                refused.append(error)
            finally:
                db.session().close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert seen or refused
    return seen


def _copied_context(_: Ids) -> list[str]:
    return list(copy_context().run(lambda: _names(select(Location.name))))


def _after_a_nested_scope(ids: Ids) -> list[str]:
    with store_scope(db.session(), ids[1]):
        _names(select(Location.name))
    return [*_names(select(Location.name)), *_raw(ids)]


def _after_a_broken_nested_scope(ids: Ids) -> list[str]:
    with pytest.raises(ZeroDivisionError), store_scope(db.session(), ids[1]):
        _names(select(Location.name))
        raise ZeroDivisionError
    return [*_names(select(Location.name)), *_raw(ids)]


def _after_a_rollback(ids: Ids) -> list[str]:
    db.session().rollback()
    return [*_names(select(Location.name)), *_raw(ids)]


def _after_a_savepoint(ids: Ids) -> list[str]:
    with db.session().begin_nested() as savepoint:
        savepoint.rollback()
    return [*_names(select(Location.name)), *_raw(ids)]


READS: dict[str, Callable[[Ids], list[str]]] = {
    name.strip("_").replace("_", " "): probe
    for name, probe in list(globals().items())
    if name.startswith("_")
    and callable(probe)
    and getattr(probe, "__annotations__", {}).get("return") == "list[str]"
    and name not in ("_names", "_in_thread")
}


@pytest.mark.parametrize("name", READS)
def test_no_read_sees_another_stores_rows(ids: Ids, name: str) -> None:
    with store_scope(db.session(), ids[0]):
        try:
            seen = READS[name](ids)
        except (NoStoreInScope, ForeignStore, SQLAlchemyError):
            seen = []
        assert not [found for found in seen if SECRET in found]


def _theirs(ids: Ids) -> list[tuple[Any, ...]]:
    with store_scope(db.session(), ids[1]):
        return [
            tuple(row)
            for row in db.rows(
                "SELECT l.store_id, l.id, l.name, p.title, v.display_name FROM locations l, products p, variants v"
            )
        ]


def _foreign_add(ids: Ids) -> None:
    db.session().add(Location(store_id=ids[1], id=5, name="Planted"))
    db.session().flush()


def _foreign_change(ids: Ids) -> None:
    with store_scope(db.session(), ids[1]):
        found = db.session().get(Location, (ids[1], 1))
        assert found is not None
    found.name = "Planted"
    db.session().add(found)
    db.session().flush()


def _foreign_remove(ids: Ids) -> None:
    with store_scope(db.session(), ids[1]):
        found = db.session().get(Location, (ids[1], 1))
        assert found is not None
    db.session().add(found)
    db.session().delete(found)
    db.session().flush()


def _moved_row(ids: Ids) -> None:
    found = db.session().get(Location, (ids[0], 1))
    assert found is not None
    found.store_id = ids[1]
    db.session().flush()


WRITES: dict[str, Callable[[Ids], object]] = {
    "add": _foreign_add,
    "change": _foreign_change,
    "remove": _foreign_remove,
    "move": _moved_row,
    "bulk update": lambda ids: db.session().execute(
        update(Location).where(Location.store_id == ids[1]).values(name="Planted")
    ),
    "bulk delete": lambda ids: db.session().execute(delete(Location).where(Location.store_id == ids[1])),
    "core update": lambda _: db.session().execute(update(Location.__table__).values(name="Planted")),
    "core delete": lambda _: db.session().execute(delete(Location.__table__)),
    "core insert": lambda ids: db.session().execute(
        insert(Location.__table__).values(store_id=ids[1], id=6, name="Planted", is_active=True)
    ),
    "bulk insert": lambda ids: db.session().execute(
        insert(Location), [{"store_id": ids[1], "id": 7, "name": "Planted", "is_active": True}]
    ),
    "raw update": lambda _: db.execute("UPDATE locations SET name = 'Planted'"),
    "raw move": lambda ids: db.execute("UPDATE locations SET store_id = :s", s=ids[1]),
    "raw delete": lambda _: db.execute("DELETE FROM locations"),
    "truncate": lambda _: db.execute("TRUNCATE locations"),
    "copy in": lambda _: copying.append(Location, ("id", "name", "is_active"), [(9, "Planted", True)]),
    "upsert": lambda _: copying.upsert(
        Location, ("id", "name", "is_active"), [(1, "Planted", True)], key=["id"]
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_no_write_reaches_another_stores_rows(ids: Ids, name: str) -> None:
    before = _theirs(ids)
    with store_scope(db.session(), ids[0]):
        try:
            WRITES[name](ids)
            db.session().flush()
            assert tenancy.current_store() == ids[0]
        except (ForeignStore, NoStoreInScope, SQLAlchemyError):
            db.session().rollback()
        else:
            # Seen in the same transaction by nobody but us; theirs must be untouched once it is over.
            db.session().commit()
    assert _theirs(ids) == before
    _restore(ids)


def _restore(ids: Ids) -> None:
    with store_scope(db.session(), ids[0]), db.transaction():
        copying.upsert(Location, ("id", "name", "is_active"), [(1, "Mine", True)], key=["id"])
        db.execute("DELETE FROM locations WHERE id <> 1")


@pytest.mark.parametrize("setting", ["row_security = off", "ROLE postgres", "SESSION AUTHORIZATION postgres"])
def test_the_role_cannot_step_out_of_row_security(ids: Ids, setting: str) -> None:
    with store_scope(db.session(), ids[0]):
        try:
            db.execute(f"SET {setting}")
            seen = _raw(ids)
        except SQLAlchemyError:
            db.session().rollback()
            return
        finally:
            db.session().rollback()
        assert SECRET not in seen


def test_there_are_at_least_as_many_probes_as_were_planned() -> None:
    assert len(READS) + len(WRITES) >= 33
