"""Supplier orders as documents: right amounts and parties, one for each park, valid by the standards' own rules."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from facturx import get_orderx_xml_from_pdf, xml_check_xsd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.accounts.service import get_association
from app.core.clock import today
from app.core.errors import Conflict
from app.core.i18n import country_code, speaking
from app.edocuments.parties import Party
from app.edocuments.totals import Charge
from app.edocuments.xml import NAMES
from app.orders.consolidation.draft import consolidate_round
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order
from app.orders.fulfilment.documents import order_pdf, order_ubl, order_x
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_document import (
    DELIVERY_FEE,
    ECO_CONTRIBUTION,
    OrderDocument,
    OrderLine,
    read_order_documents,
)
from app.orders.fulfilment.documents.order_files import order_files
from tests.conftest import SHARED
from tests.factories import World
from tests.schematron import failures
from tests.site import Site

RULES = SHARED / "peppol" / "rules" / "PEPPOLBIS-T01.sch"
CBC = f"{{{NAMES['cbc']}}}"


@pytest.fixture(scope="module")
def peppol() -> Callable[[bytes], list[str]]:
    """The official rules that a UBL order breaks."""
    if not RULES.exists():
        pytest.skip("../shared/data/peppol is not beside this checkout")
    return lambda document: [failure.rule for failure in failures(RULES, document)]


@pytest.fixture
def number(world: World, session: Session) -> str:
    """A sent order for two parks with a fee, eco-contribution, two rates, and amounts that members round."""
    association = get_association(session)
    association.siret, association.vat_number, association.city = "73282932000074", "FR44732829320", "Mulhouse"
    association.postal_code, association.street = "68200", "1 rue du Parc"
    supplier = world.a_supplier(
        "S1", free_delivery_from=Decimal(900), delivery_fee=Decimal("12.01"), country="Allemagne", city="Freiburg",
        postal_code="79098", email="bestellung@s1.example",
    )  # fmt: skip
    south = world.a_park("sud")
    gloves = world.an_offer(supplier, ((1, "4.3333"),), pack=6, name="Gants <nitrile> & œuvre",
                            eco_contribution=Decimal("0.02"), gtin="4006381333931")  # fmt: skip
    tea = world.an_offer(supplier, ((1, "3.1111"),), name="Thé", vat_rate=Decimal("5.50"))
    purchasing_round = world.an_open_round("R1")
    for company, units in ((world.a_company(), 5), (world.a_company(), 5), (world.a_company(park=south), 2)):
        world.an_order(purchasing_round, (gloves, units), (tea, units), buyer=world.a_buyer(company))
    world.play("R1")
    return "R1-S1"


def test_a_document_a_park_and_together_they_are_the_order(session: Session, number: str) -> None:
    north, south = read_order_documents(session, number)
    assert (north.number, south.number) == ("R1-S1-nord", "R1-S1-sud")
    assert [line.quantity for line in north.lines] == [10, 10]
    assert [line.amount for line in north.lines] == [Decimal("43.34"), Decimal("31.12")]  # two of 21.67, two of 15.56
    assert [line.rounding for line in north.lines] == [Decimal("0.01"), Decimal("0.01")]
    fees = [charge.amount for document in (north, south) for charge in document.charges if charge.code == "FC"]
    assert sum(fees) == Decimal("12.01")
    assert sum(d.line_total for d in (north, south)) == Decimal("74.46") + south.line_total
    assert north.vat[Decimal("5.50")] == (Decimal("31.12"), Decimal("1.71"))
    assert north.total == north.net_total + north.vat_total
    assert north.seller.country == "DE"
    assert (north.deliver_to.name, south.deliver_to.name) == ("Parc Nord", "Parc sud")


def test_every_ubl_order_holds_the_official_peppol_rules(
    session: Session, number: str, peppol: Callable[[bytes], list[str]]
) -> None:
    for name, content in order_files(session, number, DocumentFormat.UBL).items():
        assert name.endswith(".xml")
        assert peppol(content) == []
        document = etree.fromstring(content)
        endpoints = [(e.text, e.get("schemeID")) for e in document.iter(f"{CBC}EndpointID")]
        assert endpoints == [("73282932000074", "0009"), ("bestellung@s1.example", "EM")]


def test_the_rules_would_catch_a_wrong_sum(session: Session, number: str, peppol: Callable[[bytes], list[str]]) -> None:
    content = next(iter(order_files(session, number, DocumentFormat.UBL).values()))
    total = etree.fromstring(content).find(f".//{CBC}PayableAmount").text
    assert "PEPPOL-T01-R016" in peppol(content.replace(f">{total}</cbc:Pay".encode(), b">1.00</cbc:Pay"))


def test_the_official_examples_hold_too(peppol: Callable[[bytes], list[str]]) -> None:
    for example in sorted((SHARED / "peppol" / "examples" / "Order use cases").glob("*.xml")):
        assert peppol(example.read_bytes()) == [], example.name


def test_every_order_x_is_a_pdf_with_valid_data_inside(session: Session, number: str) -> None:
    for content in order_files(session, number, DocumentFormat.ORDER_X).values():
        name, xml = get_orderx_xml_from_pdf(content, check_xsd=True)
        assert name == "order-x.xml"
        assert xml_check_xsd(xml, flavor="order-x", level="comfort")
        reader = PdfReader(io.BytesIO(content))
        assert b"pdfaid:part" in reader.trailer["/Root"]["/Metadata"].get_data()
        assert "/OutputIntents" in reader.trailer["/Root"]


@pytest.mark.parametrize(("locale", "words"), [("fr", "Commande R1-S1-nord"), ("en", "Order R1-S1-nord")])
def test_the_pdf_says_it_all_in_the_readers_language(session: Session, number: str, locale: str, words: str) -> None:
    with speaking(locale):
        content = order_files(session, number, DocumentFormat.PDF)["R1-S1-nord.pdf"]
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    for part in (words, "Gants <nitrile> & œuvre", "SIRET 73282932000074", "Parc Nord", "10"):
        assert part in said


def test_sheets_hold_lines_and_charges(session: Session, number: str) -> None:
    rows = list(
        csv.reader(io.StringIO(order_files(session, number, DocumentFormat.CSV)["R1-S1-sud.csv"].decode("utf-8-sig")))
    )
    assert len({len(row) for row in rows}) == 1
    assert [row[6] for row in rows[1:]] == ["Gants <nitrile> & œuvre", "Thé", "Eco-contribution", "Delivery fee"]
    book = openpyxl.load_workbook(io.BytesIO(order_files(session, number, DocumentFormat.XLSX)["R1-S1-sud.xlsx"]))
    assert book.active.max_row == len(rows)


def test_what_the_supplier_confirmed_less_of_is_written_so(session: Session, number: str) -> None:
    sku = read_order_documents(session, number)[0].lines[0].sku
    acknowledge_order(session, COMMAND_LINE, number, [Answer(sku, quantity=6)])
    north, south = read_order_documents(session, number)
    assert north.lines[0].quantity + south.lines[0].quantity == 6


def test_a_draft_has_no_documents_yet(world: World, session: Session) -> None:
    world.an_order(world.an_open_round("R9"), (world.an_offer(world.a_supplier("S9")), 1))
    world.play("R9", until=consolidate_round)
    with pytest.raises(Conflict, match="approve its round first"):
        read_order_documents(session, "R9-S9")


def test_a_party_without_any_address_is_named(session: Session, number: str) -> None:
    get_association(session).siret = ""
    with pytest.raises(Conflict, match="neither a SIRET nor a mail address"):
        order_files(session, number, DocumentFormat.UBL)


def test_the_page_gives_them_to_the_association_alone(world: World, site: Site, number: str) -> None:
    manager = world.a_manager()
    packed = site.get(f"/supplier-orders/{number}/documents/ubl", manager)
    assert packed.headers["content-type"] == "application/zip"
    assert "documents/order-x" in site.get(f"/supplier-orders/{number}", manager).text
    assert site.get(f"/supplier-orders/{number}/documents/nonsense", manager).status_code == 422
    assert site.get(f"/supplier-orders/{number}/documents/pdf", world.a_buyer()).status_code == 403


amounts = st.decimals("0.0001", 9999, places=4)
rates = st.sampled_from([Decimal(0), Decimal("5.50"), Decimal("10.00"), Decimal("20.00")])
words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn", "Zs", "Zl", "Zp")), min_size=1, max_size=12)


@st.composite
def order_documents(draw: st.DrawFn) -> OrderDocument:
    """Any order: odd words, many members' roundings, charges, rates."""
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        quantity, price = draw(st.integers(1, 500)), draw(amounts)
        drift = Decimal(draw(st.integers(-80, 80))) / 100
        amount = max((quantity * price).quantize(Decimal("0.01")) + drift, Decimal("0.00"))
        lines.append(
            OrderLine(number, draw(words), draw(words), None, quantity, "pièce", 1, price, amount, draw(rates))
        )
    charges = tuple(
        Charge(kind, code, draw(st.decimals("0.01", 99, places=2)), draw(rates))
        for kind, code in ((ECO_CONTRIBUTION, "AEO"), (DELIVERY_FEE, "FC"))
        if draw(st.booleans())
    )
    seller = Party(draw(words), city=draw(words), email="a@b.example", country=draw(st.sampled_from(["FR", "DE"])))
    buyer = Party(draw(words), siret="73282932000074", vat_number="FR44732829320")
    day = today() + timedelta(days=draw(st.integers(0, 90)))
    return OrderDocument(
        "R1-S1", "nord", day, buyer, seller, Party(draw(words)), day, draw(words), tuple(lines), charges
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=order_documents())
def test_any_order_at_all_is_valid_in_both_standards(
    order: OrderDocument, peppol: Callable[[bytes], list[str]]
) -> None:
    assert peppol(order_ubl.order_xml(order)) == []
    assert xml_check_xsd(order_x.cii_xml(order), flavor="order-x", level="comfort")


def test_a_long_order_runs_over_pages(tmp_path: Path) -> None:
    lines = tuple(
        OrderLine(n, f"SKU{n}", f"Article {n}", None, n, "pièce", 1, Decimal("1.0000"), Decimal(n), Decimal("20.00"))
        for n in range(1, 121)
    )
    party, day = Party("Firme", siret="73282932000074"), today()
    content = order_pdf.order_pdf(OrderDocument("N1", "nord", day, party, party, party, day, "R", lines, ()))
    reader = PdfReader(io.BytesIO(content))
    assert len(reader.pages) > 3
    assert "Article 120" in reader.pages[-1].extract_text() + reader.pages[-2].extract_text()


@pytest.mark.parametrize(
    ("text", "code"),
    [("FR", "FR"), ("de", "DE"), ("Allemagne", "DE"), ("Germany", "DE"), ("UK", "GB"), ("USA", "US"), ("", "FR")],
)
def test_countries_are_read_as_people_write_them(text: str, code: str) -> None:
    assert country_code(text) == code
