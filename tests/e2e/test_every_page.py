"""Every page in a real browser: axe finds nothing, in both themes; nothing scrolls sideways on a phone; no error."""

import json
import re
from collections.abc import Iterator
from itertools import groupby

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from sqlmodel import Session

from app.orders.ordering.member_orders import set_cart_line, submit_order
from tests.e2e.conftest import enter
from tests.factories import Busy, a_busy_world, invoice_something

_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that a theme changes anything for
_VIOLATIONS = """
    async rules => (await axe.run(document, {
        resultTypes: ["violations"], ...(rules && {runOnly: {type: "rule", values: rules}})
    })).violations.map(({id, nodes}) => ({id, places: nodes.map(node => node.html.slice(0, 120))}))
"""


@pytest.fixture(scope="module")
def busy(module_engine: Engine) -> Busy:
    """The busy world, its open round open now."""
    with Session(module_engine, expire_on_commit=False) as session, session.begin():
        return invoice_something(a_busy_world(session))


@pytest.fixture
def session(module_engine: Engine) -> Iterator[Session]:
    with Session(module_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-IE")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def by_viewer(busy: Busy):
    return groupby(busy.paths(), key=lambda pair: pair[1])


def test_axe_finds_no_violation_on_any_page_in_either_theme(
    page: Page, address: str, busy: Busy, session: Session
) -> None:
    script, errors, violations = Axe().axe_script, [], {}
    page.on("pageerror", lambda error: errors.append(str(error)))
    for actor, paths in by_viewer(busy):
        enter(page, address, session, actor)
        for path, _actor in paths:
            page.goto(address + path)
            page.evaluate(script)
            for theme, rules in (("light", None), ("dark", _COLOURS)):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                for violation in page.evaluate(_VIOLATIONS, rules):
                    violations[f"{path} {theme} {violation['id']}"] = violation["places"][:3]
    assert not violations, json.dumps(violations, indent=1)
    assert errors == []


def test_no_page_scrolls_sideways_on_a_phone(phone: Page, address: str, busy: Busy, session: Session) -> None:
    for actor, paths in by_viewer(busy):
        enter(phone, address, session, actor)
        for path, _actor in paths:
            phone.goto(address + path)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_somebody_elses_order_moves_the_groups_progress_on_an_open_page(
    page: Page, address: str, busy: Busy, session: Session
) -> None:
    enter(page, address, session, busy.manager)
    page.goto(f"{address}/products/{busy.product_id}")
    progress = page.locator("[id^=group-]").first
    expect(progress).to_contain_text("8 of 20")
    offer_id = int((progress.get_attribute("id") or "").removeprefix("group-"))
    buyer = busy.world.beside(session).a_buyer()
    cart = set_cart_line(session, buyer, round_id=busy.open_round_id, offer_id=offer_id, quantity=11)
    submit_order(session, buyer, cart.id or 0)
    session.commit()
    expect(progress).to_contain_text("19 of 20", timeout=15_000)


def test_the_search_answers_while_one_types(page: Page, address: str, busy: Busy, session: Session) -> None:
    enter(page, address, session, busy.employee)
    page.goto(f"{address}/catalogue")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("nitrlie 17", delay=30)
    expect(page.locator("#results article")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("Gants nitrile 17")
    assert "q=nitrlie" in page.url


def test_the_countdown_counts(page: Page, address: str, busy: Busy, session: Session) -> None:
    enter(page, address, session, busy.employee)
    page.goto(f"{address}/cart")
    expect(page.locator("[data-until]").first).to_contain_text(re.compile("day|jour|j"))


def test_a_quick_order_from_paste_to_placed(page: Page, address: str, busy: Busy, session: Session) -> None:
    buyer = busy.world.beside(session).a_buyer()
    session.commit()
    enter(page, address, session, buyer)
    page.goto(f"{address}/quick-order")
    skus = busy.skus[:3]
    page.get_by_label("Articles").fill("\n".join(f"{sku} {n + 1}" for n, sku in enumerate(skus)) + "\nNOPE 1")
    page.get_by_role("button", name="Put it all into the cart").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be taken")
    page.get_by_label("Take the other lines").check()
    page.get_by_role("button", name="Put it all into the cart").click()
    expect(page.locator("main tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("status")).to_contain_text("Your order is placed")


def test_a_budget_refusal_is_told_on_the_cart_which_stays(
    page: Page, address: str, busy: Busy, session: Session
) -> None:
    enter(page, address, session, busy.approver)
    page.goto(f"{address}/products/{busy.product_id}")
    page.get_by_label("Quantity").fill("900")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("alert")).to_contain_text("are left of the budget")
    expect(page.locator("main tbody tr")).to_have_count(1)
