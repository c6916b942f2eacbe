"""The parts of a run (products, levels, orders), each read page by page or from a bulk result, in short stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.jobs import chain, reading
from app.models.sync import SyncRun
from app.platform import clock, db
from app.services import catalog, reconciliation, sales, stores, sync
from app.services.sync import Stored
from app.shopify import bulk, rows
from app.shopify.admin import AdminClient
from app.shopify.documents import search

# In this order: a line needs its order, a variant its product.
PARTS = ("products", "levels", "orders")
# More changes than these since the last run are read by a bulk operation, which costs next to no points.
_PAGED = {"products": 500, "orders": 2500}
# So many lines are stored in one transaction, and so many (or pages) in one job: then other stores have their turn.
BATCH_LINES = 10_000
STEP_LINES = 100_000
STEP_PAGES = 10


def plan(run: SyncRun, client: AdminClient) -> dict[str, Any]:
    """How each part is read: {"paged": [...]}, and from when on a reconciliation compares orders."""
    if run.kind == "incremental" and run.since is not None:
        found = client.call("changes", query=search("updated_at", run.since))
        many = {part: int(found[f"{part}Count"]["count"]) for part in _PAGED}
        return {"paged": [part for part, limit in _PAGED.items() if many[part] <= limit]}
    if run.kind == "reconciliation":
        kind = run.cursors.get("scope", "nightly")
        window = reconciliation.window_start(kind, sees_all=stores.sees_all_orders(), now=run.started_at)
        return {"paged": [], "window": window.isoformat() if window else None}
    return {"paged": []}


def open_operations(run_id: int, number: int, client: AdminClient) -> None:
    """Let Shopify prepare all results side by side; each is noted at once, so that none is asked for twice."""
    for part in PARTS:
        run = sync.due(run_id, number)
        if run is not None and part not in run.operations and part not in run.cursors["paged"]:
            run.operations = {**run.operations, part: _start(run, part, client)}
            db.checkpoint()


def _start(run: SyncRun, part: str, client: AdminClient) -> str:
    if part == "orders":
        return bulk.start(
            client,
            "bulk_orders",
            since=run.since,
            created_since=_window(run),
            newest_first=run.kind == "first",
        )
    # Stock has no reliable search by change date: it is always read whole.
    return bulk.start(client, f"bulk_{part}", since=None if part == "levels" else run.since)


def _window(run: SyncRun) -> datetime | None:
    since = run.cursors.get("window")
    return rows.instant(since) if since else None


def forget_operation(run: SyncRun) -> None:
    """The result is lost or was never made: the next step asks for a new one and begins it from the start."""
    run.operations = {part: name for part, name in run.operations.items() if part != run.stage}
    run.cursors = {name: value for name, value in run.cursors.items() if name != run.stage}


@dataclass(frozen=True)
class Following:
    """What comes after a step: the stage, how long to wait, and whether something was stored."""

    stage: str
    delay_seconds: float = 0.0
    has_stored: bool = True


def advance(store_id: int, run: SyncRun, client: AdminClient) -> Following:
    """Store a stretch of the part that is due, or look whether Shopify has it ready."""
    stage = run.stage
    if stage in run.cursors.get("paged", ()):
        is_done = _pages(store_id, run, client)
    else:
        state = _ready(run, client)
        if state is None:
            return Following(stage, _pause(run), has_stored=False)
        is_done = _bulk(store_id, run, state)
    following = [*PARTS, "demand"]
    return Following(following[following.index(stage) + 1] if is_done else stage)


# --- bulk results ---------------------------------------------------------------------------------------


def _ready(run: SyncRun, client: AdminClient) -> bulk.BulkState | None:
    """The part's result; None while Shopify still prepares it."""
    part = run.stage
    if part not in run.operations:
        run.operations = {**run.operations, part: _start(run, part, client)}
        return None
    state = bulk.look(client, run.operations[part])
    if not state.is_running:
        return state
    run.done = {**run.done, f"{part}_found": state.objects}
    return None


def _pause(run: SyncRun) -> float:
    """Seconds to the next look: short at first, then ever longer (Shopify tells by webhook, too)."""
    return min(15.0, max(1.0, (clock.now() - run.started_at).total_seconds() / 10))


def _bulk(store_id: int, run: SyncRun, state: bulk.BulkState) -> bool:
    """Store a stretch of the result; whether that was the last."""
    part, run_id, number = run.stage, run.id, run.step
    place = {"at": 0, "second": 0, "orphans": 0, **run.cursors.get(part, {})}
    asof, done, store = run.started_at, dict(run.done), _storing(run)
    db.checkpoint()
    taken = 0
    for batch, end in batches(bulk.lines(state.url, at=place["at"], size=state.size)):
        stored = store(batch, asof)
        taken += len(batch)
        place = {**place, "at": end, "orphans": place["orphans"] + stored.orphans}
        if not place["second"]:
            done |= {name: int(done.get(name, 0)) + n for name, n in stored.counts.items()}
        counts = {name: int(done.get(name, 0)) for name in stored.counts}
        chain.keep(store_id, run_id, number, counts=counts, cursors={part: place})
        if taken >= STEP_LINES:
            return False
    if place["orphans"] and not place["second"]:
        # Children that came before their parents: their parents are stored now, so read it once more.
        place = {"at": 0, "second": 1, "orphans": 0}
        chain.keep(store_id, run_id, number, counts={}, cursors={part: place})
        return False
    _finish_whole(sync.run_of(run_id), part)
    return True


def batches(lines: Iterable[tuple[bytes, int]]) -> Iterator[tuple[list[bytes], int]]:
    """Stretches of about `BATCH_LINES` that end before a parent, each with the byte at which it ends."""
    batch: list[bytes] = []
    end = 0
    for line, after in lines:
        if len(batch) >= BATCH_LINES and (not bulk.is_child(line) or len(batch) >= 4 * BATCH_LINES):
            yield batch, end
            batch = []
        batch.append(line)
        end = after
    if batch:
        yield batch, end


def _storing(run: SyncRun) -> Callable[[list[bytes], datetime], Stored]:
    if run.stage == "levels":
        look = reconciliation.stock_differences(run) if run.kind == "reconciliation" else None
        return lambda lines, asof: sync.store_levels(lines, asof=asof, look=look)
    store = sync.store_products if run.stage == "products" else sync.store_orders
    return lambda lines, asof: store(lines, asof=asof)


def _finish_whole(run: SyncRun | None, part: str) -> None:
    """A part that was read whole tells by its silence what is gone."""
    if run is None:
        return
    if part == "levels":
        reconciliation.drop_missing_levels(run)
    elif run.since is not None:
        return
    elif part == "products":
        catalog.mark_missing(asof=run.started_at, now=clock.now())
    else:
        sales.drop_missing(asof=run.started_at, created_since=_orders_from(run))


def _orders_from(run: SyncRun) -> datetime | None:
    """The oldest creation of which a whole reading of the orders shows all."""
    if run.kind == "reconciliation":
        return _window(run)
    everything = bool(run.cursors.get("all_orders"))
    return reconciliation.window_start("weekly", sees_all=everything, now=run.started_at)


# --- pages ----------------------------------------------------------------------------------------------


def _pages(store_id: int, run: SyncRun, client: AdminClient) -> bool:
    """Whether the part is done. The search stays the same for the whole run, so a kept cursor stays good."""
    part, run_id, number, asof = run.stage, run.id, run.step, run.started_at
    if run.since is None:
        raise ValueError(f"run {run_id}: only what has changed since a moment is read by pages")
    query, done = search("updated_at", run.since), dict(run.done)
    after = run.cursors.get(part, {}).get("after")
    db.checkpoint()
    for _ in range(STEP_PAGES):
        page = client.call(part, query=query, after=after)[part]
        counts = _PAGES[part](client, page["nodes"], asof)
        done |= {name: int(done.get(name, 0)) + n for name, n in counts.items()}
        after = page["pageInfo"]["endCursor"]
        kept = {name: int(done[name]) for name in counts}
        chain.keep(store_id, run_id, number, counts=kept, cursors={part: {"after": after}})
        if not page["pageInfo"]["hasNextPage"]:
            return True
    return False


def _product_page(client: AdminClient, nodes: list[dict[str, Any]], asof: datetime) -> dict[str, int]:
    now, variants = clock.now(), 0
    whole = [node for node in nodes if not node["variants"]["pageInfo"]["hasNextPage"]]
    catalog.store_products([rows.product(node) for node in whole], asof=asof)
    for node in whole:
        product_id = rows.numeric_id(node["id"])
        found = [rows.variant(variant, product_id) for variant in node["variants"]["nodes"]]
        catalog.store_variants(found, asof=asof)
        catalog.forget_missing_variants(product_id, [variant.id for variant in found], now=now)
        variants += len(found)
    for node in nodes:
        if node["variants"]["pageInfo"]["hasNextPage"]:
            reading.product(client, rows.numeric_id(node["id"]), now=now, asof=asof)
    return {"products": len(nodes), "variants": variants}


def _order_page(client: AdminClient, nodes: list[dict[str, Any]], asof: datetime) -> dict[str, int]:
    whole = [node for node in nodes if not node["lineItems"]["pageInfo"]["hasNextPage"]]
    stale = sales.store_orders([rows.order(node) for node in whole], asof=asof)
    lines = [
        rows.line(line, rows.numeric_id(node["id"]))
        for node in whole
        if rows.numeric_id(node["id"]) not in stale
        for line in node["lineItems"]["nodes"]
    ]
    sales.store_lines(lines)
    for node in nodes:
        if node["lineItems"]["pageInfo"]["hasNextPage"]:
            reading.order(client, rows.numeric_id(node["id"]), now=clock.now(), asof=asof)
    return {"orders": len(nodes), "lines": len(lines)}


_PAGES: dict[str, Callable[[AdminClient, list[dict[str, Any]], datetime], dict[str, int]]] = {
    "products": _product_page,
    "orders": _order_page,
}
