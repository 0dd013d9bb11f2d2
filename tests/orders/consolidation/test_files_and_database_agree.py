"""The same demand through files and through a round in the database gives the same shares, amounts and commission."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.catalog.imports import OFFER_COLUMNS, SUPPLIER_COLUMNS, import_offers, import_suppliers
from app.commission.service import create_rule
from app.commission.tariff import Rate
from app.core.tabular import TableReader
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.order_book import consolidate_book, read_order_book
from app.orders.consolidation.result_files import write_consolidation
from app.orders.consolidation.round_lifecycle import close_round
from app.orders.ordering.order_columns import ORDER_COLUMNS
from app.orders.ordering.order_imports import import_orders
from app.orders.rounds.sharing_policy import SharingPolicy
from tests.factories import NOW, World


def write_files(folder: Path, seed: int) -> None:
    """A seeded world of 3 suppliers, 25 offers with packs, tiers and minimums, and 160 lines."""
    random = Random(seed)
    suppliers = [f"S{n}" for n in range(3)]
    (folder / "suppliers.csv").write_text("supplier_code,name\n" + "".join(f"{s},Maison {s}\n" for s in suppliers))
    offers = [(random.choice(suppliers), f"K{n}") for n in range(25)]
    with (folder / "offers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in OFFER_COLUMNS])
        for supplier, sku in offers:
            price = random.randint(200, 900)
            tiers = "|".join(f"{q}:{(price - q) / 100:.2f}" for q in (random.choice((1, 4)), 12, 40))
            writer.writerow([supplier, sku, f"P-{sku}", f"Article {sku}", "", "Rayon", "", "pièce",
                             random.choice((1, 3, 6, 10)), random.choice((0, 1, 15)), 2, "20", "", tiers])  # fmt: skip
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in ORDER_COLUMNS])
        for number in range(40):
            placed_at = NOW - timedelta(minutes=random.randint(0, 20))
            for supplier, sku in random.sample(offers, 4):
                ceiling = "" if random.random() < 0.7 else f"{random.randint(200, 900) / 100:.2f}"
                firm, quantity, tolerance = number % 7, random.randint(1, 7), random.choice((0, 0, 1, 3))
                order = (f"R{number:03d}", f"C{firm}", f"Firme {firm}", f"p{number % 9}-{firm}@ex.com", "nord")
                line = (placed_at.isoformat(), supplier, sku, quantity, tolerance, ceiling, "cancel")
                writer.writerow([*order, *line])


def as_stored(row: dict[str, str]) -> tuple[object, ...]:
    """An allocation of the file in the database's types."""
    unit_price = Decimal(row["unit_price"]) if row["unit_price"] else None
    amounts = (Decimal(row["amount"]), Decimal(row["commission"]))
    return int(row["allocated"]), int(row["unfilled"]), row["reason"] or None, unit_price, *amounts


@pytest.mark.parametrize("policy", list(SharingPolicy))
@pytest.mark.parametrize("seed", range(4))
def test_files_and_database_give_the_same(
    world: World, session: Session, tmp_path: Path, seed: int, policy: SharingPolicy
) -> None:
    write_files(tmp_path, seed)
    book = read_order_book(*(tmp_path / f"{name}.csv" for name in ("suppliers", "offers", "orders")))
    write_consolidation(consolidate_book(book, policy), book, Rate(Decimal("3.5")), tmp_path / "out")

    import_suppliers(session, COMMAND_LINE, TableReader(tmp_path / "suppliers.csv", SUPPLIER_COLUMNS))
    import_offers(session, COMMAND_LINE, TableReader(tmp_path / "offers.csv", OFFER_COLUMNS))
    create_rule(session, COMMAND_LINE, percent=Decimal("3.50"))
    purchasing_round = world.an_open_round("R", policy)
    import_orders(session, COMMAND_LINE, TableReader(tmp_path / "orders.csv", ORDER_COLUMNS), "R")
    close_round(session, COMMAND_LINE, "R")
    consolidate_round(session, COMMAND_LINE, "R")

    with (tmp_path / "out" / "allocations.csv").open() as file:
        from_files = {(row["order_ref"], row["sku"]): as_stored(row) for row in csv.DictReader(file)}
    rows = session.execute(
        text("""
            SELECT o.reference, f.sku, a.allocated, a.unfilled, a.reason, a.unit_price, a.amount, a.commission
            FROM allocations a JOIN order_lines l ON l.id = a.order_line_id JOIN member_orders o ON o.id = l.order_id
            JOIN offers f ON f.id = a.offer_id WHERE a.round_id = :round_id
        """),
        {"round_id": purchasing_round.id},
    )
    from_database = {(reference, sku): tuple(values) for reference, sku, *values in rows}
    assert from_database == from_files
    assert len(from_files) == 160
    assert {values[2] for values in from_files.values()} >= {None, "short"}

    with (tmp_path / "out" / "supplier_orders.csv").open() as file:
        ordered = {
            (row["supplier_code"], row["sku"]): (
                int(row["quantity"]),
                Decimal(row["amount"]),
                Decimal(row["commission"]),
            )
            for row in csv.DictReader(file)
        }
    lines = session.execute(
        text("""
            SELECT s.code, f.sku, l.quantity, l.amount, l.commission FROM supplier_order_lines l
            JOIN offers f ON f.id = l.offer_id JOIN suppliers s ON s.id = f.supplier_id
        """)
    )
    assert {(code, sku): tuple(values) for code, sku, *values in lines} == ordered


def test_consolidating_again_gives_the_same_once(world: World, session: Session, tmp_path: Path) -> None:
    world_rows = (
        "SELECT order_line_id, allocated, unfilled, reason, unit_price, amount, commission FROM allocations ORDER BY 1"
    )
    offer = world.an_offer(pack=6, tiers=((1, "5"), (10, "4")))
    purchasing_round = world.an_open_round("R")
    for quantity in (3, 4, 5):
        world.an_order(purchasing_round, (offer, quantity, 1))
    close_round(session, COMMAND_LINE, "R")
    consolidate_round(session, COMMAND_LINE, "R")
    first = session.execute(text(world_rows)).all()
    consolidate_round(session, COMMAND_LINE, "R")
    assert session.execute(text(world_rows)).all() == first
    assert len(first) == 3
    assert session.execute(text("SELECT count(*) FROM supplier_orders")).scalar_one() == 1
