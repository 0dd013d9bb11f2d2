"""The test databases: one server, one migrated template, one copy of it per worker; tests roll back."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session

from app.core import clock, schema
from app.core.database import as_psycopg_url, create_database, drop_database, new_engine
from app.core.embedded import start_embedded_server
from app.core.i18n import speaking
from tests.factories import NOW, World
from tests.site import Site

SERVER = "ENGRENAGES_TEST_SERVER"
TEMPLATE = "engrenages_test_template"
SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Once, before any worker: a server, and a migrated database to copy."""
    if hasattr(config, "workerinput") or SERVER in os.environ:
        return
    data_dir = Path(tempfile.mkdtemp(prefix="engrenages-test-"))
    os.environ["ENGRENAGES_DATA_DIR"] = str(data_dir)
    configured = os.environ.get("DATABASE_URL")
    server = as_psycopg_url(configured) if configured else _fast_embedded_server(data_dir)
    os.environ[SERVER] = server
    template = _database(TEMPLATE)
    drop_database(template)
    create_database(template)
    os.environ["DATABASE_URL"] = template
    engine = new_engine(template)
    schema.upgrade(engine)
    engine.dispose()


def _fast_embedded_server(data_dir: Path) -> str:
    """Tests may lose their data in a power cut: no waiting for the disk."""
    server = as_psycopg_url(start_embedded_server(data_dir))
    engine = new_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return server


def _database(name: str) -> str:
    return make_url(os.environ[SERVER]).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _copied_database(name: str) -> Iterator[str]:
    url = _database(name)
    drop_database(url)
    create_database(url, template=TEMPLATE)
    try:
        yield url
    finally:
        drop_database(url)


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """The name of this pytest-xdist worker."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def engine(worker_name: str) -> Iterator[Engine]:
    """The engine of this worker's own database."""
    with _copied_database(f"engrenages_test_{worker_name}") as url:
        engine = new_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose commits reach no further than this test."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Messages are compared in English, unless a test says otherwise."""
    with speaking("en"):
        yield


@pytest.fixture
def at_now() -> Iterator[None]:
    """Hold the clock at the instant that the factories' rounds are open at."""
    with clock.frozen(NOW):
        yield


@pytest.fixture
def world(session: Session, at_now: None) -> World:
    """A small world on the test's own session, the clock held."""
    return World(session)


@pytest.fixture
def site(session: Session) -> Site:
    """The application over the test's own transaction."""
    return Site(session)


@pytest.fixture
def own_database(worker_name: str) -> Iterator[str]:
    """The URL of a fresh database of this test's own, for what really commits: races, crashes, commands."""
    with _copied_database(f"engrenages_test_{worker_name}_own") as url:
        yield url


@pytest.fixture(scope="module")
def module_engine(worker_name: str) -> Iterator[Engine]:
    """An engine on a database that the tests of one file share."""
    with _copied_database(f"engrenages_test_{worker_name}_module") as url:
        engine = new_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def own_engine(own_database: str) -> Iterator[Engine]:
    """An engine on this test's own database."""
    engine = new_engine(own_database, pool_size=60)
    yield engine
    engine.dispose()


@pytest.fixture
def check_constraints(session: Session) -> Callable[[], None]:
    """Run the checks that the database keeps for the commit."""

    def check() -> None:
        session.flush()
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        session.execute(text("SET CONSTRAINTS ALL DEFERRED"))

    return check


@pytest.fixture(scope="session")
def northwind() -> Path:
    """The public Northwind files, where they lie beside the checkout."""
    folder = SHARED / "northwind"
    if not folder.exists():
        pytest.skip("../shared/data/northwind is not beside this checkout")
    return folder
