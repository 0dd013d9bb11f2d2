"""Background jobs: the outbox. A job is enqueued in the caller's own transaction and run after it, at least once.

The queue lives in PostgreSQL (`procrastinate`). Tasks are registered by the domains' `tasks.py`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import procrastinate
from procrastinate.manager import JobManager
from procrastinate.tasks import Task, configure_task
from sqlmodel import Session

from app.core.database import database_url, psycopg_connection, session_options

TASK_MODULES = [
    "app.notify.mail",
    "app.core.housekeeping",
    "app.catalog.tasks",
    "app.sourcing.tasks",
    "app.orders.tasks",
    "app.supplying.tasks",
    "app.billing.tasks",
]
RETRIES = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=2)

app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(), import_paths=TASK_MODULES)

# Enqueuing always goes by the caller's own connection: this connector is never opened. It stands apart from the app's,
# which a worker replaces by an asynchronous one: jobs enqueue further jobs in their own transactions too.
_queue = JobManager(procrastinate.SyncPsycopgConnector())


class JobName(NamedTuple):
    """A job by its stable name and queue: what use cases enqueue without knowing the code that does it."""

    name: str
    queue: str


def task(job: JobName) -> Callable[[Callable[..., None]], Task[Any, Any, Any]]:
    """Register a function as the job of a name, retried with growing waits for about 70 minutes."""
    return app.task(name=job.name, queue=job.queue, retry=RETRIES)


def defer(session: Session, job: JobName | Task[Any, Any, Any], **arguments: Any) -> None:
    """Enqueue a job in the session's own transaction: it exists if, and only if, that commits."""
    defer_many(session, job, [arguments])


def defer_many(session: Session, job: JobName | Task[Any, Any, Any], arguments: list[dict[str, Any]]) -> None:
    """Enqueue the same job many times in one statement."""
    if arguments:
        configured = configure_task(
            name=job.name, job_manager=_queue, queue=job.queue, connection=psycopg_connection(session)
        )
        configured.batch_defer(*arguments)


@cache
def plain_database_url() -> str:
    """The database's URL as psycopg and the command-line programs take it."""
    return database_url().replace("postgresql+psycopg://", "postgresql://", 1)


def run_worker(*, until_empty: bool = False, concurrency: int = 4) -> None:
    """Run jobs until told to stop, or until the queue is empty."""
    connector = procrastinate.PsycopgConnector(conninfo=plain_database_url(), kwargs={"options": session_options()})
    with app.replace_connector(connector) as worker_app:
        worker_app.run_worker(wait=not until_empty, concurrency=concurrency, install_signal_handlers=not until_empty)
