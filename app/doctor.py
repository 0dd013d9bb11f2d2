"""The check-up: what is wrong with an installation, and how to mend it."""

import os
import shutil
import socket
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from procrastinate.jobs import Status as JobStatus
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.permissions import Role
from app.core import schema
from app.core.database import get_engine
from app.core.settings import get_settings
from app.notify.mail import mail_dir

_OLDEST_POSTGRESQL = 150_000
_FREE_DISK_GB = 1


class Health(StrEnum):
    """How well a part of the installation is."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class Finding(NamedTuple):
    """One thing looked at, what was found, and the cure where it is not well."""

    what: str
    health: Health
    found: str
    cure: str = ""


def examine() -> list[Finding]:
    """Look at everything that an installation needs; nothing is changed."""
    return [*_data_folder(), *_database(), *_mail(), *_address()]


def _data_folder() -> Iterator[Finding]:
    folder = get_settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        cure = "Give this user the right to write there, or set ENGRENAGES_DATA_DIR to another folder."
        yield Finding("Data folder", Health.BAD, f"{folder} cannot be written", cure)
        return
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < _FREE_DISK_GB:
        yield Finding("Data folder", Health.WARNING, f"{folder}: {free_gb:.1f} GB free", "Make room on this disk.")
    else:
        yield Finding("Data folder", Health.GOOD, f"{folder}, {free_gb:.0f} GB free")


def _database() -> Iterator[Finding]:
    embedded = not get_settings().database_url
    try:
        with get_engine().connect() as connection:
            yield _server_version(connection, embedded)
            current, head = schema.current_revision(connection), schema.head_revision()
            if current != head:
                found = f"revision {current or '(empty)'}, this program needs {head}"
                yield Finding("Schema", Health.BAD, found, "Run: engrenages db upgrade")
                return
            yield Finding("Schema", Health.GOOD, f"revision {head}, the newest")
            yield from _contents(connection)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        cure = "See the log in the data folder." if embedded else "Check DATABASE_URL, and that the server runs."
        yield Finding("Database", Health.BAD, reason, cure)


def _server_version(connection: Connection, embedded: bool) -> Finding:
    kind = "embedded" if embedded else "from DATABASE_URL"
    number = int(connection.scalar(text("SHOW server_version_num")) or 0)
    found = f"PostgreSQL {number // 10_000}, {kind}"
    if number < _OLDEST_POSTGRESQL:
        return Finding("Database", Health.BAD, found, "PostgreSQL 15 or newer is needed: upgrade the server.")
    return Finding("Database", Health.GOOD, found)


def _contents(connection: Connection) -> Iterator[Finding]:
    name = connection.scalar(text("SELECT name FROM associations"))
    if name is None:
        cure = "Run: engrenages init (or engrenages demo, to look around)"
        yield Finding("Association", Health.BAD, "none is set up", cure)
        return
    yield Finding("Association", Health.GOOD, name)
    managers = connection.scalar(
        text("SELECT count(*) FROM people WHERE active AND roles && CAST(:managers AS text[])"),
        {"managers": [Role.PURCHASING_MANAGER, Role.ADMINISTRATOR]},
    )
    if not managers:
        yield Finding("Managers", Health.BAD, "nobody can manage the rounds", "Add one: engrenages import people FILE")
    if connection.scalar(text("SELECT count(*) FROM commission_rules")) == 0:
        cure = "Add a rule on the commission page, as treasurer."
        yield Finding("Commission", Health.WARNING, "no rule: the association earns nothing", cure)
    jobs = connection.execute(
        text("""
            SELECT count(*) FILTER (WHERE status = :failed) AS failed,
                count(*) FILTER (
                    WHERE status = :todo AND coalesce(scheduled_at, now()) < now() - interval '5 minutes') AS late
            FROM procrastinate_jobs WHERE status IN (:failed, :todo)
        """),
        {"failed": JobStatus.FAILED.value, "todo": JobStatus.TODO.value},
    ).one()
    if jobs.failed or jobs.late:
        cure = "Is the worker running (engrenages serve)? Its log says why jobs fail."
        yield Finding("Background jobs", Health.WARNING, f"{jobs.failed} failed, {jobs.late} late", cure)
    else:
        yield Finding("Background jobs", Health.GOOD, "none failed, none late")


def _mail() -> Iterator[Finding]:
    url = get_settings().smtp_url
    if not url:
        cure = "Set ENGRENAGES_SMTP_URL, such as smtp://user:password@mail.example:587"
        yield Finding("Mail", Health.WARNING, f"no server is set: messages are written to {mail_dir()}", cure)
        return
    server = urlsplit(url)
    port = server.port or (465 if server.scheme == "smtps" else 587)
    try:
        with socket.create_connection((server.hostname or "localhost", port), timeout=5):
            yield Finding("Mail", Health.GOOD, f"{server.hostname}:{port} answers")
    except OSError as error:
        yield Finding("Mail", Health.BAD, f"{server.hostname}:{port}: {error}", "Check ENGRENAGES_SMTP_URL.")


def _address() -> Iterator[Finding]:
    settings = get_settings()
    url = urlsplit(settings.public_url)
    if url.scheme == "https" and not settings.secure_cookies:
        cure = "Set ENGRENAGES_SECURE_COOKIES=true."
        yield Finding("Address", Health.WARNING, f"{settings.public_url}, but cookies also travel without TLS", cure)
    elif url.hostname in {"localhost", "127.0.0.1"}:
        cure = "Set ENGRENAGES_PUBLIC_URL before others use it: links in mail begin with it."
        yield Finding("Address", Health.WARNING, f"{settings.public_url}: for this machine only", cure)
    else:
        yield Finding("Address", Health.GOOD, settings.public_url)
