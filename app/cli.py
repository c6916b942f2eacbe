"""`flask` commands: what Heroku runs (migrate, worker, cron, the periodic ones) and operators' tools."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, cast

import click
from flask import Flask, current_app

from app.config import Settings
from app.jobs import schedule
from app.jobs import webhooks as webhook_jobs
from app.platform import clock, db, logs, lost, outbox, queue, schema, tenancy, workers
from app.platform.secrets import CannotUnseal, TokenCipher
from app.queries import operations
from app.services import alerts, stores

# A run that stumbles once or twice mends itself; four runs a day leave nothing unread for so long.
_TRIES, _STALE_AFTER = 3, timedelta(hours=13)
# A part takes seconds: for so long it only waits where workers are too few or their jobs fail.
_FORECAST_STILL_AFTER = timedelta(hours=1)


def install(app: Flask) -> None:
    """Add the commands."""
    for command in (migrate, worker, cron, rotate_keys, doctor, why, replay_webhook, retry_failed):
        app.cli.add_command(command)
    for entry in schedule.PERIODIC:
        app.cli.add_command(_periodic_command(entry))


def _periodic_command(entry: schedule.Periodic) -> click.Command:
    @click.command(entry.command, help=entry.help)
    def run() -> None:
        entry.job()
        click.echo(f"{entry.command}: enqueued.")

    return run


@click.command()
@click.option("--revision", default="head", help="Where to: a revision or `head`.")
@click.option("--down", is_flag=True, help="Go back to the revision instead of forward.")
def migrate(revision: str, down: bool) -> None:
    """Bring the database's tables up to date (as MIGRATION_DATABASE_URL's role)."""
    settings = cast(Settings, current_app.extensions["settings"])
    if down:
        schema.downgrade(settings.migration_database_url, revision=revision)
    else:
        schema.upgrade(settings.migration_database_url, settings.database_url, revision=revision)
    click.echo("The database is up to date." if not down else f"The database is at {revision}.")


@click.command()
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
@click.option("--queues", default=",".join(queue.QUEUES), help="Comma-separated, most urgent first.")
def worker(burst: bool, queues: str) -> None:
    """Work off the queues until told to stop."""
    _refuse_insecure_role()
    app = cast(Any, current_app)._get_current_object()
    chosen = [queue.queue(name.strip()) for name in queues.split(",")]
    workers.work(app, chosen, burst=burst, rebuild=schedule.rebuild)


@click.command()
def cron() -> None:
    """Enqueue the periodic work by the clock (instead of Heroku Scheduler)."""
    entries = [(entry.job, entry.cron) for entry in schedule.PERIODIC]
    workers.keep_time(entries, queue=queue.queue("periodic"))


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every stored token with the first key of TOKEN_KEYS."""
    cipher = cast(TokenCipher, current_app.extensions["cipher"])
    found = stores.rotate_keys(cipher=cipher)
    click.echo(f"{found.changed} store(s) sealed anew.")
    unopened = {**found.unopened, **_rotate_channels(cipher)}
    for shop, reason in unopened.items():
        click.echo(f"{shop}: {reason}", err=True)
    if unopened:
        sys.exit("Keep the old key: these stores' tokens need it, or have to open Fluxor again.")


def _rotate_channels(cipher: TokenCipher) -> dict[str, str]:
    """Seal the addresses of every store's alert channels anew; what no key opens, by store, with the reason."""
    unopened = {}
    for store in stores.health():
        with tenancy.store_scope(db.session(), store.id):
            try:
                with db.transaction():
                    alerts.rotate_secrets(cipher=cipher)
            except CannotUnseal as error:
                unopened[f"{store.shop} (alert channels)"] = str(error)
    return unopened


@click.command("replay-webhook")
@click.argument("store_id", type=int)
@click.argument("receipt_id", type=int)
def replay_webhook(store_id: int, receipt_id: int) -> None:
    """Handle a kept webhook delivery once more, a parked one too."""
    try:
        webhook_jobs.replay(store_id, receipt_id)
    except LookupError as error:
        sys.exit(str(error))
    click.echo(f"Delivery {receipt_id} of store {store_id}: enqueued.")


@click.command("retry-failed")
def retry_failed() -> None:
    """Enqueue every job that has used up its tries, or was parked, once more."""
    with db.transaction():
        parked = outbox.release()
    again = lost.retry_failed(queue.queues()) + queue.resend(parked)
    click.echo(f"{again} job(s) enqueued again.")


@click.command()
def doctor() -> None:
    """Show on one screen what works and what does not; exit 1 when something needs a hand."""
    problems = [name for name, works in _parts().items() if not works]
    if not problems:
        problems = _queue_problems() + _store_problems()
    for problem in problems:
        click.echo(f"! {problem}")
    click.echo("All is well." if not problems else f"{len(problems)} thing(s) need a hand.")
    if problems:
        sys.exit(1)


def _parts() -> dict[str, bool]:
    parts = {
        "The database does not answer.": db.is_reachable(),
        "Redis does not answer.": queue.is_reachable(),
    }
    click.echo(f"database, Redis: {'both answer' if all(parts.values()) else 'see below'}")
    return parts


def _queue_problems() -> list[str]:
    for name in queue.QUEUES:
        click.echo(f"queue {name}: {queue.queue(name).count} waiting")
    alive = lost.workers(queue.connection())
    click.echo(f"workers: {alive}")
    problems = [] if alive else ["No worker runs: start one with `flask worker`."]
    problems += [
        f"Job {found.job} failed ({found.reason}). `flask retry-failed` tries it again."
        for found in lost.failed_jobs(queue.queues())
    ]
    return problems + [
        f"Job {wish.name} is parked after {wish.attempts} tries ({wish.error or 'its worker died'})."
        " Mend the cause, then `flask retry-failed`."
        for wish in outbox.parked()
    ]


def _store_problems() -> list[str]:
    found, soon = stores.health(), clock.now() + timedelta(days=7)
    click.echo(f"stores: {len(found)}")
    away = [
        f"Store {one.id} ({one.shop}) is {one.status}: {one.reason}"
        for one in found
        if one.status != "installed"
    ]
    ending = [
        f"Store {one.id} ({one.shop}): its tokens end {one.refresh_expires_at:%Y-%m-%d}; is `flask cron` running?"
        for one in found
        if one.status == "installed" and one.refresh_expires_at is not None and one.refresh_expires_at < soon
    ]
    return away + ending + [problem for one in found for problem in _troubles(one)]


def _troubles(store: stores.Health) -> list[str]:
    now = clock.now()
    with tenancy.store_scope(db.session(), store.id):
        found = operations.trouble(now=now)
    words = []
    if found.has_failed or found.tries >= _TRIES:
        words.append(f"its sync fails ({found.tries} tries in a row)")
    if found.read_at is not None and now - found.read_at > _STALE_AFTER:
        words.append(f"nothing was read since {found.read_at:%Y-%m-%d %H:%M} UTC")
    if found.moved_at is not None and now - found.moved_at > _FORECAST_STILL_AFTER:
        words.append(f"its forecast has not got on since {found.moved_at:%Y-%m-%d %H:%M} UTC")
    if found.unsent:
        words.append(f"{found.unsent} mail(s) could not be sent")
    return [f"Store {store.id} ({store.shop}): {one}. `flask why {store.shop}` says why." for one in words]


@click.command()
@click.argument("shop")
def why(shop: str) -> None:
    """Show why a store is stale, or a mail was not sent: its runs, deliveries, kept jobs and mails, newest first."""
    store = stores.find(shop)
    if store is None:
        sys.exit(f"No store is called {shop}. Give its address, as in example.myshopify.com.")
    known = next((one for one in stores.health() if one.id == store.id), None)
    status = f"{known.status} {known.reason}".strip() if known else "uninstalled"
    click.echo(f'store {store.id}: {status}; log lines of it carry "store_id": {store.id}')
    with tenancy.store_scope(db.session(), store.id):
        _tell(operations.story(store.id))


def _tell(story: operations.Story) -> None:
    for run in story.runs:
        tries = f", {run.attempts} failed tries in a row" if run.attempts else ""
        moved = f"{run.started_at:%Y-%m-%d %H:%M} UTC, last moved {run.touched_at:%H:%M}"
        click.echo(
            f"run {run.id} ({run.kind}): {run.status} at {run.stage}, begun {moved}{tries} {run.error}".rstrip()
        )
    if not story.runs:
        click.echo("no run of the sync has begun: is a worker running?")
    if story.forecast is not None:
        one = story.forecast
        click.echo(
            f"forecast {one.id} ({one.engine}): {one.variants - one.waiting} of {one.variants} products,"
            f" begun {one.started_at:%Y-%m-%d %H:%M} UTC, last moved {one.touched_at:%H:%M}"
        )
    oldest = f", the oldest since {story.oldest_waiting:%Y-%m-%d %H:%M} UTC" if story.oldest_waiting else ""
    click.echo(f"deliveries waiting: {story.waiting_deliveries}{oldest}")
    for number, topic, error in story.parked_deliveries:
        click.echo(f"! delivery {number} ({topic}) is parked: {logs.redact(error)}")
    for name, attempts, error in story.owed_jobs:
        click.echo(f"owed: {name}, {attempts} tries so far {logs.redact(error)}".rstrip())
    for mail in story.mails:
        reason = f": {logs.redact(mail.error)}" if mail.error else ""
        click.echo(
            f"{mail.kind} mail of {mail.created_at:%Y-%m-%d %H:%M} UTC, {mail.subject!r}: {mail.status}{reason}"
        )


def _refuse_insecure_role() -> None:
    problem = db.insecure_role()
    if problem:
        sys.exit(f"Fluxor cannot start: {problem}")
    # The children that run the jobs must not share this connection.
    db.close_all()
