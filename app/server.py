"""Running the site: the web by Uvicorn, the worker of background jobs in a process beside it."""

import logging
import socket
import subprocess
import sys
import threading

import uvicorn

from app.core import jobs, schema
from app.core.database import get_engine
from app.core.errors import Conflict

_RESTART_AFTER_SECONDS = 2.0

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
    schema.upgrade(get_engine())


def run_web(host: str, port: int, workers: int, *, with_worker: bool) -> None:
    """Answer requests until told to stop; with the worker beside, started again if it ends."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stop,), name="worker-keeper")
    if with_worker:
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
        if with_worker:
            keeper.join()


def _keep_worker(stop: threading.Event) -> None:
    while not stop.is_set():
        command = [sys.executable, "-m", "app.cli", "serve", "--only", "worker"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as worker:
            while not stop.wait(0.2):
                if worker.poll() is not None:
                    _log.error("the worker ended with status %s; starting it again", worker.returncode)
                    stop.wait(_RESTART_AFTER_SECONDS)
                    break
            worker.terminate()


def run_worker() -> None:
    """Run background jobs until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    jobs.run_worker()
