"""What makes a function a job: marks on it, and what is known of the job that runs now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, cast

from rq import get_current_job

from app.platform import logs

P = ParamSpec("P")


def kept(function: Callable[P, Any]) -> Callable[P, Any]:
    """Mark a job (beneath @store_job or @global_job) whose loss would lose work: it is a row in the outbox first."""
    function.is_kept = True  # type: ignore[attr-defined]
    return function


def is_job(function: Callable[..., Any]) -> bool:
    """Whether the function may be enqueued."""
    return getattr(function, "job_scope", None) in ("store", "global")


def is_kept(function: Callable[..., Any]) -> bool:
    """Whether the job is a row before it is in Redis."""
    return bool(getattr(function, "is_kept", False))


def marked(run: Callable[P, None], scope: str) -> Callable[P, None]:
    """Mark what may be enqueued: a `store` job opens its store's scope, a `global` one has none."""
    run.job_scope = scope  # type: ignore[attr-defined]
    return run


def meta() -> dict[str, Any]:
    """What the present job was enqueued with; empty outside a worker."""
    current = get_current_job()
    return {} if current is None else current.meta


def is_given_back(found: dict[str, Any]) -> bool:
    """Whether the worker was stopped in the middle of this job's last attempt, which does not count then."""
    if not found.pop("cut_short", False):
        return False
    cast(Any, get_current_job()).savemeta()
    return True


def logged(function: Callable[..., Any], **fields: Any) -> AbstractContextManager[None]:
    """Each line of a job carries the correlation id of the request, or job, that asked for it."""
    known = meta().get("correlation_id")
    return logs.context(correlation_id=known or logs.correlation_id(), job=function.__name__, **fields)


def job_id(once: str) -> str:
    """The id under which Redis knows the job of that name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in once)
