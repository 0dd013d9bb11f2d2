"""What an invoice says is kept as rows, and read there whatever becomes of the catalogue and of the firms."""

from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.billing.invoicing.contents import contents_of, list_lines
from app.billing.invoicing.credit_notes import credit_invoice
from app.billing.invoicing.invoice import InvoiceKind, LineKind
from app.billing.invoicing.models import IssuedInvoice, IssuedLine, IssuedParty
from app.billing.invoicing.queries import open_amount
from app.core import clock, schema
from app.orders.fulfilment.returns import record_return
from tests.billing.market import Market
from tests.factories import NOW, World
from tests.site import Site

D = Decimal


def _delivered(market: Market) -> IssuedInvoice:
    market.deliver("R1", (0, market.gloves, 7), (0, market.lamp, 2))
    (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    return invoice


def test_lines_charges_and_parties_are_kept_as_they_were_issued(market: Market) -> None:
    invoice = _delivered(market)
    lines = list_lines(market.world.session, invoice.id or 0)
    assert [(one.position, one.kind, one.sku, one.quantity, one.unit_price, one.amount) for one in lines] == [
        (1, LineKind.GOODS, market.gloves.sku, 7, D("8.6333"), D("60.43")),
        (2, LineKind.GOODS, market.lamp.sku, 2, D("31.5000"), D("63.00")),
        (3, LineKind.ECO_CONTRIBUTION, market.lamp.sku, 2, D("0.1200"), D("0.24")),
        (4, LineKind.DELIVERY, "", 1, D("12.0000"), D("12.00")),
    ]
    assert sum(one.amount for one in lines) == invoice.net_amount
    contents = contents_of(market.world.session, invoice.id or 0)
    assert (contents.seller.name, contents.buyer.siret) == (market.supplier.name, market.firms[0].siret)
    assert [charge.code for charge in contents.charges] == ["FC"]
    billed = market.world.session.execute(text("SELECT position, units FROM invoiced_lines ORDER BY position")).all()
    assert [tuple(row) for row in billed] == [(1, 7), (2, 2)]


def _change_everything(market: Market) -> None:
    """VAT, names, SKUs, eco-contribution, addresses: all of it another than it was."""
    for offer in (market.gloves, market.lamp):
        offer.vat_rate, offer.name, offer.sku = D("5.50"), "Autre chose", f"X-{offer.sku}"
        offer.eco_contribution = D("1.0000")
    market.supplier.name, market.supplier.city = "Vosges SA", "Nancy"
    market.firms[0].name, market.firms[0].siret = "Renommée", "80314744600019"
    market.world.session.flush()


def test_goods_that_go_back_are_credited_as_they_were_billed(market: Market) -> None:
    session = market.world.session
    invoice = _delivered(market)
    skus = (market.gloves.sku, market.lamp.sku)
    for sku, units in zip(skus, (7, 2), strict=True):
        record_return(session, market.world.a_manager(), "R1-VOSGES", market.firms[0].code, sku, units, "Trop petits")
    _change_everything(market)
    credit, *_commission = [one for one in market.invoice() if one.kind is InvoiceKind.CREDIT_NOTE]
    lines = list_lines(session, credit.id or 0)
    assert [(one.sku, one.name, one.amount, one.vat_rate) for one in lines] == [
        (skus[0], "Gants", D("60.43"), D("20.00")),
        (skus[1], "Lampe", D("63.00"), D("20.00")),
        (skus[1], "Éco-contribution : Lampe", D("0.24"), D("20.00")),
    ]
    delivery = D("12.00") * D("1.2")
    assert open_amount(session, invoice.id or 0) == delivery


def test_a_whole_credit_note_says_what_its_invoice_said(market: Market) -> None:
    session = market.world.session
    invoice = _delivered(market)
    first = contents_of(session, invoice.id or 0)
    _change_everything(market)
    credit = credit_invoice(session, market.treasurer, invoice.number, "Erreur de firme")
    assert contents_of(session, credit.id or 0) == first
    assert (credit.net_amount, credit.vat_amount, credit.total) == (
        invoice.net_amount, invoice.vat_amount, invoice.total)  # fmt: skip
    assert open_amount(session, invoice.id or 0) == 0


@pytest.mark.parametrize("table", ["invoice_lines", "invoice_parties"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET name = 'x'", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_the_database_refuses_any_change_of_what_was_issued(market: Market, table: str, change: str) -> None:
    _delivered(market)
    with pytest.raises(DBAPIError, match="append-only"), market.world.session.begin_nested():
        market.world.session.execute(text(change.format(table=table)))


def test_the_api_gives_an_invoice_with_its_lines(market: Market, site: Site) -> None:
    invoice = _delivered(market)
    answer = site.get(f"/api/v1/invoices/{invoice.number}", market.treasurer).json()
    assert (answer["number"], answer["total"]) == (invoice.number, str(invoice.total))
    assert [(line["kind"], line["amount"]) for line in answer["lines"]] == [
        ("goods", "60.43"), ("goods", "63.00"), ("eco_contribution", "0.24"), ("delivery", "12.00")]  # fmt: skip
    assert site.get("/api/v1/invoices/VOSGES-2026-999999", market.treasurer).status_code == 404


def test_the_migration_reads_the_rows_of_older_invoices_from_their_files(own_engine: Engine) -> None:
    with clock.frozen(NOW), Session(own_engine) as session:
        market = Market.of(World(session))
        record = _delivered(market)
        credit_invoice(session, market.treasurer, record.number, "Adresse")
        session.commit()

    def rows() -> list[object]:
        with Session(own_engine) as session:
            return [
                *[line.model_dump() for line in session.exec(select(IssuedLine).order_by("invoice_id", "position"))],
                *[party.model_dump() for party in session.exec(select(IssuedParty).order_by("invoice_id", "role"))],
                *[tuple(row) for row in session.execute(text("SELECT * FROM invoiced_lines ORDER BY 1, 2"))],
            ]

    issued = rows()
    schema.downgrade(own_engine, "0033")
    schema.upgrade(own_engine)
    assert len(issued) > 10
    assert rows() == issued
