"""The main job in a browser: order, approval, cut-off, consolidation, supplier order; with and without JavaScript."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.core import clock
from tests.e2e.conftest import PASSWORD, People, sign_in
from tests.factories import World


def test_from_an_employees_order_to_a_sent_supplier_order(
    page: Page, address: str, people: People, module_engine: Engine
) -> None:
    sign_in(page, address, people.employee)
    page.get_by_role("link", name="Catalogue").first.click()
    page.get_by_role("searchbox").fill("gands nitrile")
    page.get_by_role("search").get_by_role("button").click()
    page.wait_for_load_state("networkidle")  # typing has asked too: its answer takes the place of the list
    page.get_by_role("link", name="Gants nitrile bleus").click()
    page.wait_for_url("**/products/*")
    page.get_by_label("Quantity").fill("10")
    page.get_by_label("More, to fill a pack").fill("2")
    page.get_by_role("button", name="Add to the cart").click()
    expect(page.get_by_text("€103.20")).to_be_visible()  # at most: 12 at 8.60
    page.get_by_label("Your firm's reference").fill("BC-118")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("status")).to_contain_text("it waits for your firm's approval")

    sign_in(page, address, people.approver)
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_text("BC-118")).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()

    sign_in(page, address, people.manager)
    page.goto(f"{address}/rounds/2026-10")
    page.get_by_role("button", name="Close it now").click()
    page.get_by_role("button", name="Consolidate").click()
    expect(page.get_by_role("heading", name="Supplier orders")).to_be_visible()
    expect(page.get_by_text("€94.80").first).to_be_visible()  # 12 at 7.90
    page.get_by_role("button", name="Approve the round").click()
    page.get_by_role("button", name="Send the orders to the suppliers").click()
    expect(page.get_by_text("sent", exact=True)).to_be_visible()

    sign_in(page, address, people.employee)
    page.goto(f"{address}/orders")
    page.locator("tbody a").first.click()
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("12")
    expect(row).to_contain_text("€94.80")
    with module_engine.connect() as connection:
        assert connection.execute(text("SELECT status, amount FROM supplier_orders")).one() == (
            "sent",
            Decimal("94.80"),
        )


def test_the_site_speaks_french_to_a_french_browser_and_changes_on_request(
    page: Page, address: str, people: People
) -> None:
    page.goto(f"{address}/sign-in")
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    sign_in(page, address, people.manager)
    page.goto(f"{address}/account")
    page.get_by_label("Language").select_option("fr")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enregistré.")).to_be_visible()
    page.get_by_label("Langue").select_option("en")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_wrong_password_is_told_beside_what_was_typed(page: Page, address: str, people: People) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("#email").fill(people.employee)
    page.locator("#password").fill("not the password")
    page.locator("main form button.strong").first.click()
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    expect(page.locator("#email")).to_have_value(people.employee)


@pytest.mark.parametrize("scripts", [True, False])
def test_pages_fit_a_phone_and_need_no_script(browser: Browser, address: str, people: People, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.locator("#email").fill(people.manager)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.strong").first.click()
    for path in (
        "/",
        "/catalogue",
        "/products/1",
        "/rounds",
        "/rounds/2026-10",
        "/rounds/2026-10/consolidation",
        "/imports",
    ):
        answer = page.goto(f"{address}{path}")
        assert answer is not None
        assert answer.status == 200
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def test_nothing_is_loaded_from_another_site(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert asked
    assert all(re.match(re.escape(address), url) for url in asked)


def test_a_whole_order_is_placed_without_javascript(
    browser: Browser, address: str, people: People, module_engine: Engine
) -> None:
    with Session(module_engine, expire_on_commit=False) as session, session.begin():
        World.beside(session).an_open_round("LATER", closes_at=clock.now() + timedelta(days=9))
    context = browser.new_context(java_script_enabled=False, locale="en-IE")
    page = context.new_page()
    page.set_default_timeout(30_000)
    sign_in(page, address, people.approver)
    page.get_by_role("link", name="Catalogue").first.click()
    page.get_by_role("searchbox").fill("papier")
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("button", name="Compare: Papier recyclé A4").click()
    page.get_by_role("link", name="Papier recyclé A4").click()
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_label("Quantity: Papier recyclé A4").fill("4")
    page.get_by_role("button", name="Change").click()
    expect(page.locator(".sums")).to_contain_text("€17.40")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("status").first).to_contain_text("Your order is placed")
    context.close()
