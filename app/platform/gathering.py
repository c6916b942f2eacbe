"""Work that comes in drops: one job that waits does all of them, and asking for it costs one command.

Whoever brings a drop stores it, then raises the flag; only the one who finds it down enqueues a job. The job takes
the flag down and then looks at what there is: a drop stored before that is seen, one stored after it raises the
flag anew.
"""

from __future__ import annotations

from redis import Redis

# The flag falls by itself, should its job be lost. A job that waits longer gets company, which does no harm.
_SECONDS = 10


def is_first(name: str, connection: Redis, prefix: str) -> bool:
    """Raise the flag; whether it was down, so that a job has to be enqueued."""
    return bool(connection.set(_key(name, prefix), 1, nx=True, ex=_SECONDS))


def begin(name: str, connection: Redis, prefix: str) -> None:
    """Take the flag down."""
    connection.delete(_key(name, prefix))


def _key(name: str, prefix: str) -> str:
    return f"{prefix}gather:{name}"
