"""Starting, cancelling and running bulk operations; signed addresses of their results."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode

from simulator.bulk.lines import write_lines
from simulator.bulk.rules import problems_of
from simulator.graphql.context import Context
from simulator.graphql.plan import PlannedField, Planner
from simulator.graphql.roots import ROOTS
from simulator.store.database import Row, Shop, gid, row

if TYPE_CHECKING:
    from simulator.world import World

log = logging.getLogger(__name__)
CONCURRENT = 5
RESULT_SECONDS = 7 * 86_400
_OPEN = ("CREATED", "RUNNING", "CANCELING")


def _refused(code: str, *messages: str) -> Row:
    return {
        "operation": None,
        "userErrors": [{"field": ["query"], "message": m, "code": code} for m in messages],
    }


def start(context: Context, text: str, grouped: bool) -> Row:
    """`bulkOperationRunQuery`: check the query, store the operation, run it in the background."""
    problems, document = problems_of(text, context.admin)
    if problems or document is None:
        return _refused("INVALID", *problems)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    planner = Planner(context.admin, context.scopes, fragments, None, context.world.config.protected_data)
    planned = planner.operation(operation).fields[0]
    if planned.name not in ROOTS:
        return _refused("INVALID", f"Bulk queries over {planned.name!r} are not simulated.")
    with context.shop.write() as change:
        running = change.db.execute(
            "SELECT COUNT(*) FROM bulk_operations WHERE status IN (?,?,?)", _OPEN
        ).fetchone()[0]
        if running >= CONCURRENT:
            return _refused(
                "OPERATION_IN_PROGRESS",
                "A bulk query operation for this app and shop is already in progress.",
            )
        number = change.next_id()
        change.db.execute(
            "INSERT INTO bulk_operations (id, status, query, version, grouped, token_scopes, "
            "created_at) VALUES (?,?,?,?,?,?,?)",
            (
                number,
                "CREATED",
                text,
                context.admin.version,
                int(grouped),
                ",".join(sorted(context.scopes)),
                change.now,
            ),
        )
    worker = Runner(context.world, context.shop, number, planned, bool(planner.errors), context, grouped)
    context.world.background(worker.run, f"bulk-{number}")
    return {"operation": number, "userErrors": []}


def cancel(context: Context, number: int | None) -> Row:
    """`bulkOperationCancel`: an open operation becomes CANCELING, the worker makes it CANCELED."""
    with context.shop.write() as change:
        known = row(change.db, "SELECT * FROM bulk_operations WHERE id = ?", (number,))
        if known is None:
            return {
                "operation": None,
                "userErrors": [{"field": ["id"], "message": "Bulk operation does not exist", "code": None}],
            }
        if known["status"] not in _OPEN:
            message = f"A bulk operation cannot be canceled when it is {known['status'].lower()}"
            return {"operation": number, "userErrors": [{"field": None, "message": message, "code": None}]}
        change.db.execute("UPDATE bulk_operations SET status = 'CANCELING' WHERE id = ?", (number,))
    return {"operation": number, "userErrors": []}


def result_url(world: World, shop: Shop, operation: Row) -> str | None:
    """Signed address of a result that has rows; works until 7 days after completion."""
    if operation["file"] is None or operation["completed_at"] is None:
        return None
    expires = operation["completed_at"] + RESULT_SECONDS
    path = f"{shop.handle}/{operation['file']}"
    return f"{world.url}/storage/{path}?expires={expires}&signature={signature(world, path, expires)}"


def signature(world: World, path: str, expires: int) -> str:
    """Hex HMAC of a storage path and its end of life."""
    return hmac.new(world.storage_key, f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()


class Runner:
    """Writes one operation's JSONL file and its outcome."""

    def __init__(
        self,
        world: World,
        shop: Shop,
        number: int,
        planned: PlannedField,
        denied: bool,
        context: Context,
        grouped: bool,
    ) -> None:
        self.world, self.shop, self.number, self.planned = world, shop, number, planned
        self.denied, self.asked, self.grouped = denied, context, grouped
        self.path = self._folder() / f"bulk-{number}.jsonl"

    def _folder(self) -> Path:
        folder = self.shop.folder / "storage"
        folder.mkdir(exist_ok=True)
        return folder

    def _update(self, **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        with self.shop.write() as change:
            change.db.execute(
                f"UPDATE bulk_operations SET {names} WHERE id = ?", (*values.values(), self.number)
            )

    def _status(self) -> str:
        with self.shop.read() as db:
            return str(
                db.execute("SELECT status FROM bulk_operations WHERE id = ?", (self.number,)).fetchone()[0]
            )

    def run(self) -> None:
        """Do the work; every end is recorded on the operation and told by webhook."""
        if self._status() == "CANCELING":
            self._finish("CANCELED", None, 0, 0)
            return
        self._update(status="RUNNING")
        if self.denied:
            self._finish("FAILED", "ACCESS_DENIED", 0, 0)
            return
        try:
            self._write()
        except Exception:
            log.exception("bulk operation %s failed", self.number)
            self._finish("FAILED", "INTERNAL_SERVER_ERROR", 0, 0)

    def _write(self) -> None:
        fault = self.world.faults.bulk(self.shop.domain)
        total = roots = 0
        started = time.monotonic()
        with self.shop.read() as db, self.path.open("wb") as out:
            context = Context(
                self.world,
                self.shop,
                db,
                self.asked.admin,
                self.asked.scopes,
                self.asked.app,
                self.asked.now,
                bulk=True,
                all_orders=self.asked.all_orders,
            )
            for lines, root_count in write_lines(
                context, ROOTS[self.planned.name], self.planned, self.grouped
            ):
                out.write(("\n".join(lines) + "\n").encode())
                total, roots = total + len(lines), roots + root_count
                self._progress(total, roots, started)
                if self.world.stopping.is_set():
                    return
                if self._status() == "CANCELING":
                    out.flush()
                    self._finish("CANCELED", None, total, roots)
                    return
                if fault:
                    break
        if fault == "fail":
            self._finish("FAILED", "INTERNAL_SERVER_ERROR", total, roots, partial=True)
            return
        self._finish("COMPLETED", None, total, roots)

    def _progress(self, total: int, roots: int, started: float) -> None:
        self._update(object_count=total, root_object_count=roots)
        speed = self.world.config.bulk_lines_per_second
        while speed and not self.world.stopping.is_set() and self._status() != "CANCELING":
            early = total / speed - (time.monotonic() - started)
            if early <= 0:
                return
            self.world.stopping.wait(min(early, 0.1))

    def _finish(self, status: str, code: str | None, total: int, roots: int, partial: bool = False) -> None:
        kept = total > 0 and (status == "COMPLETED" or partial)
        with self.shop.write() as change:
            change.db.execute(
                "UPDATE bulk_operations SET status=?, error_code=?, completed_at=?, "
                "object_count=?, root_object_count=?, file_size=?,"
                " file=?, partial=? WHERE id=?",
                (
                    status,
                    code,
                    change.now,
                    total,
                    roots,
                    self.path.stat().st_size if kept else None,
                    self.path.name if kept else None,
                    int(partial),
                    self.number,
                ),
            )
            created = change.db.execute(
                "SELECT created_at FROM bulk_operations WHERE id=?", (self.number,)
            ).fetchone()[0]
            change.emit(
                "bulk_operations/finish",
                {
                    "admin_graphql_api_id": gid("BulkOperation", self.number),
                    "completed_at": self.shop.local_time(change.now),
                    "created_at": self.shop.local_time(created),
                    "error_code": code.lower() if code else None,
                    "status": status.lower(),
                    "type": "query",
                },
            )


def resume_interrupted(shop: Shop) -> None:
    """At start: operations that a stop cut short become FAILED, as nothing will finish them."""
    with shop.write() as change:
        change.db.execute(
            "UPDATE bulk_operations SET status='FAILED', error_code='INTERNAL_SERVER_ERROR', "
            "completed_at=? WHERE status IN (?,?,?)",
            (change.now, *_OPEN),
        )


__all__ = ["Runner", "cancel", "result_url", "resume_interrupted", "signature", "start"]
