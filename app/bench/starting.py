"""From the command to the first answer, and to the help: against the smallest program of the same libraries."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlmodel import Session

from app.bench.measure import Measurement, against

_RUNS = 5
_PAGE = "/sign-in"
_PATIENCE_SECONDS = 60
_ENGRENAGES = (sys.executable, "-m", "app.cli")
_ONE_ROUTE = f"""
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("{_PAGE}")
def greet() -> dict[str, str]:
    return {{"hello": "world"}}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""
_ONE_COMMAND = """
import typer
app = typer.Typer()
@app.command()
def greet(name: str) -> None:
    print(name)
app()
"""


class _Server:
    """A server that is started, asked once and stopped, again and again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> None:
        """Start it and wait for its first answer."""
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            assert self.process.poll() is None, f"{command} ended with status {self.process.returncode}"
            assert time.monotonic() < until, f"{command} does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_PATIENCE_SECONDS)
            self.process = None

    def _answers(self) -> bool:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            asked.request("GET", _PAGE)
            return asked.getresponse().status == 200
        except OSError:
            return False
        finally:
            asked.close()


@contextmanager
def _server() -> Iterator[_Server]:
    """A server with an installation of its own: an embedded database, made before anything is measured."""
    with tempfile.TemporaryDirectory() as data_dir:
        server = _Server(os.environ | {"ENGRENAGES_DATA_DIR": data_dir, "DATABASE_URL": ""})
        try:
            yield server
        finally:
            server.stop()


def measure(_session: Session, _engine: Engine, _scale: float) -> list[Measurement]:
    """The first page of `serve`, its database started too, and `--help`."""
    with _server() as server:
        port = str(server.port)

        def ours() -> None:
            server.start(*_ENGRENAGES, "serve", "--port", port, "--workers", "2")

        ours()
        server.stop()
        first_answer = against(
            "first_answer",
            "serve with two workers and the embedded database, to its first page;"
            " at most 6 × a FastAPI application of one route",
            ours,
            lambda: server.start(sys.executable, "-c", _ONE_ROUTE, port),
            factor=6,
            runs=_RUNS,
            between=server.stop,
        )
    help_page = against(
        "help",
        "engrenages --help; at most 2 × a Typer application of one command",
        lambda: _run(*_ENGRENAGES, "--help"),
        lambda: _run(sys.executable, "-c", _ONE_COMMAND, "--help"),
        factor=2,
        runs=_RUNS,
    )
    return [first_answer, help_page]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
