"""Importing a catalogue: new, changed, gone, prices that jump; dry runs change nothing."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE
from app.accounts.permissions import Role
from app.catalog.imports import OFFER_COLUMNS, SUPPLIER_COLUMNS, ImportReport, import_offers, import_suppliers
from app.catalog.models import Offer, Product, Supplier
from app.catalog.queries import CatalogFilter, count_facets
from app.core.errors import NotAllowed
from app.core.tabular import BadFile, TableReader
from tests.factories import World

HEADER = "supplier_code,sku,product_ref,name,category,pack_size,price_tiers"


@pytest.fixture
def folder(tmp_path: Path, world: World, session: Session) -> Path:
    path = tmp_path / "suppliers.csv"
    path.write_text("supplier_code,name,minimum_order\nS1,Un,100\nS2,Deux,\n")
    import_suppliers(session, COMMAND_LINE, TableReader(path, SUPPLIER_COLUMNS))
    return tmp_path


def load(session: Session, folder: Path, *rows: str, **options: bool) -> ImportReport:
    path = folder / "offers.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return import_offers(session, COMMAND_LINE, TableReader(path, OFFER_COLUMNS), **options)


def stored(session: Session) -> dict[str, tuple[str, bool]]:
    rows = session.exec(select(Offer)).all()
    return {offer.sku: (str(offer.tier_prices[0]), offer.withdrawn_at is not None) for offer in rows}


FIRST = ("S1,K1,P1,Gants,EPI,10,1:8.60|100:7.90", "S1,K2,P2,Papier,Bureau,5,1:4.35", "S2,K1,P1,Gants,EPI,10,1:8.80")


def test_offers_come_in_with_their_products_and_categories(session: Session, folder: Path) -> None:
    report = load(session, folder, *FIRST)
    assert (report.rows, report.new_count, report.changed_count, report.gone_count) == (3, 3, 0, 0)
    product = session.exec(select(Product).where(Product.ref == "P1")).one()
    assert product.lowest_price == Decimal("8.60")
    facets = count_facets(session, CatalogFilter())
    assert [(value.name, value.count) for value in facets.categories] == [("Bureau", 1), ("EPI", 1)]
    assert [(value.name, value.count) for value in facets.suppliers] == [("Deux", 1), ("Un", 2)]


def test_the_planner_knows_how_much_a_first_import_wrote(session: Session, folder: Path) -> None:
    """Autovacuum may look on before the import commits, see nothing, and note the tables as empty."""
    load(session, folder, *FIRST)
    tables = "SELECT relname, reltuples::integer FROM pg_class WHERE relname IN ('offers', 'products') ORDER BY relname"
    assert [tuple(row) for row in session.execute(text(tables))] == [("offers", 3), ("products", 2)]


def test_the_next_file_says_what_is_new_changed_gone_and_dearer(session: Session, folder: Path) -> None:
    load(session, folder, *FIRST)
    report = load(session, folder, "S1,K1,P1,Gants,EPI,10,1:11.00", "S1,K3,P3,Colle,Bureau,1,1:2.00")
    assert [(d.code, d.name) for d in report.new] == [("S1 K3", "Colle")]
    assert [d.code for d in report.changed] == ["S1 K1"]
    assert [d.code for d in report.gone] == ["S1 K2"]
    assert [(j.code, str(j.percent)) for j in report.price_jumps] == [("S1 K1", "27.9")]
    assert stored(session)["K2"] == ("4.3500", False)


def test_offers_left_out_are_withdrawn_only_when_asked(session: Session, folder: Path) -> None:
    load(session, folder, *FIRST)
    load(session, folder, FIRST[0], withdraw_missing=True)
    assert stored(session)["K2"] == ("4.3500", True)
    assert session.exec(select(Product).where(Product.ref == "P2")).one().lowest_price is None
    assert count_facets(session, CatalogFilter()).total == 1
    load(session, folder, FIRST[1])
    assert stored(session)["K2"] == ("4.3500", False)


def test_a_dry_run_reports_the_same_and_changes_nothing(session: Session, folder: Path) -> None:
    load(session, folder, *FIRST)
    before = stored(session)
    rows = ("S1,K1,P1,Gants,EPI,10,1:11.00", "S1,K3,P3,Colle,Bureau,1,1:2.00", "S9,K1,P1,Gants,EPI,1,1:1")
    dry = load(session, folder, *rows, dry_run=True)
    assert stored(session) == before
    assert [bad.cure for bad in dry.bad_cells] == ["no such supplier: import it first"]
    real = load(session, folder, *rows, skip_bad_rows=True)
    assert (dry.new, dry.changed, dry.gone, dry.price_jumps) == (real.new, real.changed, real.gone, real.price_jumps)
    assert real.skipped_count == 1


def test_importing_twice_changes_nothing_more(session: Session, folder: Path) -> None:
    load(session, folder, *FIRST)
    versions = session.execute(text("SELECT sku, version FROM offers ORDER BY id")).all()
    report = load(session, folder, *FIRST)
    assert (report.new_count, report.changed_count, report.unchanged_count) == (0, 0, 3)
    assert session.execute(text("SELECT sku, version FROM offers ORDER BY id")).all() == versions


@pytest.mark.parametrize(
    ("row", "line", "cure"),
    [
        ("S9,K9,P9,Gants,EPI,1,1:5", 3, "no such supplier: import it first"),
        ("S1,K1,P1,Gants,EPI,1,1:5", 3, "this stands on an earlier line already"),
        ("S1,K9,P9,Gants,EPI,1,1:5;2", 3, "a number, such as"),
    ],
)
def test_a_file_with_a_bad_row_imports_nothing(session: Session, folder: Path, row: str, line: int, cure: str) -> None:
    with pytest.raises(BadFile) as refused:
        load(session, folder, FIRST[0], row)
    (bad,) = refused.value.bad_cells
    assert bad.line == line
    assert bad.cure.startswith(cure)
    assert stored(session) == {}
    assert load(session, folder, FIRST[0], row, skip_bad_rows=True).skipped_count == 1
    assert set(stored(session)) == {"K1"}


def test_suppliers_change_and_keep_their_code(session: Session, folder: Path) -> None:
    path = folder / "again.csv"
    path.write_text("supplier_code;name;minimum_order\nS1;Un et Fils;120,50\nS2;Deux;\n")
    report = import_suppliers(session, COMMAND_LINE, TableReader(path, SUPPLIER_COLUMNS))
    assert (report.new_count, report.changed_count, report.unchanged_count) == (0, 1, 1)
    supplier = session.exec(select(Supplier).where(Supplier.code == "S1")).one()
    assert (supplier.name, supplier.minimum_order, supplier.version) == ("Un et Fils", Decimal("120.50"), 2)


def test_buyers_import_nothing(session: Session, world: World, folder: Path) -> None:
    buyer = world.a_buyer()
    assert Role.EMPLOYEE in buyer.roles
    with pytest.raises(NotAllowed):
        import_offers(session, buyer, TableReader(folder / "suppliers.csv", OFFER_COLUMNS))
