"""Migrations run while the old release serves: none locks a table for long or takes away what is still used."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from devtools.paths import ROOT

# What was written before the first release ran while nobody was served. From this number on each file is judged.
FIRST_JUDGED = "0030"
# Findings that were looked at: "revision: finding" → why it is harmless.
LOOKED_AT: dict[str, str] = {}


def findings(source: str) -> set[str]:
    """What an old release, or a busy table, would not bear; tables made by the same migration are empty and free."""
    upgrade = [
        one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef) and one.name != "downgrade"
    ]
    calls = [call for one in upgrade for call in ast.walk(one) if isinstance(call, ast.Call)]
    made = {_text(call, 0) for call in calls if _name(call) == "create_table"}
    return {found for call in calls for found in _judge(call, made) if found}


def _judge(call: ast.Call, made: set[str]) -> list[str]:
    name, keywords = _name(call), {one.arg: one.value for one in call.keywords}
    if name in ("drop_column", "drop_table", "rename_table"):
        return [f"{name} {_text(call, 0)}: the old release still uses it; take it away one release later"]
    if name == "create_index" and _text(call, 1) not in made and "postgresql_concurrently" not in keywords:
        return [f"create_index {_text(call, 0)}: locks a table that is in use; build it concurrently"]
    if name == "add_column" and _text(call, 0) not in made and _is_demanding(call):
        return [
            f"add_column {_text(call, 0)}: NOT NULL without a server default; the old release does not fill it"
        ]
    if name == "alter_column" and _text(call, 0) not in made and {"type_", "new_column_name"} & set(keywords):
        return [f"alter_column {_text(call, 0)}: rewrites the table, or renames what the old release uses"]
    if name in ("create_foreign_key", "create_check_constraint") and "postgresql_not_valid" not in keywords:
        table = _text(call, 1)
        return (
            [] if table in made else [f"{name} {table}: scans the table under a lock; add it NOT VALID first"]
        )
    return []


def _is_demanding(call: ast.Call) -> bool:
    column = call.args[1] if len(call.args) > 1 else None
    if not isinstance(column, ast.Call):
        return False
    given = {one.arg: one.value for one in column.keywords}
    nullable = given.get("nullable")
    return isinstance(nullable, ast.Constant) and nullable.value is False and "server_default" not in given


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(call: ast.Call, position: int) -> str:
    argument = call.args[position] if len(call.args) > position else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else "?"


def files() -> list[Path]:
    return sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def test_no_new_migration_hurts_a_release_that_serves() -> None:
    found = {
        f"{file.name[:4]}: {finding}"
        for file in files()
        if file.name[:4] >= FIRST_JUDGED
        for finding in findings(file.read_text())
    }
    assert found - set(LOOKED_AT) == set()
    assert set(LOOKED_AT) - found == set(), "these are no longer found"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("op.drop_column('orders', 'name')", "drop_column"),
        ("op.create_index('ix', 'orders', ['store_id'])", "create_index"),
        ("op.add_column('orders', sa.Column('x', sa.String(), nullable=False))", "add_column"),
        ("op.alter_column('orders', 'x', type_=sa.Text())", "alter_column"),
        ("op.create_check_constraint('c', 'orders', 'x > 0')", "create_check_constraint"),
    ],
)
def test_each_danger_is_found(line: str, named: str) -> None:
    (found,) = findings(f"def upgrade():\n    {line}\n")
    assert found.startswith(named)


def test_what_only_adds_is_let_through() -> None:
    source = (
        "def upgrade():\n    op.create_table('new')\n    op.create_index('ix', 'new', ['store_id'])\n"
        "    op.add_column('orders', sa.Column('x', sa.String(), nullable=True))\n"
        "    op.add_column('orders', sa.Column('y', sa.String(), server_default='', nullable=False))\n"
        "def downgrade():\n    op.drop_table('new')\n"
    )
    assert findings(source) == set()


def test_migrations_wait_for_no_lock_for_long() -> None:
    assert "lock_timeout" in (ROOT / "migrations" / "env.py").read_text()
