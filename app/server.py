"""Running the site: the web by Uvicorn, the worker of background jobs in a process beside it."""

import logging
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext

import uvicorn

from app.core import jobs, schema
from app.core.database import get_engine, sandbox
from app.core.errors import Conflict

_RESTART_AFTER_SECONDS = 2.0
_LOOK_FOR_SANDBOX_SECONDS = 5.0

_log = logging.getLogger("engrenages")


def require_free_port(host: str, port: int) -> None:
    """Raise `Conflict` where something listens on the port already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
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


def run_web(host: str, port: int, workers: int, *, with_worker: bool) -> None:
    """Answer requests until told to stop; with the worker beside, started again if it ends."""
    stop = threading.Event()
    keepers = []
    if with_worker:
        keepers.append(threading.Thread(target=_keep_worker, args=(stop, "worker"), name="worker-keeper"))
        keepers.append(threading.Thread(target=_keep_sandbox_worker, args=(stop,), name="sandbox-worker-keeper"))
    for keeper in keepers:
        keeper.start()
    try:
        uvicorn.run(
            "app.main:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers if workers > 1 else None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def _keep_sandbox_worker(stop: threading.Event) -> None:
    """The sandbox has a worker of its own, from when somebody first asks for the sandbox."""
    while not stop.is_set():
        with get_engine().connect() as connection:
            if schema.has_sandbox(connection):
                break
        stop.wait(_LOOK_FOR_SANDBOX_SECONDS)
    _keep_worker(stop, "sandbox-worker")


def _keep_worker(stop: threading.Event, part: str) -> None:
    while not stop.is_set():
        command = [sys.executable, "-m", "app.cli", "serve", "--only", part]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as worker:
            while not stop.wait(0.2):
                if worker.poll() is not None:
                    _log.error("the worker ended with status %s; starting it again", worker.returncode)
                    stop.wait(_RESTART_AFTER_SECONDS)
                    break
            worker.terminate()


def run_worker(*, of_sandbox: bool = False) -> None:
    """Run background jobs until told to stop, or those of the sandbox."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with sandbox() if of_sandbox else nullcontext():
        jobs.run_worker()
