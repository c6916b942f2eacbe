"""Two machines, one queue: `bin/bench machines [--json OUT]`. Needs root on Linux; is skipped with a line elsewhere.

Each machine is a network namespace. The first runs PostgreSQL, Valkey, the web and a worker, the second nothing but a
worker; a cable (a veth pair) joins them, and neither reaches anything else. The same work is done by the first
alone, by both, and by both while the cable is cut for half a minute: everything must happen, deliveries once.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rq import Worker

from app.jobs import reports as report_jobs
from app.platform import clock, db, queue
from app.platform.queue import enqueue
from app.services import reports
from bench.faults.forks import until
from bench.faults.ground import SHOP, Place, place
from bench.load.scenarios import deliver
from devtools.paths import ROOT
from devtools.processes import Program, stop_signals_raise

FIRST, SECOND = "10.203.77.1", "10.203.77.2"
_CUT_SECONDS, _PATIENCE_SECONDS = 30.0, 180.0
_WORK = 150


def main(argv: list[str]) -> int:
    """Join two machines and run the trial in the first; 0 when nothing was lost or done twice, or when skipped."""
    parser = argparse.ArgumentParser(prog="bench machines", description="Two machines, one queue")
    parser.add_argument("--json", help="the figures, JSON")
    parser.add_argument("--inside", nargs=3, metavar=("SECOND", "HERE", "CABLE"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.inside:
        return _inside(*options.inside, out=options.json)
    with stop_signals_raise(), contextlib.ExitStack() as stack:
        try:
            first, second, cable = stack.enter_context(_joined())
        except (OSError, subprocess.CalledProcessError) as refusal:
            print(f"skipped: network namespaces are not permitted here ({refusal})")
            return 0
        command = [*_in(first), sys.executable, "-m", "bench.machines", "--inside", second, first, cable]
        inside = subprocess.Popen([*command, *(["--json", options.json] if options.json else [])])
        try:
            return inside.wait()
        finally:
            inside.terminate()  # told to stop, it needs a moment to end all that it has started
            inside.wait(60)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _in(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


@contextmanager
def _joined() -> Iterator[tuple[str, str, str]]:
    """Two namespaces with an address each; gone at the end, with all that is in them."""
    first, second = (f"fluxor-{which}-{os.getpid()}" for which in ("a", "b"))
    cables = f"fxa{os.getpid()}", f"fxb{os.getpid()}"
    with contextlib.ExitStack() as stack:
        for name in (first, second):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
        _ip("link", "add", cables[0], "netns", first, "type", "veth", "peer", cables[1], "netns", second)
        for name, cable, address in ((first, cables[0], FIRST), (second, cables[1], SECOND)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", cable)
            for link in ("lo", cable):
                _ip("-n", name, "link", "set", link, "up")
        subprocess.run([*_in(first), "true"], check=True, capture_output=True)
        yield first, second, cables[0]


def _inside(second: str, own: str, cable: str, *, out: str | None) -> int:
    with stop_signals_raise(), place(is_lean=True, also_on=FIRST) as here:
        trial = Trial(here, second)
        rows = {"the first alone": trial.run()}
        trial.start_second()
        rows["both"] = trial.run()
        rows["both, the cable cut for 30 s"] = trial.run(cut=(own, cable))
    for name, row in rows.items():
        print(f"{name:30}", "  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if out:
        Path(out).write_text(json.dumps({"cpus": os.cpu_count(), **rows}, indent=1) + "\n")
    is_shared = rows["both"]["by_second"] > 0
    return 0 if is_shared and not any(row["lost"] or row["twice"] for row in rows.values()) else 1


class Trial:
    """The work, and who has done it."""

    def __init__(self, here: Place, second: str) -> None:
        self.place, self.second = here, second
        self.numbers = itertools.count(60_000_000)
        self.seen: dict[str, tuple[int, int]] = {}

    def start_second(self) -> None:
        """The second machine's worker."""
        addresses = {
            name: self.place.environment[name].replace("127.0.0.1", FIRST)
            for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL")
        }
        self.place.supervisor.start(
            Program(
                "second",
                [*_in(self.second), sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
                environment={**self.place.environment, **addresses},
                ready=lambda: len(self._done()) == 2,
                ready_seconds=120,
                folder=ROOT,
            )
        )

    def run(self, *, cut: tuple[str, str] | None = None) -> dict[str, Any]:
        """Do the work once; `cut` names the namespace and the cable that is pulled meanwhile."""
        before, begun = self._done(), time.monotonic()
        numbers = [next(self.numbers) for _ in range(_WORK)]
        asked = self._ask_for_reports()
        sent = [number for number in numbers if deliver(self.place, SHOP, number)]
        if cut:
            namespace, cable = cut
            _ip("-n", namespace, "link", "set", cable, "down")
            time.sleep(_CUT_SECONDS)
            _ip("-n", namespace, "link", "set", cable, "up")
        with contextlib.suppress(TimeoutError):  # what is missing then is counted as lost
            until(lambda: not self._missing(sent, asked), _PATIENCE_SECONDS, "the end of the work")
        seconds = round(time.monotonic() - begun, 1)
        done = self._done() - before
        first = done.pop(self.place.pids["worker"], 0)
        counts = self._effects(sent)
        return {
            "seconds": seconds,
            "by_first": first,
            "by_second": sum(done.values()),
            "lost": self._missing(sent, asked) + _WORK - len(sent),
            "twice": sum(count - 1 for count in counts.values()),
        }

    def _ask_for_reports(self) -> list[int]:
        ids = []
        with self.place.scope() as store_id:
            for _ in range(_WORK):
                report_id = reports.request("inventory", actor="bench", now=clock.now())
                enqueue(report_jobs.make, store_id, report_id, on="urgent", once=f"report-{report_id}")
                ids.append(report_id)
            db.session().commit()
        return ids

    def _effects(self, numbers: list[int]) -> dict[int, int]:
        found = self.place.sql(
            "SELECT (detail->>'request_id')::bigint, count(*) FROM audit_entries"
            f" WHERE (detail->>'request_id')::bigint BETWEEN {numbers[0]} AND {numbers[-1]} GROUP BY 1"
        )
        return dict(found)

    def _missing(self, numbers: list[int], asked: list[int]) -> int:
        done = self.place.sql(
            f"SELECT count(*) FROM reports WHERE status = 'done' AND id BETWEEN {asked[0]} AND {asked[-1]}"
        )
        return len(set(numbers) - self._effects(numbers).keys()) + len(asked) - int(done[0][0])

    def _done(self) -> Counter[int]:
        """How many jobs each process has ended well; one that lost Redis went on under another name."""
        with self.place.app.app_context():
            for one in Worker.all(connection=queue.connection()):
                self.seen[one.name] = int(one.pid or 0), int(one.successful_job_count)
        done = Counter[int]()
        for pid, count in self.seen.values():
            done[pid] += count
        return done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
