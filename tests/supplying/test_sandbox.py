"""The sandbox: the same answers on test orders, apart from everything real."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, actor_for
from app.accounts.authentication import SESSION_COOKIE
from app.accounts.models import Person
from app.accounts.permissions import SUPPLIER_SCOPES
from app.accounts.service import get_association
from app.accounts.sign_in import create_api_key, open_session
from app.catalog.suppliers import add_supplier_user
from app.core import database, jobs, schema
from app.core.database import get_engine, sandbox, transaction
from app.core.settings import get_settings
from app.main import create_app
from tests.factories import World

API = "/api/v1/supplier"


def forget_the_database() -> None:
    for remembered in (get_settings, database.database_url, database._engine, jobs.plain_database_url):
        remembered.cache_clear()


def work_off() -> None:
    """Run the jobs that wait here, in a thread: a browser of other tests may have this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, jobs.run_worker, until_empty=True).result()


class Supplier:
    """A supplier's developer before the site, over a database of this test's own."""

    def __init__(self, application: FastAPI, cookie: str, live_key: str) -> None:
        self.browser = TestClient(application, follow_redirects=False, headers={"Accept-Language": "en"})
        self.cookie, self.live_key = cookie, live_key

    def page(self, method: str, path: str) -> Any:
        return self.browser.request(method, path, headers={"Cookie": f"{SESSION_COOKIE}={self.cookie}"})

    def ask(self, method: str, path: str, key: str, **options: Any) -> Any:
        return self.browser.request(method, API + path, headers={"Authorization": f"Bearer {key}"}, **options)

    def key(self) -> str:
        shown = self.page("POST", "/supplier/sandbox/keys").text
        return f"engs_{shown.split('<code>engs_')[1].split('</code>')[0]}"


@pytest.fixture
def supplier(own_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Supplier]:
    monkeypatch.setenv("DATABASE_URL", own_database)
    monkeypatch.setenv("ENGRENAGES_DATA_DIR", str(tmp_path))
    forget_the_database()
    with Session(get_engine(), expire_on_commit=False) as session:
        world = World(session)
        get_association(session).siret = "73282932000074"
        world.a_park("sud")
        first = world.a_supplier("S1", minimum_order=900)
        first.email = "s1@s.example"
        world.an_offer(first, ((1, "500.00"), (20, "499.00")), pack=6, name="Gants")
        world.an_offer(first, ((1, "4.00"),), name="Papier")
        person = add_supplier_user(session, COMMAND_LINE, "S1", email="sam@s.example", name="Sam", locale="en")
        cookie = open_session(session, session.get_one(Person, person.id))
        live_key = create_api_key(session, actor_for(person), "ERP", sorted(SUPPLIER_SCOPES)).secret
        session.commit()
    yield Supplier(create_app(), cookie, live_key)
    get_engine().dispose()
    with sandbox():
        get_engine().dispose()
    monkeypatch.undo()
    forget_the_database()


def test_a_test_order_goes_from_sent_to_invoiced(supplier: Supplier, tmp_path: Path) -> None:
    assert "No key yet." in supplier.page("GET", "/supplier/sandbox").text
    key = supplier.key()
    assert supplier.ask("GET", "/orders", key).json()["items"] == []
    made = supplier.ask("POST", "/sandbox/orders", key)
    assert (made.status_code, made.json()) == (201, {"number": "TEST-1-S1", "status": "sent"})
    order = supplier.ask("GET", "/orders/TEST-1-S1", key).json()
    assert [line["quantity"] for line in order["lines"]] == [24, 8]
    assert [drop["park"] for drop in order["drops"]] == ["nord", "sud"]
    assert supplier.ask("GET", "/orders/TEST-1-S1/documents/ubl", key).status_code == 200
    assert supplier.ask("POST", "/orders/TEST-1-S1/acknowledgement", key, json={}).json()["status"] == "acknowledged"
    for park in ("nord", "sud"):
        advice = {"number": f"BL-{park}", "park": park, "expected_on": "2030-01-01"}
        assert supplier.ask("POST", "/orders/TEST-1-S1/despatch-advices", key, json=advice).status_code == 201
    assert supplier.ask("POST", "/sandbox/orders/TEST-1-S1/receipt", key).json()["status"] == "received"
    invoice = supplier.ask(
        "POST", "/orders/TEST-1-S1/invoices", key, json={"number": "FA-1", "issued_on": "2026-01-01"}
    )
    assert invoice.json()["status"] == "matched"
    assert supplier.ask("GET", "/orders/TEST-1-S1", key).json()["status"] == "closed"
    page = supplier.page("GET", "/supplier/sandbox").text
    assert "TEST-1-S1" in page
    assert "1 key" in page


def test_nothing_of_it_reaches_anything_real(supplier: Supplier, tmp_path: Path) -> None:
    key = supplier.key()
    supplier.ask("POST", "/sandbox/orders", key)
    assert supplier.ask("GET", "/orders", supplier.live_key).json()["items"] == []
    assert supplier.ask("GET", "/orders/TEST-1-S1", supplier.live_key).status_code == 404
    with transaction() as session:
        counts = "SELECT (SELECT count(*) FROM rounds), (SELECT count(*) FROM member_orders)"
        assert tuple(session.execute(text(counts)).one()) == (0, 0)
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
    with sandbox():
        with transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")) > 0
        for _round in range(2):  # the order's job queues the letters
            work_off()
        with transaction() as session:
            failed = "SELECT task_name FROM procrastinate_jobs WHERE status <> 'succeeded'"
            assert session.scalars(text(failed)).all() == []
    assert list(tmp_path.rglob("*.eml")) == [], "the sandbox mails nobody"


def test_keys_of_either_place_are_nothing_in_the_other(supplier: Supplier) -> None:
    key = supplier.key()
    refused = supplier.ask("POST", "/sandbox/orders", supplier.live_key)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_sandbox")
    assert supplier.ask("GET", "/orders", key.replace("engs_", "eng_", 1)).status_code == 401
    assert supplier.ask("GET", "/orders", supplier.live_key.replace("eng_", "engs_", 1)).status_code == 401
    supplier.page("POST", "/supplier/sandbox/keys/end")
    assert supplier.ask("GET", "/orders", key).status_code == 401


@pytest.mark.parametrize("in_form", [True, False])
def test_tokens_of_the_sandbox_are_its_own(supplier: Supplier, in_form: bool) -> None:
    key = supplier.key()
    prefix, form = key.split("_")[1], {"grant_type": "client_credentials"}
    if in_form:
        answer = supplier.browser.post(f"{API}/token", data=form | {"client_id": prefix, "client_secret": key})
    else:
        answer = supplier.browser.post(f"{API}/token", data=form, auth=(prefix, key))
    token = answer.json()["access_token"]
    assert token.startswith("engst_")
    assert supplier.ask("POST", "/sandbox/orders", token).status_code == 201


def test_buttons_of_the_page(supplier: Supplier) -> None:
    assert supplier.page("POST", "/supplier/sandbox/orders").status_code == 422, "a key first"
    first, second = supplier.key(), supplier.key()
    assert first != second
    for number in (1, 2):
        assert supplier.page("POST", "/supplier/sandbox/orders").status_code == 303
        assert f"TEST-{number}-S1" in supplier.page("GET", "/supplier/sandbox").text
    assert supplier.page("GET", "/supplier/sandbox?form=csv").text.count("TEST-") == 2


def test_an_upgrade_takes_the_sandbox_along(supplier: Supplier) -> None:
    def is_there() -> bool:
        with get_engine().connect() as connection:
            return schema.has_sandbox(connection)

    schema.upgrade_all()
    assert not is_there(), "it is made when somebody asks for it"
    supplier.key()
    assert is_there()
    with sandbox():
        schema.downgrade(get_engine(), "0022")
    schema.upgrade_all()
    with sandbox(), get_engine().connect() as connection:
        assert schema.current_revision(connection) == schema.head_revision()
