"""The control API: shops, actions, clock, faults, deliveries, tokens for tests, truth."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from simulator.clock import iso, parse_time
from simulator.control.actions import ACTIONS
from simulator.faults.registry import KINDS
from simulator.identity import id_token, install
from simulator.store import truth
from simulator.store.database import Row, Shop
from simulator.store.stock import Refused
from simulator.world import World

blueprint = Blueprint("control_api", __name__, url_prefix="/control")


def world() -> World:
    """The world that this application serves."""
    found: World = current_app.extensions["world"]
    return found


def body() -> Row:
    """The request's JSON object ({} if there is none)."""
    given = request.get_json(silent=True)
    if given is None and request.data.strip():
        raise Refused("the body is not JSON")
    if given is not None and not isinstance(given, dict):
        raise Refused("the body must be a JSON object")
    return given or {}


def summary(shop: Shop) -> Row:
    """What the list of shops shows."""
    with shop.read() as db:
        counts = {
            t: db.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0]
            for t in ("products", "variants", "orders")
        }
    return {
        "shop": shop.domain,
        "handle": shop.handle,
        "timezone": shop.setting("timezone"),
        "plan": shop.setting("plan"),
        "installed": install.is_installed(shop, world().manifest),
        **counts,
    }


@blueprint.get("/shops")
def list_shops() -> Response:
    """All shops."""
    return jsonify(shops=[summary(shop) for shop in world().shops()])


@blueprint.post("/shops")
def create_shop() -> Response:
    """{shop, variants?, years?, seed?, orders_per_year?, timezone?, install?}: another generated shop."""
    given = body()
    allowed = {"variants", "years", "seed", "orders_per_year", "timezone"}
    options = {k: v for k, v in given.items() if k in allowed}
    if unknown := set(given) - allowed - {"shop", "install"}:
        raise Refused(
            f"a shop has no {sorted(unknown)[0]!r}; give shop, install, {', '.join(sorted(allowed))}"
        )
    shop = world().create_shop(
        given["shop"], **{"sales": None, "variants": 20, "years": 0.25, "orders_per_year": 400, **options}
    )
    if given.get("install"):
        install.install(shop, world().manifest, optional=world().config.grant_optional)
    return jsonify(summary(shop))


@blueprint.get("/shops/<name>")
def show_shop(name: str) -> Response:
    """One shop."""
    return jsonify(summary(world().shop(name)))


@blueprint.post("/shops/<name>/id_token")
def mint_id_token(name: str) -> Response:
    """{user?} → a fresh ID token, for tests that are not in a browser."""
    shop = world().shop(name)
    token = id_token.mint(
        world().config, shop.domain, id_token.staff(body().get("user")), skew=world().faults.skew(shop.domain)
    )
    return jsonify(id_token=token, shop=shop.domain)


@blueprint.get("/shops/<name>/launch_url")
def launch_url(name: str) -> Response:
    """The address that the admin's iframe opens (?user=, ?path=)."""
    return jsonify(
        url=launch(world(), world().shop(name), request.args.get("path", ""), request.args.get("user"), {})
    )


def launch(here: World, shop: Shop, path: str, user: str | None, extra: dict[str, str]) -> str:
    """App address with the signed query."""
    query = id_token.launch_query(
        here.config, shop.domain, id_token.staff(user), extra=extra, skew=here.faults.skew(shop.domain)
    )
    return f"{here.config.app_url.rstrip('/')}/{path.lstrip('/')}?{query}"


@blueprint.post("/shops/<name>/<action>")
def act(name: str, action: str) -> Any:
    """One of the actions on a shop."""
    if action not in ACTIONS:
        return jsonify(errors=f"there is no action {action!r}; use one of {', '.join(ACTIONS)}"), 404
    return jsonify(ACTIONS[action](world(), world().shop(name), body()))


TRUTHS = {
    "units": truth.units_csv,
    "stock": truth.stock_csv,
    "demand": truth.demand_csv,
    "lead_times": truth.lead_times_csv,
}


@blueprint.get("/shops/<name>/truth/<table>.csv")
def show_truth(name: str, table: str) -> Any:
    """units, stock, demand or lead_times as CSV."""
    if table not in TRUTHS:
        return jsonify(errors=f"there is no truth {table!r}; use one of {', '.join(TRUTHS)}"), 404
    return Response(TRUTHS[table](world().shop(name)), content_type="text/csv; charset=utf-8")


@blueprint.get("/clock")
def show_clock() -> Response:
    """Simulated time."""
    clock = world().clock
    return jsonify(
        now=iso(clock.now()), epoch=clock.now(), offset_seconds=round(clock.offset, 3), rate=clock.rate
    )


@blueprint.post("/clock")
def move_clock() -> Response:
    """{advance_seconds} or {now}, {rate}: move the clock; webhook retries and timers that fall due run at
    once.
    """
    given = body()
    if not set(given) & {"advance_seconds", "now", "rate"}:
        raise Refused("give advance_seconds, now or rate")
    now = parse_time(given["now"]) if given.get("now") is not None else None
    world().clock.set(now=now, advance=float(given.get("advance_seconds", 0)), rate=given.get("rate"))
    return show_clock()


@blueprint.get("/faults")
def list_faults() -> Response:
    """Faults in force, and the kinds there are."""
    return jsonify(faults=world().faults.listed(), kinds=KINDS)


@blueprint.post("/faults")
def add_fault() -> Response:
    """{kind, rate?, count?, shop?, operation? (regular expression), topic?, seconds?, status?,
    retry_after?}; {seed} restarts the draws.
    """
    given = body()
    if "seed" in given and "kind" not in given:
        world().faults.seed(int(given["seed"]))
        return list_faults()
    return jsonify(world().faults.add(given).__dict__)


@blueprint.delete("/faults")
@blueprint.delete("/faults/<int:number>")
def remove_faults(number: int | None = None) -> Response:
    """Lift one fault or all."""
    return jsonify(removed=world().faults.remove(number))


@blueprint.get("/deliveries")
def list_deliveries() -> Response:
    """Webhook deliveries, newest first (?shop=, ?topic=, ?status=, ?limit=)."""
    wanted = {k: request.args[k] for k in ("shop", "topic", "status") if request.args.get(k)}
    where = " AND ".join(f"{k} = ?" for k in wanted) or "1"
    limit = request.args.get("limit", default=200, type=int)
    found = world().records.rows(
        f"SELECT * FROM deliveries WHERE {where} ORDER BY triggered_at DESC, rowid DESC LIMIT ?",
        [*wanted.values(), limit],
    )
    totals = {
        r["status"]: r["n"]
        for r in world().records.rows("SELECT status, COUNT(*) AS n FROM deliveries GROUP BY 1")
    }
    return jsonify(deliveries=found, totals=totals)


@blueprint.post("/deliveries/drain")
def drain() -> Response:
    """{seconds?}: wait until no delivery is due or under way; {drained: false} if that takes longer."""
    return jsonify(drained=world().dispatcher.drain(float(body().get("seconds", 30))))


@blueprint.post("/secret")
def sign_with() -> Response:
    """{old: true|false}: sign webhooks with the old client secret, as after a rotation."""
    world().records.put("sign_with_old_secret", bool(body()["old"]))
    return jsonify(old=body()["old"])
