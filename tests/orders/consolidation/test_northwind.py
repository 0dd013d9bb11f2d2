"""The public Northwind orders, one round a month, from the files to booked commission, to the unit and the cent."""

import csv
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.catalog.imports import OFFER_COLUMNS, SUPPLIER_COLUMNS, import_offers, import_suppliers
from app.commission.ledger.entries import trial_balance
from app.commission.service import create_rule
from app.core.tabular import TableReader
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round, open_round
from app.orders.ordering.order_columns import ORDER_COLUMNS
from app.orders.ordering.order_imports import import_orders
from app.orders.rounds.models import RoundStatus
from app.orders.rounds.service import create_round
from tests.factories import World, month_start

CENT = Decimal("0.01")


def test_every_month_of_northwind_is_allocated_to_the_unit_and_the_cent(
    session: Session, northwind: Path, tmp_path: Path, check_constraints
) -> None:
    second_person = World(session).a_manager()
    import_suppliers(session, COMMAND_LINE, TableReader(northwind / "suppliers.csv", SUPPLIER_COLUMNS))
    report = import_offers(session, COMMAND_LINE, TableReader(northwind / "offers.csv", OFFER_COLUMNS))
    assert (report.new_count, report.gone_count, report.bad_cells) == (77, 0, [])
    create_rule(session, COMMAND_LINE, percent=Decimal("3.50"))
    with (northwind / "offers.csv").open() as file:
        prices = {row["sku"]: Decimal(row["price_tiers"].split(":")[1]) for row in csv.DictReader(file)}
    with (northwind / "orders.csv").open() as file:
        rows = list(csv.DictReader(file))

    total_amount = total_commission = Decimal(0)
    months = sorted({row["placed_at"][:7] for row in rows})
    assert (months[0], months[-1], len(months)) == ("1996-07", "1998-05", 23)
    for month in months:
        of_month = [row for row in rows if row["placed_at"].startswith(month)]
        consolidated = _play_month(session, second_person, tmp_path, month, of_month)
        expected = defaultdict(int)
        for row in of_month:
            expected[row["order_ref"], row["sku"]] += int(row["quantity"])
        allocated = {
            (reference, sku): (quantity, unfilled, amount, commission)
            for reference, sku, quantity, unfilled, amount, commission in session.execute(
                text("""
                    SELECT o.reference, f.sku, a.allocated, a.unfilled, a.amount, a.commission FROM allocations a
                    JOIN order_lines l ON l.id = a.order_line_id JOIN member_orders o ON o.id = l.order_id
                    JOIN offers f ON f.id = a.offer_id WHERE a.round_id = :round_id
                """),
                {"round_id": consolidated},
            )
        }
        assert {key: row[0] for key, row in allocated.items()} == expected
        for (_reference, sku), (quantity, unfilled, amount, commission) in allocated.items():
            assert unfilled == 0
            assert amount == (quantity * prices[sku]).quantize(CENT, ROUND_HALF_UP)
            assert commission == (amount * Decimal("3.5") / 100).quantize(CENT, ROUND_HALF_UP)
            total_amount += amount
            total_commission += commission
    check_constraints()

    orders = session.exec(select(SupplierOrder)).all()
    assert sum(order.amount for order in orders) == total_amount
    assert sum(order.commission for order in orders) == total_commission
    balances = {balance.account: balance for balance in trial_balance(session)}
    assert balances["7082"].credit == balances["401"].debit == total_commission


def _play_month(session: Session, second_person: Actor, folder: Path, month: str, rows: list[dict[str, str]]) -> int:
    year, number = (int(part) for part in month.split("-"))
    closes_at = datetime.combine(month_start(year, number + 1), time(), UTC)
    path = folder / f"{month}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    create_round(
        session,
        COMMAND_LINE,
        code=month,
        name=month,
        opens_at=datetime.combine(month_start(year, number), time(), UTC) - timedelta(days=1),
        closes_at=closes_at,
        deliveries={},
    )
    open_round(session, COMMAND_LINE, month)
    report = import_orders(session, COMMAND_LINE, TableReader(path, ORDER_COLUMNS), month)
    assert report.line_count == len(rows)
    close_round(session, COMMAND_LINE, month)
    consolidated = consolidate_round(session, COMMAND_LINE, month)
    if approve_round(session, COMMAND_LINE, month).status is not RoundStatus.APPROVED:
        approve_round(session, second_person, month)
    assert consolidated.status is RoundStatus.APPROVED
    assert consolidated.id is not None
    return consolidated.id
