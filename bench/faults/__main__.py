"""Is anything lost or done twice when parts fail: `bin/bench faults [KIND …] [--times N] [--json OUT]`.

The real web, worker and clock processes with PostgreSQL, Valkey and a simulated Shopify and Mailgun. Each fault
befalls work that is under way. At the end every piece of it must have had its effect exactly once. A delivery is sent
again until it is answered with 2xx, as Shopify does. While all waits for the end, lost jobs are swept for every 20 s
instead of every ten minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from concurrent.futures import wait
from pathlib import Path
from typing import Any

from app.jobs import schedule
from bench.faults.ground import Place, place
from bench.faults.kinds import KINDS
from bench.faults.work import Count, Effects, Trial, Work, counted
from devtools.processes import stop_signals_raise

LIMIT_SECONDS, PATIENCE_SECONDS = 600.0, 150.0


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when nothing is lost and nothing done twice, 1 else."""
    options = _parser().parse_args(argv)
    begun = time.monotonic()
    with stop_signals_raise(), place() as here:
        print(f"everything runs after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        begun = time.monotonic()
        report = run(here, options.kinds or list(KINDS), options.times)
    report["seconds"] = round(time.monotonic() - begun)
    _print(report)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0 if report["ok"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench faults", description="Losses and repetitions amid faults")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="which kinds (default: all)")
    parser.add_argument("--times", type=int, default=20, help="how often each is tried")
    parser.add_argument("--json", help="the figures, JSON")
    return parser


def run(here: Place, kinds: list[str], times: int) -> dict[str, Any]:
    """Try each kind so many times, wait until all is quiet, and count."""
    work, trials = Work(here), []
    for name in kinds:
        begun = time.monotonic()
        for _ in range(times):
            trials.append(_try(here, work, name))
        print(f"{name}: {times} in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    effects = _settle(here, trials)
    units = _wrong_units(here) if any("order" in KINDS[name].pieces for name in kinds) else 0
    rows = {name: _row(name, count) for name, count in counted(trials, effects)}
    ok = not units and not any(row["lost"] or row["twice"] for row in rows.values())
    return {"ok": ok, "wrong_numbers": units, "kinds": rows}


def _try(here: Place, work: Work, name: str) -> Trial:
    kind, trial = KINDS[name], Trial(name)
    waiting = work.begin(trial, kind.pieces, deliveries=kind.deliveries)
    kind.hurt(here)
    trial.over_at = time.time()
    for one in wait(waiting).done:
        one.result()
    return trial


def _settle(here: Place, trials: list[Trial]) -> Effects:
    """Wait until nothing is missing; the sweep runs meanwhile as the clock's process runs it."""
    limit, swept = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
    while True:
        effects = Effects(here)
        if not any(effects.missing(trial) for trial in trials) or time.monotonic() > limit:
            return effects
        if time.monotonic() - swept > 20:
            with here.app.app_context():
                schedule.sweep_due()
            swept = time.monotonic()
        time.sleep(1)


def _wrong_units(here: Place) -> int:
    """How many daily units differ from the shop's own records, once the webhooks have been worked off."""
    from tests.live import Live

    live = Live(here.app, "", here.simulator, "faults.myshopify.com")
    limit = time.monotonic() + PATIENCE_SECONDS
    live.deliver()
    while True:
        ours, theirs = live.our_units(), live.true_units()
        wrong = sum(ours.get(key, 0) != theirs.get(key, 0) for key in ours.keys() | theirs.keys())
        if not wrong or time.monotonic() > limit:
            return wrong
        with here.app.app_context():
            schedule.sweep_due()
        time.sleep(3)


def _row(name: str, count: Count) -> dict[str, Any]:
    return {
        "fault": KINDS[name].words,
        "tried": count.tried,
        "lost": count.lost,
        "twice": count.twice,
        "refused": count.refused,
        "missed": count.missed,
        "recovery_median_s": round(statistics.median(count.recovery), 2),
        "recovery_max_s": round(max(count.recovery), 2),
    }


def _print(report: dict[str, Any]) -> None:
    print(f"{'fault':48} tried lost twice refused  recovery, s: median    max")
    for row in report["kinds"].values():
        print(
            f"{row['fault']:48} {row['tried']:5} {row['lost']:4} {row['twice']:5} {row['refused']:7}"
            f" {row['recovery_median_s']:20} {row['recovery_max_s']:6}"
        )
        if row["missed"]:
            print(f"  missed: {', '.join(row['missed'][:10])}")
    tries = sum(row["tried"] for row in report["kinds"].values())
    print(
        f"{'ok' if report['ok'] else 'MISS'}: {len(report['kinds'])} kinds, {tries} faults in {report['seconds']} s;"
        f" daily units that differ from the shop's own: {report['wrong_numbers']}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
