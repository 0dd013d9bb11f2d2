"""Running the site: processes that answer requests, and beside them the workers of background jobs."""

import http.client
import logging
import socket
import time
from collections.abc import Callable, Sequence
from functools import cache, partial

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from app.core import jobs, processes, schema
from app.core.database import close_connections, get_engine, sandbox
from app.core.embedded import leave_embedded_servers
from app.core.errors import Conflict
from app.core.processes import Part

_LOOK_FOR_SANDBOX_SECONDS = 5.0
_FINISH_REQUESTS_SECONDS = 5
_ANSWER_WITHIN_SECONDS = 1.0
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on the port, at each address of the host: who asks early waits until we answer.

    Raises `Conflict` where nothing can listen there.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        places = dict.fromkeys((family, address[:2]) for family, _kind, _protocol, _name, address in found)
        return [socket.create_server((str(at), int(number)), family=family, backlog=2048)
                for family, (at, number) in places]  # fmt: skip
    except OSError as error:
        raise Conflict(
            "Nothing can listen on {host}, port {port} ({why}). Choose another with --port.",
            code="port_taken",
            host=host,
            port=port,
            why=error.strerror,
        ) from error


def prepare_database() -> None:
    """Start the embedded server where none is set, and bring the schema up to date."""
    schema.upgrade_all()
    close_connections()  # the processes that are forked now would have them in common


def run_web(
    sockets: Sequence[socket.socket], workers: int, *, with_worker: bool, tell: Callable[[], None] = lambda: None
) -> None:
    """Answer requests until told to stop; with the workers of background jobs beside. `tell` at the first answer."""
    parts = [_part(f"web {n}", partial(_answer, list(sockets))) for n in range(1, workers + 1)]
    if with_worker:
        parts.append(_part("worker", partial(_work, list(sockets))))
        parts.append(_part("sandbox worker", partial(_work, list(sockets), of_sandbox=True)))
    load_application()  # once, before it is shared
    waiting = [tell]

    def tick() -> None:
        if waiting and _answers(sockets[0]):
            waiting.pop()()

    processes.run_together(parts, tick)


def _part(name: str, run: Callable[[], None]) -> Part:
    return Part(name, run, leave_embedded_servers)


@cache
def load_application() -> FastAPI:
    """The application of this process."""
    from app.main import create_app

    return create_app()


def _answer(sockets: list[socket.socket]) -> None:
    """Answer requests in this process."""
    config = uvicorn.Config(
        load_application(),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_FINISH_REQUESTS_SECONDS,
    )
    uvicorn.Server(config).run(sockets)


def _work(sockets: list[socket.socket], *, of_sandbox: bool = False) -> None:
    """Run background jobs in this process; the port is not its own, and must not stay taken for a job that lasts."""
    for listening in sockets:
        listening.close()
    run_worker(of_sandbox=of_sandbox)


def _answers(listening: socket.socket) -> bool:
    """Whether a request is answered, whatever the answer."""
    host, port = listening.getsockname()[:2]
    asked = http.client.HTTPConnection(_ANY_ADDRESS.get(host, host), port, timeout=_ANSWER_WITHIN_SECONDS)
    try:
        asked.request("GET", "/health")
        asked.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
    return True


def run_worker(*, of_sandbox: bool = False) -> None:
    """Run background jobs until told to stop; those of the sandbox from when somebody first asks for one."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    if not of_sandbox:
        jobs.run_worker()
        return
    while not _has_sandbox():
        time.sleep(_LOOK_FOR_SANDBOX_SECONDS)
    with sandbox():
        jobs.run_worker()


def _has_sandbox() -> bool:
    """Whether there is a sandbox; False, too, while the database does not answer."""
    try:
        with get_engine().connect() as connection:
            return schema.has_sandbox(connection)
    except OperationalError:
        return False
