"""A firm gives its card in the browser and pays an invoice with it; its bank asks both times (3-D Secure)."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Role
from app.billing.invoicing.invoice import InvoiceKind
from app.core import clock
from app.demo import card_peer
from tests.billing.market import Market
from tests.billing.peer import ASKS_ALWAYS
from tests.e2e.conftest import enter, serving
from tests.factories import NOW, World


@dataclass
class Bill:
    """An invoice and who pays it."""

    number: str
    approver: Actor


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    with card_peer.running() as address:
        yield address


@pytest.fixture(scope="module")
def bill(module_engine: Engine) -> Bill:
    with clock.frozen(NOW), Session(module_engine, expire_on_commit=False) as session, session.begin():
        market = Market.of(World(session))
        market.deliver("R1", (0, market.gloves, 10))
        (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
        return Bill(invoice.number, market.world.an_actor(Role.APPROVER, company=market.firms[0]))


@pytest.fixture(scope="module")
def address(module_engine: Engine, tmp_path_factory: pytest.TempPathFactory, peer: str) -> Iterator[str]:
    more = card_peer.environment_for(peer)
    with serving(module_engine, tmp_path_factory.mktemp("data"), more) as served:
        card_peer.tell(peer, f"{served}/webhooks/stripe")
        yield served


def test_a_card_is_given_and_pays_an_invoice_though_the_bank_asks_twice(
    page: Page, address: str, bill: Bill, module_engine: Engine
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with Session(module_engine, expire_on_commit=False) as session:
        enter(page, address, session, bill.approver)
    page.goto(f"{address}/invoices")
    page.get_by_role("link", name="How we pay").click()
    page.get_by_role("button", name="Give a card").click()
    for placeholder, typed in (("number", ASKS_ALWAYS), ("exp_month", "12"), ("exp_year", "30"), ("cvc", "123")):
        page.get_by_placeholder(placeholder, exact=True).fill(typed)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("heading", name="Visa •••• 3184")).to_be_visible()
    page.goto(f"{address}/invoices/{bill.number}/payment")
    page.get_by_role("button", name="Pay ").click()
    expect(page.get_by_text("Your bank wants you to confirm the payment.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Confirm ").click()
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_text("Paid. Thank you.")).to_be_visible(timeout=30_000)
    assert errors == []
