"""A deploy in the middle of the work: a migration, then new processes beside the old ones, then the old ones end."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from bench.faults.forks import Zygote, until
from bench.faults.ground import Place
from devtools.paths import ROOT
from devtools.ports import free_port

_MIGRATION = '''
"""The next release's migration, as zero downtime asks: it only adds."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("webhook_receipts", sa.Column("next_release", sa.String(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_column("webhook_receipts", "next_release")
'''


def _next_release(place: Place) -> Zygote:
    """A copy of the app with one more migration, ready to start processes; made once."""
    if place.next_release is not None:
        return place.next_release
    tree = place.state / "next"
    for name in ("app", "bench", "devtools", "simulator", "tests", "migrations"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=ignore, symlinks=True)
    shutil.copy(ROOT / "wsgi.py", tree)
    head = sorted((tree / "migrations" / "versions").glob("[0-9]*.py"))[-1].name[:4]
    (tree / "migrations" / "versions" / "next.py").write_text(_MIGRATION.format(head=head))
    made = Zygote(tree, place.environment)
    place.next_release = made
    return made


def _migrate(place: Place, zygote: Zygote, *arguments: str) -> None:
    log = place.supervisor.logs / "migrate.log"
    pid = zygote.fork("flask", "--app", "wsgi", "migrate", *arguments, log=log)
    until(lambda: not Path(f"/proc/{pid}").exists(), 60, "the migration")


def deploy(place: Place) -> None:
    """Forward the first time, back the next: the processes of both releases serve for a moment together."""
    following = _next_release(place)
    is_new = place.release % 2 == 0
    place.release += 1
    if is_new:
        _migrate(place, following)
    old = {name: place.pids[name] for name in ("web", "worker")}
    port, zygote = free_port(), following if is_new else place.zygote
    place.start_web(port=port, zygote=zygote)
    until(lambda: place.is_up(port), 60, "the new web's start")
    place.ports.append(port)
    place.start_worker(zygote=zygote)
    place.pids |= {"old-web": old["web"], "old-worker": old["worker"]}
    for name in ("old-web", "old-worker"):
        place.tell(name, signal.SIGTERM)
    for name in ("old-web", "old-worker"):
        place.wait_gone(name, 10)
    place.ports.pop(0)
    place.port = port
    if not is_new:
        head = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))[-1].name[:4]
        _migrate(place, following, "--down", "--revision", head)
