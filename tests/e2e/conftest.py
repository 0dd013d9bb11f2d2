"""A browser on the served site: Debian's Chromium, by Playwright. Without one the tests are skipped, and say so."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SESSION_COOKIE
from app.accounts.models import Person
from app.accounts.permissions import Role
from app.accounts.sign_in import open_session, set_password
from app.core import clock
from tests.factories import World

PASSWORD = "correct horse battery"
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(module_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site, served by `engrenages serve` over a small world of this module's own."""
    with serving(module_engine, tmp_path_factory.mktemp("data"), {}) as served:
        yield served


@contextmanager
def serving(engine: Engine, data: Path, more: Mapping[str, str]) -> Iterator[str]:
    """The site with its worker over a database, with more settings; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "ENGRENAGES_DATA_DIR": str(data),
        **more,
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _try in range(300):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


class People:
    """Who signs in: an employee and an approver of one firm, and the manager."""

    def __init__(self, session: Session, world: World) -> None:
        company = world.a_company("ATELIER")
        self.employee = self._with_password(session, world.a_person(Role.EMPLOYEE, company=company, order_limit="50"))
        self.approver = self._with_password(session, world.a_person(Role.APPROVER, company=company))
        self.manager = self._with_password(session, world.a_person(Role.PURCHASING_MANAGER))

    @staticmethod
    def _with_password(session: Session, person: Person) -> str:
        set_password(session, person, PASSWORD)
        return person.email


@pytest.fixture(scope="module")
def people(module_engine: Engine) -> People:
    """The world of the module: a supplier, two offers, an open round, and people."""
    with Session(module_engine, expire_on_commit=False) as session, session.begin():
        world = World(session)
        supplier = world.a_supplier("S1")
        world.an_offer(supplier, ((1, "8.60"), (12, "7.90")), pack=6, name="Gants nitrile bleus", minimum=6)
        world.an_offer(supplier, ((1, "4.35"),), name="Papier recyclé A4")
        now = clock.now()
        with clock.frozen(now - timedelta(hours=1)):
            world.an_open_round("2026-10", closes_at=now + timedelta(days=2))
        return People(session, world)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def sign_in(page: Page, address: str, email: str) -> None:
    """Sign in as a person would."""
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.strong").first.click()
    page.wait_for_url(f"{address}/")


def enter(page: Page, address: str, session: Session, actor: Actor | None) -> None:
    """Be somebody without typing a password."""
    page.context.clear_cookies()
    if actor is not None:
        token = open_session(session, session.get_one(Person, actor.require_person()))
        session.commit()
        page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
