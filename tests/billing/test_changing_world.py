"""What was agreed stays agreed: everything of the catalogue, the tariff, firms, suppliers and parks changes between
every two steps of a round's life, up to credit notes, and no figure moves."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.actor import COMMAND_LINE
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.supplier_payments import make_transfers
from app.commission.service import create_rule
from app.core import clock
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round
from app.orders.consolidation.sending import send_round
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order
from app.orders.fulfilment.documents.order_document import read_order_documents
from app.orders.fulfilment.receipts import receive_drop
from app.orders.fulfilment.returns import record_return
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_supplier_payments import camt
from tests.factories import NOW

ORDER = "R1-VOSGES"
_CHANGES = (
    """UPDATE offers SET sku = sku || '-X', name = 'Renamed ' || name, gtin = NULL, pack_size = pack_size % 11 + 7,
        min_quantity = min_quantity + 40, vat_rate = 5.5, eco_contribution = eco_contribution + 1.11,
        tier_quantities = ARRAY[1, 3], tier_prices = ARRAY[tier_prices[1] * 1.5, tier_prices[1] * 1.25]""",
    "UPDATE offers SET withdrawn_at = CASE WHEN withdrawn_at IS NULL THEN now() END",
    "UPDATE products SET name = name || ' X', unit = 'pallet'",
    """UPDATE suppliers SET name = name || ' X', street = street || ' X', city = city || ' X', postal_code = '68000',
        minimum_order = 99999, free_delivery_from = 99999, delivery_fee = 77""",
    "UPDATE suppliers SET active = NOT active",
    "UPDATE companies SET name = name || ' X', street = street || ' X', city = 'Paris'",
    "UPDATE parks SET name = name || ' X', street = street || ' X', city = city || ' X'",
    "UPDATE associations SET name = name || ' X'",
)
_FIGURES = {
    "lines": """SELECT l.offer_id, l.quantity, l.packs, l.unit_price, l.amount, l.list_amount, l.commission,
        l.confirmed_quantity, l.received_quantity FROM supplier_order_lines l ORDER BY l.offer_id""",
    "orders": "SELECT number, amount, list_amount, commission, eco_contribution, delivery_fee, alert"
    " FROM supplier_orders",
    "shares": """SELECT row_number() OVER (ORDER BY l.id) AS nth, a.offer_id, a.wanted, a.allocated, a.served,
        a.unfilled, a.reason, a.unit_price, a.amount, a.commission
        FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
        JOIN member_orders o ON o.id = l.order_id ORDER BY l.id""",
    "fees": "SELECT amount FROM delivery_fee_shares ORDER BY amount",
    "invoices": "SELECT number, kind, net_amount, vat_amount, total FROM issued_invoices ORDER BY id",
    "invoice lines": """SELECT i.number, l.position, l.sku, l.name, l.quantity, l.unit_price, l.amount, l.vat_rate
        FROM invoice_lines l JOIN issued_invoices i ON i.id = l.invoice_id ORDER BY i.id, l.position""",
    "open": "SELECT open FROM invoice_balances ORDER BY invoice_id",
    "transfers": "SELECT supplier_id IS NULL AS refund, amount FROM transfers ORDER BY id",
    "books": """SELECT e.document_number, e.purpose, p.account, p.debit, p.credit FROM postings p
        JOIN journal_entries e ON e.id = p.entry_id ORDER BY p.id""",
}


def figures(market: Market) -> dict[str, list[tuple[Any, ...]]]:
    """Every figure of the round's life so far, and the order's document."""
    session = market.world.session
    session.flush()
    found = {name: [tuple(row) for row in session.execute(text(query))] for name, query in _FIGURES.items()}
    has_document = session.scalar(text("SELECT count(*) FROM drops"))
    found["document"] = []
    for document in read_order_documents(session, ORDER) if has_document else ():
        found["document"] += [
            (document.seller, document.deliver_to, document.lines, document.charges, document.vat),
        ]
    return found


def upheaval(market: Market) -> None:
    """Everything that somebody may change is changed."""
    session = market.world.session
    for change in _CHANGES:
        session.execute(text(change))
    if session.scalar(text("SELECT count(*) FROM drops")):  # commission binds from the approval on
        create_rule(session, COMMAND_LINE, percent=Decimal("9.99"))
        create_rule(session, COMMAND_LINE, percent=Decimal("12.34"), offer_id=market.gloves.id)
    session.expire_all()


def pay(market: Market) -> None:
    """Every firm pays what is open, and gives the account that it would be paid back to."""
    session = market.world.session
    for firm in market.firms:
        two_set_iban(session, market.treasurer, firm.code, "FR14 2004 1010 0505 0001 3M02 606")
    numbers = "SELECT i.number, b.open FROM invoice_balances b JOIN issued_invoices i ON i.id = b.invoice_id"
    due = session.execute(text(f"{numbers} ORDER BY i.id")).all()
    paid = [(f"B{at}", "CRDT", str(row.open), "Klein", row.number) for at, row in enumerate(due)]
    import_statement(session, market.treasurer, camt(*paid))


def life(market: Market, between: Callable[[Market], None]) -> list[tuple[str, dict[str, list[tuple[Any, ...]]]]]:
    """A round from its orders to the credit of what went back; the figures after each step."""
    session, world = market.world.session, market.world
    opened = world.an_open_round("R1")
    sku, lamp = market.gloves.sku, market.lamp.sku
    world.an_order(opened, (market.gloves, 13), (market.lamp, 3), buyer=world.a_buyer(market.firms[0]))
    world.an_order(opened, (market.gloves, 9), buyer=world.a_buyer(market.firms[1]))
    steps: list[tuple[str, Callable[[], object]]] = [
        ("closed", lambda: close_round(session, COMMAND_LINE, "R1")),
        ("consolidated", lambda: consolidate_round(session, COMMAND_LINE, "R1")),
        ("consolidated again", lambda: consolidate_round(session, COMMAND_LINE, "R1")),
        ("approved", lambda: approve_round(session, COMMAND_LINE, "R1")),
        ("sent", lambda: send_round(session, COMMAND_LINE, "R1")),
        ("answered", lambda: acknowledge_order(session, COMMAND_LINE, ORDER, [Answer(sku, 21)])),
        ("received", lambda: receive_drop(session, COMMAND_LINE, ORDER, "nord", [Arrival(sku, 20, 1)])),
        ("invoiced", market.invoice),
        ("paid", lambda: pay(market)),
        ("a part back", lambda: record_return(session, COMMAND_LINE, ORDER, market.firms[0].code, sku, 2, "torn")),
        ("credited", market.invoice),
        ("all back", lambda: record_return(session, COMMAND_LINE, ORDER, market.firms[0].code, lamp, 3, "broken")),
        ("credited again", market.invoice),
        ("paid back", lambda: make_transfers(session, market.treasurer)),
    ]
    seen = []
    for name, step in steps:
        step()
        seen.append((name, figures(market)))
        between(market)
        assert figures(market) == seen[-1][1], f"moved after: {name}"
    return seen


def test_whatever_changes_between_two_steps_no_figure_of_a_round_moves(market: Market) -> None:
    session = market.world.session
    session.commit()
    lives = []
    for between in (lambda _market: None, upheaval):
        outer = session.get_bind().begin_nested()  # type: ignore[union-attr]
        with clock.frozen(NOW):
            lives.append(life(market, between))
        session.rollback()
        outer.rollback()
        session.expire_all()
    quiet, changed = lives
    for (name, expected), (_name, found) in zip(quiet, changed, strict=True):
        for what, rows in expected.items():
            assert found[what] == rows, f"{what} after: {name}"
    assert [row for row in quiet[-1][1]["invoices"] if row[1] == "credit_note"]
    assert any(refund for refund, _amount in quiet[-1][1]["transfers"])


def test_a_price_list_imported_between_cut_off_and_consolidation_empties_no_round(market: Market) -> None:
    session, world = market.world.session, market.world
    world.an_order(world.an_open_round("R1"), (market.gloves, 10), buyer=world.a_buyer(market.firms[0]))
    close_round(session, COMMAND_LINE, "R1")
    market.gloves.tier_prices = [price * 2 for price in market.gloves.tier_prices]
    session.flush()
    consolidate_round(session, COMMAND_LINE, "R1")
    assert session.scalar(text("SELECT amount FROM supplier_orders")) == Decimal("86.33")


@pytest.mark.parametrize("rate", ["0.00", "50.00"])
def test_a_tariff_of_later_changes_no_commission_at_the_receipt(market: Market, rate: str) -> None:
    session, world = market.world.session, market.world
    world.an_order(world.an_open_round("R1"), (market.gloves, 10), buyer=world.a_buyer(market.firms[0]))
    world.play("R1")
    booked = world.booked_commission()
    create_rule(session, COMMAND_LINE, percent=Decimal(rate), valid_from=clock.today() - timedelta(days=300))
    receive_drop(session, COMMAND_LINE, ORDER, "nord")
    assert world.booked_commission() == booked == Decimal("3.02")
