"""Background jobs: the outbox. A job is enqueued in the caller's own transaction and run after it, at least once.

The queue lives in PostgreSQL (`procrastinate`). Tasks are registered by the domains' `tasks.py`.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
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
    "app.accounts.tasks",
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
    """Run jobs until told to stop by a signal, when those in hand are finished, or until the queue is empty."""
    connector = procrastinate.PsycopgConnector(conninfo=plain_database_url(), kwargs={"options": session_options()})
    with app.replace_connector(connector) as worker_app:
        asyncio.run(_run_worker(worker_app, until_empty, concurrency))


async def _run_worker(worker_app: procrastinate.App, until_empty: bool, concurrency: int) -> None:
    """As `App.run_worker`, which takes a second signal (systemd sends two) for an order to drop the jobs; this not."""
    async with worker_app.open_async():
        work = asyncio.create_task(
            worker_app.run_worker_async(wait=not until_empty, concurrency=concurrency, install_signal_handlers=False)
        )
        if not until_empty and sys.platform != "win32":
            stop = cache(work.cancel)  # finishes what is in hand
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await work
