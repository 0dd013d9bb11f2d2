"""`engrenages serve` as systemd, Docker and a terminal run it: it answers soon, and ends whole when it is told to."""

import http.client
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.core import jobs
from app.notify import mail

ROOT = Path(__file__).parents[2]
ENDS_WITHIN_SECONDS = 10.0
ANSWERS_WITHIN_SECONDS = 60.0  # on a machine that does much else; how soon on a quiet one, the benchmark measures


class Serving:
    """A running `engrenages serve` and all that it started."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.parts = psutil.Process(process.pid).children(recursive=True)

    def get(self, path: str) -> int:
        """The status of one answer."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERS_WITHIN_SECONDS)
        asked.request("GET", path)
        status = asked.getresponse().status
        asked.close()
        return status

    def end(self, how: signal.Signals) -> None:
        """Send a signal to the first process alone, and wait for all to end."""
        sent_at = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(ENDS_WITHIN_SECONDS)
        psutil.wait_procs(self.parts, max(sent_at + ENDS_WITHIN_SECONDS - time.monotonic(), 0))
        assert [part for part in self.parts if is_alive(part)] == []


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that waits to be buried by the machine's first process does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def serving(environment: dict[str, str], workers: int, *, as_user: tuple[str, ...] = ()) -> Iterator[Serving]:
    """Start it, wait until it says where it is, and in the end kill whatever a failed test leaves."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = (*as_user, sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--workers", str(workers))
    inherited = dict(os.environ)
    if as_user:
        inherited.pop("XDG_RUNTIME_DIR", None)  # that of these tests is this user's
    process = subprocess.Popen(
        command, env=inherited | {"PYTHONPATH": str(ROOT)} | environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        assert f"http://127.0.0.1:{port}" in process.stderr.readline()
        running = Serving(process, port)
        yield running
    finally:
        for left in [psutil.Process(process.pid), *running.parts] if process.poll() is None else running.parts:
            if is_alive(left):
                left.kill()
        process.wait()
        process.stderr.close()


def postgres_of(data_dir: Path) -> psutil.Process:
    """The embedded server over a data folder."""
    return psutil.Process(int((data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))


@pytest.fixture
def environment(own_database: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": own_database, "ENGRENAGES_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that any user may be given."""
    made = Path(tempfile.mkdtemp(prefix="engrenages-serve-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize(
    ("how", "workers"), [(signal.SIGHUP, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGKILL, 2)]
)
def test_serve_answers_when_it_says_so_and_ends_whole(
    environment: dict[str, str], how: signal.Signals, workers: int
) -> None:
    with serving(environment, workers) as running:
        assert running.get("/sign-in") == 200
        assert len(running.parts) == workers + 2  # the worker, and the sandbox's
        running.end(how)
        assert running.process.returncode == (0 if how is not signal.SIGKILL else -how)


class SlowPost(socketserver.ThreadingTCPServer):
    """An SMTP server that takes a message when it is let."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.called, self.let = threading.Event(), threading.Event()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        post = self.server
        assert isinstance(post, SlowPost)
        post.called.set()
        post.let.wait(ENDS_WITHIN_SECONDS)
        self.wfile.write(b"220 ready\r\n")
        while (line := self.rfile.readline()) and not line.upper().startswith(b"QUIT"):
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"250 done\r\n")
        self.wfile.write(b"221 bye\r\n")


def test_the_request_and_the_job_in_hand_are_finished(environment: dict[str, str], own_engine: Engine) -> None:
    with SlowPost() as post, own_engine.connect() as holder:
        threading.Thread(target=post.serve_forever, daemon=True).start()
        environment["ENGRENAGES_SMTP_URL"] = f"smtp://127.0.0.1:{post.server_address[1]}"
        with Session(own_engine) as session, session.begin():
            jobs.defer(session, mail.send_mail, **mail.message("anne@ex.com", "Bonjour", "Voici."))
        with serving(environment, 2) as running:
            assert post.called.wait(ANSWERS_WITHIN_SECONDS)
            holder.execute(text("LOCK TABLE associations IN ACCESS EXCLUSIVE MODE"))
            statuses: list[int] = []
            asking = threading.Thread(target=lambda: statuses.append(running.get("/")))
            asking.start()
            wait_for_a_request_behind(own_engine)

            def let_go() -> None:
                post.let.set()
                holder.rollback()

            threading.Timer(1, let_go).start()
            running.end(signal.SIGTERM)
            asking.join()
        post.shutdown()
    assert statuses == [404]  # no association is set up here
    with own_engine.connect() as connection:
        assert connection.scalar(text("SELECT status FROM procrastinate_jobs WHERE task_name = 'mail.send'")) == (
            "succeeded"
        )


def wait_for_a_request_behind(engine: Engine) -> None:
    """Until somebody waits for the lock on the associations."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'associations'::regclass")
    until = time.monotonic() + ANSWERS_WITHIN_SECONDS
    with engine.connect() as connection:
        while not connection.scalar(waiting):
            assert time.monotonic() < until
            time.sleep(0.05)


USE_THE_SERVER = """
import sys
from pathlib import Path
from app.core.embedded import start_embedded_server
start_embedded_server(Path(sys.argv[1]))
print("in use", flush=True)
sys.stdin.read()
"""


def test_the_embedded_server_ends_with_its_last_user_killed_or_not(data_dir: Path) -> None:
    environment = {"DATABASE_URL": "", "ENGRENAGES_DATA_DIR": str(data_dir)}
    with serving(environment, 1) as running:
        postgres = postgres_of(data_dir)
        running.end(signal.SIGTERM)
        assert not is_alive(postgres)
    with serving(environment, 2) as running:
        other = subprocess.Popen(
            [sys.executable, "-c", USE_THE_SERVER, str(data_dir)],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        with other:
            assert other.stdout.readline() == b"in use\n"
            postgres = postgres_of(data_dir)
            running.end(signal.SIGKILL)
            assert is_alive(postgres)
        assert not is_alive(postgres)


def nobody() -> tuple[str, ...]:
    """What a command of root begins with to run without root's rights; skips where it cannot be."""
    if os.geteuid() != 0:
        pytest.skip("these tests are not run by root: the other tests are the same without its rights")
    if shutil.which("setpriv") is None or "nobody" not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("this machine has no user `nobody`, or no `setpriv` to become it")
    plain = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    # Root's Python may lie where only root may read: then nobody may read it too, and still write nothing.
    for prefix in (plain, (*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")):
        tried = subprocess.run([*prefix, sys.executable, "-c", "import psutil"], capture_output=True, check=False)
        if tried.returncode == 0:
            return prefix
    pytest.skip("`nobody` cannot run this Python, and root here has no right to let it (CAP_DAC_READ_SEARCH)")


@pytest.mark.parametrize(("how", "workers"), [(signal.SIGTERM, 2)])
def test_without_the_rights_of_root_it_ends_as_whole(data_dir: Path, how: signal.Signals, workers: int) -> None:
    as_nobody = nobody()
    shutil.chown(data_dir, "nobody")
    environment = {"DATABASE_URL": "", "ENGRENAGES_DATA_DIR": str(data_dir)}
    with serving(environment, workers, as_user=as_nobody) as running:
        assert running.process.pid == psutil.Process(running.process.pid).pid
        assert psutil.Process(running.process.pid).uids().real != 0
        postgres = postgres_of(data_dir)
        running.end(how)
        assert not is_alive(postgres)
