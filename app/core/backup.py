"""Backup and restore of the whole database, by PostgreSQL's own programs.

The programs come with the embedded server; they read and write any server from PostgreSQL 15 on.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from app.core import schema
from app.core.database import SANDBOX_SCHEMA, get_engine
from app.core.embedded import postgres_programs_dir
from app.core.errors import DomainError, InvalidInput
from app.core.jobs import plain_database_url


class BackupFailed(DomainError):
    """PostgreSQL's program refused, and says why."""

    default_code = "backup_failed"


def dump(file: Path) -> int:
    """Write the database into one file (PostgreSQL's custom format), whole or not at all; its size in bytes."""
    unfinished = file.with_name(file.name + ".part")
    try:
        sandbox = f"--exclude-schema={SANDBOX_SCHEMA}"  # holds nothing that anybody would miss
        _run("pg_dump", "--format=custom", "--no-owner", sandbox, f"--file={unfinished}", plain_database_url())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file.stat().st_size


def load(file: Path) -> None:
    """Replace the database by a backup, in one transaction, then bring its schema up to date.

    Raises `InvalidInput` for a file that is no backup; the data is then as it was.
    """
    with tempfile.TemporaryDirectory(prefix="engrenages-restore-") as folder:
        script = Path(folder) / "restore.sql"
        body = Path(folder) / "body.sql"
        try:
            _run("pg_restore", "--no-owner", "--no-privileges", f"--file={body}", str(file))
        except BackupFailed as error:
            raise InvalidInput("{file} is not a backup of Engrenages ({why}).", file=file.name, why=error) from error
        with script.open("wb") as whole, body.open("rb") as dumped:
            whole.write(b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
            # Newer programs set what older servers do not know.
            whole.writelines(line for line in dumped if not line.startswith(b"SET transaction_timeout"))
        get_engine().dispose()
        _run(
            "psql",
            *("--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"),
            *(f"--file={script}", f"--dbname={plain_database_url()}"),
        )
    schema.upgrade_all()


def _run(program: str, *arguments: str) -> None:
    folder = postgres_programs_dir()
    path = shutil.which(program, path=str(folder) if folder else None) or shutil.which(program)
    if path is None:
        raise BackupFailed("{program} is not installed: install PostgreSQL's client programs.", program=program)
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{program} ended with status {done.returncode}"]
        raise BackupFailed("{why}", why=lines[0])
