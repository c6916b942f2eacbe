"""Starts the app's processes by fork: the modules are imported once, so that a hundred restarts take no hour.

`python -m bench.faults.zygote` in a tree of the app. Each line on standard input is a JSON object (argv, env, log);
each line on standard output is the new process's id. What is started leads a session of its own.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from typing import Any


def main() -> None:
    """Import the app, then fork whatever is asked for until the input ends."""
    import app.blueprints
    import app.cli  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries our dead
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(wanted)
        print(pid, flush=True)


def _become(wanted: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(wanted["env"])
    sys.argv = wanted["argv"]
    code = 1
    try:
        runpy.run_module(
            {"gunicorn": "gunicorn", "flask": "flask"}[sys.argv[0]], run_name="__main__", alter_sys=False
        )
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
