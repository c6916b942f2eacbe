"""`flask` commands: what Heroku runs (migrate, worker, cron, the periodic ones) and operators' tools."""

from __future__ import annotations

import sys
from typing import Any, cast

import click
from flask import Flask, current_app
from rq import Worker
from rq.cron import CronScheduler

from app.config import Settings
from app.jobs import schedule
from app.platform import db, queue, schema
from app.platform.secrets import TokenCipher
from app.services import stores


def install(app: Flask) -> None:
    """Add the commands."""
    for command in (migrate, worker, cron, rotate_keys):
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


class FluxorWorker(Worker):
    """An RQ worker whose jobs run inside the application's context.

    Jobs run in a forked child: the parent therefore imports nothing that starts threads (pandas, OpenMP).
    """

    app: Flask

    def perform_job(self, *arguments: Any, **keywords: Any) -> bool:
        """Run one job with a fresh application context."""
        with self.app.app_context():
            return bool(super().perform_job(*arguments, **keywords))


@click.command()
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
@click.option("--queues", default=",".join(queue.QUEUES), help="Comma-separated, most urgent first.")
def worker(burst: bool, queues: str) -> None:
    """Work off the queues until told to stop."""
    _refuse_insecure_role()
    app = cast(Any, current_app)._get_current_object()
    chosen = [queue.queue(name.strip()) for name in queues.split(",")]
    instance = FluxorWorker(chosen, connection=queue.connection())
    instance.app = app
    instance.work(burst=burst, with_scheduler=not burst, logging_level="WARNING")


@click.command()
def cron() -> None:
    """Enqueue the periodic work by the clock (instead of Heroku Scheduler)."""
    scheduler = CronScheduler(connection=queue.connection(), logging_level="WARNING", name="fluxor")
    for entry in schedule.PERIODIC:
        scheduler.register(entry.job, queue.queue("periodic").name, cron=entry.cron)
    scheduler.start()  # type: ignore[no-untyped-call]


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every stored token with the first key of TOKEN_KEYS."""
    changed = stores.rotate_keys(cipher=cast(TokenCipher, current_app.extensions["cipher"]))
    click.echo(f"{changed} store(s) sealed anew.")


def _refuse_insecure_role() -> None:
    problem = db.insecure_role()
    if problem:
        sys.exit(f"Fluxor cannot start: {problem}")
    # The children that run the jobs must not share this connection.
    db.close_all()
