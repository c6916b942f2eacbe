"""Whatever is enqueued is a job: it opens one store's scope, or declares that it needs none."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from rq import SimpleWorker

import app.jobs
from app.jobs import schedule
from app.platform import logs, queue
from app.platform.queue import enqueue, global_job, is_job, store_job
from devtools.paths import ROOT

# Functions that pass on the job they are given; their callers' arguments are looked at instead.
PASSING_ON = {"enqueue", "_for_each_store", "write_later"}
SEEN: list[str] = []


@global_job
def note() -> None:
    SEEN.append(logs.correlation_id())


@global_job
def hand_on() -> None:
    enqueue(note)


def job_modules() -> Iterator[object]:
    for found in pkgutil.walk_packages(app.jobs.__path__, "app.jobs."):
        yield importlib.import_module(found.name)


def enqueued(source: str) -> list[ast.expr]:
    """What the source hands to the queue, as it is written there; parameters that are passed on are left out."""
    tree, found = ast.parse(source), []
    for function in [tree, *ast.walk(tree)]:
        for call in _own_calls(function):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in PASSING_ON and call.args and not _is_parameter(call.args[0], function):
                found.append(call.args[0])
    return found


def _own_calls(node: ast.AST) -> list[ast.Call]:
    if not isinstance(node, ast.FunctionDef):
        return []
    return [child for child in ast.walk(node) if isinstance(child, ast.Call)]


def _is_parameter(argument: ast.expr, function: ast.AST) -> bool:
    names = [a.arg for a in function.args.args] if isinstance(function, ast.FunctionDef) else []
    return isinstance(argument, ast.Name) and argument.id in names


def no_jobs(file: Path, root: Path = ROOT) -> list[str]:
    """What the file enqueues though it is no job."""
    module = importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
    return [
        ast.unparse(expression)
        for expression in enqueued(file.read_text())
        if not is_job(eval(ast.unparse(expression), vars(module)))
    ]


def test_all_that_is_enqueued_anywhere_is_a_job() -> None:
    files = [file for file in sorted((ROOT / "app").rglob("*.py")) if file.name != "queue.py"]
    assert sum(len(enqueued(file.read_text())) for file in files) > 15
    assert {str(file): no_jobs(file) for file in files if no_jobs(file)} == {}


def test_a_planted_plain_function_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "planted_enqueue.py"
    file.write_text(
        "from app.platform.queue import enqueue\n"
        "def plain(store_id): ...\n"
        "def ask(store_id):\n    enqueue(plain, store_id)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert no_jobs(file, tmp_path) == ["plain"]


def test_the_queue_refuses_a_plain_function(app: Flask) -> None:
    with app.app_context(), pytest.raises(TypeError, match="is no job"):
        enqueue(len, 5)


def test_a_store_job_takes_the_store_first() -> None:
    jobs = [
        function
        for module in job_modules()
        for function in vars(module).values()
        if inspect.isfunction(function) and getattr(function, "job_scope", None) == "store"
    ]
    assert len(jobs) > 10
    assert {next(iter(inspect.signature(job).parameters)) for job in jobs} <= {"store_id", "_store_id"}


def test_all_periodic_work_is_without_a_store_and_in_one_list() -> None:
    assert {entry.job.job_scope for entry in schedule.PERIODIC} == {"global"}  # type: ignore[attr-defined]


def test_a_store_job_marks_itself() -> None:
    assert is_job(store_job(lambda _store_id: None))
    assert not is_job(lambda _store_id: None)


def test_the_correlation_id_travels_from_request_to_job_to_job(app: Flask) -> None:
    SEEN.clear()
    with app.app_context():
        queue.connection().flushdb()
        with logs.context(correlation_id="from-the-request"):
            enqueue(hand_on)
        SimpleWorker([queue.queue("periodic")], connection=queue.connection()).work(burst=True)
    assert SEEN == ["from-the-request"]
