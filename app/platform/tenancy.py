"""One store at a time: the current store, the criteria on every scoped class, and the flush guard.

Three guards hold together, because each has holes that another closes: an ORM criteria that raises when no
store is current, a flush guard that stamps or checks `store_id`, and row-level security in PostgreSQL.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, bindparam, event, func, select
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.base import ExecutableOption

_current: ContextVar[int | None] = ContextVar("current_store", default=None)


class NoStoreInScope(RuntimeError, DontWrapMixin):
    """Scoped data was touched while no store was current."""


class ForeignStore(RuntimeError):
    """An object of one store was written in another store's scope."""


class StoreScoped:
    """Mixin of every table whose rows belong to one store; `store_id` leads its primary key."""

    @declared_attr
    @classmethod
    def store_id(cls) -> Mapped[int]:
        """The store that owns the row."""
        return mapped_column(
            BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
        )


def current_store() -> int | None:
    """The current store's id, if a scope is open."""
    return _current.get()


def require_store() -> int:
    """The current store's id. Raises NoStoreInScope."""
    store_id = _current.get()
    if store_id is None:
        raise NoStoreInScope(
            "No store is current. Scoped data is read inside a verified request or a @store_job only."
        )
    return store_id


@contextmanager
def store_scope(session: Session, store_id: int) -> Iterator[None]:
    """Make one store current, on a fresh transaction and an empty identity map.

    `session.get()` answers from the identity map without asking the database, so both ends of the scope
    empty it; the transaction must be new because row security reads a setting of the transaction.
    """
    _leave(session)
    token = _current.set(store_id)
    try:
        yield
    finally:
        _leave(session)
        _current.reset(token)


def enter(session: Session, store_id: int) -> None:
    """Make one store current for the rest of this context (a request: each has a context of its own)."""
    _leave(session)
    _current.set(store_id)


def leave(session: Session) -> None:
    """Close what `enter` opened; called when the request ends."""
    _leave(session)
    _current.set(None)


def _leave(session: Session) -> None:
    session.rollback()
    session.expunge_all()


def install_guards(session_class: Any) -> None:
    """Attach the guards to a session class or scoped session."""
    attach(session_class, "do_orm_execute", _only_the_current_store)
    attach(session_class, "before_flush", _stamp_or_check)
    attach(session_class, "after_begin", _tell_postgres)


def attach(session_class: Any, name: str, function: Any) -> None:
    """Listen once, whatever number of apps a process makes: SQLAlchemy would call it once for each."""
    if not event.contains(session_class, name, function):
        event.listen(session_class, name, function)


def _only_the_current_store(state: ORMExecuteState) -> None:
    # Statements written by hand know no classes: row security alone scopes them, and forty criteria that say
    # nothing to them would be hashed at each execution.
    if state.is_orm_statement:
        state.statement = state.statement.options(*_criteria())


@functools.cache
def _criteria() -> tuple[ExecutableOption, ...]:
    """One criteria for each scoped class (a class counts when it is mapped, so all models are imported first).

    The bound value is asked for when the statement runs, so a cached statement cannot carry another store.
    """
    current = bindparam("current_store", callable_=require_store, type_=BigInteger)
    return tuple(
        with_loader_criteria(scoped, scoped.store_id == current, include_aliases=True)
        for scoped in _mapped(StoreScoped)
    )


def _mapped(base: type[StoreScoped]) -> Iterator[type[StoreScoped]]:
    for found in base.__subclasses__():
        yield found
        yield from _mapped(found)


def _stamp_or_check(session: Session, _context: Any, _instances: Any) -> None:
    for instance in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(instance, StoreScoped):
            continue
        store_id = require_store()
        if instance.store_id is None:
            instance.store_id = store_id
        elif instance.store_id != store_id:
            raise ForeignStore(
                f"{type(instance).__name__} of store {instance.store_id} in the scope of store {store_id}."
            )


def _tell_postgres(session: Session, _transaction: Any, connection: Any) -> None:
    store_id = _current.get()
    if store_id is not None:
        connection.execute(select(func.set_config("app.store_id", str(store_id), True)))
